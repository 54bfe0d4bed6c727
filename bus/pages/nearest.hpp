#pragma once
// Which known names somebody may have meant.
#include <string>
#include <string_view>
#include <vector>

namespace vera::pages {

/// At most three, the nearest first: names that contain the wanted one, and names that differ from
/// it in no more than a third of its characters; compared in any case, with and without the part
/// before the last dot.
[[nodiscard]] std::vector<std::string> nearest_names(std::string_view wanted,
                                                     const std::vector<std::string>& known);

}  // namespace vera::pages
