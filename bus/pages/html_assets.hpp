#pragma once
// Style and script of the HTML page.
#include <string_view>

namespace vera::pages {

[[nodiscard]] std::string_view page_style();
[[nodiscard]] std::string_view page_script();

}  // namespace vera::pages
