// Descriptors and their options into tables.
#include "bus/event/message_rules.hpp"
#include "bus/event/schema_options.hpp"
#include "bus/event/schema_place.hpp"
#include "bus/event/wire_types.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace vera::event {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::OneofDescriptor;
using Kind = FieldRules::Kind;

constexpr int max_fields = 60'000;
constexpr std::uint32_t max_small_number = 255;

Kind kind_of(const FieldDescriptor& field) {
    switch (wire_type_of(field)) {
        case WireType::fixed64:
            return Kind::fixed64;
        case WireType::fixed32:
            return Kind::fixed32;
        case WireType::length:
            break;
        default:
            return Kind::varint;
    }
    if (field.type() == FieldDescriptor::TYPE_STRING) return Kind::text;
    if (field.type() == FieldDescriptor::TYPE_BYTES) return Kind::bytes;
    return field.message_type()->full_name() == "google.protobuf.Timestamp" ? Kind::point_in_time
                                                                            : Kind::message;
}

/// Fields of `message` that hold a URN: those of UnikId and Aktoer, and of what is made like them.
std::vector<std::uint32_t> urn_fields_of(const Descriptor& message) {
    std::vector<std::uint32_t> numbers;
    for (int i = 0; i < message.field_count(); ++i) {
        const FieldDescriptor& field = *message.field(i);
        if (field.type() == FieldDescriptor::TYPE_STRING &&
            options_of(field).format == vera::options::v1::FORMAT_URN)
            numbers.push_back(static_cast<std::uint32_t>(field.number()));
    }
    return numbers;
}

void add_values(const google::protobuf::EnumDescriptor& type, ValueRules& rules) {
    for (int i = 0; i < type.value_count(); ++i) {
        const int number = type.value(i)->number();
        if (number >= 0 && number < 64)
            rules.small_values |= std::uint64_t{1} << static_cast<unsigned>(number);
        else
            rules.other_values.push_back(number);
    }
    std::ranges::sort(rules.other_values);
    rules.other_values.erase(std::unique(rules.other_values.begin(), rules.other_values.end()),
                             rules.other_values.end());  // aliases
}

/// One message. Messages that it contains are asked for with `inner`.
class Compiler {
public:
    template <class Book>
    Compiler(const Descriptor& message, MessageRules& rules, Book& inner)
        : message_(message),
          rules_(rules),
          inner_([&inner](const Descriptor* type) { return inner(type); }) {}

    std::optional<SchemaProblem> run() {
        rules_.descriptor = &message_;
        rules_.is_virkning = message_.full_name() == "vera.oio.v1.Virkning";
        if (message_.extension_range_count() != 0)
            return wrong(message_, "has extensions, which cannot be checked");
        if (message_.field_count() > max_fields) return wrong(message_, "more than 60000 fields");
        rules_.fields.reserve(static_cast<std::size_t>(message_.field_count()));
        for (int i = 0; i < message_.field_count(); ++i)
            if (auto error = field(*message_.field(i))) return error;
        std::ranges::sort(rules_.by_large_number);
        for (int i = 0; i < message_.real_oneof_decl_count(); ++i)
            oneof(*message_.oneof_decl(i));
        for (const auto& period : options_of(message_).periods)
            if (auto error = add_period(period)) return error;
        rules_.is_uuid_alone_enough = is_uuid_alone_enough();
        return std::nullopt;
    }

private:
    template <class Thing>
    static std::optional<SchemaProblem> wrong(const Thing& thing, const std::string& what) {
        return problem_at(thing, what);
    }

    std::optional<SchemaProblem> field(const FieldDescriptor& field);
    std::optional<SchemaProblem> values(const FieldDescriptor& field,
                                        const FieldOptions& options,
                                        FieldRules& entry);
    void oneof(const OneofDescriptor& oneof);
    std::optional<SchemaProblem> add_period(const vera::options::v1::Periode& period);
    [[nodiscard]] FieldRules* end_named(const std::string& name);
    [[nodiscard]] bool is_uuid_alone_enough() const;

