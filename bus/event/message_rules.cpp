#include "bus/event/message_rules.hpp"

#include "bus/event/formats.hpp"
#include "bus/event/wire.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <utility>

namespace vera::event {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::OneofDescriptor;
using Kind = FieldRules::Kind;

constexpr int max_fields = 64;
constexpr int max_number = 1000;
constexpr std::size_t max_nesting =
    64;  // below the 100 of Protobuf's own parsers: what passes here, they take

Kind kind_of(const FieldDescriptor& field) {
    switch (field.type()) {
        case FieldDescriptor::TYPE_DOUBLE:
        case FieldDescriptor::TYPE_FIXED64:
        case FieldDescriptor::TYPE_SFIXED64:
            return Kind::fixed64;
        case FieldDescriptor::TYPE_FLOAT:
        case FieldDescriptor::TYPE_FIXED32:
        case FieldDescriptor::TYPE_SFIXED32:
            return Kind::fixed32;
        case FieldDescriptor::TYPE_STRING:
            return Kind::text;
        case FieldDescriptor::TYPE_BYTES:
            return Kind::bytes;
        case FieldDescriptor::TYPE_MESSAGE:
            return field.message_type()->full_name() == "google.protobuf.Timestamp"
                       ? Kind::point_in_time
                       : Kind::message;
        case FieldDescriptor::TYPE_GROUP:
        case FieldDescriptor::TYPE_INT64:
        case FieldDescriptor::TYPE_UINT64:
        case FieldDescriptor::TYPE_INT32:
        case FieldDescriptor::TYPE_BOOL:
        case FieldDescriptor::TYPE_UINT32:
        case FieldDescriptor::TYPE_ENUM:
        case FieldDescriptor::TYPE_SINT32:
        case FieldDescriptor::TYPE_SINT64:
            return Kind::varint;
    }
    return Kind::varint;
}

WireType wire_type_of(Kind kind) {
    switch (kind) {
        case Kind::varint:
            return WireType::varint;
        case Kind::fixed32:
            return WireType::fixed32;
        case Kind::fixed64:
            return WireType::fixed64;
        case Kind::text:
        case Kind::bytes:
        case Kind::message:
        case Kind::point_in_time:
            return WireType::length;
    }
    return WireType::length;
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
    struct Seen {
        std::uint64_t fields = 0;
        std::uint64_t filled = 0;  ///< present and not empty
    };

    bool known_field(const FieldRules& rules, const WireField& field, Seen& seen);
    bool contents(const FieldRules& rules, const WireField& field, bool& is_filled);
    bool packed(const FieldRules& rules, std::string_view bytes);
    bool point_in_time(std::string_view bytes);
    bool complete(const MessageRules& rules, const Seen& seen);
    bool refuse(const std::string& what, const FieldDescriptor* field = nullptr);
    bool no_encoding(const char* what);
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
        const std::size_t index =
            field.number < rules.by_number.size() ? rules.by_number[field.number] : 0U;
        if (index != 0) {
            const FieldRules& known = rules.fields[index - 1];
            steps_[depth_++] = {known.field, bytes.data(), at};
            if (!known_field(known, field, seen)) return false;
            --depth_;
        } else if (unknown_ == UnknownFields::refused) {
            return refuse("unknown field number " + std::to_string(field.number));
        }
        at = reader.position();
    }
    if (!reader.at_end()) return no_encoding("is cut off or no Protobuf");
    return complete(rules, seen);
}

bool Walk::known_field(const FieldRules& rules, const WireField& field, Seen& seen) {
    if (!rules.is_repeated && (seen.fields & rules.bit) != 0) return refuse("occurs twice");
    seen.fields |= rules.bit;
    if (field.type != wire_type_of(rules.kind)) {
        if (!rules.is_packable || field.type != WireType::length)
            return refuse("has the wrong wire type");
        if (!field.bytes.empty()) seen.filled |= rules.bit;
        return packed(rules, field.bytes);
    }
    bool is_filled = true;
    if (!contents(rules, field, is_filled)) return false;
    if (is_filled) seen.filled |= rules.bit;
    return true;
}

bool Walk::contents(const FieldRules& rules, const WireField& field, bool& is_filled) {
    switch (rules.kind) {
        case Kind::varint:
            is_filled = rules.has_presence || field.value != 0;
            return true;
        case Kind::fixed32:
        case Kind::fixed64:
            return true;
        case Kind::text:
            is_filled = !field.bytes.empty();
            if (!is_filled) return true;
            if (rules.format == vera::options::v1::FORMAT_UUID && is_uuid(field.bytes))
                return true;  // most texts of a kuvert
            if (!is_utf8(field.bytes)) return refuse("is not UTF-8");
            if (!has_format(field.bytes, rules.format))
                return refuse("is not " + std::string(name_of(rules.format)));
            return true;
        case Kind::bytes:
            is_filled = !field.bytes.empty();
            return true;
        case Kind::message:
            return message(*rules.message, field.bytes);
        case Kind::point_in_time:
            return point_in_time(field.bytes);
    }
    return true;
}

