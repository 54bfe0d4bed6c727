#pragma once
// Examples of events: valid by the rules of their schemas, plausible, and the same every time. Test
// persons only (domain.md §4.2).
#include "bus/pages/type_set.hpp"

#include <nlohmann/json.hpp>
#include <string>

namespace vera::pages {

/// A payload as protobuf-JSON: what is required, what has an example in its schema, and of the
/// object's groups one entry each. Lists have one element, periods are in order. A value is the
/// field's `example`, or one of its format.
[[nodiscard]] nlohmann::ordered_json example_payload(const google::protobuf::Descriptor& type);

/// The kuvert around it, ready to be published: Beskedtype, object and sensitivity are those of the
/// type.
[[nodiscard]] nlohmann::ordered_json example_kuvert(const google::protobuf::Descriptor& type);

/// The full name of the kuvert.
inline constexpr const char* kuvert_type = "vera.besked.v1.Haendelsesbesked";

/// In Protobuf. `json` is protobuf-JSON of a message `type` of the set. Errc::bad_input if it is
/// not.
[[nodiscard]] Result<std::string> encoded(const TypeSet& types,
                                          const std::string& type,
                                          const nlohmann::ordered_json& json);

}  // namespace vera::pages
