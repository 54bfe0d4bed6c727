#pragma once
// Single values of examples: by a field's example, its format or its kinds of URN.
#include "vera/options/v1/options.pb.h"

#include <google/protobuf/descriptor.h>

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace vera::pages {

/// A UUID that is the same for the same text.
[[nodiscard]] std::string uuid_of(std::string_view text);
/// When everything in an example happens, RFC 3339.
inline constexpr const char* example_time = "2026-11-23T08:00:00Z";
/// The authority of every example: Hjørring Kommune.
inline constexpr const char* example_cvr = "29189382";

/// A value of the format; `is_second` gives another one than without. Empty if the format has none
/// of its own.
[[nodiscard]] std::string text_of_format(vera::options::v1::Format format,
                                         std::string_view seed,
                                         bool is_second);
[[nodiscard]] std::string urn_of_kind(vera::options::v1::UrnArt kind,
                                      std::string_view seed,
                                      bool is_second);

/// A value of a field that is no message, in protobuf-JSON: its `example`; or of its format; or of
/// its length, made of its name. `event_name` chooses among an enum's values: SagAfsluttet has
/// Afsluttet.
[[nodiscard]] nlohmann::ordered_json example_scalar(const google::protobuf::FieldDescriptor& field,
                                                    std::string_view event_name,
                                                    std::string_view seed);

/// The field ends a pair: til_kommunekode where there is a fra_kommunekode of the same type.
[[nodiscard]] bool is_second_of_pair(const google::protobuf::FieldDescriptor& field);

}  // namespace vera::pages
