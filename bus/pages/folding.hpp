#pragma once
// How text is compared by those who search: `LÆGE` is `laege`.
#include <string>
#include <string_view>

namespace vera::pages {

/// Small letters, and æ, ø, å as ae, oe, aa.
[[nodiscard]] std::string folded(std::string_view text);

}  // namespace vera::pages
