#include "bus/event/field_comparison.hpp"

#include "bus/event/rule_comparison.hpp"

#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/stubs/strutil.h>

#include <string>

namespace vera::event {
namespace {

using google::protobuf::FieldDescriptor;
using Severity = Difference::Severity;

/// Types whose bytes are read alike, as far as values go.
int wire_family(FieldDescriptor::Type type) {
    switch (type) {
        case FieldDescriptor::TYPE_INT32:
        case FieldDescriptor::TYPE_INT64:
        case FieldDescriptor::TYPE_UINT32:
        case FieldDescriptor::TYPE_UINT64:
        case FieldDescriptor::TYPE_BOOL:
        case FieldDescriptor::TYPE_ENUM:
            return 1;
        case FieldDescriptor::TYPE_SINT32:
        case FieldDescriptor::TYPE_SINT64:
            return 2;
        case FieldDescriptor::TYPE_FIXED32:
        case FieldDescriptor::TYPE_SFIXED32:
            return 3;
        case FieldDescriptor::TYPE_FIXED64:
        case FieldDescriptor::TYPE_SFIXED64:
            return 4;
        case FieldDescriptor::TYPE_STRING:
        case FieldDescriptor::TYPE_BYTES:
            return 5;
        case FieldDescriptor::TYPE_MESSAGE:
            return 6;
        case FieldDescriptor::TYPE_GROUP:
            return 7;
        case FieldDescriptor::TYPE_FLOAT:
            return 8;
        case FieldDescriptor::TYPE_DOUBLE:
            return 9;
    }
    return 0;
}

std::string type_of(const FieldDescriptor& field) {
    if (field.message_type() != nullptr) return field.message_type()->full_name();
    if (field.enum_type() != nullptr) return field.enum_type()->full_name();
    return field.type_name();
}

std::string cardinality_of(const FieldDescriptor& field) {
    if (field.is_map()) return "a map";
    return field.is_repeated() ? "repeated" : "single";
}

/// A map's bytes are those of a list of its entries, {1: key, 2: value}.
bool is_made_like_entries(const FieldDescriptor& list, const FieldDescriptor& map) {
    const auto* one = list.message_type();
    if (one == nullptr || !list.is_repeated() || one->field_count() != 2) return false;
    for (const int part : {1, 2}) {
        const auto* of_map = map.message_type()->FindFieldByNumber(part);
        const auto* of_list = one->FindFieldByNumber(part);
        if (of_list == nullptr || of_list->is_repeated() || of_list->type() != of_map->type() ||
            type_of(*of_list) != type_of(*of_map))
            return false;
    }
    return true;
}

/// Tells of a map that became a list or the other way round, if bytes do not mind.
bool is_map_as_list(const FieldDescriptor& old, const FieldDescriptor& fresh, Differences& found) {
    if (old.is_map() == fresh.is_map()) return false;
    const FieldDescriptor& map = old.is_map() ? old : fresh;
    const FieldDescriptor& list = old.is_map() ? fresh : old;
    if (!is_made_like_entries(list, map)) return false;
    const std::string of_list = "a list of " + type_of(list);
    const std::string what =
        old.is_map() ? "was a map, is " + of_list : "was " + of_list + ", is a map";
    found.add(Severity::source, old.full_name(), what);
    found.add(Severity::json,
              old.full_name(),
              what + (old.is_map() ? ": in JSON an object becomes a list"
                                   : ": in JSON a list becomes an object"));
    return true;
}

/// What an absent field counts as, as a schema's file writes it; the first value of an enum.
std::string default_of(const FieldDescriptor& field) {
    if (field.is_repeated() || field.message_type() != nullptr) return {};
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM)
        return field.default_value_enum()->name();
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_STRING)
        return '"' +
               (field.type() == FieldDescriptor::TYPE_BYTES
                    ? google::protobuf::CEscape(field.default_value_string())
                    : google::protobuf::strings::Utf8SafeCEscape(field.default_value_string())) +
               '"';
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_BOOL)
        return field.default_value_bool() ? "true" : "false";
    google::protobuf::FieldDescriptorProto proto;
    field.CopyTo(&proto);
    return proto.has_default_value() ? proto.default_value() : "0";
}

void compare_defaults(const FieldDescriptor& old,
                      const FieldDescriptor& fresh,
                      Differences& found) {
    if (old.cpp_type() != fresh.cpp_type() || old.is_repeated() || fresh.is_repeated()) return;
    if (old.enum_type() != nullptr &&
        old.default_value_enum()->number() == fresh.default_value_enum()->number())
        return;
    const std::string was = default_of(old);
    const std::string is = default_of(fresh);
    if (was != is)
        found.add(
            Severity::wire,
            old.full_name(),
            "its default was " + was + ", is " + is + ": what is absent means something else");
}

/// `required` of proto2 is no rule of the door alone: no reader takes a message without it.
void compare_required(const FieldDescriptor& old,
                      const FieldDescriptor& fresh,
                      Differences& found) {
    if (old.is_required() == fresh.is_required()) return;
    found.add(Severity::wire,
              old.full_name(),
              fresh.is_required() ? "is required now: messages without it are not read"
                                  : "is required no more: old readers refuse messages without it");
}

