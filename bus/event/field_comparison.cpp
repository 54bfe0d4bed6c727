#include "bus/event/field_comparison.hpp"

#include "bus/event/rule_comparison.hpp"

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
    compare_rules(old, fresh, found);
}

void compare_types(const FieldDescriptor& old, const FieldDescriptor& fresh, Differences& found) {
    if (cardinality_of(old) != cardinality_of(fresh))
        found.add(Severity::wire,
                  old.full_name(),
                  "was " + cardinality_of(old) + ", is " + cardinality_of(fresh));
    else if (!old.is_repeated() && old.has_presence() != fresh.has_presence())
        found.add(Severity::source,
                  old.full_name(),
                  old.has_presence() ? "does not tell absent from empty any more"
                                     : "tells absent from empty now");
    const auto* old_oneof = old.real_containing_oneof();
    const auto* fresh_oneof = fresh.real_containing_oneof();
    if ((old_oneof == nullptr ? "" : old_oneof->name()) !=
        (fresh_oneof == nullptr ? "" : fresh_oneof->name()))
        found.add(fresh_oneof == nullptr ? Severity::source : Severity::wire,
                  old.full_name(),
                  (old_oneof == nullptr ? std::string("was in no choice")
                                        : "was in the choice " + old_oneof->name()) +
                      (fresh_oneof == nullptr ? ", is in none" : ", is in " + fresh_oneof->name()));
    if (old.is_map() && fresh.is_map()) {
        for (const int part : {1, 2})
            if (const auto* before = old.message_type()->FindFieldByNumber(part))
                compare_types(*before, *fresh.message_type()->FindFieldByNumber(part), found);
        return;
    }
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
