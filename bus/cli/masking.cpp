#include "bus/cli/masking.hpp"

#include <algorithm>
#include <cctype>

namespace vera::cli {
namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_word(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0;
}

// Length of a CPR number that begins at `at`: 10, 11 with a hyphen, or 0.
std::size_t cpr_length(std::string_view text, std::size_t at, bool is_any_date) {
    std::size_t end = at;
    int digits = 0;
    while (end < text.size() && digits < 10) {
        if (is_digit(text[end])) {
            ++digits;
        } else if (!(digits == 6 && text[end] == '-' && text[end - 1] != '-')) {
            return 0;
        }
        ++end;
    }
    if (digits < 10) return 0;
    if (end < text.size() && is_word(text[end])) return 0;
    const int day = (text[at] - '0') * 10 + (text[at + 1] - '0');
    const int month = (text[at + 2] - '0') * 10 + (text[at + 3] - '0');
    // Replacement CPR numbers have 60 added to the day.
    const bool is_date = (day >= 1 && day <= 31) || (day >= 61 && day <= 91);
    if (!is_any_date && (!is_date || month < 1 || month > 12)) return 0;
    return end - at;
}

}  // namespace

std::string mask_text(std::string_view text) {
    constexpr std::string_view urn = "urn:oio:cpr-nr:";
    std::string out(text);
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (!is_digit(text[at])) continue;
        const bool is_after_urn =
            at >= urn.size() &&
            std::ranges::equal(text.substr(at - urn.size(), urn.size()), urn, [](char a, char b) {
                return std::tolower(static_cast<unsigned char>(a)) == b;
            });
        const bool stands_alone = at == 0 || !is_word(text[at - 1]);
        if (!is_after_urn && !stands_alone) continue;
        const std::size_t length = cpr_length(text, at, is_after_urn);
        for (std::size_t i = at; i < at + length; ++i)
            if (is_digit(text[i])) out[i] = '*';
        if (length > 0) at += length - 1;
    }
    return out;
}

void mask(nlohmann::json& value) {
    if (value.is_string()) {
        value = mask_text(value.get_ref<const std::string&>());
    } else if (value.is_number_integer()) {
        // A number loses a leading zero, so nine digits may be a CPR number too.
        std::string digits = value.dump();
        if (digits.size() == 9) digits.insert(0, 1, '0');
        const std::string masked = mask_text(digits);
        if (masked != digits) value = masked;
    } else if (value.is_array()) {
        for (nlohmann::json& element : value)
            mask(element);
    } else if (value.is_object()) {
        nlohmann::json masked = nlohmann::json::object();
        for (auto& [key, element] : value.items()) {
            mask(element);
            masked[mask_text(key)] = std::move(element);
        }
        value = std::move(masked);
    }
}

}  // namespace vera::cli