void compare_presence(const FieldDescriptor& old,
                      const FieldDescriptor& fresh,
                      Differences& found) {
    // A choice tells it by itself.
    const bool is_choice =
        old.real_containing_oneof() != nullptr || fresh.real_containing_oneof() != nullptr;
    if (old.is_repeated() || fresh.is_repeated() || is_choice ||
        old.has_presence() == fresh.has_presence())
        return;
    found.add(Severity::source,
              old.full_name(),
              old.has_presence() ? "does not tell absent from empty any more"
                                 : "tells absent from empty now");
}

/// A field of the choice that the other field could stand beside until now; nullptr: none.
const FieldDescriptor* rival(const FieldDescriptor& old, const FieldDescriptor& fresh) {
    const auto* choice = fresh.real_containing_oneof();
    const auto* before = old.real_containing_oneof();
    for (int i = 0; i < choice->field_count(); ++i) {
        const FieldDescriptor* other =
            old.containing_type()->FindFieldByNumber(choice->field(i)->number());
        if (other == nullptr || other == &old) continue;
        if (before == nullptr || other->real_containing_oneof() != before) return other;
    }
    return nullptr;
}

void compare_choice(const FieldDescriptor& old, const FieldDescriptor& fresh, Differences& found) {
    const auto* before = old.real_containing_oneof();
    const auto* now = fresh.real_containing_oneof();
    if ((before == nullptr ? "" : before->name()) == (now == nullptr ? "" : now->name())) return;
    const FieldDescriptor* other = now == nullptr ? nullptr : rival(old, fresh);
    found.add(other == nullptr ? Severity::source : Severity::wire,
              old.full_name(),
              (before == nullptr ? std::string("was in no choice")
                                 : "was in the choice " + before->name()) +
                  (now == nullptr ? ", is in none" : ", is in " + now->name()) +
                  (other == nullptr ? "" : ": not beside " + other->name() + " any more"));
}

void compare_encoding(const FieldDescriptor& old,
                      const FieldDescriptor& fresh,
                      Differences& found) {
    const auto is_group = [](const FieldDescriptor& one) {
        return one.type() == FieldDescriptor::TYPE_GROUP;
    };
    if (old.message_type() == nullptr || fresh.message_type() == nullptr ||
        is_group(old) == is_group(fresh))
        return;
    found.add(
        Severity::wire,
        old.full_name(),
        std::string(is_group(old) ? "was a group, is a message" : "was a message, is a group") +
            ": its bytes are laid out otherwise");
}

void compare_javascript(const FieldDescriptor& old,
                        const FieldDescriptor& fresh,
                        Differences& found) {
    using google::protobuf::FieldOptions;
    const auto before = old.options().jstype();
    const auto now = fresh.options().jstype();
    if (before != now)
        found.add(Severity::source,
                  old.full_name(),
                  "jstype was " + FieldOptions::JSType_Name(before) + ", is " +
                      FieldOptions::JSType_Name(now));
}

}  // namespace

void compare_fields(const FieldDescriptor& old, const FieldDescriptor& fresh, Differences& found) {
    if (old.name() != fresh.name()) {
        const bool is_other = type_of(old) != type_of(fresh) ||
                              fresh.containing_type()->FindFieldByName(old.name()) != nullptr;
        found.add(
            is_other ? Severity::wire : Severity::source,
            old.full_name(),
            is_other ? "its number " + std::to_string(old.number()) + " is used for " + fresh.name()
                     : "is called " + fresh.name() + " now");
    }
    if (old.json_name() != fresh.json_name())
        found.add(Severity::json,
                  old.full_name(),
                  "was \"" + old.json_name() + "\" in JSON, is \"" + fresh.json_name() + "\"");
    compare_types(old, fresh, found);
    compare_presence(old, fresh, found);
    compare_choice(old, fresh, found);
    compare_defaults(old, fresh, found);
    compare_required(old, fresh, found);
    compare_javascript(old, fresh, found);
    compare_rules(old, fresh, found);
}

void compare_types(const FieldDescriptor& old, const FieldDescriptor& fresh, Differences& found) {
    if (is_map_as_list(old, fresh, found)) return;
    if (cardinality_of(old) != cardinality_of(fresh))
        found.add(Severity::wire,
                  old.full_name(),
                  "was " + cardinality_of(old) + ", is " + cardinality_of(fresh));
    if (old.is_map() && fresh.is_map()) {
        for (const int part : {1, 2})
            compare_types(*old.message_type()->FindFieldByNumber(part),
                          *fresh.message_type()->FindFieldByNumber(part),
                          found);
        return;
    }
    compare_encoding(old, fresh, found);
    if (type_of(old) == type_of(fresh)) return;
    const int family = wire_family(old.type());
    const bool is_wire = family != wire_family(fresh.type()) || family == 6 || family == 5;
    found.add(is_wire ? Severity::wire : Severity::source,
              old.full_name(),
              "was " + type_of(old) + ", is " + type_of(fresh));
    // Two enums have other names in JSON.
    if (!is_wire && (old.type() != fresh.type() || old.enum_type() != nullptr))
        found.add(Severity::json,
                  old.full_name(),
                  "was " + type_of(old) + ", is " + type_of(fresh) + ": other values in JSON");
}

}  // namespace vera::event
