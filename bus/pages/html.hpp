#pragma once
// Text on its way into HTML.
#include <string>
#include <string_view>

namespace vera::pages {

/// Safe as an element's text and inside an attribute's double quotes.
[[nodiscard]] std::string escaped(std::string_view text);
/// Escaped, with what stands between backticks in <code>.
[[nodiscard]] std::string with_code(std::string_view text);

}  // namespace vera::pages
