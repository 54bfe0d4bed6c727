#pragma once
// Rules, classes and kinds in words, in Danish and English.
#include "bus/pages/description.hpp"
#include "bus/pages/words.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace vera::pages {

/// What is asked of the field, one rule each: "required", "at most 255 characters", "a UUID".
[[nodiscard]] std::vector<std::string> rules_in_words(const Message& message,
                                                      const Field& field,
                                                      Language language);
/// What is asked of the message as a whole: its choices and periods.
[[nodiscard]] std::vector<std::string> rules_in_words(const Message& message, Language language);

/// "tilTidspunkt may not be before fraTidspunkt".
[[nodiscard]] std::string in_words(const Period& period, Language language);

/// "confidential; nothing is shown", empty if the field is no personal data.
[[nodiscard]] std::string personal_in_words(const Field& field, Language language);
/// "sensitive personal data" of a level 1 to 4; empty for others.
[[nodiscard]] std::string_view level_in_words(int foelsomhed, Language language);
/// "life cycle".
[[nodiscard]] std::string_view art_in_words(vera::options::v1::Besked::Art art, Language language);
/// "livscyklus": the word by which the command line knows it.
[[nodiscard]] std::string_view name_of(vera::options::v1::Besked::Art art);
/// "inferred" of the source I; others as they are.
[[nodiscard]] std::string source_in_words(std::string_view source, Language language);
/// "UnikId", "string", "map<string, Sag>": the field's type without packages.
[[nodiscard]] std::string short_type(const Field& field);
/// What stands behind the package: "Besked.Art" of vera.options.v1.Besked.Art.
[[nodiscard]] std::string_view short_name(std::string_view full_name);

}  // namespace vera::pages
