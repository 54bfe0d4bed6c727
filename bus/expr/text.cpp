#include "bus/expr/text.hpp"

#include <algorithm>
#include <cstdint>

namespace vera::expr {
namespace {

bool is_continuation(char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

/// The code point at `text`'s beginning, which is valid UTF-8 or taken byte by byte; `size`: its
/// bytes.
char32_t code_point(std::string_view text, std::size_t& size) {
    size = std::min(character_bytes(text.front()), text.size());
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    switch (size) {
        case 2:
            return ((byte(0) & 0x1FU) << 6U) | (byte(1) & 0x3FU);
        case 3:
            return ((byte(0) & 0x0FU) << 12U) | ((byte(1) & 0x3FU) << 6U) | (byte(2) & 0x3FU);
        case 4:
            return ((byte(0) & 0x07U) << 18U) | ((byte(1) & 0x3FU) << 12U) |
                   ((byte(2) & 0x3FU) << 6U) | (byte(3) & 0x3FU);
        default:
            return byte(0);
    }
}

void append_code_point(std::string& to, char32_t c) {
    const auto put = [&](char32_t byte) { to.push_back(static_cast<char>(byte)); };
    if (c < 0x80) {
        put(c);
    } else if (c < 0x800) {
        put(0xC0U | (c >> 6U));
        put(0x80U | (c & 0x3FU));
    } else {
        put(0xE0U | (c >> 12U));
        put(0x80U | ((c >> 6U) & 0x3FU));
        put(0x80U | (c & 0x3FU));
    }
}

bool is_within(char32_t c, char32_t first, char32_t last) {
    return c >= first && c <= last;
}

/// Letters that come in pairs, upper case first.
bool is_paired(char32_t c, bool& upper_is_even) {
    upper_is_even = is_within(c, 0x100, 0x137) || is_within(c, 0x14A, 0x177) ||
                    is_within(c, 0x1E00, 0x1E95) || is_within(c, 0x460, 0x481);
    const bool upper_is_odd = is_within(c, 0x139, 0x148) || is_within(c, 0x179, 0x17E);
    return (upper_is_even || upper_is_odd) && c != 0x130 && c != 0x131;
}

char32_t lower(char32_t c) {
    if (is_within(c, 'A', 'Z') || (is_within(c, 0xC0, 0xDE) && c != 0xD7) ||
        (is_within(c, 0x391, 0x3A9) && c != 0x3A2) || is_within(c, 0x410, 0x42F))
        return c + 32;
    if (c == 0x178) return 0xFF;
    if (is_within(c, 0x400, 0x40F)) return c + 80;
    bool upper_is_even = false;
    if (is_paired(c, upper_is_even) && ((c % 2 == 0) == upper_is_even)) return c + 1;
    return c;
}

char32_t upper(char32_t c) {
    if (is_within(c, 'a', 'z') || (is_within(c, 0xE0, 0xFE) && c != 0xF7) ||
        (is_within(c, 0x3B1, 0x3C9) && c != 0x3C2) || is_within(c, 0x430, 0x44F))
        return c - 32;
    if (c == 0xFF) return 0x178;
    if (c == 0x3C2) return 0x3A3;
    if (is_within(c, 0x450, 0x45F)) return c - 80;
    bool upper_is_even = false;
    if (is_paired(c, upper_is_even) && ((c % 2 == 0) != upper_is_even)) return c - 1;
    return c;
}

template <class Change>
void append_changed(std::string& to, std::string_view text, Change change) {
    while (!text.empty()) {
        std::size_t size = 1;
        const char32_t from = code_point(text, size);
        const char32_t made = change(from);
        if (made == from) {
            to.append(text.substr(0, size));
        } else {
            append_code_point(to, made);
        }
        text.remove_prefix(size);
    }
}

bool is_white_space(char32_t c) {
    return is_within(c, 0x09, 0x0D) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 ||
           is_within(c, 0x2000, 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
           c == 0x205F || c == 0x3000;
}

}  // namespace

std::size_t valid_utf8(std::string_view text) {
    std::size_t at = 0;
    while (at < text.size()) {
        const auto lead = static_cast<unsigned char>(text[at]);
        if (lead < 0x80) {
            ++at;
            continue;
        }
        const std::size_t size = character_bytes(text[at]);
        if (lead < 0xC2 || lead > 0xF4 || text.size() - at < size) return at;
        for (std::size_t i = 1; i < size; ++i)
            if (!is_continuation(text[at + i])) return at;
        std::size_t ignored = 0;
        const char32_t c = code_point(text.substr(at), ignored);
        if ((size == 3 && c < 0x800) || (size == 4 && (c < 0x10000 || c > 0x10FFFF)) ||
            is_within(c, 0xD800, 0xDFFF))
            return at;
        at += size;
    }
    return at;
}

std::size_t length(std::string_view text) {
    return static_cast<std::size_t>(
        std::ranges::count_if(text, [](char c) { return !is_continuation(c); }));
}

std::size_t bytes_of(std::string_view text, std::size_t characters) {
    std::size_t at = 0;
    while (characters > 0 && at < text.size()) {
        at = std::min(at + character_bytes(text[at]), text.size());
        --characters;
    }
    return at;
}

void append_lower(std::string& to, std::string_view text) {
    append_changed(to, text, lower);
}

void append_upper(std::string& to, std::string_view text) {
    append_changed(to, text, upper);
}

std::string_view trimmed(std::string_view text) {
    std::size_t size = 0;
    while (!text.empty() && is_white_space(code_point(text, size)))
        text.remove_prefix(size);
    while (!text.empty()) {
        std::size_t at = text.size() - 1;
        while (at > 0 && is_continuation(text[at]))
            --at;
        if (!is_white_space(code_point(text.substr(at), size))) break;
        text = text.substr(0, at);
    }
    return text;
}

}  // namespace vera::expr
