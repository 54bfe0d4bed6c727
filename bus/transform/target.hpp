#pragma once
// What a target's field takes, and which source fields can be copied into it as they stand. Private
// to this room.
#include "bus/expr/result_type.hpp"
#include "bus/transform/plan.hpp"

#include <google/protobuf/descriptor.h>

#include <string>
#include <string_view>

namespace vera::transform {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

/// The plan of a field with nothing to write yet.
[[nodiscard]] FieldPlan plan_of(const FieldDescriptor& field, std::string name);

/// Fields of a kuvert go by their JSON names, which are the XSD's; nullptr: there is none.
[[nodiscard]] const FieldDescriptor* find_field(const Descriptor& message,
                                                std::string_view name,
                                                bool by_json_name);
/// "; did you mean x?", or which fields there are.
[[nodiscard]] std::string nearest_field(const Descriptor& message,
                                        std::string_view name,
                                        bool by_json_name);

/// The bytes of one may stand in the other. Enums by name: then `numbers` says which becomes which.
enum class Copying : std::uint8_t { as_it_stands, by_numbers, not_at_all };
[[nodiscard]] Copying copying(const FieldDescriptor& source,
                              const FieldDescriptor& target,
                              std::unordered_map<std::int64_t, std::int64_t>& numbers);
/// "a text", "a repeated vera.person.v1.Adresse".
[[nodiscard]] std::string described(const FieldDescriptor& field);

/// What is wrong with a value of that type in the field; empty: nothing that is known before an
/// event comes.
[[nodiscard]] std::string mismatch(const expr::ResultType& given, const FieldPlan& target);
/// What is wrong with that text in the field, if any text may be.
[[nodiscard]] std::string mismatch_of_text(std::string_view text, const FieldPlan& target);

}  // namespace vera::transform
