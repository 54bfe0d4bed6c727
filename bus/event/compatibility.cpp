#include "bus/event/compatibility.hpp"

#include "bus/base/check.hpp"
#include "bus/event/schema_options.hpp"
#include "bus/event/schema_set.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

namespace vera::event {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using Severity = Difference::Severity;
using Payload = std::optional<vera::options::v1::Besked>;

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

std::string format_name(vera::options::v1::Format format) {
    return vera::options::v1::Format_Name(format);
}

/// One file against a pool.
class Comparison {
public:
    explicit Comparison(const DescriptorPool& fresh) : fresh_(fresh) {}

    void file(const FileDescriptor& old) {
        file_ = old.name();
        for (int i = 0; i < old.message_type_count(); ++i)
            message(*old.message_type(i));
        for (int i = 0; i < old.enum_type_count(); ++i)
            enumeration(*old.enum_type(i));
        for (int i = 0; i < old.extension_count(); ++i)
            extension(*old.extension(i));
        for (int i = 0; i < old.service_count(); ++i) {
            about_ = old.service(i)->full_name();
            if (fresh_.FindServiceByName(about_) == nullptr)
                add(Severity::source, about_, "the service is gone");
        }
    }
    std::vector<Difference> take() { return std::move(found_); }

private:
    void message(const Descriptor& old);
    void payload(const Payload& old, const Payload& fresh, const Descriptor& message);
    void periods(const MessageOptions& old, const MessageOptions& fresh, const Descriptor& message);
    void removed(const FieldDescriptor& old, const Descriptor& fresh);
    void field(const FieldDescriptor& old, const FieldDescriptor& fresh);
    void type(const FieldDescriptor& old, const FieldDescriptor& fresh);
    void rules(const FieldDescriptor& old, const FieldDescriptor& fresh);
    void value_rules(const FieldDescriptor& field,
                     const FieldOptions& old,
                     const FieldOptions& fresh);
    void added(const FieldDescriptor& fresh, const Descriptor& old);
    void oneofs(const Descriptor& old, const Descriptor& fresh);
    void enumeration(const EnumDescriptor& old);
    void added(const EnumDescriptor& fresh, const EnumDescriptor& old);
    void extension(const FieldDescriptor& old);

    void add(Severity severity, const std::string& path, std::string what) {
        found_.push_back({severity, file_, about_, path, std::move(what)});
    }

