#include "bus/expr/danish_time.hpp"
#include "bus/expr/function_parts.hpp"
#include "bus/expr/pseudonyms.hpp"
#include "bus/expr/text.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace vera::expr {
namespace {

bool is_digits(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

Value prefixed(std::string_view prefix,
               std::string_view text,
               Scratch& scratch,
               Complaint& complaint) {
    return made_text(prefix.size() + text.size(), scratch, complaint, [&](std::string& made) {
        made.append(prefix).append(text);
    });
}

/// The first n levels: 1 of "27.20.04" is "27".
Value kle_level(Arguments a, Scratch& /*scratch*/, Complaint& complaint) {
    const std::string_view kle = a[0].text;
    if (a[1].number < 1 || a[1].number > 3) {
        complaint.what = "KLE_LEVEL takes 1 (hovedgruppe), 2 (gruppe) or 3 (emne)";
        return Value::of_string({});
    }
    std::size_t end = 0;
    for (std::int64_t i = 0; i < a[1].number && end != std::string_view::npos; ++i)
        end = kle.find('.', end == 0 ? 0 : end + 1);
    return Value::of_string(kle.substr(0, end));
}

Value kle_urn(Arguments a, Scratch& scratch, Complaint& complaint) {
    return prefixed("urn:oio:kle:", a[0].text, scratch, complaint);
}

Value cvr_urn(Arguments a, Scratch& scratch, Complaint& complaint) {
    const std::string_view cvr = a[0].text;
    if (cvr.size() != 8 || !is_digits(cvr)) complaint.what = "the argument is no CVR number";
    return prefixed("urn:oio:cvr-nr:", cvr, scratch, complaint);
}

/// Ten digits, also with a hyphen behind six; empty: it is none.
std::string cpr_digits(std::string_view text) {
    std::string digits(text);
    if (digits.size() == 11 && digits[6] == '-') digits.erase(6, 1);
    if (digits.size() != 10 || !is_digits(digits)) digits.clear();
    return digits;
}

constexpr std::string_view no_cpr = "the argument is no CPR number";

Value cpr_urn(Arguments a, Scratch& scratch, Complaint& complaint) {
    const std::string digits = cpr_digits(a[0].text);
    if (digits.empty()) complaint.what = no_cpr;
    return prefixed("urn:oio:cpr-nr:", digits, scratch, complaint);
}

/// The century is told by the seventh digit and the year (cpr.dk, "Personnummeret i CPR").
Value cpr_birthday(Arguments a, Scratch& scratch, Complaint& complaint) {
    const std::string cpr = cpr_digits(a[0].text);
    std::string date;
    if (!cpr.empty()) {
        const int year = (cpr[4] - '0') * 10 + (cpr[5] - '0');
        const char seventh = cpr[6];
        std::string_view century = "19";
        if (seventh == '4' || seventh == '9') century = year <= 36 ? "20" : "19";
        if (seventh >= '5' && seventh <= '8') century = year <= 57 ? "20" : "18";
        date.append(century).append(cpr, 4, 2).append("-").append(cpr, 2, 2);
        date.append("-").append(cpr, 0, 2);
    }
    if (!parse_date(date)) {
        complaint.what = cpr.empty() ? no_cpr : "the CPR number begins with no date";
        return Value::of_string({});
    }
    return prefixed({}, date, scratch, complaint);
}

/// Behind the last colon.
Value urn_value(Arguments a, Scratch& /*scratch*/, Complaint& /*complaint*/) {
    return Value::of_string(a[0].text.substr(a[0].text.rfind(':') + 1));
}

/// "810" and "0810" are one.
Value municipality(Arguments a, Scratch& scratch, Complaint& complaint) {
    const std::string_view code = a[0].text;
    if ((code.size() != 3 && code.size() != 4) || !is_digits(code))
        complaint.what = "the argument is no municipality code (3 or 4 digits)";
    return prefixed(code.size() == 3 ? "0" : "", code, scratch, complaint);
}

constexpr std::string_view hex = "0123456789abcdef";

bool pseudonym_of(Arguments a,
                  const Scratch& scratch,
                  Complaint& complaint,
                  std::array<std::uint8_t, 16>& bytes) {
    if (scratch.pseudonyms == nullptr) {
        complaint.what = "there is no key to make pseudonyms with";
        return false;
    }
    bytes = scratch.pseudonyms->of(a[0].text, a.size() > 1 ? a[1].text : std::string_view{});
    return true;
}

Value pseudonym(Arguments a, Scratch& scratch, Complaint& complaint) {
    std::array<std::uint8_t, 16> bytes{};
    if (!pseudonym_of(a, scratch, complaint, bytes)) return Value::of_string({});
    return made_text(32, scratch, complaint, [&](std::string& made) {
        for (const std::uint8_t byte : bytes) {
            made += hex[byte >> 4U];
            made += hex[byte & 15U];
        }
    });
}

/// RFC 9562 version 8.
Value pseudonym_uuid(Arguments a, Scratch& scratch, Complaint& complaint) {
    std::array<std::uint8_t, 16> bytes{};
    if (!pseudonym_of(a, scratch, complaint, bytes)) return Value::of_string({});
    bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0FU) | 0x80U);
    bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3FU) | 0x80U);
    return made_text(36, scratch, complaint, [&](std::string& made) {
        for (std::size_t i = 0; i < bytes.size(); ++i) {
            if (i == 4 || i == 6 || i == 8 || i == 10) made += '-';
            made += hex[bytes[i] >> 4U];
            made += hex[bytes[i] & 15U];
        }
    });
}

}  // namespace

std::vector<Function> identifier_functions() {
    using P = Parameter;
    constexpr Type text = Type::string;
    return {
        {"KLE_LEVEL",
         {P::string, P::integer},
         2,
         2,
         text,
         false,
         kle_level,
         "KLE_LEVEL(kle, n): its first n levels"},
        {"KLE_URN", {P::string}, 1, 1, text, false, kle_urn, "KLE_URN(kle): urn:oio:kle:…"},
        {"CVR_URN", {P::string}, 1, 1, text, false, cvr_urn, "CVR_URN(cvr): urn:oio:cvr-nr:…"},
        {"CPR_URN", {P::string}, 1, 1, text, false, cpr_urn, "CPR_URN(cpr): urn:oio:cpr-nr:…"},
        {"CPR_BIRTHDAY",
         {P::string},
         1,
         1,
         text,
         false,
         cpr_birthday,
         "CPR_BIRTHDAY(cpr): the date that a CPR number begins with"},
        {"URN_VALUE",
         {P::string},
         1,
         1,
         text,
         false,
         urn_value,
         "URN_VALUE(urn): what stands behind its last colon"},
        {"MUNICIPALITY",
         {P::string},
         1,
         1,
         text,
         false,
         municipality,
         "MUNICIPALITY(code): with four digits, 0810"},
        {"PSEUDONYM",
         {P::string},
         1,
         2,
         text,
         false,
         pseudonym,
         "PSEUDONYM(text[, purpose]): 32 hexadecimal digits, made with the mapping's key"},
        {"PSEUDONYM_UUID",
         {P::string},
         1,
         2,
         text,
         false,
         pseudonym_uuid,
         "PSEUDONYM_UUID(text[, purpose]): the same as a UUID"},
    };
}

}  // namespace vera::expr
