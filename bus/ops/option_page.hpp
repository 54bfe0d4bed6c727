#pragma once
// The table of options for people and for programs: the reference page (OPTIONS.md), its JSON, and
// a commented configuration to start from. All made from the table, so they cannot differ from it.
#include <nlohmann/json.hpp>
#include <string>

namespace vera::ops {

/// Markdown: what OPTIONS.md holds.
[[nodiscard]] std::string reference_page();
/// A list of objects: key, type, unit, default, range, since, takes, required, secret, meaning.
[[nodiscard]] nlohmann::json reference_json();
/// A commented file that `vera config check` takes; with all options, or those to begin with.
[[nodiscard]] std::string example_config(bool has_all);

}  // namespace vera::ops
