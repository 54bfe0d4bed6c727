// The walk over wire bytes.
#include "bus/event/message_rules.hpp"

#include "bus/event/formats.hpp"

#include <algorithm>
#include <array>
#include <compare>
#include <cstddef>
#include <utility>

namespace vera::event {
namespace {

using google::protobuf::FieldDescriptor;
using Kind = FieldRules::Kind;

constexpr std::size_t max_nesting =
    64;  // below the 100 of Protobuf's own parsers: what passes here, they take
constexpr std::string_view no_protobuf = "is cut off or no Protobuf";

/// Seconds and nanoseconds, in this order.
struct Instant {
    std::int64_t seconds = 0;
    std::int64_t nanos = 0;
    auto operator<=>(const Instant&) const = default;
};

/// Of an encoded google.protobuf.Timestamp that keeps its rules.
Instant instant_of(std::string_view timestamp) {
    Instant instant;
    WireReader reader(timestamp);
    WireField field;
    while (reader.next(field)) {
        if (field.number == 1) instant.seconds = static_cast<std::int64_t>(field.value);
        if (field.number == 2) instant.nanos = static_cast<std::int64_t>(field.value);
    }
    return instant;
}

/// The point in time of an encoded vera.oio.v1.Tidspunkt; none if it is without bound.
std::optional<Instant> bound_of(std::string_view tidspunkt) {
    constexpr std::uint32_t tidsstempel = 1;
    WireReader reader(tidspunkt);
    WireField field;
    while (reader.next(field))
        if (field.number == tidsstempel) return instant_of(field.bytes);
    return std::nullopt;
}

bool is_in_order(PeriodRules::Kind kind, std::string_view from, std::string_view to) {
    switch (kind) {
        case PeriodRules::Kind::timestamp:
            return instant_of(from) <= instant_of(to);
        case PeriodRules::Kind::tidspunkt: {
            const auto begin = bound_of(from);
            const auto end = bound_of(to);
            return !begin || !end || *begin <= *end;
        }
        case PeriodRules::Kind::dato:
            return from.empty() || to.empty() || from <= to;  // YYYY-MM-DD
    }
    return true;
}

/// Code points of UTF-8.
std::size_t length_of(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::count_if(
        text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

bool is_known(const ValueRules& rules, std::uint64_t value) {
    const auto number = static_cast<std::int32_t>(value);
    if (number >= 0 && number < 64) return (rules.small_values >> number & 1U) != 0;
    return std::ranges::binary_search(rules.other_values, number);
}

bool is_zero(std::string_view bytes) {
    return std::ranges::all_of(bytes, [](char c) { return c == '\0'; });
}

/// One walk over one message: carries the way from the root for the error text.
class Walk {
public:
    explicit Walk(UnknownFields unknown) : unknown_(unknown) {}

    bool message(const MessageRules& rules, std::string_view bytes);
    RuleBreak take_break() { return std::move(break_); }

private:
    struct Step {
        const FieldDescriptor* field;
        const char* parent;  ///< begin of the message that holds it
        const char* at;      ///< where it stands there
    };
    /// A string_view without the cost of making it empty.
    struct Bytes {
        const char* at;
        std::size_t size;
        [[nodiscard]] std::string_view view() const { return {at, size}; }
    };
    struct Seen {
        FieldSet fields;
        FieldSet filled;                                               ///< present and not empty
        std::array<Bytes, MessageRules::max_period_ends> period_ends;  ///< those among `fields`
    };

    bool known_field(const FieldRules& rules, const WireField& field, Seen& seen);
    bool contents(const FieldRules& rules, const WireField& field, bool& is_filled);
    bool text(const FieldRules& rules, std::string_view text);
    bool text_rules(const ValueRules& rules, std::string_view text);
    bool length(const ValueRules& rules, std::size_t size, std::string_view unit);
    bool inner(const FieldRules& rules, std::string_view bytes);
    bool urns(const FieldRules& rules, std::string_view bytes);
    bool known_value(const FieldRules& rules, std::uint64_t value);
    bool packed(const FieldRules& rules, std::string_view bytes);
    bool point_in_time(std::string_view bytes);
    bool complete(const MessageRules& rules, const Seen& seen);
    bool complete_oneof(const OneofRules& rules, const Seen& seen);
    bool refuse(std::string what, const FieldDescriptor* field = nullptr);
    bool no_encoding(std::string_view what);
    [[nodiscard]] std::string path(const FieldDescriptor* last) const;

    UnknownFields unknown_;
    std::size_t depth_ = 0;
    std::array<Step, max_nesting> steps_;
    RuleBreak break_;
};

bool Walk::message(const MessageRules& rules, std::string_view bytes) {
    if (depth_ == max_nesting) return no_encoding("nested too deeply");
    WireReader reader(bytes);
    WireField field;
    Seen seen;
    const char* at = reader.position();
    while (reader.next(field)) {
        if (const FieldRules* known = rules.find(field.number)) {
            steps_[depth_++] = {known->field, bytes.data(), at};
            if (!known_field(*known, field, seen)) return false;
            --depth_;
        } else if (unknown_ == UnknownFields::refused) {
            return refuse("unknown field number " + std::to_string(field.number));
        }
        at = reader.position();
    }
    if (!reader.at_end()) return no_encoding(no_protobuf);
    return complete(rules, seen);
}

bool Walk::known_field(const FieldRules& rules, const WireField& field, Seen& seen) {
    if (!rules.is_repeated && seen.fields.has(rules.index)) return refuse("occurs twice");
    seen.fields.add(rules.index);
    if (field.type != rules.wire_type) {
        if (!rules.is_packable || field.type != WireType::length)
            return refuse("has the wrong wire type");
        if (!field.bytes.empty()) seen.filled.add(rules.index);
        return packed(rules, field.bytes);
    }
    if (rules.period_end != 0)
        seen.period_ends[rules.period_end - 1U] = {field.bytes.data(), field.bytes.size()};
    bool is_filled = true;
    if (!contents(rules, field, is_filled)) return false;
    if (is_filled || rules.is_filled_when_there) seen.filled.add(rules.index);
    return true;
}

bool Walk::contents(const FieldRules& rules, const WireField& field, bool& is_filled) {
    switch (rules.kind) {
        case Kind::varint:
            is_filled = rules.has_presence || rules.is_repeated || field.value != 0;
            return rules.more == nullptr || known_value(rules, field.value);
        case Kind::fixed32:
        case Kind::fixed64:
            is_filled = rules.has_presence || rules.is_repeated || !is_zero(field.bytes);
            return true;
        case Kind::text:
            is_filled = !field.bytes.empty();
            return !is_filled || text(rules, field.bytes);
        case Kind::bytes:
            is_filled = !field.bytes.empty();
            return !is_filled || rules.more == nullptr ||
                   length(*rules.more, field.bytes.size(), "bytes");
        case Kind::message:
            return inner(rules, field.bytes);
        case Kind::point_in_time:
            return point_in_time(field.bytes);
    }
    return true;
}

bool Walk::text(const FieldRules& rules, std::string_view text) {
    const bool is_good_uuid = rules.format == vera::options::v1::FORMAT_UUID && is_uuid(text);
    if (!is_good_uuid) {  // most texts of a kuvert are UUIDs
        if (!is_utf8(text)) return refuse("is not UTF-8");
        if (!has_format(text, rules.format))
            return refuse("is not " + std::string(name_of(rules.format)));
    }
    return rules.more == nullptr || text_rules(*rules.more, text);
}

bool Walk::text_rules(const ValueRules& rules, std::string_view text) {
    // As many characters as bytes, or fewer: most texts need no counting.
    const bool is_counted =
        rules.min_length > 1 || (rules.max_length != 0 && text.size() > rules.max_length);
    if (is_counted && !length(rules, length_of(text), "characters")) return false;
    if (rules.pattern != nullptr && !rules.pattern->matches(text))
        return refuse("does not match the pattern " + rules.expression);
    if (rules.urns != 0 && !is_urn_of(text, rules.urns))
        return refuse("is not " + name_of(rules.urns));
    return true;
}

bool Walk::length(const ValueRules& rules, std::size_t size, std::string_view unit) {
    const auto bound = [&](std::string_view what, std::uint32_t number) {
        return refuse(std::string(what) + std::to_string(number) + ' ' + std::string(unit));
    };
    if (size < rules.min_length) return bound("has fewer than ", rules.min_length);
    if (rules.max_length != 0 && size > rules.max_length)
        return bound("has more than ", rules.max_length);
    return true;
}

bool Walk::inner(const FieldRules& rules, std::string_view bytes) {
    constexpr std::string_view begin_of_uuid = "\x0a\x24";  // field 1, 36 bytes
    if (rules.message->is_uuid_alone_enough && bytes.size() == 38 &&
        bytes.starts_with(begin_of_uuid) && is_uuid(bytes.substr(2)))
        return true;
    return message(*rules.message, bytes) && (rules.more == nullptr || urns(rules, bytes));
}

/// The kinds of URN that the field allows, in the message it holds.
bool Walk::urns(const FieldRules& rules, std::string_view bytes) {
    WireReader reader(bytes);
    WireField field;
    while (reader.next(field)) {
        if (std::ranges::find(rules.more->urn_numbers, field.number) ==
                rules.more->urn_numbers.end() ||
            field.bytes.empty() || is_urn_of(field.bytes, rules.more->urns))
            continue;
        return refuse("is not " + name_of(rules.more->urns),
                      rules.message->find(field.number)->field);
    }
    return true;
}

bool Walk::known_value(const FieldRules& rules, std::uint64_t value) {
    return !rules.more->wants_known_value || is_known(*rules.more, value) ||
           refuse("is not a value of " + rules.field->enum_type()->name());
}

bool Walk::packed(const FieldRules& rules, std::string_view bytes) {
    if (rules.kind == Kind::fixed32) return bytes.size() % 4 == 0 || no_encoding(no_protobuf);
    if (rules.kind == Kind::fixed64) return bytes.size() % 8 == 0 || no_encoding(no_protobuf);
    WireReader reader(bytes);
    std::uint64_t value = 0;
    while (!reader.at_end()) {
        if (!reader.varint(value)) return no_encoding(no_protobuf);
        if (rules.more != nullptr && !known_value(rules, value)) return false;
    }
    return true;
}

/// google.protobuf.Timestamp: years 1 to 9999, nanoseconds 0 to 999,999,999.
bool Walk::point_in_time(std::string_view bytes) {
    constexpr std::int64_t first_second = -62135596800;
    constexpr std::int64_t last_second = 253402300799;
    Instant instant;
    WireReader reader(bytes);
    WireField field;
    while (reader.next(field)) {
        if (field.number > 2) {
            if (unknown_ == UnknownFields::refused)
                return refuse("unknown field number " + std::to_string(field.number));
            continue;
        }
        if (field.type != WireType::varint) return refuse("has the wrong wire type");
        (field.number == 1 ? instant.seconds : instant.nanos) =
            static_cast<std::int64_t>(field.value);
    }
    if (!reader.at_end()) return no_encoding(no_protobuf);
    if (instant.seconds < first_second || instant.seconds > last_second || instant.nanos < 0 ||
        instant.nanos > 999'999'999)
        return refuse("is out of range (years 1 to 9999)");
    return true;
}

bool Walk::complete(const MessageRules& rules, const Seen& seen) {
    if (!rules.required.is_within(seen.filled))
        for (const FieldRules& field : rules.fields)
            if (rules.required.has(field.index) && !seen.filled.has(field.index))
                return refuse("is missing", field.field);
    for (const OneofRules& oneof : rules.oneofs)
        if (!complete_oneof(oneof, seen)) return false;
    for (const PeriodRules& period : rules.periods) {
        if (!seen.fields.has(period.from->index) || !seen.fields.has(period.to->index)) continue;
        if (!is_in_order(period.kind,
                         seen.period_ends[period.from->period_end - 1U].view(),
                         seen.period_ends[period.to->period_end - 1U].view()))
            return refuse(
                "is before " + period.from->field->json_name() + ": a period ends after it begins",
                period.to->field);
    }
    return true;
}

bool Walk::complete_oneof(const OneofRules& rules, const Seen& seen) {
    const bool is_missing = rules.is_required && rules.members.common(seen.filled) == 0;
    if (!is_missing && rules.members.common(seen.fields) < 2) return true;
    std::string names;
    for (int i = 0; i < rules.oneof->field_count(); ++i)
        names += (i == 0 ? "" : ", ") + rules.oneof->field(i)->json_name();
    return refuse((is_missing ? "wants one of " : "has more than one of ") + names);
}

bool Walk::refuse(std::string what, const FieldDescriptor* field) {
    break_.path = path(field);
    break_.what = std::move(what);
    return false;
}

bool Walk::no_encoding(std::string_view what) {
    break_.is_encoding = true;
    return refuse(std::string(what));
}

std::string Walk::path(const FieldDescriptor* last) const {
    std::string text;
    for (std::size_t i = 0; i < depth_; ++i) {
        const Step& step = steps_[i];
        if (!text.empty()) text += '.';
        text += step.field->json_name();
        if (!step.field->is_repeated()) continue;
        std::size_t index = 0;
        WireReader before({step.parent, static_cast<std::size_t>(step.at - step.parent)});
        WireField field;
        while (before.next(field))
            if (field.number == static_cast<std::uint32_t>(step.field->number())) ++index;
        text += '[' + std::to_string(index) + ']';
    }
    if (last != nullptr) text += (text.empty() ? "" : ".") + last->json_name();
    return text;
}

}  // namespace

std::optional<RuleBreak> check_message(const MessageRules& rules,
                                       std::string_view bytes,
                                       UnknownFields unknown) {
    Walk walk(unknown);
    if (walk.message(rules, bytes)) return std::nullopt;
    return walk.take_break();
}

}  // namespace vera::event
