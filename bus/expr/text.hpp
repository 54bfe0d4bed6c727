#pragma once
// Characters of UTF-8 text: counting, cutting, case and space. Case knows Latin, Greek and Cyrillic
// letters that map one to one.
#include <cstddef>
#include <string>
#include <string_view>

namespace vera::expr {

/// How many bytes from the beginning are valid UTF-8.
[[nodiscard]] std::size_t valid_utf8(std::string_view text);
/// Bytes of the character that begins with `lead`; 1 for what is no lead byte.
[[nodiscard]] constexpr std::size_t character_bytes(char lead) {
    const auto byte = static_cast<unsigned char>(lead);
    return byte < 0xC0 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}
[[nodiscard]] std::size_t length(std::string_view text);
/// Bytes of the first `characters` characters; all if there are fewer.
[[nodiscard]] std::size_t bytes_of(std::string_view text, std::size_t characters);

void append_lower(std::string& to, std::string_view text);
void append_upper(std::string& to, std::string_view text);
/// Without Unicode's white space (property White_Space) at both ends.
[[nodiscard]] std::string_view trimmed(std::string_view text);

}  // namespace vera::expr