bool Walk::packed(const FieldRules& rules, std::string_view bytes) {
    if (rules.kind == Kind::fixed32)
        return bytes.size() % 4 == 0 || no_encoding("is cut off or no Protobuf");
    if (rules.kind == Kind::fixed64)
        return bytes.size() % 8 == 0 || no_encoding("is cut off or no Protobuf");
    WireReader reader(bytes);
    std::uint64_t value = 0;
    while (!reader.at_end())
        if (!reader.varint(value)) return no_encoding("is cut off or no Protobuf");
    return true;
}

/// google.protobuf.Timestamp: years 1 to 9999, nanoseconds 0 to 999,999,999.
bool Walk::point_in_time(std::string_view bytes) {
    constexpr std::int64_t first_second = -62135596800;
    constexpr std::int64_t last_second = 253402300799;
    std::int64_t seconds = 0;
    std::int64_t nanos = 0;
    WireReader reader(bytes);
    WireField field;
    while (reader.next(field)) {
        if (field.number > 2) {
            if (unknown_ == UnknownFields::refused)
                return refuse("unknown field number " + std::to_string(field.number));
            continue;
        }
        if (field.type != WireType::varint) return refuse("has the wrong wire type");
        (field.number == 1 ? seconds : nanos) = static_cast<std::int64_t>(field.value);
    }
    if (!reader.at_end()) return no_encoding("is cut off or no Protobuf");
    if (seconds < first_second || seconds > last_second || nanos < 0 || nanos > 999'999'999)
        return refuse("is out of range");
    return true;
}

bool Walk::complete(const MessageRules& rules, const Seen& seen) {
    const std::uint64_t missing = rules.required & ~seen.filled;
    if (missing != 0)
        return refuse("is missing",
                      rules.fields[static_cast<std::size_t>(std::countr_zero(missing))].field);
    for (const OneofRules& oneof : rules.oneofs) {
        const bool is_missing = oneof.is_required && (oneof.members & seen.filled) == 0;
        const std::uint64_t members = oneof.members & seen.fields;
        if (!is_missing && (members & (members - 1)) == 0) continue;  // one at most
        std::string names;
        for (int i = 0; i < oneof.oneof->field_count(); ++i)
            names += (i == 0 ? "" : ", ") + oneof.oneof->field(i)->json_name();
        return refuse((is_missing ? "wants one of " : "has more than one of ") + names);
    }
    return true;
}

bool Walk::refuse(const std::string& what, const FieldDescriptor* field) {
    break_.path = path(field);
    break_.what = what;
    return false;
}

bool Walk::no_encoding(const char* what) {
    break_.is_encoding = true;
    return refuse(what);
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

Result<const MessageRules*> RuleBook::compile(const Descriptor* descriptor) {
    if (const auto at = rules_.find(descriptor); at != rules_.end()) return at->second.get();
    if (descriptor->field_count() > max_fields)
        return fail(Errc::bad_input, descriptor->full_name() + ": more than 64 fields");
    // Entered before its fields are: a message may contain itself.
    MessageRules& rules = *(rules_[descriptor] = std::make_unique<MessageRules>());
    rules.descriptor = descriptor;
    for (int i = 0; i < descriptor->field_count(); ++i) {
        const FieldDescriptor& field = *descriptor->field(i);
        if (field.number() > max_number)
            return fail(Errc::bad_input, field.full_name() + ": number above 1000");
        if (field.type() == FieldDescriptor::TYPE_GROUP)
            return fail(Errc::bad_input, field.full_name() + ": a group");
        FieldRules entry;
        entry.kind = kind_of(field);
        entry.is_repeated = field.is_repeated();
        entry.is_packable = field.is_packable();
        entry.has_presence = field.has_presence();
        entry.format = field.options().GetExtension(vera::options::v1::format);
        entry.bit = std::uint64_t{1} << static_cast<unsigned>(i);
        entry.field = &field;
        if (entry.kind == Kind::message) {
            const auto inner = compile(field.message_type());
            if (!inner) return fail(inner.error().code, inner.error().text);
            entry.message = *inner;
        }
        if (field.options().GetExtension(vera::options::v1::required)) rules.required |= entry.bit;
        const auto number = static_cast<std::size_t>(field.number());
        if (rules.by_number.size() <= number) rules.by_number.resize(number + 1);
        rules.fields.push_back(entry);
        rules.by_number[number] = static_cast<std::uint8_t>(rules.fields.size());
    }
    for (int i = 0; i < descriptor->real_oneof_decl_count(); ++i) {
        const OneofDescriptor* oneof = descriptor->oneof_decl(i);
        OneofRules entry{
            0, oneof->options().GetExtension(vera::options::v1::oneof_required), oneof};
        for (int j = 0; j < oneof->field_count(); ++j)
            entry.members |= std::uint64_t{1} << static_cast<unsigned>(oneof->field(j)->index());
        rules.oneofs.push_back(entry);
    }
    return &rules;
}

std::optional<RuleBreak> check_message(const MessageRules& rules,
                                       std::string_view bytes,
                                       UnknownFields unknown) {
    Walk walk(unknown);
    if (walk.message(rules, bytes)) return std::nullopt;
    return walk.take_break();
}

}  // namespace vera::event
