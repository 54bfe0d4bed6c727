#include "bus/event/formats.hpp"

#include "bus/event/language_tag.hpp"
#include "bus/event/urn.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <utility>

namespace vera::event {
namespace {

using vera::options::v1::Format;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_hex(char c) {
    return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'f');
}

unsigned two_digits(std::string_view text, std::size_t at) {
    return static_cast<unsigned>(text[at] - '0') * 10 + static_cast<unsigned>(text[at + 1] - '0');
}

// Sixteen bytes at once, by the compilers' vector types: what does not have such registers does it
// in parts. A comparison gives 0xff for true.
using Bytes16 = unsigned char __attribute__((vector_size(16)));
using Mask16 = signed char __attribute__((vector_size(16)));

/// 0xff for each byte that is as the text form of a UUID has it; `hyphens` is 0xff where one
/// stands.
Mask16 uuid_bytes(const char* text, Mask16 hyphens) {
    Bytes16 bytes;
    std::memcpy(&bytes, text, sizeof bytes);
    const Bytes16 letters = (bytes | 0x20U) - 'a';
    const Mask16 is_hex_digit = (bytes - '0' <= 9U) | (letters <= 5U);
    return (hyphens & (bytes == '-')) | (~hyphens & is_hex_digit);
}

bool is_date(int year, unsigned month, unsigned day) {
    return std::chrono::year_month_day{
        std::chrono::year{year}, std::chrono::month{month}, std::chrono::day{day}}
        .ok();
}

/// Ten digits with a possible date of birth. Never modulus 11: numbers without a control digit are
/// valid since 1 October 2007.
bool is_cpr(std::string_view text) {
    if (!is_digits(text, 10)) return false;
    unsigned day = two_digits(text, 0);
    if (day > 60) day -= 60;  // replacement numbers
    const unsigned year = two_digits(text, 4);
    const char seventh = text[6];
    int century = 1900;
    if (seventh == '4' || seventh == '9') century = year <= 36 ? 2000 : 1900;
    if (seventh >= '5' && seventh <= '8') century = year <= 57 ? 2000 : 1800;
    return is_date(century + static_cast<int>(year), two_digits(text, 2), day);
}

/// Eight digits whose weighted sum is divisible by 11; eight zeros are no number.
bool is_cvr(std::string_view text) {
    if (!is_digits(text, 8)) return false;
    constexpr std::array<unsigned, 8> weights{2, 7, 6, 5, 4, 3, 2, 1};
    unsigned sum = 0;
    for (std::size_t i = 0; i < weights.size(); ++i)
        sum += weights[i] * static_cast<unsigned>(text[i] - '0');
    return sum != 0 && sum % 11 == 0;
}

/// RFC 3986: a scheme, then only the characters of a URI, percent always before two hexadecimal
/// digits. What the scheme asks for is not looked at.
bool is_uri(std::string_view text) {
    const auto colon = text.find(':');
    if (colon == std::string_view::npos || colon == 0 || colon + 1 == text.size()) return false;
    const auto is_letter = [](char c) { return lower(c) >= 'a' && lower(c) <= 'z'; };
    if (!is_letter(text[0])) return false;
    for (const char c : text.substr(0, colon))
        if (!is_letter(c) && !is_digit(c) && c != '+' && c != '-' && c != '.') return false;
    constexpr std::string_view others = "-._~:/?#[]@!$&'()*+,;=";
    bool has_fragment = false;
    for (std::size_t i = colon + 1; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '%') {
            if (i + 2 >= text.size() || !is_hex(text[i + 1]) || !is_hex(text[i + 2])) return false;
        } else if (!is_letter(c) && !is_digit(c) && others.find(c) == std::string_view::npos) {
            return false;
        }
        if (c == '#' && std::exchange(has_fragment, true)) return false;
    }
    return true;
}

bool is_kle(std::string_view text) {
    if (text.size() != 2 && text.size() != 5 && text.size() != 8) return false;
    for (std::size_t i = 0; i < text.size(); ++i)
        if (i % 3 == 2 ? text[i] != '.' : !is_digit(text[i])) return false;
    return true;
}

bool is_calendar_date(std::string_view text) {
    if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
    if (!is_digits(text.substr(0, 4), 4) || !is_digits(text.substr(5, 2), 2) ||
        !is_digits(text.substr(8, 2), 2))
        return false;
    return is_date(static_cast<int>(two_digits(text, 0) * 100 + two_digits(text, 2)),
                   two_digits(text, 5),
                   two_digits(text, 8));
}

}  // namespace

bool is_digits(std::string_view text, std::size_t count) {
    return text.size() == count && std::ranges::all_of(text, is_digit);
}