    const Descriptor& message_;
    MessageRules& rules_;
    std::function<const MessageRules*(const Descriptor*)> inner_;
    std::uint8_t period_ends_ = 0;
};

std::optional<SchemaProblem> Compiler::field(const FieldDescriptor& field) {
    if (field.type() == FieldDescriptor::TYPE_GROUP)
        return wrong(field, "is a group, which VeRA does not take: make it a message");
    const FieldOptions options = options_of(field);
    FieldRules entry;
    entry.kind = kind_of(field);
    entry.wire_type = wire_type_of(field);
    entry.is_repeated = field.is_repeated();
    entry.is_packable = field.is_packable();
    entry.has_presence = field.has_presence();
    entry.is_filled_when_there = field.is_required() && !options.is_required;
    entry.format = options.format;
    entry.index = static_cast<std::uint32_t>(rules_.fields.size());
    entry.field = &field;
    if (entry.kind == Kind::message) entry.message = inner_(field.message_type());
    if (options.is_required || field.is_required()) rules_.required.add(entry.index);
    if (auto error = values(field, options, entry)) return error;
    const auto number = static_cast<std::uint32_t>(field.number());
    const auto position = static_cast<std::uint16_t>(entry.index + 1);
    if (number > max_small_number) {
        rules_.by_large_number.emplace_back(number, position);
    } else {
        if (rules_.by_number.size() <= number) rules_.by_number.resize(number + 1);
        rules_.by_number[number] = position;
    }
    rules_.fields.push_back(entry);
    return std::nullopt;
}

std::optional<SchemaProblem> Compiler::values(const FieldDescriptor& field,
                                              const FieldOptions& options,
                                              FieldRules& entry) {
    auto more = std::make_unique<ValueRules>();
    if (options.format != vera::options::v1::FORMAT_UNSPECIFIED && entry.kind != Kind::text)
        return wrong(field, "format is for text");
    if (options.length) {
        if (entry.kind != Kind::text && entry.kind != Kind::bytes)
            return wrong(field, "length is for text and bytes");
        more->min_length = options.length->min();
        more->max_length = options.length->max();
        if (more->max_length != 0 && more->max_length < more->min_length)
            return wrong(field, "length has a max below its min");
    }
    if (!options.pattern.empty()) {
        if (entry.kind != Kind::text) return wrong(field, "pattern is for text");
        auto pattern = Pattern::compile(options.pattern);
        if (!pattern) return wrong(field, pattern.error().text);
        more->pattern = std::move(*pattern);
        more->expression = options.pattern;
    }
    for (const auto kind : options.urns) {
        if (kind <= 0 || kind >= 32) return wrong(field, "urn has a kind that is not known");
        more->urns |= only(kind);
    }
    if (more->urns != 0 && entry.kind != Kind::text) {
        if (entry.kind == Kind::message) more->urn_numbers = urn_fields_of(*field.message_type());
        if (more->urn_numbers.empty()) return wrong(field, "urn is for text, UnikId and Aktoer");
    }
    const bool is_enum = field.type() == FieldDescriptor::TYPE_ENUM;
    if (options.wants_known_value && !is_enum) return wrong(field, "known_value is for an enum");
    // An enum of proto2 is closed: Protobuf does not count an unknown value as the field.
    more->wants_known_value =
        options.wants_known_value ||
        (is_enum && field.enum_type()->file()->syntax() == FileDescriptor::SYNTAX_PROTO2);
    if (more->wants_known_value) add_values(*field.enum_type(), *more);
    if (more->min_length == 0 && more->max_length == 0 && more->pattern == nullptr &&
        more->urns == 0 && !more->wants_known_value)
        return std::nullopt;
    entry.more = more.get();
    rules_.values.push_back(std::move(more));
    return std::nullopt;
}

void Compiler::oneof(const OneofDescriptor& oneof) {
    OneofRules entry;
    entry.is_required = is_required(oneof);
    entry.oneof = &oneof;
    for (int i = 0; i < oneof.field_count(); ++i)
        entry.members.add(static_cast<std::uint32_t>(oneof.field(i)->index()));
    rules_.oneofs.push_back(std::move(entry));
}

