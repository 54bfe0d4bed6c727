#include "bus/event/compatibility.hpp"

#include "bus/base/check.hpp"
#include "bus/event/field_comparison.hpp"
#include "bus/event/file_comparison.hpp"
#include "bus/event/reservation_comparison.hpp"
#include "bus/event/rule_comparison.hpp"
#include "bus/event/schema_options.hpp"
#include "bus/event/schema_set.hpp"

#include <set>
#include <string_view>
#include <utility>

namespace vera::event {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::MethodDescriptor;
using google::protobuf::ServiceDescriptor;
using Severity = Difference::Severity;

bool is_closed(const EnumDescriptor& one) {
    return one.file()->syntax() == FileDescriptor::SYNTAX_PROTO2;
}

/// One file against a pool.
class Comparison {
public:
    explicit Comparison(const DescriptorPool& fresh) : fresh_(fresh) {}

    void file(const FileDescriptor& old) {
        found_.set_file(old.name());
        for (int i = 0; i < old.message_type_count(); ++i)
            message(*old.message_type(i));
        for (int i = 0; i < old.enum_type_count(); ++i)
            enumeration(*old.enum_type(i));
        for (int i = 0; i < old.extension_count(); ++i)
            extension(*old.extension(i));
        for (int i = 0; i < old.service_count(); ++i)
            service(*old.service(i));
    }
    void place(const FileDescriptor& old) { compare_files(old, fresh_, found_); }
    std::vector<Difference> take() { return found_.take(); }

private:
    void message(const Descriptor& old);
    void service(const ServiceDescriptor& old);
    void method(const MethodDescriptor& old, const MethodDescriptor& fresh);
    void removed(const FieldDescriptor& old, const Descriptor& fresh);
    void added(const FieldDescriptor& fresh, const Descriptor& old);
    void layout(const Descriptor& old, const Descriptor& fresh);
    void extension_numbers(const Descriptor& old, const Descriptor& fresh);
    void enumeration(const EnumDescriptor& old);
    void openness(const EnumDescriptor& old, const EnumDescriptor& fresh);
    void removed(const EnumValueDescriptor& old, const EnumDescriptor& fresh);
    void added(const EnumDescriptor& fresh, const EnumDescriptor& old);
    void extension(const FieldDescriptor& old);

    void add(Severity severity, const std::string& path, std::string what) {
        found_.add(severity, path, std::move(what));
    }