    const DescriptorPool& fresh_;
    std::string file_;
    std::string about_;
    std::vector<Difference> found_;
};

void Comparison::message(const Descriptor& old) {
    about_ = old.full_name();
    const auto was_payload = payload_of(old);
    const Descriptor* fresh = fresh_.FindMessageTypeByName(old.full_name());
    if (fresh == nullptr) {
        add(was_payload ? Severity::wire : Severity::source,
            old.full_name(),
            was_payload ? "the message type is gone: its events are refused"
                        : "the message is gone");
        return;
    }
    payload(was_payload, payload_of(*fresh), *fresh);
    periods(options_of(old), options_of(*fresh), *fresh);
    for (int i = 0; i < old.field_count(); ++i) {
        const FieldDescriptor* now = fresh->FindFieldByNumber(old.field(i)->number());
        if (now == nullptr)
            removed(*old.field(i), *fresh);
        else
            field(*old.field(i), *now);
    }
    for (int i = 0; i < fresh->field_count(); ++i)
        if (old.FindFieldByNumber(fresh->field(i)->number()) == nullptr)
            added(*fresh->field(i), old);
    oneofs(old, *fresh);
    for (int i = 0; i < old.nested_type_count(); ++i)
        if (!old.nested_type(i)->options().map_entry()) message(*old.nested_type(i));
    for (int i = 0; i < old.enum_type_count(); ++i)
        enumeration(*old.enum_type(i));
    for (int i = 0; i < old.extension_count(); ++i)
        extension(*old.extension(i));
}

void Comparison::payload(const Payload& old, const Payload& fresh, const Descriptor& message) {
    const std::string& name = message.full_name();
    if (!old) return;
    if (!fresh) return add(Severity::rule, name, "is no payload any more: its events are refused");
    const std::string& before = old->beskedtype();
    const std::string& after = fresh->beskedtype();
    if (before == after) return;
    const auto shown = [](const std::string& uuid) { return uuid.empty() ? "any" : uuid; };
    add(Severity::rule, name, "beskedtype was " + shown(before) + ", is " + shown(after));
}

void Comparison::periods(const MessageOptions& old,
                         const MessageOptions& fresh,
                         const Descriptor& message) {
    const std::string& name = message.full_name();
    for (const auto& period : fresh.periods) {
        const bool was_there = std::ranges::any_of(old.periods, [&](const auto& one) {
            return one.fra() == period.fra() && one.til() == period.til();
        });
        if (!was_there)
            add(Severity::rule,
                name,
                "a new rule: the period from " + period.fra() + " to " + period.til() +
                    " has to be in order");
    }
}

void Comparison::removed(const FieldDescriptor& old, const Descriptor& fresh) {
    const FieldDescriptor* moved = fresh.FindFieldByName(old.name());
    if (moved != nullptr)
        return add(Severity::wire,
                   old.full_name(),
                   "had number " + std::to_string(old.number()) + ", has " +
                       std::to_string(moved->number()));
    if (!fresh.IsReservedNumber(old.number()))
        return add(Severity::wire,
                   old.full_name(),
                   "is gone, and its number " + std::to_string(old.number()) + " is not reserved");
    add(Severity::source, old.full_name(), "is gone");
    if (!fresh.IsReservedName(old.name()))
        add(Severity::json, old.full_name(), "is gone, and its name is not reserved");
}

void Comparison::field(const FieldDescriptor& old, const FieldDescriptor& fresh) {
    if (old.name() != fresh.name()) {
        const bool is_other = type_of(old) != type_of(fresh) ||
                              fresh.containing_type()->FindFieldByName(old.name()) != nullptr;
        add(is_other ? Severity::wire : Severity::source,
            old.full_name(),
            is_other ? "its number " + std::to_string(old.number()) + " is used for " + fresh.name()
                     : "is called " + fresh.name() + " now");
    }
    if (old.json_name() != fresh.json_name())
        add(Severity::json,
            old.full_name(),
            "was \"" + old.json_name() + "\" in JSON, is \"" + fresh.json_name() + "\"");
    type(old, fresh);
    rules(old, fresh);
}

void Comparison::type(const FieldDescriptor& old, const FieldDescriptor& fresh) {
    if (cardinality_of(old) != cardinality_of(fresh))
        add(Severity::wire,
            old.full_name(),
            "was " + cardinality_of(old) + ", is " + cardinality_of(fresh));
    else if (!old.is_repeated() && old.has_presence() != fresh.has_presence())
        add(Severity::source,
            old.full_name(),
            old.has_presence() ? "does not tell absent from empty any more"
                               : "tells absent from empty now");
    const auto* old_oneof = old.real_containing_oneof();
    const auto* fresh_oneof = fresh.real_containing_oneof();
    if ((old_oneof == nullptr ? "" : old_oneof->name()) !=
        (fresh_oneof == nullptr ? "" : fresh_oneof->name()))
        add(fresh_oneof == nullptr ? Severity::source : Severity::wire,
            old.full_name(),
            (old_oneof == nullptr ? std::string("was in no choice")
                                  : "was in the choice " + old_oneof->name()) +
                (fresh_oneof == nullptr ? ", is in none" : ", is in " + fresh_oneof->name()));
    if (old.is_map() && fresh.is_map()) {
        for (const int part : {1, 2})
            if (const auto* before = old.message_type()->FindFieldByNumber(part))
                type(*before, *fresh.message_type()->FindFieldByNumber(part));
        return;
    }
    if (type_of(old) == type_of(fresh)) return;
    const int family = wire_family(old.type());
    const bool is_wire = family != wire_family(fresh.type()) || family == 6 || family == 5;
    add(is_wire ? Severity::wire : Severity::source,
        old.full_name(),
        "was " + type_of(old) + ", is " + type_of(fresh));
    // Two enums have other names in JSON.
    if (!is_wire && (old.type() != fresh.type() || old.enum_type() != nullptr))
        add(Severity::json,
            old.full_name(),
            "was " + type_of(old) + ", is " + type_of(fresh) + ": other values in JSON");
}

void Comparison::rules(const FieldDescriptor& old, const FieldDescriptor& fresh) {
    const FieldOptions before = options_of(old);
    const FieldOptions after = options_of(fresh);
    const bool was_required = before.is_required || old.is_required();
    if (!was_required && (after.is_required || fresh.is_required()))
        add(Severity::rule, old.full_name(), "is required now");
    value_rules(old, before, after);
}

void Comparison::value_rules(const FieldDescriptor& field,
                             const FieldOptions& old,
                             const FieldOptions& fresh) {
    const auto tighter = [&](std::string what) {
        add(Severity::rule, field.full_name(), std::move(what));
    };
    if (fresh.format != old.format && fresh.format != vera::options::v1::FORMAT_UNSPECIFIED)
        tighter("format was " + format_name(old.format) + ", is " + format_name(fresh.format));
    const auto min = [](const FieldOptions& one) { return one.length ? one.length->min() : 0; };
    const auto max = [](const FieldOptions& one) { return one.length ? one.length->max() : 0; };
    if (min(fresh) > min(old))
        tighter("length was at least " + std::to_string(min(old)) + ", is at least " +
                std::to_string(min(fresh)));
    if (max(fresh) != 0 && (max(old) == 0 || max(fresh) < max(old)))
        tighter((max(old) == 0 ? std::string("length had no bound")
                               : "length was at most " + std::to_string(max(old))) +
                ", is at most " + std::to_string(max(fresh)));
    if (!fresh.pattern.empty() && fresh.pattern != old.pattern)
        tighter(
            (old.pattern.empty() ? std::string("had no pattern") : "pattern was " + old.pattern) +
            ", is " + fresh.pattern);
    const auto kinds = [](const FieldOptions& one) {
        return std::set<int>(one.urns.begin(), one.urns.end());
    };
    const auto before = kinds(old);
    const auto after = kinds(fresh);
    if (!after.empty() && (before.empty() || !std::ranges::includes(after, before)))
        tighter("allows fewer kinds of URN");
    if (fresh.wants_known_value && !old.wants_known_value) tighter("wants a known value now");
    if (fresh.max_at_a_time != 0 &&
        (old.max_at_a_time == 0 || fresh.max_at_a_time < old.max_at_a_time))
        tighter("holds at most " + std::to_string(fresh.max_at_a_time) + " at the same time now");
}

void Comparison::added(const FieldDescriptor& fresh, const Descriptor& old) {
    if (old.IsReservedNumber(fresh.number()))
        add(Severity::wire,
            fresh.full_name(),
            "uses number " + std::to_string(fresh.number()) + ", which was reserved");
    if (old.IsReservedName(fresh.name()))
        add(Severity::json, fresh.full_name(), "uses a name that was reserved");
    const bool is_renumbered = old.FindFieldByName(fresh.name()) != nullptr;  // told already
    if (!is_renumbered && (options_of(fresh).is_required || fresh.is_required()))
        add(Severity::rule, fresh.full_name(), "is new and required");
}

void Comparison::oneofs(const Descriptor& old, const Descriptor& fresh) {
    for (int i = 0; i < fresh.real_oneof_decl_count(); ++i) {
        const auto* now = fresh.oneof_decl(i);
        const auto* before = old.FindOneofByName(now->name());
        if (is_required(*now) && (before == nullptr || !is_required(*before)))
            add(Severity::rule, now->full_name(), "one of the choice has to be set now");
    }
}

void Comparison::enumeration(const EnumDescriptor& old) {
    about_ = old.full_name();
    const EnumDescriptor* fresh = fresh_.FindEnumTypeByName(old.full_name());
    if (fresh == nullptr) return add(Severity::source, old.full_name(), "the enum is gone");
    for (int i = 0; i < old.value_count(); ++i) {
        const auto& value = *old.value(i);
        const auto* same_name = fresh->FindValueByName(value.name());
        const auto* same_number = fresh->FindValueByNumber(value.number());
        if (same_name != nullptr && same_name->number() == value.number()) continue;
        if (same_name != nullptr)
            add(Severity::wire,
                value.full_name(),
                "had number " + std::to_string(value.number()) + ", has " +
                    std::to_string(same_name->number()));
        else if (same_number != nullptr)
            add(Severity::json, value.full_name(), "is called " + same_number->name() + " now");
        else
            add(Severity::json, value.full_name(), "is gone");
    }
    added(*fresh, old);
}

void Comparison::added(const EnumDescriptor& fresh, const EnumDescriptor& old) {
    for (int i = 0; i < fresh.value_count(); ++i) {
        const auto& value = *fresh.value(i);
        if (old.FindValueByNumber(value.number()) == nullptr &&
            old.IsReservedNumber(value.number()))
            add(Severity::wire,
                value.full_name(),
                "uses number " + std::to_string(value.number()) + ", which was reserved");
        if (old.FindValueByName(value.name()) == nullptr && old.IsReservedName(value.name()))
            add(Severity::json, value.full_name(), "uses a name that was reserved");
    }
}

/// An option among them: what it says would be enforced by nobody.
void Comparison::extension(const FieldDescriptor& old) {
    about_ = old.containing_type()->full_name();
    const FieldDescriptor* fresh = fresh_.FindExtensionByName(old.full_name());
    if (fresh == nullptr) return add(Severity::wire, old.full_name(), "the extension is gone");
    if (old.number() != fresh->number())
        add(Severity::wire,
            old.full_name(),
            "had number " + std::to_string(old.number()) + ", has " +
                std::to_string(fresh->number()));
    if (fresh->containing_type()->full_name() != about_)
        add(Severity::wire,
            old.full_name(),
            "extended " + about_ + ", extends " + fresh->containing_type()->full_name());
    type(old, *fresh);
}

/// All messages that a message is made of, itself too.
void reach(const Descriptor& message, std::set<std::string>& names) {
    std::vector<const Descriptor*> waiting{&message};
    while (!waiting.empty()) {
        const Descriptor* one = waiting.back();
        waiting.pop_back();
        if (!names.insert(one->full_name()).second) continue;
        for (int i = 0; i < one->field_count(); ++i) {
            if (const auto* inner = one->field(i)->message_type()) waiting.push_back(inner);
            if (const auto* values = one->field(i)->enum_type()) names.insert(values->full_name());
        }
    }
}

void each_payload(const Descriptor& message, const auto& visit) {
    if (payload_of(message)) visit(message);
    for (int i = 0; i < message.nested_type_count(); ++i)
        each_payload(*message.nested_type(i), visit);
}
void each_payload(const SchemaSet& schemas, const auto& visit) {
    DescriptorPool pool;
    build(schemas, pool);
    for (const auto& file : schemas.files()) {
        const FileDescriptor& one = *pool.FindFileByName(file.name());
        for (int i = 0; i < one.message_type_count(); ++i)
            each_payload(*one.message_type(i), visit);
    }
}

}  // namespace

