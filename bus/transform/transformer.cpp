#include "bus/transform/transformer.hpp"

#include "bus/event/formats.hpp"
#include "bus/event/raw_event.hpp"
#include "bus/event/type_info.hpp"
#include "bus/event/wire.hpp"
#include "bus/event/wire_writer.hpp"
#include "bus/expr/evaluator.hpp"
#include "bus/transform/masking.hpp"
#include "bus/transform/plans.hpp"
#include "bus/transform/scope.hpp"
#include "bus/transform/value_writer.hpp"

#include "vera/besked/v1/haendelsesbesked.pb.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <span>
#include <vector>

namespace vera::transform {
namespace {

using event::append_bytes;
using event::append_varint;
using event::LengthMark;
using event::WireField;
using event::WireReader;
using event::WireType;
using expr::Value;

constexpr std::size_t max_bytes = std::size_t{64} << 20U;
constexpr std::size_t max_elements = 1'000'000;

constexpr std::string_view tag_of_kuvert = "\x1a";     // Haendelsesbesked.beskedkuvert
constexpr std::string_view tag_of_payload = "\x22";    // Haendelsesbesked.beskeddata
constexpr std::string_view tag_of_type_url = "\x0a";   // google.protobuf.Any.type_url
constexpr std::string_view tag_of_any_value = "\x12";  // google.protobuf.Any.value

/// Hands the records at the end of `steps` to `take`: all of repeated fields, of others the last.
template <class Take>
bool each_record(std::string_view message, std::span<const Step> steps, Take& take) {
    const Step& step = steps.front();
    const bool is_last = steps.size() == 1;
    const auto found = [&](const WireField& field) {
        if (is_last) return take(field);
        return field.type != WireType::length || each_record(field.bytes, steps.subspan(1), take);
    };
    WireReader reader(message);
    WireField field;
    WireField last;
    bool is_there = false;
    while (reader.next(field)) {
        if (field.number != step.number) continue;
        if (step.is_repeated) {
            if (!found(field)) return false;
        } else {
            last = field;
            is_there = true;
        }
    }
    return !is_there || found(last);
}

/// The record with another field's tag.
void append_record(const FieldPlan& plan, const WireField& field, std::string& out) {
    if (field.type == WireType::length) {
        const std::uint64_t tag = static_cast<std::uint64_t>(plan.field->number()) << 3U |
                                  static_cast<std::uint64_t>(WireType::length);
        append_varint(out, tag);
        append_varint(out, field.bytes.size());
        out.append(field.bytes);
        return;
    }
    out.append(plan.tag);
    if (field.type == WireType::varint)
        append_varint(out, field.value);
    else
        out.append(field.bytes);
}

class Collected : public expr::ValueSink {
public:
    void take(const Value& value) override { values.push_back(value); }
    std::string_view keep(std::string_view text) override { return texts_.emplace_back(text); }
    std::vector<Value> values;

private:
    std::deque<std::string> texts_;
};

}  // namespace

std::string to_text(const Failure& failure) {
    std::string text = failure.path.empty() ? "" : failure.path + ": ";
    text += failure.file;
    if (failure.line != 0) text += ':' + std::to_string(failure.line);
    return text + ": " + failure.text;
}

bool concerns(const Mapping& mapping, const event::KuvertView& kuvert) {
    return std::ranges::any_of(kuvert.beskeddata, [&](const event::Payload& payload) {
        return event::type_of_url(payload.type_url) == mapping.from();
    });
}

struct Transformer::Run {
    struct At {
        const FieldPlan* field = nullptr;
        std::ptrdiff_t index = -1;
    };

    const Mapping* mapping = nullptr;
    const Plans* plans = nullptr;
    const MapPlan* kuvert_plan = nullptr;  ///< nullptr: it is copied
    bool keeps_others = false;
    std::string_view first;  ///< payload of the mapping's type
    expr::Evaluator evaluator;
    Scope scope;
    std::string out;
    std::string path_root;
    std::vector<At> way;
    std::size_t elements = 0;
    std::optional<Failure> failure;

