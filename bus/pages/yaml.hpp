#pragma once
// JSON documents as YAML (1.2), for those who rather read that.
#include <nlohmann/json.hpp>
#include <string>

namespace vera::pages {

/// Block style; every text is in double quotes, so nothing becomes a number or a date.
[[nodiscard]] std::string to_yaml(const nlohmann::ordered_json& document);

}  // namespace vera::pages