    const DescriptorPool& fresh_;
    Differences found_;
};

void Comparison::service(const ServiceDescriptor& old) {
    found_.set_message(old.full_name());
    const ServiceDescriptor* fresh = fresh_.FindServiceByName(old.full_name());
    if (fresh == nullptr) return add(Severity::source, old.full_name(), "the service is gone");
    for (int i = 0; i < old.method_count(); ++i) {
        const MethodDescriptor* now = fresh->FindMethodByName(old.method(i)->name());
        if (now == nullptr)
            add(Severity::source, old.method(i)->full_name(), "the method is gone");
        else
            method(*old.method(i), *now);
    }
}

void Comparison::method(const MethodDescriptor& old, const MethodDescriptor& fresh) {
    const auto shown = [](const Descriptor& type, bool is_stream) {
        return (is_stream ? "stream of " : "") + type.full_name();
    };
    const std::string took = shown(*old.input_type(), old.client_streaming());
    const std::string takes = shown(*fresh.input_type(), fresh.client_streaming());
    const std::string gave = shown(*old.output_type(), old.server_streaming());
    const std::string gives = shown(*fresh.output_type(), fresh.server_streaming());
    if (took != takes) add(Severity::wire, old.full_name(), "took " + took + ", takes " + takes);
    if (gave != gives) add(Severity::wire, old.full_name(), "gave " + gave + ", gives " + gives);
}

void Comparison::message(const Descriptor& old) {
    found_.set_message(old.full_name());
    const bool was_payload = payload_of(old).has_value();
    const Descriptor* fresh = fresh_.FindMessageTypeByName(old.full_name());
    if (fresh == nullptr) {
        add(was_payload ? Severity::wire : Severity::source,
            old.full_name(),
            was_payload ? "the message type is gone: its events are refused"
                        : "the message is gone");
        return;
    }
    for (int i = 0; i < old.field_count(); ++i) {
        const FieldDescriptor* now = fresh->FindFieldByNumber(old.field(i)->number());
        if (now == nullptr)
            removed(*old.field(i), *fresh);
        else
            compare_fields(*old.field(i), *now, found_);
    }
    for (int i = 0; i < fresh->field_count(); ++i)
        if (old.FindFieldByNumber(fresh->field(i)->number()) == nullptr)
            added(*fresh->field(i), old);
    compare_rules(old, *fresh, found_);
    compare_reservations(old, *fresh, found_);
    extension_numbers(old, *fresh);
    layout(old, *fresh);
    for (int i = 0; i < old.nested_type_count(); ++i)
        if (!old.nested_type(i)->options().map_entry()) message(*old.nested_type(i));
    for (int i = 0; i < old.enum_type_count(); ++i)
        enumeration(*old.enum_type(i));
    for (int i = 0; i < old.extension_count(); ++i)
        extension(*old.extension(i));
}

void Comparison::removed(const FieldDescriptor& old, const Descriptor& fresh) {
    if (old.is_required())
        add(Severity::wire,
            old.full_name(),
            "was required: old readers refuse messages without it");
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

void Comparison::added(const FieldDescriptor& fresh, const Descriptor& old) {
    if (old.IsReservedNumber(fresh.number()))
        add(Severity::wire,
            fresh.full_name(),
            "uses number " + std::to_string(fresh.number()) + ", which was reserved");
    if (old.IsReservedName(fresh.name()))
        add(Severity::json, fresh.full_name(), "uses a name that was reserved");
    if (old.FindFieldByName(fresh.name()) != nullptr) return;  // renumbered: told already
    if (fresh.is_required())
        add(Severity::wire,
            fresh.full_name(),
            "is new and required: messages without it are not read");
    else if (options_of(fresh).is_required)
        add(Severity::rule, fresh.full_name(), "is new and required");
}

void Comparison::layout(const Descriptor& old, const Descriptor& fresh) {
    const auto shown = [](const Descriptor& one) {
        return one.options().message_set_wire_format() ? "a message set" : "a message";
    };
    if (std::string_view(shown(old)) == shown(fresh)) return;
    add(Severity::wire,
        old.full_name(),
        std::string("was ") + shown(old) + ", is " + shown(fresh) +
            ": its bytes are laid out otherwise");
}

void Comparison::extension_numbers(const Descriptor& old, const Descriptor& fresh) {
    for (int i = 0; i < old.extension_range_count(); ++i) {
        const auto& range = *old.extension_range(i);
        int number = range.start;
        while (number < range.end) {
            const auto* now = fresh.FindExtensionRangeContainingNumber(number);
            if (now == nullptr) break;
            number = now->end;
        }
        if (number < range.end)
            add(Severity::source,
                old.full_name(),
                "extensions had the numbers " + std::to_string(range.start) + " to " +
                    std::to_string(range.end - 1) + ", " + std::to_string(number) +
                    " is theirs no more");
    }
}

void Comparison::enumeration(const EnumDescriptor& old) {
    found_.set_message(old.full_name());
    const EnumDescriptor* fresh = fresh_.FindEnumTypeByName(old.full_name());
    if (fresh == nullptr) return add(Severity::source, old.full_name(), "the enum is gone");
    openness(old, *fresh);
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
            removed(value, *fresh);
    }
    added(*fresh, old);
    compare_reservations(old, *fresh, found_);
}

void Comparison::openness(const EnumDescriptor& old, const EnumDescriptor& fresh) {
    if (is_closed(old) == is_closed(fresh)) return;
    add(Severity::wire,
        old.full_name(),
        is_closed(old) ? "was closed (proto2), is open (proto3): a number that it does not name "
                         "was set aside, and is a value now, in JSON too"
                       : "was open (proto3), is closed (proto2): a number that it does not name "
                         "was a value, in JSON too, and is set aside now");
}

void Comparison::removed(const EnumValueDescriptor& old, const EnumDescriptor& fresh) {
    if (is_closed(fresh))
        add(Severity::wire,
            old.full_name(),
            "is gone: in a closed enum (proto2) it is read as absent");
    add(Severity::json, old.full_name(), "is gone");
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
    const std::string& extended = old.containing_type()->full_name();
    found_.set_message(extended);
    const FieldDescriptor* fresh = fresh_.FindExtensionByName(old.full_name());
    if (fresh == nullptr) return add(Severity::wire, old.full_name(), "the extension is gone");
    if (old.number() != fresh->number())
        add(Severity::wire,
            old.full_name(),
            "had number " + std::to_string(old.number()) + ", has " +
                std::to_string(fresh->number()));
    if (fresh->containing_type()->full_name() != extended)
        add(Severity::wire,
            old.full_name(),
            "extended " + extended + ", extends " + fresh->containing_type()->full_name());
    compare_types(old, *fresh, found_);
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
        if (is_of_package(one.package(), "google.protobuf")) continue;
        comparison.place(one);
        comparison.file(one);
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
