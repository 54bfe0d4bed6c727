#include "bus/transform/value_writer.hpp"

#include "bus/event/formats.hpp"
#include "bus/event/urn.hpp"
#include "bus/event/wire_writer.hpp"

#include <cstring>
#include <limits>

namespace vera::transform {
namespace {

using event::append_bytes;
using event::append_varint;
using event::LengthMark;
using expr::Type;
using expr::Value;

constexpr std::string_view no_number = "the value is no integer";
constexpr std::string_view out_of_range = "the value does not fit in the field";

template <class Number>
void append_fixed(const FieldPlan& field, Number number, std::string& out) {
    out.append(field.tag);
    char bytes[sizeof number];
    std::memcpy(bytes, &number, sizeof number);  // Protobuf's order is this machine's
    out.append(bytes, sizeof number);
}

void append_number(const FieldPlan& field, std::uint64_t number, std::string& out) {
    out.append(field.tag);
    append_varint(out, number);
}

std::uint64_t zigzag(std::int64_t value) {
    return (static_cast<std::uint64_t>(value) << 1U) ^ static_cast<std::uint64_t>(value >> 63U);
}

std::string_view write_integer(const FieldPlan& field, std::int64_t value, std::string& out) {
    using Small = std::numeric_limits<std::int32_t>;
    const bool fits_signed = value >= Small::min() && value <= Small::max();
    const bool fits_unsigned =
        value >= 0 && value <= std::int64_t{std::numeric_limits<std::uint32_t>::max()};
    switch (field.kind) {
        case TargetKind::int32:
        case TargetKind::int64:
            if (field.kind == TargetKind::int32 && !fits_signed) return out_of_range;
            append_number(field, static_cast<std::uint64_t>(value), out);
            return {};
        case TargetKind::uint32:
        case TargetKind::uint64:
            if (value < 0 || (field.kind == TargetKind::uint32 && !fits_unsigned))
                return out_of_range;
            append_number(field, static_cast<std::uint64_t>(value), out);
            return {};
        case TargetKind::sint32:
        case TargetKind::sint64:
            if (field.kind == TargetKind::sint32 && !fits_signed) return out_of_range;
            append_number(field, zigzag(value), out);
            return {};
        case TargetKind::fixed32:
            if (!fits_unsigned) return out_of_range;
            append_fixed(field, static_cast<std::uint32_t>(value), out);
            return {};
        case TargetKind::sfixed32:
            if (!fits_signed) return out_of_range;
            append_fixed(field, static_cast<std::int32_t>(value), out);
            return {};
        case TargetKind::fixed64:
            if (value < 0) return out_of_range;
            append_fixed(field, value, out);
            return {};
        case TargetKind::sfixed64:
            append_fixed(field, value, out);
            return {};
        case TargetKind::float32:
            append_fixed(field, static_cast<float>(value), out);
            return {};
        default:
            append_fixed(field, static_cast<double>(value), out);
            return {};
    }
}

/// google.protobuf.Timestamp without its tag.
void append_timestamp(std::int64_t ms, std::string& out) {
    std::int64_t seconds = ms / 1000;
    std::int64_t rest = ms % 1000;
    if (rest < 0) {
        rest += 1000;
        --seconds;
    }
    if (seconds != 0) {
        out += '\x08';
        append_varint(out, static_cast<std::uint64_t>(seconds));
    }
    if (rest != 0) {
        out += '\x10';
        append_varint(out, static_cast<std::uint64_t>(rest) * 1'000'000);
    }
}

/// Field 1 of both vera.oio.v1.Tidspunkt and UnikId.
constexpr std::string_view tag_of_first = "\x0a";
constexpr std::string_view tag_of_second = "\x12";

std::string_view write_enumeration(const FieldPlan& field, const Value& value, std::string& out) {
    if (!value.has_text()) return "the value is no name of an enum";
    const auto found = field.values.find(value.text);
    if (found == field.values.end()) return "the value is none of the enum's";
    append_number(field, static_cast<std::uint64_t>(found->second), out);
    return {};
}

std::string_view write_identity(const FieldPlan& field, const Value& value, std::string& out) {
    const bool is_uuid = value.has_text() && event::is_uuid(value.text);
    if (!is_uuid && (!value.has_text() || !event::is_urn(value.text)))
        return "the value is neither a UUID nor a URN";
    LengthMark mark(out, field.tag);
    append_bytes(out, is_uuid ? tag_of_first : tag_of_second, value.text);
    mark.end();
    return {};
}

std::string_view write_time(const FieldPlan& field, const Value& value, std::string& out) {
    if (value.type != Type::timestamp) return "the value is no point in time";
    LengthMark mark(out, field.tag);
    if (field.kind == TargetKind::timestamp) {
        append_timestamp(value.number, out);
    } else {
        LengthMark inner(out, tag_of_first);
        append_timestamp(value.number, out);
        inner.end();
    }
    mark.end();
    return {};
}

}  // namespace

std::string_view write_value(const FieldPlan& field, const Value& value, std::string& out) {
    switch (field.kind) {
        case TargetKind::text:
            if (!value.has_text()) return "the value is no text";
            append_bytes(out, field.tag, value.text);
            return {};
        case TargetKind::boolean:
            if (value.type != Type::boolean) return "the value is no boolean";
            append_number(field, value.is_true() ? 1 : 0, out);
            return {};
        case TargetKind::enumeration:
            return write_enumeration(field, value, out);
        case TargetKind::identity:
            return write_identity(field, value, out);
        case TargetKind::timestamp:
        case TargetKind::tidspunkt:
            return write_time(field, value, out);
        case TargetKind::other:
            return "the field takes no values of expressions";
        default:
            if (value.type != Type::integer && value.type != Type::int64) return no_number;
            return write_integer(field, value.number, out);
    }
}

}  // namespace vera::transform