bool is_uuid(std::string_view text) {
    if (text.size() != 36) return false;
    // A kuvert holds dozens of UUIDs.
    constexpr signed char h = -1;
    const Mask16 all = uuid_bytes(text.data(), Mask16{0, 0, 0, 0, 0, 0, 0, 0, h, 0, 0, 0, 0, h}) &
                       uuid_bytes(text.data() + 16, Mask16{0, 0, h, 0, 0, 0, 0, h}) &
                       uuid_bytes(text.data() + 20, Mask16{0, 0, 0, h});
    std::array<std::uint64_t, 2> halves{};
    std::memcpy(halves.data(), &all, sizeof all);
    return (halves[0] & halves[1]) == ~std::uint64_t{0};
}

bool is_utf8(std::string_view text) {
    const char* at = text.data();
    const char* const end = at + text.size();
    while (at != end) {
        if (end - at >= 8) {
            std::uint64_t eight = 0;
            std::memcpy(&eight, at, 8);
            if ((eight & 0x8080808080808080U) == 0) {
                at += 8;
                continue;
            }
        }
        const auto first = static_cast<unsigned char>(*at++);
        if (first < 0x80U) continue;
        // Unicode 15 table 3-7: well-formed sequences, by the range of the second byte.
        unsigned more = 0;
        unsigned low = 0x80;
        unsigned high = 0xbf;
        if (first >= 0xc2U && first <= 0xdfU)
            more = 1;
        else if (first >= 0xe0U && first <= 0xefU)
            more = 2;
        else if (first >= 0xf0U && first <= 0xf4U)
            more = 3;
        else
            return false;
        if (first == 0xe0U) low = 0xa0;
        if (first == 0xedU) high = 0x9f;
        if (first == 0xf0U) low = 0x90;
        if (first == 0xf4U) high = 0x8f;
        if (static_cast<std::size_t>(end - at) < more) return false;
        for (; more != 0; --more, low = 0x80, high = 0xbf) {
            const auto next = static_cast<unsigned char>(*at++);
            if (next < low || next > high) return false;
        }
    }
    return true;
}

bool has_format(std::string_view text, Format format) {
    switch (format) {
        case vera::options::v1::FORMAT_UUID:
            return is_uuid(text);
        case vera::options::v1::FORMAT_URN:
            return is_urn(text);
        case vera::options::v1::FORMAT_CVR:
            return is_cvr(text);
        case vera::options::v1::FORMAT_CPR:
            return is_cpr(text);
        case vera::options::v1::FORMAT_KLE:
            return is_kle(text);
        case vera::options::v1::FORMAT_KOMMUNEKODE:
            return is_digits(text, 4);
        case vera::options::v1::FORMAT_DATO:
            return is_calendar_date(text);
        case vera::options::v1::FORMAT_HANDLINGSFACET:
            return text.size() == 3 && text[0] >= 'A' && text[0] <= 'Z' && is_digit(text[1]) &&
                   is_digit(text[2]);
        case vera::options::v1::FORMAT_PNR:
            return is_digits(text, 10);
        case vera::options::v1::FORMAT_URI:
            return is_uri(text);
        case vera::options::v1::FORMAT_SPROG:
            return is_language_tag(text);
        default:  // open enum of Protobuf: unspecified, or newer than this code
            return true;
    }
}

std::string_view name_of(Format format) {
    switch (format) {
        case vera::options::v1::FORMAT_UUID:
            return "a UUID";
        case vera::options::v1::FORMAT_URN:
            return "a URN";
        case vera::options::v1::FORMAT_CVR:
            return "a CVR number (8 digits, the last one a control digit)";
        case vera::options::v1::FORMAT_CPR:
            return "a CPR number (10 digits that begin with a date)";
        case vera::options::v1::FORMAT_KLE:
            return "a KLE number (NN, NN.NN or NN.NN.NN)";
        case vera::options::v1::FORMAT_KOMMUNEKODE:
            return "a municipality code (4 digits)";
        case vera::options::v1::FORMAT_DATO:
            return "a date (YYYY-MM-DD)";
        case vera::options::v1::FORMAT_HANDLINGSFACET:
            return "an action facet of KLE (a letter and two digits)";
        case vera::options::v1::FORMAT_PNR:
            return "a number of a production unit (10 digits)";
        case vera::options::v1::FORMAT_URI:
            return "a URI (RFC 3986, with a scheme)";
        case vera::options::v1::FORMAT_SPROG:
            return "a language tag (RFC 5646)";
        default:
            return "text";
    }
}

std::string_view type_of_url(std::string_view type_url) {
    constexpr std::size_t max_size = 256;
    const auto slash = type_url.rfind('/');
    if (slash == std::string_view::npos || type_url.size() > max_size) return {};
    const std::string_view name = type_url.substr(slash + 1);
    bool begins = true;  // a part of the name
    for (const char c : name) {
        const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        const bool is_digit = c >= '0' && c <= '9';
        if (begins ? !is_letter : !(is_letter || is_digit || c == '.')) return {};
        begins = c == '.';
    }
    return begins ? std::string_view{} : name;
}

}  // namespace vera::event
