#include "bus/transform/target.hpp"

#include "bus/event/formats.hpp"
#include "bus/event/urn.hpp"
#include "bus/event/wire_types.hpp"
#include "bus/event/wire_writer.hpp"
#include "bus/expr/suggestion.hpp"

#include <utility>

namespace vera::transform {
namespace {

using event::append_varint;
using expr::Type;

TargetKind kind_of_message(const Descriptor& message) {
    const std::string& name = message.full_name();
    if (name == "google.protobuf.Timestamp") return TargetKind::timestamp;
    if (name == "vera.oio.v1.Tidspunkt") return TargetKind::tidspunkt;
    if (name == "vera.oio.v1.UnikId" || name == "vera.oio.v1.Aktoer") return TargetKind::identity;
    return TargetKind::other;
}

TargetKind kind_of(const FieldDescriptor& field) {
    switch (field.type()) {
        case FieldDescriptor::TYPE_STRING:
            return TargetKind::text;
        case FieldDescriptor::TYPE_BOOL:
            return TargetKind::boolean;
        case FieldDescriptor::TYPE_INT32:
            return TargetKind::int32;
        case FieldDescriptor::TYPE_INT64:
            return TargetKind::int64;
        case FieldDescriptor::TYPE_UINT32:
            return TargetKind::uint32;
        case FieldDescriptor::TYPE_UINT64:
            return TargetKind::uint64;
        case FieldDescriptor::TYPE_SINT32:
            return TargetKind::sint32;
        case FieldDescriptor::TYPE_SINT64:
            return TargetKind::sint64;
        case FieldDescriptor::TYPE_FIXED32:
            return TargetKind::fixed32;
        case FieldDescriptor::TYPE_FIXED64:
            return TargetKind::fixed64;
        case FieldDescriptor::TYPE_SFIXED32:
            return TargetKind::sfixed32;
        case FieldDescriptor::TYPE_SFIXED64:
            return TargetKind::sfixed64;
        case FieldDescriptor::TYPE_FLOAT:
            return TargetKind::float32;
        case FieldDescriptor::TYPE_DOUBLE:
            return TargetKind::float64;
        case FieldDescriptor::TYPE_ENUM:
            return TargetKind::enumeration;
        case FieldDescriptor::TYPE_MESSAGE:
            return kind_of_message(*field.message_type());
        case FieldDescriptor::TYPE_BYTES:
        case FieldDescriptor::TYPE_GROUP:
            break;
    }
    return TargetKind::other;
}

std::vector<std::string> names_of(const Descriptor& message, bool by_json_name) {
    std::vector<std::string> names;
    for (int i = 0; i < message.field_count(); ++i)
        names.push_back(by_json_name ? message.field(i)->json_name() : message.field(i)->name());
    return names;
}

bool is_same_value(const FieldDescriptor& source, const FieldDescriptor& target) {
    if (source.type() != target.type()) {
        // The same varints, and every value of the one is one of the other.
        const bool is_wider = (source.type() == FieldDescriptor::TYPE_INT32 &&
                               target.type() == FieldDescriptor::TYPE_INT64) ||
                              (source.type() == FieldDescriptor::TYPE_UINT32 &&
                               (target.type() == FieldDescriptor::TYPE_UINT64 ||
                                target.type() == FieldDescriptor::TYPE_INT64));
        return is_wider;
    }
    if (source.type() == FieldDescriptor::TYPE_ENUM)
        return source.enum_type() == target.enum_type();
    if (source.type() != FieldDescriptor::TYPE_MESSAGE) return true;
    if (!source.is_map() || !target.is_map()) return source.message_type() == target.message_type();
    return is_same_value(*source.message_type()->map_key(), *target.message_type()->map_key()) &&
           is_same_value(*source.message_type()->map_value(), *target.message_type()->map_value());
}

bool is_identity(std::string_view text) {
    return event::is_uuid(text) || event::is_urn(text);
}

}  // namespace

FieldPlan plan_of(const FieldDescriptor& field, std::string name) {
    FieldPlan plan;
    plan.field = &field;
    plan.kind = kind_of(field);
    plan.name = std::move(name);
    append_varint(plan.tag,
                  static_cast<std::uint64_t>(field.number()) << 3U |
                      static_cast<std::uint64_t>(event::wire_type_of(field)));
    if (field.type() == FieldDescriptor::TYPE_ENUM)
        for (int i = 0; i < field.enum_type()->value_count(); ++i)
            plan.values.emplace(field.enum_type()->value(i)->name(),
                                field.enum_type()->value(i)->number());
    return plan;
}

const FieldDescriptor* find_field(const Descriptor& message,
                                  std::string_view name,
                                  bool by_json_name) {
    for (int i = 0; i < message.field_count(); ++i)
        if (name == (by_json_name ? message.field(i)->json_name() : message.field(i)->name()))
            return message.field(i);
    return nullptr;
}

std::string nearest_field(const Descriptor& message, std::string_view name, bool by_json_name) {
    const std::vector<std::string> names = names_of(message, by_json_name);
    if (const std::string near = expr::nearest(name, names); !near.empty())
        return "; did you mean " + near + "?";
    constexpr std::size_t most_shown = 12;
    std::string text = "; it has ";
    for (std::size_t i = 0; i < names.size() && i < most_shown; ++i)
        text.append(i == 0 ? "" : ", ").append(names[i]);
    return names.empty() ? "; it has none" : names.size() > most_shown ? text + " …" : text;
}

Copying copying(const FieldDescriptor& source,
                const FieldDescriptor& target,
                std::unordered_map<std::int64_t, std::int64_t>& numbers) {
    if ((source.is_repeated() && !target.is_repeated()) || source.is_map() != target.is_map())
        return Copying::not_at_all;
    if (is_same_value(source, target)) return Copying::as_it_stands;
    if (source.type() != FieldDescriptor::TYPE_ENUM || target.type() != FieldDescriptor::TYPE_ENUM)
        return Copying::not_at_all;
    for (int i = 0; i < source.enum_type()->value_count(); ++i) {
        const auto& value = *source.enum_type()->value(i);
        const auto* same = target.enum_type()->FindValueByName(value.name());
        if (same == nullptr) return Copying::not_at_all;
        numbers.emplace(value.number(), same->number());
    }
    return Copying::by_numbers;
}

std::string described(const FieldDescriptor& field) {
    std::string text = field.is_map() ? "a map" : field.is_repeated() ? "a repeated " : "a ";
    if (field.is_map()) return text;
    if (field.type() == FieldDescriptor::TYPE_MESSAGE)
        return text + field.message_type()->full_name();
    if (field.type() == FieldDescriptor::TYPE_ENUM) return text + field.enum_type()->full_name();
    return text + (field.type() == FieldDescriptor::TYPE_STRING ? "text" : field.type_name());
}

std::string mismatch(const expr::ResultType& given, const FieldPlan& target) {
    const auto wrong = [&](std::string_view what, std::string_view hint = {}) {
        return "gives " + std::string(what) + ", and " + target.field->name() + " is " +
               described(*target.field) + std::string(hint);
    };
    if (given.may_be_many && !target.field->is_repeated())
        return "may give several values, and " + target.field->name() + " takes one";
    if (given.field && given.field->kind == expr::FieldKind::message)
        return wrong("a " + std::string(given.field->message == nullptr
                                            ? "message"
                                            : given.field->message->full_name()));
    if (given.field && given.field->kind == expr::FieldKind::other)
        return wrong("bytes or a floating number");
    if (!given.type) return {};
    const Type type = *given.type;
    const std::string what = "a value of type " + std::string(expr::name_of(type));
    const bool is_text = type == Type::string || type == Type::text;
    const bool is_number = type == Type::integer || type == Type::int64;
    switch (target.kind) {
        case TargetKind::text:
            return is_text || type == Type::enumeration
                       ? std::string{}
                       : wrong(what,
                               type == Type::timestamp
                                   ? ": DATE(…), DATE_TIME(…) or STRING(…) make one"
                                   : ": STRING(…) makes one");
        case TargetKind::identity:
            return is_text ? std::string{} : wrong(what);
        case TargetKind::boolean:
            return type == Type::boolean ? std::string{} : wrong(what);
        case TargetKind::enumeration:
            return is_text || type == Type::enumeration ? std::string{} : wrong(what);
        case TargetKind::timestamp:
        case TargetKind::tidspunkt:
            return type == Type::timestamp
                       ? std::string{}
                       : wrong(what, is_text ? ": TIMESTAMP(…) or MIDNIGHT(…) make one" : "");
        case TargetKind::other:
            return wrong(what, target.field->message_type() == nullptr ? "" : ": map its fields");
        default:
            return is_number ? std::string{} : wrong(what, is_text ? ": INT(…) makes one" : "");
    }
}

std::string mismatch_of_text(std::string_view text, const FieldPlan& target) {
    if (target.kind == TargetKind::enumeration && target.values.find(text) == target.values.end()) {
        std::vector<std::string> names;
        for (const auto& [name, number] : target.values)
            names.push_back(name);
        const std::string near = expr::nearest(text, names);
        return "'" + std::string(text) + "' is no value of " +
               target.field->enum_type()->full_name() +
               (near.empty() ? "" : "; did you mean " + near + "?");
    }
    if (target.kind == TargetKind::identity && !is_identity(text))
        return "'" + std::string(text) + "' is neither a UUID nor a URN";
    return {};
}

}  // namespace vera::transform
