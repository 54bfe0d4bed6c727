#include "tests/fuzz/expr_run.hpp"

#include "bus/base/check.hpp"
#include "bus/expr/compiler.hpp"
#include "bus/expr/explain.hpp"

#include <algorithm>
#include <random>

namespace vera::fuzz {
namespace {

using namespace vera::expr;

/// Attributes by the length of their names, fields by that of their paths: something of every type.
class SomeEvent : public PropertyReader {
public:
    bool attribute(std::string_view name, Value& value) const override {
        switch (name.size() % 5) {
            case 0:
                return false;
            case 1:
                value = Value::of_integer(static_cast<std::int32_t>(name.size()) - 3);
                return true;
            case 2:
                value = Value::of_boolean(true);
                return true;
            case 3:
                value = Value::of_string("27.20.04");
                return true;
            default:
                value = Value::of_string(long_text_);
                return true;
        }
    }
    bool field(const FieldPath& path, ValueSink& sink) const override {
        switch (path.text.size() % 6) {
            case 0:
                return false;
            case 1:
                sink.take(Value::of_int64(INT64_MIN));
                return true;
            case 2:
                sink.take(Value::of_timestamp(1'795'444'200'000));
                return true;
            case 3:
                for (int i = 0; i < 2'000; ++i)
                    sink.take(Value::of_text(i % 2 == 0 ? "0810" : "\xC3"));
                return true;
            case 4:
                sink.take(Value::of_enumeration(2, "CLOSED"));
                return true;
            default:
                sink.take(Value::of_text("Læsø"));
                return true;
        }
    }

private:
    std::string long_text_ = std::string(3'000, 'a');
};

}  // namespace

void run_expr(std::string_view expression, ExprTally& tally) {
    CompileOptions options;
    options.unknown_function_is_error = expression.size() % 2 == 0;
    const Compiled compiled = compile(expression, options);
    for (const Diagnostic& one : compiled.diagnostics)
        VERA_CHECK(one.offset <= expression.size() && !one.text.empty());
    if (!compiled.program) {
        VERA_CHECK(compiled.error() != nullptr);
        ++tally.refused;
        return;
    }
    const SomeEvent event;
    Evaluator evaluator;
    const bool passes = evaluator.matches(*compiled.program, event);
    const Explanation explanation = explain(evaluator, *compiled.program, event);
    VERA_CHECK(explanation.passes == passes);
    VERA_CHECK(!explanation.clauses.empty());
    for (const Problem& problem : explanation.problems)
        VERA_CHECK(problem.offset <= expression.size() && !problem.text().empty());
    ++tally.evaluated;
    tally.passed += passes ? 1 : 0;
}

std::string mutated_expr(const std::vector<std::string>& seeds, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    const auto below = [&](std::size_t n) {
        return n == 0 ? 0 : static_cast<std::size_t>(random() % n);
    };
    std::string text = seeds[below(seeds.size())];
    for (std::size_t changes = below(5); changes > 0; --changes) {
        const std::string& other = seeds[below(seeds.size())];
        const std::size_t at = below(text.size() + 1);
        switch (below(5)) {
            case 0:
                text.insert(at, other.substr(below(other.size()), below(12)));
                break;
            case 1:
                text.erase(at, below(8));
                break;
            case 2:
                if (at < text.size()) text[at] = static_cast<char>(random());
                break;
            case 3:
                text = "(" + text + (below(2) == 0 ? ") AND (" : ") OR (") + other + ")";
                break;
            default:
                text.insert(at, 1, "'\"()%_\\,-=. 0aN"[below(15)]);
                break;
        }
    }
    return text;
}

}  // namespace vera::fuzz
