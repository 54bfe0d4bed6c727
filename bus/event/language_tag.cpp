#include "bus/event/language_tag.hpp"

#include <algorithm>
#include <cstddef>

namespace vera::event {
namespace {

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/// The parts between hyphens, one after the other.
class Parts {
public:
    explicit Parts(std::string_view text) : rest_(text) { next(); }

    [[nodiscard]] bool at_end() const { return is_end_; }
    [[nodiscard]] std::string_view part() const { return part_; }
    [[nodiscard]] bool letters(std::size_t least, std::size_t most) const {
        return has_size(least, most) && std::ranges::all_of(part_, is_letter);
    }
    [[nodiscard]] bool digits(std::size_t size) const {
        return has_size(size, size) && std::ranges::all_of(part_, is_digit);
    }
    [[nodiscard]] bool letters_or_digits(std::size_t least, std::size_t most) const {
        return has_size(least, most) &&
               std::ranges::all_of(part_, [](char c) { return is_letter(c) || is_digit(c); });
    }

    void next() {
        is_end_ = is_last_;
        if (is_end_) return;
        const auto hyphen = rest_.find('-');
        part_ = rest_.substr(0, hyphen);
        is_last_ = hyphen == std::string_view::npos;
        if (!is_last_) rest_.remove_prefix(hyphen + 1);
    }
    /// Takes the part if it is such a one.
    bool take(bool is_one) {
        if (is_one) next();
        return is_one;
    }

private:
    [[nodiscard]] bool has_size(std::size_t least, std::size_t most) const {
        return !is_end_ && part_.size() >= least && part_.size() <= most;
    }

    std::string_view rest_;
    std::string_view part_;
    bool is_last_ = false;
    bool is_end_ = false;
};

bool is_private_use(Parts& parts) {
    if (parts.at_end() || (parts.part() != "x" && parts.part() != "X")) return false;
    parts.next();
    if (!parts.take(parts.letters_or_digits(1, 8))) return false;
    while (parts.take(parts.letters_or_digits(1, 8))) {
    }
    return parts.at_end();
}

bool is_variant(const Parts& parts) {
    return parts.letters_or_digits(5, 8) ||
           (parts.letters_or_digits(4, 4) && is_digit(parts.part()[0]));
}

}  // namespace

bool is_language_tag(std::string_view text) {
    Parts parts(text);
    if (is_private_use(parts)) return true;
    parts = Parts(text);
    const bool is_short = parts.letters(2, 3);
    if (!parts.take(parts.letters(2, 8))) return false;
    for (int i = 0; is_short && i < 3 && parts.letters(3, 3); ++i)
        parts.next();
    parts.take(parts.letters(4, 4));
    parts.take(parts.letters(2, 2) || parts.digits(3));
    while (parts.take(is_variant(parts))) {
    }
    while (parts.letters_or_digits(1, 1) && parts.part() != "x" && parts.part() != "X") {
        parts.next();
        if (!parts.take(parts.letters_or_digits(2, 8))) return false;
        while (parts.take(parts.letters_or_digits(2, 8))) {
        }
    }
    return parts.at_end() || is_private_use(parts);
}

}  // namespace vera::event
