#include "tests/unit/expr/plain_event.hpp"

namespace vera::expr {

PlainEvent PlainEvent::with_required() {
    PlainEvent event;
    event.set("id", "myId");
    event.set("source", "localhost.localdomain");
    event.set("specversion", "1.0");
    event.set("type", "myType");
    return event;
}

void PlainEvent::set(const std::string& name, const std::string& value) {
    texts_[name] = value;
    attributes_[name] = Value::of_string(texts_[name]);
}

bool PlainEvent::attribute(std::string_view name, Value& value) const {
    const auto found = attributes_.find(name);
    if (found == attributes_.end()) return false;
    value = found->second;
    return true;
}

bool PlainEvent::field(const FieldPath& path, ValueSink& sink) const {
    const auto found = fields_.find(path.text);
    if (found == fields_.end()) return false;
    for (const Value& value : found->second)
        sink.take(value);
    return true;
}

std::string Got::shown() const {
    switch (type) {
        case Type::boolean:
            return number != 0 ? "true" : "false";
        case Type::null:
            return "null";
        case Type::string:
        case Type::text:
            return "'" + text + "'";
        default:
            return std::to_string(number);
    }
}

std::string Got::all() const {
    std::string all = shown();
    for (const std::string& error : errors)
        all += " " + error;
    return all;
}

Got evaluate(std::string_view expression,
             const PropertyReader& event,
             const ValueLists* lists,
             const Limits& limits) {
    CompileOptions options;
    options.limits = limits;
    options.unknown_function_is_error = false;
    const Compiled compiled = compile(expression, options);
    Got got;
    if (const Diagnostic* error = compiled.error()) {
        got.errors.emplace_back(name_of(error->kind));
        got.offsets.push_back(error->offset);
        got.error_texts.push_back(error->text);
        return got;
    }
    Evaluator evaluator(lists);
    const Outcome outcome = evaluator.evaluate(*compiled.program, event);
    got.type = outcome.value.type;
    got.is_errored = outcome.value.is_errored;
    got.number = outcome.value.number;
    got.text = outcome.value.text;
    got.passes = outcome.passes();
    for (const Problem& problem : outcome.problems) {
        got.errors.emplace_back(name_of(problem.kind));
        got.offsets.push_back(problem.offset);
        got.error_texts.push_back(problem.text());
    }
    return got;
}

Got evaluate(std::string_view expression) {
    return evaluate(expression, PlainEvent::with_required());
}

}  // namespace vera::expr
