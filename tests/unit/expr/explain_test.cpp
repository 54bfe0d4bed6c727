#include "bus/expr/explain.hpp"

#include "tests/support/catch.hpp"
#include "tests/unit/expr/plain_event.hpp"

namespace {

using namespace vera::expr;

/// "clause:result[!]" per clause, "!" where it decided.
std::string explained(const std::string& expression, const PropertyReader& event) {
    const Compiled compiled = compile(expression, {});
    REQUIRE(compiled.program);
    Evaluator evaluator;
    const Explanation explanation = explain(evaluator, *compiled.program, event);
    Evaluator again;
    CHECK(explanation.passes == again.matches(*compiled.program, event));
    std::string all;
    for (const ClauseReport& report : explanation.clauses) {
        static constexpr std::array<std::string_view, 4> names = {"true", "false", "error", "-"};
        all += (all.empty() ? "" : "; ") + report.text + ": ";
        all += names[static_cast<std::size_t>(report.result)];
        if (report.decided) all += "!";
    }
    return all;
}

struct Row {
    std::string expression;
    std::string want;
};

TEST_CASE("explain: tells each clause and which of them decided", "[expr]") {
    const auto row = GENERATE(values<Row>({
        {"a = '1'", "a = '1': true!"},
        {"a = '1' AND b = '3'", "a = '1': true; b = '3': false!"},
        {"a = '1' AND b = '2'", "a = '1': true!; b = '2': true!"},
        {"a = '2' AND b = '2'", "a = '2': false!; b = '2': -"},
        {"a = '1' OR b = '2'", "a = '1': true!; b = '2': -"},
        {"a = '2' OR b = '2'", "a = '2': false; b = '2': true!"},
        {"a = '2' OR b = '3'", "a = '2': false!; b = '3': false!"},
        {"NOT (a = '1' AND b = '3')", "a = '1': true; b = '3': false!"},
        {"a = '1' XOR b = '2'", "a = '1': true!; b = '2': true!"},
        {"a = '1' AND (b = '3' OR c = '4')", "a = '1': true; b = '3': false; c = '4': error!"},
        {"c = '4' OR a = '1'", "c = '4': error!; a = '1': true!"},
        {"c = '4' AND a = '1'", "c = '4': error!; a = '1': -"},
        {"(a = '2' AND b = '2') OR (a = '1' AND b = '2')",
         "a = '2': false; b = '2': -; a = '1': true!; b = '2': true!"},
        {"NOT a", "a: error!"},
    }));
    CAPTURE(row.expression);
    PlainEvent event;
    event.set("a", "1");
    event.set("b", "2");
    CHECK(explained(row.expression, event) == row.want);
}

TEST_CASE("explain: tells the values that a clause saw", "[expr]") {
    PlainEvent event;
    event.set("a", "1");
    event.set_field("data.x", {Value::of_int64(3), Value::of_int64(4)});
    const Compiled compiled =
        compile("CONCAT(a, 'x') = 'y' OR data.x = 5 OR EXISTS gone OR data.gone = a", {});
    Evaluator evaluator;
    const Explanation explanation = explain(evaluator, *compiled.program, event);
    REQUIRE(explanation.clauses.size() == 4);
    REQUIRE(explanation.clauses[0].seen.size() == 1);
    CHECK(explanation.clauses[0].seen[0].name == "a");
    CHECK(explanation.clauses[0].seen[0].texts == std::vector<std::string>{"1"});
    REQUIRE(explanation.clauses[1].seen[0].values.size() == 2);
    CHECK(explanation.clauses[1].seen[0].values[1].number == 4);
    CHECK_FALSE(explanation.clauses[2].seen[0].is_present);
    CHECK(explanation.clauses[3].seen.size() == 2);
    CHECK(explanation.clauses[3].offset == 53);
}

TEST_CASE("explain: a program tells what it reads", "[expr]") {
    const Compiled compiled = compile("a = 'x' AND (data.y.z > 3 OR EXISTS b) AND a = 'x'", {});
    CHECK(compiled.program->reads() == std::vector<std::string>{"a", "data.y.z", "b"});
}

}  // namespace
