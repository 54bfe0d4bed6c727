#include "bus/expr/like_pattern.hpp"

#include "bus/expr/text.hpp"

#include <algorithm>
#include <cstddef>

namespace vera::expr {
namespace {

constexpr char any_characters = '\xFF';
constexpr char one_character = '\xFE';
constexpr std::size_t bytes_per_step = 16;  // compared by memcmp and memmem

void charge(std::size_t bytes, std::uint32_t& steps) {
    const std::size_t cost = 1 + bytes / bytes_per_step;
    steps = cost < steps ? steps - static_cast<std::uint32_t>(cost) : 0;
}

}  // namespace

std::variant<LikePattern, std::string> LikePattern::make(std::string_view pattern,
                                                         const Limits& limits) {
    if (pattern.size() > limits.pattern_bytes)
        return "a pattern has at most " + std::to_string(limits.pattern_bytes) + " bytes";
    LikePattern made;
    std::size_t wildcards = 0;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        const char c = pattern[i];
        const bool is_escape =
            c == '\\' && i + 1 < pattern.size() && (pattern[i + 1] == '%' || pattern[i + 1] == '_');
        if (is_escape) {
            made.code_.push_back(pattern[++i]);
        } else if (c == '%') {
            if (!made.code_.empty() && made.code_.back() == any_characters) continue;
            ++wildcards;
            made.code_.push_back(any_characters);
        } else {
            made.code_.push_back(c == '_' ? one_character : c);
        }
    }
    if (wildcards > limits.pattern_wildcards)
        return "a pattern has at most " + std::to_string(limits.pattern_wildcards) + " %";
    const std::string_view code = made.code_;
    const bool begins_any = !code.empty() && code.front() == any_characters;
    const bool ends_any = !code.empty() && code.back() == any_characters;
    std::string_view middle = code.substr(begins_any ? 1 : 0);
    if (ends_any && !middle.empty()) middle.remove_suffix(1);
    if (middle.find_first_of("\xFF\xFE") != std::string_view::npos) {
        made.shape_ = Shape::general;
        made.literal_ = code.substr(0, code.find_first_of("\xFF\xFE"));
        return made;
    }
    made.literal_ = middle;
    made.shape_ = begins_any ? (ends_any ? Shape::contains : Shape::suffix)
                             : (ends_any ? Shape::prefix : Shape::exact);
    return made;
}

bool LikePattern::matches(std::string_view text, std::uint32_t& steps) const {
    switch (shape_) {
        case Shape::exact:
            return text == literal_;
        case Shape::prefix:
            return text.substr(0, literal_.size()) == literal_;
        case Shape::suffix:
            return text.size() >= literal_.size() &&
                   text.substr(text.size() - literal_.size()) == literal_;
        case Shape::contains: {
            // The search may look at the literal's length for each byte.
            charge(text.size() * (1 + literal_.size() / bytes_per_step), steps);
            return steps > 0 && text.find(literal_) != std::string_view::npos;
        }
        case Shape::general:
            return matches_general(text, steps);
    }
    return false;
}

// When a character does not fit, only the last % may take one more: earlier ones have found the
// earliest place, so none of them needs to be tried again.
bool LikePattern::matches_general(std::string_view text, std::uint32_t& steps) const {
    constexpr std::size_t none = std::string_view::npos;
    std::size_t at = 0;
    std::size_t code = 0;
    std::size_t behind_any = none;
    std::size_t taken_to = 0;
    while (at < text.size()) {
        if (steps == 0) return false;
        --steps;
        const char wanted = code < code_.size() ? code_[code] : '\0';
        if (code < code_.size() && wanted == any_characters) {
            behind_any = ++code;
            taken_to = at;
        } else if (code < code_.size() && wanted == one_character) {
            at = std::min(at + character_bytes(text[at]), text.size());
            ++code;
        } else if (code < code_.size() && wanted == text[at]) {
            ++at;
            ++code;
        } else if (behind_any != none) {
            code = behind_any;
            taken_to = std::min(taken_to + character_bytes(text[taken_to]), text.size());
            at = taken_to;
        } else {
            return false;
        }
    }
    while (code < code_.size() && code_[code] == any_characters)
        ++code;
    return code == code_.size();
}

}  // namespace vera::expr
