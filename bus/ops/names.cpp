#include "bus/ops/names.hpp"

#include "bus/base/edit_distance.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace vera::ops {
namespace {

struct Letter {
    std::string_view upper, lower, ascii;
};
constexpr std::array<Letter, 3> letters{{{"Æ", "æ", "ae"}, {"Ø", "ø", "oe"}, {"Å", "å", "aa"}}};
constexpr std::string_view combining_ring = "\xCC\x8A";  // U+030A
constexpr std::size_t max_name_characters = 64;

void replace_all(std::string& text, std::string_view from, std::string_view to) {
    for (std::size_t at = text.find(from); at != std::string::npos;
         at = text.find(from, at + to.size()))
        text.replace(at, from.size(), to);
}

bool is_ascii_letter_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

}  // namespace

std::string compose(std::string_view text) {
    std::string composed(text);
    replace_all(composed, std::string("a") + std::string(combining_ring), "å");
    replace_all(composed, std::string("A") + std::string(combining_ring), "Å");
    return composed;
}

std::string fold(std::string_view name) {
    std::string folded = compose(name);
    for (char& c : folded)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    for (const Letter& letter : letters) {
        replace_all(folded, letter.upper, letter.ascii);
        replace_all(folded, letter.lower, letter.ascii);
    }
    return folded;
}

bool is_name(std::string_view name) {
    std::size_t characters = 0;
    while (!name.empty()) {
        std::size_t length = 0;
        if (is_ascii_letter_or_digit(name.front())) length = 1;
        for (const Letter& letter : letters)
            if (name.substr(0, letter.lower.size()) == letter.lower) length = letter.lower.size();
        if (length == 0 && characters > 0 &&
            std::string_view("._-").find(name.front()) != std::string_view::npos)
            length = 1;
        if (length == 0) return false;
        name.remove_prefix(length);
        ++characters;
    }
    return characters >= 1 && characters <= max_name_characters;
}

std::string nearest(std::string_view name, const std::vector<std::string>& known) {
    constexpr std::size_t longest = 200;  // the distance costs the product of the lengths
    if (name.size() > longest) return {};
    const std::string folded = fold(name);
    std::size_t best = std::max<std::size_t>(folded.size() / 3, 1) + 1;
    std::string found;
    for (const std::string& candidate : known) {
        const std::size_t far = edit_distance(folded, fold(candidate), best);
        if (far < best) {
            best = far;
            found = candidate;
        }
    }
    return found;
}

}  // namespace vera::ops
