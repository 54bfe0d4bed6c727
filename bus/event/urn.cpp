#include "bus/event/urn.hpp"

#include "bus/event/formats.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>

namespace vera::event {
namespace {

using vera::options::v1::UrnArt;

enum class Value : std::uint8_t { cvr, cpr, digits_10, digits_7, digits_12, uuid, kle, text };

struct Prefix {
    std::string_view prefix;  ///< behind "urn:oio:"
    UrnArt kind;
    Value value;
};

// The first prefix of a kind is its canonical one, if the values are alike.
constexpr std::array prefixes{
    Prefix{"cvr-nr:", vera::options::v1::URN_ART_CVR, Value::cvr},
    Prefix{"cvr:", vera::options::v1::URN_ART_CVR, Value::cvr},  // of the post service
    Prefix{"cpr-nr:", vera::options::v1::URN_ART_CPR, Value::cpr},
    Prefix{"cpr:", vera::options::v1::URN_ART_CPR, Value::cpr},
    Prefix{"pnr:", vera::options::v1::URN_ART_PNR, Value::digits_10},
    Prefix{"it-system-uuid:", vera::options::v1::URN_ART_IT_SYSTEM, Value::uuid},
    Prefix{"kle:", vera::options::v1::URN_ART_KLE, Value::kle},
    Prefix{"form:", vera::options::v1::URN_ART_FORM, Value::kle},
    Prefix{"us:personid:", vera::options::v1::URN_ART_PERSON_UDEN_CPR, Value::digits_7},
    Prefix{"udk:borgerid:", vera::options::v1::URN_ART_PERSON_UDEN_CPR, Value::digits_12},
    Prefix{"fuldtnavn:", vera::options::v1::URN_ART_PERSON_UDEN_CPR, Value::text}};

constexpr std::string_view oio = "urn:oio:";

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// Whether `text` begins with `prefix`, which is in lower case, in any case.
bool begins(std::string_view text, std::string_view prefix) {
    if (text.size() < prefix.size()) return false;
    for (std::size_t i = 0; i < prefix.size(); ++i)
        if (lower(text[i]) != prefix[i]) return false;
    return true;
}

/// What stands behind "urn:oio:"; empty if it is another namespace.
std::string_view behind_oio(std::string_view urn) {
    return begins(urn, oio) ? urn.substr(oio.size()) : std::string_view{};
}

std::string_view behind(std::string_view urn, std::string_view prefix) {
    const std::string_view specific = behind_oio(urn);
    return begins(specific, prefix) ? specific.substr(prefix.size()) : std::string_view{};
}

bool is_value(std::string_view text, Value value) {
    switch (value) {
        case Value::cvr:
            return has_format(text, vera::options::v1::FORMAT_CVR);
        case Value::cpr:
            return has_format(text, vera::options::v1::FORMAT_CPR);
        case Value::digits_10:
            return is_digits(text, 10);
        case Value::digits_7:
            return is_digits(text, 7);
        case Value::digits_12:
            return is_digits(text, 12);
        case Value::uuid:
            return is_uuid(text);
        case Value::kle:
            return has_format(text, vera::options::v1::FORMAT_KLE);
        case Value::text:
            return !text.empty();
    }
    return false;
}

/// Digits that `text` begins with.
std::size_t digits_of(std::string_view text) {
    return static_cast<std::size_t>(
        std::ranges::find_if(text, [](char c) { return c < '0' || c > '9'; }) - text.begin());
}

/// A UUID's 36 characters in lower case: digits and hyphens have that bit already.
void lower_uuid(char* text) {
    for (const std::size_t at : {0U, 8U, 16U, 24U, 28U}) {
        std::uint64_t eight = 0;
        std::memcpy(&eight, text + at, sizeof eight);
        eight |= 0x2020202020202020U;
        std::memcpy(text + at, &eight, sizeof eight);
    }
}

std::string_view name_of_kind(int kind) {
    switch (kind) {
        case vera::options::v1::URN_ART_CVR:
            return "a CVR number with control digit (urn:oio:cvr-nr:NNNNNNNN)";
        case vera::options::v1::URN_ART_CPR:
            return "a CPR number (urn:oio:cpr-nr: and 10 digits that begin with a date)";
        case vera::options::v1::URN_ART_PNR:
            return "a production unit (urn:oio:pnr:NNNNNNNNNN)";
        case vera::options::v1::URN_ART_IT_SYSTEM:
            return "an IT system (urn:oio:it-system-uuid: and a UUID)";
        case vera::options::v1::URN_ART_KLE:
            return "a KLE number (urn:oio:kle:NN.NN.NN)";
        case vera::options::v1::URN_ART_FORM:
            return "a FORM number (urn:oio:form:NN.NN.NN)";
        case vera::options::v1::URN_ART_PERSON_UDEN_CPR:
            return "a person without CPR number (urn:oio:us:personid:, urn:oio:udk:borgerid:, "
                   "urn:oio:fuldtnavn:)";
        default:  // open enum of Protobuf
            return "a kind that is not known here";
    }
}

}  // namespace

bool is_urn(std::string_view text) {
    if (text.size() < 7 || lower(text[0]) != 'u' || lower(text[1]) != 'r' ||
        lower(text[2]) != 'n' || text[3] != ':')
        return false;
    const auto colon = text.find(':', 4);
    if (colon == std::string_view::npos || colon == 4 || colon + 1 == text.size() || colon > 4 + 32)
        return false;
    const auto is_name = [](char c) {
        return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') || c == '-';
    };
    return std::ranges::all_of(text.substr(4, colon - 4), is_name) &&
           std::ranges::none_of(
               text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

bool is_urn_of(std::string_view text, UrnKinds kinds) {
    const std::string_view specific = behind_oio(text);
    return std::ranges::any_of(prefixes, [&](const Prefix& known) {
        return (kinds & only(known.kind)) != 0 && begins(specific, known.prefix) &&
               is_value(specific.substr(known.prefix.size()), known.value);
    });
}

std::string name_of(UrnKinds kinds) {
    std::string names;
    for (int kind = 0; kind < 32; ++kind) {
        if ((kinds >> static_cast<unsigned>(kind) & 1U) == 0) continue;
        names += names.empty() ? "a URN of " : " or of ";
        names += name_of_kind(kind);
    }
    return names;
}

std::string canonical_id(std::string_view id) {
    std::string canonical(id);
    if (is_uuid(id)) {
        lower_uuid(canonical.data());
        return canonical;
    }
    const std::string_view specific = behind_oio(id);
    if (specific.empty()) return canonical;
    for (const Prefix& known : prefixes) {
        if (!begins(specific, known.prefix)) continue;
        const std::string_view value = specific.substr(known.prefix.size());
        const auto first = std::ranges::find_if(prefixes, [&](const Prefix& other) {
            return other.kind == known.kind && other.value == known.value;
        });
        canonical.assign(oio).append(first->prefix).append(value);
        if (known.value == Value::uuid && is_uuid(value))
            lower_uuid(canonical.data() + canonical.size() - value.size());
        break;
    }
    return canonical;
}

std::string_view cvr_of_urn(std::string_view urn) {
    const std::string_view value = behind(urn, "cvr-nr:");
    return value.empty() ? behind(urn, "cvr:") : value;
}

std::string_view cpr_of_urn(std::string_view urn) {
    const std::string_view value = behind(urn, "cpr-nr:");
    return value.empty() ? behind(urn, "cpr:") : value;
}

bool holds_cpr(std::string_view id) {
    constexpr std::size_t uuid_size = 36;
    if (is_urn_of(id, only(vera::options::v1::URN_ART_PNR))) return false;
    // Its groups of hexadecimal digits are no numbers.
    if (id.size() >= uuid_size && is_uuid(id.substr(id.size() - uuid_size)))
        id.remove_suffix(uuid_size);
    while (!id.empty()) {
        const std::size_t digits = digits_of(id);
        std::string number(id.substr(0, digits));
        id.remove_prefix(std::max<std::size_t>(digits, 1));
        if (digits == 6 && id.starts_with('-') && digits_of(id.substr(1)) == 4)
            number.append(id.substr(1, 4));
        if (has_format(number, vera::options::v1::FORMAT_CPR)) return true;
    }
    return false;
}

std::string_view kle_of_urn(std::string_view urn) {
    return behind(urn, "kle:");
}

}  // namespace vera::event