std::string_view name_of(Severity severity) {
    switch (severity) {
        case Severity::wire:
            return "wire";
        case Severity::json:
            return "json";
        case Severity::source:
            return "source";
        case Severity::rule:
            return "rule";
    }
    return "";
}

std::string to_text(const Difference& difference) {
    return difference.file + ": " + difference.path + ": " +
           std::string(name_of(difference.severity)) + ": " + difference.what;
}

void build(const SchemaSet& schemas, DescriptorPool& pool) {
    for (const auto& file : schemas.files())
        VERA_CHECK(pool.BuildFile(file) != nullptr);
}

std::vector<Difference> breaks(const FileDescriptor& old, const DescriptorPool& fresh) {
    Comparison comparison(fresh);
    comparison.file(old);
    return comparison.take();
}

std::vector<Difference> breaks(const SchemaSet& old, const SchemaSet& fresh) {
    DescriptorPool before;
    DescriptorPool after;
    build(old, before);
    build(fresh, after);
    Comparison comparison(after);
    for (const auto& file : old.files()) {
        const FileDescriptor& one = *before.FindFileByName(file.name());
        if (!is_of_package(one.package(), "google.protobuf")) comparison.file(one);
    }
    return comparison.take();
}

std::map<std::string, std::vector<const Difference*>> broken_types(
    const SchemaSet& old, const std::vector<Difference>& differences) {
    std::map<std::string, std::vector<const Difference*>> broken;
    std::set<std::string> of_kuvert;  // which is around every payload
    each_payload(old, [&](const Descriptor& payload) {
        const auto* kuvert =
            payload.file()->pool()->FindMessageTypeByName("vera.besked.v1.Haendelsesbesked");
        if (of_kuvert.empty() && kuvert != nullptr) reach(*kuvert, of_kuvert);
        std::set<std::string> names = of_kuvert;
        reach(payload, names);
        for (const Difference& difference : differences)
            if (names.contains(difference.message))
                broken[payload.full_name()].push_back(&difference);
    });
    return broken;
}

std::set<std::string> payload_types(const SchemaSet& schemas) {
    std::set<std::string> names;
    each_payload(schemas, [&names](const Descriptor& one) { names.insert(one.full_name()); });
    return names;
}

}  // namespace vera::event