    // Each leaves `failure` and gives false if it cannot go on.
    bool write(const MapPlan& plan);
    bool write(const FieldPlan& field);
    bool write(const FieldPlan& field, const Choice& choice, bool& is_chosen);
    bool each(const FieldPlan& field, const Choice& choice);
    bool element(const FieldPlan& field, const Choice& choice, const Scope::Item& item);
    bool copy(const FieldPlan& field, const Choice& choice, bool& is_there);
    bool numbers(const FieldPlan& field, const Choice& choice, const WireField& record);
    bool value(const FieldPlan& field, const Choice& choice);
    bool given(const FieldPlan& field,
               const Choice& choice,
               const expr::Outcome& outcome,
               int line);
    bool one(const FieldPlan& field, const Choice& choice, const Value& value, int line);
    bool looked_up(const FieldPlan& field, const Choice& choice, const Value& value, int line);
    bool fallback(const FieldPlan& field, const Choice& choice);
    bool inside(const FieldPlan& field, const Choice& choice);
    bool holds(const Expression& condition, bool& result);
    [[nodiscard]] bool is_original_there(const Choice& choice) const;

    bool payload(std::string_view type_url, std::string_view bytes);
    bool kuvert(std::string_view bytes);
    bool keeps_rules(std::string_view bytes);
    bool whole(std::string_view kuvert_bytes, const event::KuvertView& view);

