#include "bus/event/rule_comparison.hpp"

#include "bus/event/schema_options.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace vera::event {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using Severity = Difference::Severity;
using Payload = std::optional<vera::options::v1::Besked>;

std::string format_name(vera::options::v1::Format format) {
    return vera::options::v1::Format_Name(format);
}

void compare_values(const FieldDescriptor& field,
                    const FieldOptions& old,
                    const FieldOptions& fresh,
                    Differences& found) {
    const auto tighter = [&](std::string what) {
        found.add(Severity::rule, field.full_name(), std::move(what));
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
    if (fresh.max_at_a_time != 0 &&
        (old.max_at_a_time == 0 || fresh.max_at_a_time < old.max_at_a_time))
        tighter("holds at most " + std::to_string(fresh.max_at_a_time) + " at the same time now");
}

/// As the rule book has it: of a closed enum too, whose unknown values Protobuf does not count.
bool wants_known_value(const FieldDescriptor& field, const FieldOptions& options) {
    using google::protobuf::FileDescriptor;
    return field.enum_type() != nullptr &&
           (options.wants_known_value ||
            field.enum_type()->file()->syntax() == FileDescriptor::SYNTAX_PROTO2);
}

void compare_known_values(const FieldDescriptor& old,
                          const FieldOptions& old_options,
                          const FieldDescriptor& fresh,
                          const FieldOptions& fresh_options,
                          Differences& found) {
    if (old.enum_type() == nullptr || !wants_known_value(fresh, fresh_options)) return;
    if (!wants_known_value(old, old_options))
        return found.add(Severity::rule, old.full_name(), "wants a known value now");
    std::set<int> told;  // a number may have several names
    for (int i = 0; i < old.enum_type()->value_count(); ++i) {
        const auto& value = *old.enum_type()->value(i);
        if (fresh.enum_type()->FindValueByNumber(value.number()) == nullptr &&
            told.insert(value.number()).second)
            found.add(
                Severity::rule, old.full_name(), "does not take " + value.name() + " any more");
    }
}

void compare_payloads(const Payload& old,
                      const Payload& fresh,
                      const Descriptor& message,
                      Differences& found) {
    const std::string& name = message.full_name();
    if (!old) return;
    if (!fresh)
        return found.add(Severity::rule, name, "is no payload any more: its events are refused");
    const std::string& before = old->beskedtype();
    const std::string& after = fresh->beskedtype();
    if (before == after) return;
    const auto shown = [](const std::string& uuid) { return uuid.empty() ? "any" : uuid; };
    found.add(Severity::rule, name, "beskedtype was " + shown(before) + ", is " + shown(after));
}

void compare_periods(const MessageOptions& old,
                     const MessageOptions& fresh,
                     const Descriptor& message,
                     Differences& found) {
    const std::string& name = message.full_name();
    for (const auto& period : fresh.periods) {
        const bool was_there = std::ranges::any_of(old.periods, [&](const auto& one) {
            return one.fra() == period.fra() && one.til() == period.til();
        });
        if (!was_there)
            found.add(Severity::rule,
                      name,
                      "a new rule: the period from " + period.fra() + " to " + period.til() +
                          " has to be in order");
    }
}

void compare_choices(const Descriptor& old, const Descriptor& fresh, Differences& found) {
    for (int i = 0; i < fresh.real_oneof_decl_count(); ++i) {
        const auto* now = fresh.oneof_decl(i);
        const auto* before = old.FindOneofByName(now->name());
        if (is_required(*now) && (before == nullptr || !is_required(*before)))
            found.add(Severity::rule, now->full_name(), "one of the choice has to be set now");
    }
}

}  // namespace

void compare_rules(const FieldDescriptor& old, const FieldDescriptor& fresh, Differences& found) {
    const FieldOptions before = options_of(old);
    const FieldOptions after = options_of(fresh);
    // Proto2's own `required` is told as what it is, a break for every reader.
    if (after.is_required && !before.is_required && !old.is_required() && !fresh.is_required())
        found.add(Severity::rule, old.full_name(), "is required now");
    compare_values(old, before, after, found);
    compare_known_values(old, before, fresh, after, found);
}

void compare_rules(const Descriptor& old, const Descriptor& fresh, Differences& found) {
    compare_payloads(payload_of(old), payload_of(fresh), fresh, found);
    compare_periods(options_of(old), options_of(fresh), fresh, found);
    compare_choices(old, fresh, found);
}

}  // namespace vera::event
