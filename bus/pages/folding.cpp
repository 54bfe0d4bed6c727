#include "bus/pages/folding.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace vera::pages {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 6> letters{
    {{"æ", "ae"}, {"ø", "oe"}, {"å", "aa"}, {"Æ", "ae"}, {"Ø", "oe"}, {"Å", "aa"}}};

}  // namespace

std::string folded(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const auto* letter = std::ranges::find_if(
            letters, [text](const auto& one) { return text.starts_with(one.first); });
        if (letter != letters.end()) {
            out += letter->second;
            text.remove_prefix(letter->first.size());
            continue;
        }
        const char c = text.front();
        out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        text.remove_prefix(1);
    }
    return out;
}

}  // namespace vera::pages
