#pragma once
// The two languages of what leaves the operations room.
#include <cstdint>
#include <optional>
#include <string_view>

namespace vera::pages {

enum class Language : std::uint8_t { da, en };

/// The same in both.
struct Words {
    std::string_view da, en;
    [[nodiscard]] std::string_view in(Language language) const {
        return language == Language::da ? da : en;
    }
};

/// "da" or "en", as in HTML's lang attribute.
[[nodiscard]] inline std::string_view tag_of(Language language) {
    return Words{"da", "en"}.in(language);
}
[[nodiscard]] inline std::optional<Language> language_of(std::string_view tag) {
    if (tag == "da") return Language::da;
    if (tag == "en") return Language::en;
    return std::nullopt;
}

}  // namespace vera::pages
