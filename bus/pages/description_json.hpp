#pragma once
// Descriptions as JSON, for scripts. Names of members never change; what is not there is left out.
#include "bus/pages/description.hpp"

#include <nlohmann/json.hpp>

namespace vera::pages {

/// Names and what the option `besked` says, without fields.
[[nodiscard]] nlohmann::ordered_json summary_json(const Message& message);
/// All of it.
[[nodiscard]] nlohmann::ordered_json to_json(const Message& message);
[[nodiscard]] nlohmann::ordered_json to_json(const Enum& enumeration);

}  // namespace vera::pages