    bool fail(int line, std::string text);
    bool fail(const Expression& at, const expr::Outcome& outcome);
    [[nodiscard]] std::string path() const;
    [[nodiscard]] int line_of(std::string_view json_path) const;
};

// ---- failures

std::string Transformer::Run::path() const {
    std::string text = path_root;
    for (const At& at : way) {
        if (!text.empty()) text += '.';
        text += at.field->name;
        if (at.index >= 0) text += '[' + std::to_string(at.index) + ']';
    }
    return text;
}

bool Transformer::Run::fail(int line, std::string text) {
    if (!failure) failure = Failure{path(), mapping->file(), line, std::move(text)};
    return false;
}

bool Transformer::Run::fail(const Expression& at, const expr::Outcome& outcome) {
    const expr::Problem& problem = outcome.problems.front();
    return fail(at.line, "offset " + std::to_string(problem.offset) + ": " + problem.text());
}

// ---- fields

bool Transformer::Run::write(const MapPlan& plan) {
    return std::ranges::all_of(plan.fields, [&](const FieldPlan& field) {
        way.push_back({&field, -1});
        if (!write(field)) return false;
        way.pop_back();
        return true;
    });
}

bool Transformer::Run::write(const FieldPlan& field) {
    for (const Choice& choice : field.choices) {
        bool is_chosen = false;
        if (!write(field, choice, is_chosen)) return false;
        if (is_chosen) break;
    }
    return out.size() <= max_bytes || fail(0, "the result is larger than 64 MiB");
}

bool Transformer::Run::write(const FieldPlan& field, const Choice& choice, bool& is_chosen) {
    is_chosen = true;
    if (choice.each) return each(field, choice);
    if (choice.when && !holds(*choice.when, is_chosen)) return false;
    return !is_chosen || inside(field, choice);
}

/// The value, or the message, where the event stands now.
bool Transformer::Run::inside(const FieldPlan& field, const Choice& choice) {
    switch (choice.kind) {
        case Choice::Kind::copy: {
            bool is_there = false;
            if (!copy(field, choice, is_there)) return false;
            return is_there || fallback(field, choice);
        }
        case Choice::Kind::value:
            return value(field, choice);
        case Choice::Kind::map: {
            LengthMark mark(out, field.tag);
            if (!write(*choice.map)) return false;
            if (mark.is_empty() && !choice.each && !choice.when && !is_original_there(choice))
                mark.take_back();
            else
                mark.end();
            return true;
        }
    }
    return true;
}

bool Transformer::Run::is_original_there(const Choice& choice) const {
    bool is_there = false;
    const auto take = [&](const WireField& /*record*/) { return is_there = true; };
    return choice.original &&
           each_record(scope.root(*choice.original), choice.original->steps, take) && is_there;
}

bool Transformer::Run::each(const FieldPlan& field, const Choice& choice) {
    if (choice.values.empty()) {
        const auto take = [&](const WireField& record) {
            if (record.type != WireType::length) return true;
            return element(field, choice, {choice.item, record.bytes, false, {}});
        };
        return each_record(scope.root(*choice.each), choice.each->steps, take);
    }
    Collected collected;
    event::read_field(scope.root(*choice.each), choice.values, collected);
    return std::ranges::all_of(collected.values, [&](const Value& value) {
        return element(field, choice, {choice.item, {}, true, value});
    });
}

bool Transformer::Run::element(const FieldPlan& field,
                               const Choice& choice,
                               const Scope::Item& item) {
    if (++elements > max_elements) return fail(choice.line, "more than a million elements");
    scope.enter(item);
    bool is_meant = true;
    if (choice.when && !holds(*choice.when, is_meant)) return false;
    if (is_meant) {
        if (field.field->is_repeated()) ++way.back().index;
        if (!inside(field, choice)) return false;
    }
    scope.leave();
    return true;
}

bool Transformer::Run::holds(const Expression& condition, bool& result) {
    const expr::Outcome outcome = evaluator.evaluate(condition.program, scope);
    if (outcome.problem_count > 0) return fail(condition, outcome);
    result = outcome.value.is_true();
    return true;
}

// ---- copies

bool Transformer::Run::copy(const FieldPlan& field, const Choice& choice, bool& is_there) {
    const auto take = [&](const WireField& record) {
        if (choice.is_masked && record.type == WireType::length) {
            is_there = true;
            LengthMark mark(out, field.tag);
            if (!record.bytes.empty()) append_masked(out, record.bytes, choice.masking);
            mark.end();
            return true;
        }
        // An empty text of proto3 is none.
        if (record.type == WireType::length && record.bytes.empty() &&
            field.kind == TargetKind::text && !field.field->is_repeated() && choice.fallback)
            return true;
        is_there = true;
        if (!choice.numbers.empty()) return numbers(field, choice, record);
        append_record(field, record, out);
        return true;
    };
    return each_record(scope.root(choice.path), choice.path.steps, take);
}

/// An enum's value by the number that its name has in the other enum.
bool Transformer::Run::numbers(const FieldPlan& field,
                               const Choice& choice,
                               const WireField& record) {
    const auto put = [&](std::uint64_t value) {
        const auto number = choice.numbers.find(static_cast<std::int32_t>(value));
        if (number == choice.numbers.end())
            return fail(choice.line, "the value is none of the enum's");
        out.append(field.tag);
        append_varint(out, static_cast<std::uint64_t>(number->second));
        return true;
    };
    if (record.type == WireType::varint) return put(record.value);
    WireReader reader(record.bytes);
    std::uint64_t value = 0;
    while (!reader.at_end())
        if (!reader.varint(value) || !put(value)) return false;
    return true;
}

// ---- values

bool Transformer::Run::value(const FieldPlan& field, const Choice& choice) {
    const expr::Outcome outcome = evaluator.evaluate(choice.value->program, scope);
    if (outcome.problem_count > 0) {
        const bool is_missing =
            choice.fallback &&
            std::ranges::all_of(outcome.problems, [](const expr::Problem& problem) {
                return problem.kind == expr::ErrorKind::missing_attribute;
            });
        return is_missing ? fallback(field, choice) : fail(*choice.value, outcome);
    }
    if (outcome.value.type == expr::Type::null) return fallback(field, choice);
    return given(field, choice, outcome, choice.value->line);
}

bool Transformer::Run::fallback(const FieldPlan& field, const Choice& choice) {
    if (!choice.fallback) return true;
    const expr::Outcome outcome = evaluator.evaluate(choice.fallback->program, scope);
    if (outcome.problem_count > 0) return fail(*choice.fallback, outcome);
    if (outcome.value.type == expr::Type::null) return true;
    const std::string_view wrong = write_value(field, outcome.value, out);
    return wrong.empty() || fail(choice.fallback->line, std::string(wrong));
}

bool Transformer::Run::given(const FieldPlan& field,
                             const Choice& choice,
                             const expr::Outcome& outcome,
                             int line) {
    if (outcome.value.type == expr::Type::many && !field.field->is_repeated())
        return fail(line, "the field has several values here, and one is wanted");
    return std::ranges::all_of(evaluator.elements(outcome.value),
                               [&](const Value& value) { return one(field, choice, value, line); });
}

bool Transformer::Run::one(const FieldPlan& field,
                           const Choice& choice,
                           const Value& value,
                           int line) {
    if (choice.table != nullptr) return looked_up(field, choice, value, line);
    if (choice.is_masked && value.has_text()) {
        LengthMark mark(out, field.tag);
        append_masked(out, value.text, choice.masking);
        mark.end();
        return true;
    }
    const std::string_view wrong = write_value(field, value, out);
    return wrong.empty() || fail(line, std::string(wrong));
}

bool Transformer::Run::looked_up(const FieldPlan& field,
                                 const Choice& choice,
                                 const Value& value,
                                 int line) {
    std::string made;
    std::string_view code = value.text;
    if (!value.has_text()) {
        if (value.type == expr::Type::boolean)
            made = value.is_true() ? "true" : "false";
        else if (value.type == expr::Type::integer || value.type == expr::Type::int64)
            made = std::to_string(value.number);
        else
            return fail(line, "the value is no code that a table has");
        code = made;
    }
    const auto found = choice.table->find(code, choice.column);
    std::string_view text;
    if (found) {
        text = *found;
    } else if (choice.table->missing() == TableSource::Missing::leave_out) {
        return fallback(field, choice);
    } else if (choice.table->missing() == TableSource::Missing::use) {
        text = choice.table->substitute();
    } else {
        return fail(line, "the code is not in table " + choice.table->name());
    }
    if (choice.is_masked) {
        LengthMark mark(out, field.tag);
        append_masked(out, text, choice.masking);
        mark.end();
        return true;
    }
    const std::string_view wrong = write_value(field, Value::of_text(text), out);
    return wrong.empty() || fail(line, std::string(wrong));
}

// ---- the whole event

bool Transformer::Run::payload(std::string_view type_url, std::string_view bytes) {
    scope.look_at(bytes);
    LengthMark any(out, tag_of_payload);
    const std::string_view prefix = type_url.substr(0, type_url.rfind('/') + 1);
    out.append(tag_of_type_url);
    append_varint(out, prefix.size() + mapping->to().size());
    out.append(prefix).append(mapping->to());
    LengthMark value(out, tag_of_any_value);
    const std::size_t begin = out.size();
    if (!write(plans->payload)) return false;
    if (!keeps_rules(std::string_view(out).substr(begin))) return false;
    value.end();
    any.end();
    return true;
}

/// What the mapping made is what its schema takes.
bool Transformer::Run::keeps_rules(std::string_view bytes) {
    const auto broken = mapping->catalogue().broken_rule(mapping->to(), bytes);
    if (!broken) return fail(0, broken.error().text);
    if (!*broken) return true;
    const std::size_t colon = (*broken)->find(": ");
    const std::string inner =
        colon == std::string::npos ? std::string{} : (*broken)->substr(0, colon);
    const std::string what = colon == std::string::npos ? **broken : (*broken)->substr(colon + 2);
    if (!failure)
        failure = Failure{inner.empty() ? path_root : path_root + '.' + inner,
                          mapping->file(),
                          line_of(inner),
                          what};
    return false;
}

/// Of the field that the rules' path names, as far as the plan goes.
int Transformer::Run::line_of(std::string_view json_path) const {
    const MapPlan* plan = &plans->payload;
    int line = 0;
    while (plan != nullptr && !json_path.empty()) {
        const std::size_t dot = json_path.find('.');
        std::string_view name = json_path.substr(0, dot);
        name = name.substr(0, name.find('['));
        json_path = dot == std::string_view::npos ? std::string_view{} : json_path.substr(dot + 1);
        const auto field = std::ranges::find_if(
            plan->fields, [&](const FieldPlan& one) { return one.field->json_name() == name; });
        if (field == plan->fields.end() || field->choices.empty()) break;
        line = field->choices.front().line;
        plan = field->choices.front().map.get();
    }
    return line;
}

bool Transformer::Run::kuvert(std::string_view bytes) {
    scope.look_at(first);
    if (kuvert_plan == nullptr) {
        append_bytes(out, tag_of_kuvert, bytes);
        return true;
    }
    LengthMark mark(out, tag_of_kuvert);
    if (!write(*kuvert_plan)) return false;
    mark.end();
    return true;
}

bool Transformer::Run::whole(std::string_view kuvert_bytes, const event::KuvertView& view) {
    using vera::besked::v1::Haendelsesbesked;
    WireReader reader(kuvert_bytes);
    WireField field;
    const char* at = reader.position();
    std::size_t index = 0;
    while (reader.next(field)) {
        const std::string_view record(at, static_cast<std::size_t>(reader.position() - at));
        at = reader.position();
        if (field.number == Haendelsesbesked::kBeskedkuvertFieldNumber) {
            path_root = "Beskedkuvert";
            if (!kuvert(field.bytes)) return false;
        } else if (field.number == Haendelsesbesked::kBeskeddataFieldNumber) {
            const event::Payload& one = view.beskeddata[index];
            path_root = "Beskeddata[" + std::to_string(index++) + ']';
            if (event::type_of_url(one.type_url) == mapping->from()) {
                if (!payload(one.type_url, one.value)) return false;
            } else if (keeps_others) {
                out.append(record);
            }
        } else {
            out.append(record);
        }
    }
    return true;
}

// ---- the class

Transformer::Transformer() : run_(std::make_unique<Run>()) {}
Transformer::~Transformer() = default;

Transformer::Made Transformer::apply(const Mapping& mapping,
                                     std::string_view kuvert,
                                     const event::Attributes& attributes) {
    const event::KuvertView view = event::view_kuvert(kuvert);
    const auto first = std::ranges::find_if(view.beskeddata, [&](const event::Payload& payload) {
        return event::type_of_url(payload.type_url) == mapping.from();
    });
    if (first == view.beskeddata.end()) return NotMeant{};
    const bool is_first = first == view.beskeddata.begin();
    Run& run = *run_;
    run.mapping = &mapping;
    run.plans = &mapping.plans();
    const auto& kuvert_plan = is_first ? run.plans->kuvert : run.plans->kuvert_of_others;
    run.kuvert_plan = kuvert_plan ? &*kuvert_plan : nullptr;
    run.keeps_others = !is_first || run.plans->keeps_other_payloads;
    run.first = first->value;
    run.evaluator.use(run.plans->key ? &*run.plans->key : nullptr);
    run.out.clear();
    run.way.clear();
    run.path_root.clear();
    run.elements = 0;
    run.failure.reset();
    run.scope.look_at(attributes, view);
    run.scope.look_at(run.first);
    bool is_meant = true;
    if (run.plans->when && !run.holds(*run.plans->when, is_meant)) return *run.failure;
    if (!is_meant) return NotMeant{};
    if (!run.whole(kuvert, view)) return *run.failure;
    if (run.plans->changes_kuvert) {
        event::RawEvent raw;
        raw.body_kind = event::BodyKind::data;
        raw.body = run.out;
        raw.content_type = "application/protobuf";
        const auto checked = mapping.catalogue().check(raw);
        if (const auto* refusal = std::get_if<Refusal>(&checked))
            return Failure{{}, mapping.file(), 0, refusal->text};
    }
    return run.out;
}

}  // namespace vera::transform