FieldRules* Compiler::end_named(const std::string& name) {
    const FieldDescriptor* field = message_.FindFieldByName(name);
    if (field == nullptr || field->is_repeated()) return nullptr;
    FieldRules& rules = rules_.fields[static_cast<std::size_t>(field->index())];
    if (rules.period_end == 0) rules.period_end = ++period_ends_;
    return &rules;
}

std::optional<SchemaProblem> Compiler::add_period(const vera::options::v1::Periode& period) {
    PeriodRules entry;
    FieldRules* const ends[] = {
        end_named(period.fra()),
        end_named(period.til())};  // NOLINT(*-avoid-c-arrays): two of a kind
    if (ends[0] == nullptr || ends[1] == nullptr || ends[0] == ends[1])
        return wrong(message_, "periode does not name two different single fields of it");
    if (period_ends_ > MessageRules::max_period_ends)
        return wrong(message_, "periode: more than 8 fields begin or end a period");
    entry.from = ends[0];
    entry.to = ends[1];
    const auto is_all = [&](const auto& is_such) { return is_such(*ends[0]) && is_such(*ends[1]); };
    if (is_all([](const FieldRules& end) { return end.kind == Kind::point_in_time; }))
        entry.kind = PeriodRules::Kind::timestamp;
    else if (is_all([](const FieldRules& end) {
                 return end.kind == Kind::message &&
                        end.field->message_type()->full_name() == "vera.oio.v1.Tidspunkt";
             }))
        entry.kind = PeriodRules::Kind::tidspunkt;
    else if (is_all([](const FieldRules& end) {
                 return end.format == vera::options::v1::FORMAT_DATO;
             }))
        entry.kind = PeriodRules::Kind::dato;
    else
        return wrong(message_,
                     "periode: both fields have to be Timestamp, Tidspunkt or FORMAT_DATO");
    rules_.periods.push_back(entry);
    return std::nullopt;
}

bool Compiler::is_uuid_alone_enough() const {
    const FieldRules* first = rules_.find(1);
    if (first == nullptr || first->format != vera::options::v1::FORMAT_UUID ||
        first->more != nullptr)
        return false;
    FieldSet alone;
    alone.add(first->index);
    return rules_.required.is_within(alone) &&
           std::ranges::all_of(rules_.oneofs, [first](const OneofRules& oneof) {
               return !oneof.is_required || oneof.members.has(first->index);
           });
}

}  // namespace

const FieldRules* MessageRules::find_large(std::uint32_t number) const {
    const auto at = std::ranges::lower_bound(
        by_large_number, number, {}, &std::pair<std::uint32_t, std::uint16_t>::first);
    return at == by_large_number.end() || at->first != number ? nullptr : &fields[at->second - 1U];
}

Result<const MessageRules*> RuleBook::compile(const Descriptor* descriptor) {
    if (broken_) return fail(Errc::bad_input, to_text(*broken_));
    if (const auto at = rules_.find(descriptor); at != rules_.end()) return at->second.get();
    std::vector<std::pair<const Descriptor*, MessageRules*>> waiting;
    // Entered before its fields are: a message may contain itself. A list, not recursion:
    // strangers' messages may be nested as deeply as they like.
    const auto entered = [this, &waiting](const Descriptor* type) -> const MessageRules* {
        auto& rules = rules_[type];
        if (rules == nullptr) {
            rules = std::make_unique<MessageRules>();
            waiting.emplace_back(type, rules.get());
        }
        return rules.get();
    };
    const MessageRules* const rules = entered(descriptor);
    while (!waiting.empty()) {
        const auto [type, empty] = waiting.back();
        waiting.pop_back();
        if (auto error = Compiler(*type, *empty, entered).run()) {
            broken_ = std::move(error);
            return fail(Errc::bad_input, to_text(*broken_));
        }
    }
    return rules;
}

}  // namespace vera::event
