#pragma once
// A message's fields and rules as HTML, and what the page around them shares with it.
#include "bus/pages/description.hpp"
#include "bus/pages/outline.hpp"
#include "bus/pages/words.hpp"

#include <string>

namespace vera::pages {

/// A link to the place of a type on the page.
[[nodiscard]] std::string link_to(const std::string& full_name);
/// ` lang="en"` where the text's language is not the page's.
[[nodiscard]] std::string language_attribute(Language of_text, Language of_page);
/// What is asked of the message as a whole, and the table of its fields.
[[nodiscard]] std::string fields_html(const Message& message,
                                      const Outline& outline,
                                      Language language);

}  // namespace vera::pages
