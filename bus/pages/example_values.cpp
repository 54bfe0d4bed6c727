#include "bus/pages/example_values.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <xxhash.h>

namespace vera::pages {
namespace {

using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using nlohmann::ordered_json;
namespace options = vera::options::v1;

std::string lower(std::string_view text) {
    std::string lowered(text);
    for (char& c : lowered)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return lowered;
}

std::string number_text(bool is_second) {
    return is_second ? "2" : "1";
}

std::size_t characters(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::count_if(
        text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

/// The field's name as text, made as long as it has to be.
std::string text_of_length(const FieldDescriptor& field) {
    std::string text = field.json_name();
    const auto& length = field.options().GetExtension(options::length);
    while (characters(text) < length.min())
        text += 'x';
    if (length.max() != 0 && text.size() > length.max()) text.resize(length.max());
    return text;
}

/// By name or by its text in the source; none of an empty text.
const EnumValueDescriptor* value_named(const EnumDescriptor& values, std::string_view text) {
    if (text.empty()) return nullptr;
    for (int i = 0; i < values.value_count(); ++i) {
        const EnumValueDescriptor* value = values.value(i);
        if (value->name() == text || value->options().GetExtension(options::source_text) == text)
            return value;
    }
    return nullptr;
}

std::string enum_value(const FieldDescriptor& field, std::string_view event_name) {
    const EnumDescriptor& values = *field.enum_type();
    if (const auto* given = value_named(values, field.options().GetExtension(options::example)))
        return given->name();
    const EnumValueDescriptor* first = nullptr;
    const EnumValueDescriptor* second = nullptr;
    const std::string event = lower(event_name);
    for (int i = 0; i < values.value_count(); ++i) {
        const EnumValueDescriptor* value = values.value(i);
        if (value->number() == 0) continue;
        const std::string text = lower(value->options().GetExtension(options::source_text));
        if (text.size() > 3 && event.ends_with(text)) return value->name();
        if (first == nullptr)
            first = value;
        else if (second == nullptr)
            second = value;
    }
    if (second != nullptr && is_second_of_pair(field)) return second->name();
    return first != nullptr ? first->name() : values.value(0)->name();
}

template <class Number>
Number number_of(const std::string& text, bool is_second) {
    Number number{};
    const char* end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, number);
    if (text.empty() || parsed.ec != std::errc{} || parsed.ptr != end)
        return static_cast<Number>(is_second ? 2 : 1);
    return number;
}

}  // namespace

std::string uuid_of(std::string_view text) {
    static constexpr std::string_view digits = "0123456789abcdef";
    XXH128_canonical_t bytes;
    XXH128_canonicalFromHash(&bytes, XXH3_128bits(text.data(), text.size()));
    bytes.digest[6] = static_cast<unsigned char>((bytes.digest[6] & 0x0FU) | 0x40U);
    bytes.digest[8] = static_cast<unsigned char>((bytes.digest[8] & 0x3FU) | 0x80U);
    std::string uuid;
    for (std::size_t i = 0; i < sizeof bytes.digest; ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) uuid += '-';
        uuid += digits[bytes.digest[i] >> 4U];
        uuid += digits[bytes.digest[i] & 15U];
    }
    return uuid;
}

std::string text_of_format(options::Format format, std::string_view seed, bool is_second) {
    switch (format) {
        case options::FORMAT_UUID:
            return uuid_of(seed);
        case options::FORMAT_URN:
            return urn_of_kind(options::URN_ART_CVR, seed, is_second);
        case options::FORMAT_CVR:
            return is_second ? "29189498" : example_cvr;
        case options::FORMAT_CPR:
            return is_second ? "2204151234" : "2512484916";  // test persons
        case options::FORMAT_KLE:
            return is_second ? "27.24.06" : "27.36.04";
        case options::FORMAT_KOMMUNEKODE:
            return is_second ? "0813" : "0860";
        case options::FORMAT_DATO:
            return is_second ? "2026-12-01" : "2026-11-23";
        case options::FORMAT_HANDLINGSFACET:
            return is_second ? "P20" : "G01";
        case options::FORMAT_PNR:
            return is_second ? "1000000002" : "1000000001";
        case options::FORMAT_URI:
            return "https://vera.example/" + number_text(is_second);
        case options::FORMAT_SPROG:
            return is_second ? "en" : "da";
        default:  // open enum of Protobuf
            return {};
    }
}

std::string urn_of_kind(options::UrnArt kind, std::string_view seed, bool is_second) {
    switch (kind) {
        case options::URN_ART_CPR:
            return "urn:oio:cpr-nr:" + text_of_format(options::FORMAT_CPR, seed, is_second);
        case options::URN_ART_PNR:
            return "urn:oio:pnr:" + text_of_format(options::FORMAT_PNR, seed, is_second);
        case options::URN_ART_IT_SYSTEM:
            return "urn:oio:it-system-uuid:" + uuid_of(seed);
        case options::URN_ART_KLE:
            return "urn:oio:kle:" + text_of_format(options::FORMAT_KLE, seed, is_second);
        case options::URN_ART_FORM:
            return "urn:oio:form:" + text_of_format(options::FORMAT_KLE, seed, is_second);
        case options::URN_ART_PERSON_UDEN_CPR:
            return "urn:oio:us:personid:000000" + number_text(is_second);
        default:  // open enum of Protobuf: CVR, or no kind at all
            return "urn:oio:cvr-nr:" + text_of_format(options::FORMAT_CVR, seed, is_second);
    }
}

bool is_second_of_pair(const FieldDescriptor& field) {
    constexpr std::string_view to = "til_";
    if (!field.name().starts_with(to)) return false;
    const auto* first =
        field.containing_type()->FindFieldByName("fra_" + field.name().substr(to.size()));
    return first != nullptr && first->type() == field.type() &&
           first->message_type() == field.message_type() && first->enum_type() == field.enum_type();
}

ordered_json example_scalar(const FieldDescriptor& field,
                            std::string_view event_name,
                            std::string_view seed) {
    const std::string given = field.options().GetExtension(options::example);
    const bool is_second = is_second_of_pair(field);
    switch (field.cpp_type()) {
        case FieldDescriptor::CPPTYPE_BOOL:
            // `required` of a field without presence means true.
            return given.empty() ? !field.has_presence() : given == "true";
        case FieldDescriptor::CPPTYPE_INT32:
            return number_of<std::int32_t>(given, is_second);
        case FieldDescriptor::CPPTYPE_UINT32:
            return number_of<std::uint32_t>(given, is_second);
        case FieldDescriptor::CPPTYPE_INT64:  // text in protobuf-JSON
            return std::to_string(number_of<std::int64_t>(given, is_second));
        case FieldDescriptor::CPPTYPE_UINT64:
            return std::to_string(number_of<std::uint64_t>(given, is_second));
        case FieldDescriptor::CPPTYPE_DOUBLE:
        case FieldDescriptor::CPPTYPE_FLOAT:
            return number_of<double>(given, is_second);
        case FieldDescriptor::CPPTYPE_ENUM:
            return enum_value(field, event_name);
        case FieldDescriptor::CPPTYPE_STRING:
            break;
        case FieldDescriptor::CPPTYPE_MESSAGE:
            return nullptr;
    }
    if (!given.empty()) return given;
    if (field.type() == FieldDescriptor::TYPE_BYTES) return "RWtzZW1wZWw=";  // "Eksempel"
    const std::string text =
        text_of_format(field.options().GetExtension(options::format), seed, is_second);
    if (!text.empty()) return text;
    if (field.options().ExtensionSize(options::urn) > 0)
        return urn_of_kind(field.options().GetExtension(options::urn, 0), seed, is_second);
    return text_of_length(field);
}

}  // namespace vera::pages
