#include "bus/expr/evaluator.hpp"

#include "bus/base/check.hpp"
#include "bus/expr/casting.hpp"

#include <algorithm>
#include <array>

namespace vera::expr {
namespace {

constexpr std::string_view no_steps = "more steps than an evaluation may take";
constexpr std::string_view many_values = "the field has several values here, and one is wanted";

/// Puts the values of a field behind those that are kept already.
class Collector : public ValueSink {
public:
    explicit Collector(Scratch& scratch) : scratch_(scratch) {}
    void take(const Value& value) override {
        if (scratch_.steps == 0) return;
        --scratch_.steps;
        scratch_.many.push_back(value);
    }
    std::string_view keep(std::string_view text) override {
        std::string* const kept = scratch_.text(text.size());
        if (kept == nullptr) return {};
        *kept = text;
        return *kept;
    }

private:
    Scratch& scratch_;
};

bool is_null(const Value& value) {
    return value.type == Type::null;
}

}  // namespace

Value Evaluator::poison(Type type) {
    Value value;
    value.type = type == Type::null ? Type::boolean : type;
    value.is_errored = true;
    return value;
}

void Evaluator::problem(ErrorKind kind,
                        const Instruction& at,
                        std::string_view what,
                        std::string_view name) {
    scratch_.problem({kind, at.offset, at.length, what, name});
}

Outcome Evaluator::evaluate(const Program& program, const PropertyReader& event) {
    const Code& code = program.code();
    return run(code, 0, static_cast<std::uint32_t>(code.instructions.size()), event);
}

Outcome Evaluator::evaluate_clause(const Program& program,
                                   const Clause& clause,
                                   const PropertyReader& event) {
    return run(program.code(), clause.code_begin, clause.code_end, event);
}

Outcome Evaluator::run(const Code& code,
                       std::uint32_t begin,
                       std::uint32_t end,
                       const PropertyReader& event) {
    scratch_.start(code.limits);
    if (stack_.size() < code.stack) stack_.resize(code.stack);
    top_ = stack_.data();
    for (std::uint32_t next = begin; next < end;) {
        const Instruction& one = code.instructions[next++];
        step(code, one, event, next);
    }
    VERA_CHECK(top_ == stack_.data() + 1);
    Outcome outcome;
    outcome.value = stack_.front();
    outcome.problems = {scratch_.problems_begin(), scratch_.problems_held()};
    outcome.problem_count = scratch_.problem_count();
    return outcome;
}

// A switch over all instructions, one line each.
void Evaluator::step(const Code& code,
                     const Instruction& one,
                     const PropertyReader& event,
                     std::uint32_t& next) {
    switch (one.op) {
        case Op::literal:
            return push(code.literals[one.operand]);
        case Op::attribute:
            return load_attribute(code, one, event);
        case Op::path:
            return push(load_path(code.paths[one.operand], event));
        case Op::attribute_exists: {
            Value ignored;
            return push(Value::of_boolean(event.attribute(code.names[one.operand], ignored) !=
                                          one.is_negated));
        }
        case Op::path_exists:
            return push(Value::of_boolean(is_null(load_path(code.paths[one.operand], event)) ==
                                          one.is_negated));
        case Op::negate:
            return negate(one);
        case Op::logical_not: {
            const Value value = boolean_of(one, pop());
            return push(value.is_errored ? value : Value::of_boolean(!value.is_true()));
        }
        case Op::and_jump: {
            const Value left = boolean_of(one, pop());
            if (left.is_true()) return;
            next = one.operand;
            return push(left);
        }
        case Op::and_end:
            return push(boolean_of(one, pop()));
        case Op::or_jump: {
            const Value left = boolean_of(one, pop());
            if (left.is_true()) next = one.operand;
            return push(left);
        }
        case Op::or_end: {
            const Value right = boolean_of(one, pop());
            const Value left = pop();
            return push(left.is_errored ? left : right);
        }
        case Op::logical_xor: {
            const Value right = boolean_of(one, pop());
            const Value left = boolean_of(one, pop());
            if (left.is_errored || right.is_errored) return push(poison(Type::boolean));
            return push(Value::of_boolean(left.is_true() != right.is_true()));
        }
        case Op::equal:
        case Op::less:
        case Op::less_or_equal:
        case Op::greater:
        case Op::greater_or_equal:
            return compare(one);
        case Op::add:
        case Op::subtract:
        case Op::multiply:
        case Op::divide:
        case Op::remainder:
            return arithmetic(one);
        case Op::like:
            return like(code, one);
        case Op::in_literals:
            return in_literals(code, one);
        case Op::in_test:
            return in_test(one, next);
        case Op::in_end: {
            const Value left = pop();
            return push(left.is_errored ? poison(Type::boolean)
                                        : Value::of_boolean(one.is_negated));
        }
        case Op::in_list:
            return in_list(code, one);
        case Op::between:
            return between(one);
        case Op::call:
            return call(code, one);
        case Op::missing_function:
            problem(ErrorKind::missing_function,
                    one,
                    "there is no function {} with so many arguments",
                    code.names[one.operand]);
            return push(poison(Type::boolean));
    }
}

void Evaluator::load_attribute(const Code& code,
                               const Instruction& one,
                               const PropertyReader& event) {
    Value value;
    if (!event.attribute(code.names[one.operand], value)) {
        problem(ErrorKind::missing_attribute,
                one,
                "the event has no attribute {}",
                code.names[one.operand]);
        value = poison(Type::boolean);
    }
    push(value);
}

Value Evaluator::load_path(const FieldPath& path, const PropertyReader& event) {
    Collector collector(scratch_);
    const std::size_t first = scratch_.many.size();
    if (!event.field(path, collector)) scratch_.many.resize(first);
    const std::size_t count = scratch_.many.size() - first;
    if (count == 0) return Value::null();
    if (count > 1)
        return {Type::many,
                false,
                static_cast<std::uint32_t>(count),
                static_cast<std::int64_t>(first),
                {}};
    const Value value = scratch_.many.back();
    scratch_.many.pop_back();
    return value;
}

std::span<const Value> Evaluator::elements(const Value& value) const {
    if (value.type != Type::many) return {&value, 1};
    return std::span(scratch_.many).subspan(static_cast<std::size_t>(value.number), value.count);
}

/// As a boolean; an error that came with it, or comes up, stays.
Value Evaluator::boolean_of(const Instruction& one, const Value& value) {
    if (value.is_errored) return poison(Type::boolean);
    if (value.type == Type::boolean) return value;
    if (const auto made = to_boolean(value)) return Value::of_boolean(*made);
    problem(
        ErrorKind::cast, one, value.type == Type::many ? many_values : "the value is no boolean");
    return poison(Type::boolean);
}

void Evaluator::negate(const Instruction& one) {
    const Value value = pop();
    if (value.is_errored) return push(poison(Type::integer));
    if (is_null(value)) return push(value);
    if (value.type == Type::many) {
        problem(ErrorKind::cast, one, many_values);
        return push(poison(Type::integer));
    }
    finish_arithmetic(one, calculate(Op::subtract, Value::of_integer(0), value));
}

void Evaluator::arithmetic(const Instruction& one) {
    const Value right = pop();
    const Value left = pop();
    if (left.is_errored || right.is_errored) return push(poison(Type::integer));
    if (is_null(left) || is_null(right)) return push(Value::null());
    finish_arithmetic(one, calculate(one.op, left, right));
}

void Evaluator::finish_arithmetic(const Instruction& one, const Calculated& calculated) {
    if (calculated.error == Calculated::Error::none) return push(calculated.value);
    switch (calculated.error) {
        case Calculated::Error::none:
        case Calculated::Error::cast:
            problem(ErrorKind::cast, one, "the value is no integer");
            break;
        case Calculated::Error::zero:
            problem(ErrorKind::math, one, "division by zero");
            break;
        case Calculated::Error::overflow:
            problem(ErrorKind::math,
                    one,
                    "the result does not fit in {} bits",
                    calculated.value.type == Type::int64 ? "64" : "32");
            break;
    }
    push(poison(Type::integer));
}

/// True if `test` is for one of the values; none if it is for none, and failed for one.
template <class Test>
std::optional<bool> Evaluator::any_of(const Value& value, Test test) {
    if (value.type != Type::many) return test(value);
    bool is_sound = true;
    for (const Value& element : elements(value)) {
        if (scratch_.steps == 0) return false;
        --scratch_.steps;
        const std::optional<bool> found = test(element);
        if (found && *found) return true;
        is_sound = is_sound && found.has_value();
    }
    return is_sound ? std::optional(false) : std::nullopt;
}

/// What a test over values found becomes the result, and its negation is taken last.
void Evaluator::finish_test(const Instruction& one, std::optional<bool> found) {
    if (scratch_.steps == 0) {
        problem(ErrorKind::generic, one, no_steps);
    } else if (scratch_.out_of_memory()) {
        problem(ErrorKind::generic, one, "the texts made are longer than the evaluation may make");
    } else if (!found) {
        problem(
            ErrorKind::cast, one, "the two sides are of different types and cannot be compared");
    } else {
        return push(Value::of_boolean(*found != one.is_negated));
    }
    push(poison(Type::boolean));
}

std::optional<bool> Evaluator::compared(Op op, const Value& left, const Value& right) {
    if (op == Op::equal) return is_equal(left, right, scratch_);
    const auto found = order(left, right);
    if (!found) return std::nullopt;
    switch (op) {
        case Op::less:
            return *found < 0;
        case Op::less_or_equal:
            return *found <= 0;
        case Op::greater:
            return *found > 0;
        default:
            return *found >= 0;
    }
}

void Evaluator::compare(const Instruction& one) {
    const Value right = pop();
    const Value left = pop();
    if (left.is_errored || right.is_errored) return push(poison(Type::boolean));
    if (is_null(left) || is_null(right)) return push(Value::of_boolean(one.is_negated));
    if (left.type == Type::string && right.type == Type::string && one.op == Op::equal)
        return push(Value::of_boolean((left.text == right.text) != one.is_negated));
    finish_test(one, any_of(left, [&](const Value& x) {
                    return any_of(right, [&](const Value& y) { return compared(one.op, x, y); });
                }));
}

void Evaluator::like(const Code& code, const Instruction& one) {
    const Value value = pop();
    if (value.is_errored) return push(poison(Type::boolean));
    if (is_null(value)) return push(Value::of_boolean(one.is_negated));
    const LikePattern& pattern = code.patterns[one.operand];
    finish_test(one, any_of(value, [&](const Value& x) -> std::optional<bool> {
                    const auto text = to_string(x, scratch_);
                    if (!text) return std::nullopt;
                    return pattern.matches(*text, scratch_.steps);
                }));
}

/// CESQL 1.0.0 §3.4.5: elements are cast to the type of the left side; of a field's value its type
/// decides.
void Evaluator::in_literals(const Code& code, const Instruction& one) {
    const Value left = pop();
    if (left.is_errored) return push(poison(Type::boolean));
    if (is_null(left)) return push(Value::of_boolean(one.is_negated));
    const LiteralSet& set = code.sets[one.operand];
    if (left.type == Type::string && !set.sorted.empty())
        return push(
            Value::of_boolean(std::ranges::binary_search(set.sorted, left.text) != one.is_negated));
    finish_test(one, any_of(left, [&](const Value& x) -> std::optional<bool> {
                    bool is_sound = true;
                    for (const Value& element : set.elements) {
                        if (scratch_.steps == 0) return false;
                        --scratch_.steps;
                        const auto found = is_equal(element, x, scratch_);
                        if (found && *found) return true;
                        is_sound = is_sound && found.has_value();
                    }
                    return is_sound ? std::optional(false) : std::nullopt;
                }));
}

void Evaluator::in_test(const Instruction& one, std::uint32_t& next) {
    const Value element = pop();
    Value left = pop();
    if (left.is_errored || element.is_errored) {
        left.is_errored = true;
        return push(left);
    }
    std::optional<bool> found = false;
    if (!is_null(left) && !is_null(element))
        found = any_of(left, [&](const Value& x) {
            return any_of(element, [&](const Value& y) { return is_equal(y, x, scratch_); });
        });
    if (found && *found) {
        next = one.operand;
        return push(Value::of_boolean(!one.is_negated));
    }
    if (!found || scratch_.steps == 0) {
        problem(found ? ErrorKind::generic : ErrorKind::cast,
                one,
                found ? no_steps : "an element cannot be cast to the type of the left side");
        left.is_errored = true;
    }
    push(left);
}

void Evaluator::in_list(const Code& code, const Instruction& one) {
    const Value left = pop();
    if (left.is_errored) return push(poison(Type::boolean));
    if (is_null(left)) return push(Value::of_boolean(one.is_negated));
    const std::string_view name = code.names[one.operand];
    if (lists_ == nullptr || !lists_->contains(name, {})) {
        problem(ErrorKind::generic, one, "there is no value list {}", name);
        return push(poison(Type::boolean));
    }
    finish_test(one, any_of(left, [&](const Value& x) -> std::optional<bool> {
                    const auto text = to_string(x, scratch_);
                    if (!text) return std::nullopt;
                    return lists_->contains(name, *text).value_or(false);
                }));
}

void Evaluator::between(const Instruction& one) {
    const Value high = pop();
    const Value low = pop();
    const Value value = pop();
    if (value.is_errored || low.is_errored || high.is_errored) return push(poison(Type::boolean));
    if (is_null(value) || is_null(low) || is_null(high))
        return push(Value::of_boolean(one.is_negated));
    finish_test(one, any_of(value, [&](const Value& x) -> std::optional<bool> {
                    const auto above = compared(Op::greater_or_equal, x, low);
                    const auto below = compared(Op::less_or_equal, x, high);
                    if (!above || !below) return std::nullopt;
                    return *above && *below;
                }));
}

bool Evaluator::cast_argument(const Instruction& one, Parameter wanted, Value& value) {
    if (wanted == Parameter::field) return true;
    if (value.type == Type::many) {
        problem(ErrorKind::cast, one, many_values);
        return false;
    }
    std::optional<Value> made;
    switch (wanted) {
        case Parameter::any:
        case Parameter::field:
            return true;
        case Parameter::boolean:
            made = cast(value, Type::boolean, scratch_);
            break;
        case Parameter::integer:
            made = cast(value, Type::integer, scratch_);
            break;
        case Parameter::string:
            made = cast(value, Type::string, scratch_);
            break;
        case Parameter::timestamp:
            if (const auto ms = to_timestamp(value)) made = Value::of_timestamp(*ms);
            break;
    }
    if (made) {
        value = *made;
        return true;
    }
    static constexpr std::array<std::string_view, 4> whats = {
        "the argument is no boolean",
        "the argument is no integer",
        "the argument is no text",
        "the argument is no time as RFC 3339 writes it"};
    problem(ErrorKind::cast, one, whats[static_cast<std::size_t>(wanted)]);
    return false;
}

void Evaluator::call(const Code& code, const Instruction& one) {
    const Function& function = *code.functions[one.operand];
    const std::span<Value> arguments(top_ - one.arguments, one.arguments);
    top_ = arguments.data();
    if (std::ranges::any_of(arguments, &Value::is_errored)) return push(poison(function.gives));
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const Parameter wanted = function.parameter(i);
        if (is_null(arguments[i]) && wanted != Parameter::any && wanted != Parameter::field)
            return push(Value::null());
        if (!cast_argument(one, wanted, arguments[i])) return push(poison(function.gives));
    }
    Complaint complaint;
    Value value = function.call(arguments, scratch_, complaint);
    if (!complaint.what.empty()) {
        problem(complaint.kind, one, complaint.what);
        value.is_errored = true;
    }
    push(value);
}

}  // namespace vera::expr
