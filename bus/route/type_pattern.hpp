#pragma once
// Message types as filters and inboxes name them: a full name, "vera.sag.v1.*" for a package with
// all below it, "*" for every type.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vera::route {

/// The package that a pattern covers, empty for "*"; nothing if it is the name of one type.
[[nodiscard]] std::optional<std::string_view> package_of_pattern(std::string_view pattern);
[[nodiscard]] bool is_in_package(std::string_view type, std::string_view package);
/// Whether one of them covers `type`.
[[nodiscard]] bool covers(const std::vector<std::string>& patterns, std::string_view type);

}  // namespace vera::route
