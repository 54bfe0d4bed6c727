#include "bus/event/formats.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstring>

namespace vera::event {
namespace {

using vera::options::v1::Format;

constexpr std::string_view cvr_urn = "urn:oio:cvr-nr:";
constexpr std::string_view cvr_urn_variant =
    "urn:oio:cvr:";  // in real messages of the post service
constexpr std::string_view kle_urn = "urn:oio:kle:";

struct Level {
    std::string_view uuid;
    int level;
};
// Classification of SF1470's sensitivity levels; the last one is called "Fortrolige
// personoplysninger" in KOMBIT's own sample: taking the higher level of the two errs on the side of
// protection.
constexpr std::array<Level, 4> levels{{{"1d81c472-0808-44cc-963d-f5ef0170ae1d", 1},
                                       {"292e85a9-8ad4-46df-9e50-f97d6837ad74", 2},
                                       {"31c09910-e011-46a5-86fb-254374421fe8", 3},
                                       {"44f4108b-26d4-46de-a90f-35e35b55b8d8", 4}}};

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

unsigned two_digits(std::string_view text, std::size_t at) {
    return static_cast<unsigned>(text[at] - '0') * 10 + static_cast<unsigned>(text[at + 1] - '0');
}

constexpr std::uint64_t every_byte(std::uint64_t byte) {
    return byte * 0x0101010101010101U;
}

/// The high bit of every byte of `eight` that is a hexadecimal digit; no other bits. Eight bytes at
/// once, in any byte order.
std::uint64_t hex_digits(std::uint64_t eight) {
    const std::uint64_t ascii = ~eight & every_byte(0x80);
    const std::uint64_t low =
        eight & every_byte(0x7f);  // adding to these never carries into the next byte
    const std::uint64_t letters = low | every_byte(0x20);
    const auto from = [](std::uint64_t bytes, char first) {
        return bytes + every_byte(0x80U - static_cast<unsigned char>(first));
    };
    const std::uint64_t is_number = from(low, '0') & ~from(low, '9' + 1);
    const std::uint64_t is_letter = from(letters, 'a') & ~from(letters, 'f' + 1);
    return (is_number | is_letter) & ascii;
}

bool is_date(int year, unsigned month, unsigned day) {
    return std::chrono::year_month_day{
        std::chrono::year{year}, std::chrono::month{month}, std::chrono::day{day}}
        .ok();
}

/// RFC 8141 loosely: the specific part may hold spaces and æøå (urn:oio:fuldtnavn:…), but no
/// control characters.
bool is_urn(std::string_view text) {
    if (text.size() < 7 || lower(text[0]) != 'u' || lower(text[1]) != 'r' ||
        lower(text[2]) != 'n' || text[3] != ':')
        return false;
    const auto colon = text.find(':', 4);
    if (colon == std::string_view::npos || colon == 4 || colon + 1 == text.size() || colon > 4 + 32)
        return false;
    const auto is_name = [](char c) {
        return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z') || c == '-';
    };
    return std::ranges::all_of(text.substr(4, colon - 4), is_name) &&
           std::ranges::none_of(
               text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
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
    if (text.size() != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' ||
        text[23] != '-')
        return false;
    // A kuvert holds dozens of UUIDs: the digits are checked eight at a time.
    std::array<char, 32> digits{};
    std::memcpy(digits.data(), text.data(), 8);
    std::memcpy(digits.data() + 8, text.data() + 9, 4);
    std::memcpy(digits.data() + 12, text.data() + 14, 4);
    std::memcpy(digits.data() + 16, text.data() + 19, 4);
    std::memcpy(digits.data() + 20, text.data() + 24, 12);
    std::uint64_t all = ~std::uint64_t{0};
    for (std::size_t at = 0; at < digits.size(); at += 8) {
        std::uint64_t eight = 0;
        std::memcpy(&eight, digits.data() + at, 8);
        all &= hex_digits(eight);
    }
    return all == every_byte(0x80);
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
            return is_digits(text, 8);
        case vera::options::v1::FORMAT_CPR:
            return is_cpr(text);
        case vera::options::v1::FORMAT_KLE:
            return is_kle(text);
        case vera::options::v1::FORMAT_KOMMUNEKODE:
            return is_digits(text, 4);
        case vera::options::v1::FORMAT_DATO:
            return is_calendar_date(text);
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
            return "a CVR number (8 digits)";
        case vera::options::v1::FORMAT_CPR:
            return "a CPR number (10 digits that begin with a date)";
        case vera::options::v1::FORMAT_KLE:
            return "a KLE number (NN, NN.NN or NN.NN.NN)";
        case vera::options::v1::FORMAT_KOMMUNEKODE:
            return "a municipality code (4 digits)";
        case vera::options::v1::FORMAT_DATO:
            return "a date (YYYY-MM-DD)";
        default:
            return "text";
    }
}

std::string canonical_id(std::string_view id) {
    if (id.starts_with(cvr_urn_variant))
        return std::string(cvr_urn).append(id.substr(cvr_urn_variant.size()));
    std::string canonical(id);
    if (is_uuid(id))
        for (char& c : canonical)
            c = static_cast<char>(c | 0x20);  // digits and hyphens have that bit
    return canonical;
}

std::string_view cvr_of_urn(std::string_view urn) {
    if (urn.starts_with(cvr_urn)) return urn.substr(cvr_urn.size());
    if (urn.starts_with(cvr_urn_variant)) return urn.substr(cvr_urn_variant.size());
    return {};
}

std::string_view kle_of_urn(std::string_view urn) {
    return urn.starts_with(kle_urn) ? urn.substr(kle_urn.size()) : std::string_view{};
}

int foelsomhed_of(std::string_view sikkerhedsklassificering) {
    for (const Level& known : levels)
        if (known.uuid == sikkerhedsklassificering) return known.level;
    return 0;
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
