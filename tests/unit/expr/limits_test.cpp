#include "bus/expr/limits.hpp"

#include "tests/support/catch.hpp"
#include "tests/unit/expr/plain_event.hpp"

namespace {

using namespace vera::expr;

std::string repeated(const std::string& text, std::size_t times) {
    std::string all;
    for (std::size_t i = 0; i < times; ++i)
        all += text;
    return all;
}

std::string refused(const std::string& expression) {
    const Got got = evaluate(expression);
    return got.error_texts.empty() ? got.all()
                                   : got.errors.front() + ": " + got.error_texts.front();
}

TEST_CASE("expr limits: length, depth and number of operators are bounded when compiling",
          "[expr]") {
    CHECK(refused("'" + std::string(4094, 'x') + "' = ''") == "parse: longer than 4096 bytes");
    CHECK(evaluate(repeated("(", 32) + "1" + repeated(")", 32)).all() == "1");
    CHECK(refused(repeated("(", 33) + "1" + repeated(")", 33)) == "parse: nested deeper than 32");
    CHECK(refused(repeated("NOT ", 33) + "TRUE") == "parse: nested deeper than 32");
    CHECK(refused(repeated("-", 33) + "x") == "parse: nested deeper than 32");
    CHECK(refused(repeated("ABS(", 33) + "1" + repeated(")", 33)) ==
          "parse: nested deeper than 32");
    CHECK(evaluate("1" + repeated("+1", 511)).all() == "512");
    CHECK(refused("1" + repeated("+1", 512)) == "parse: more than 1024 operators and operands");
    CHECK(refused("id LIKE '" + std::string(257, 'a') + "'") ==
          "parse: a pattern has at most 256 bytes");
}

TEST_CASE("expr limits: the deepest and the longest expression are evaluated", "[expr]") {
    std::string deep = "id";
    for (int i = 0; i < 32; ++i)
        deep = "CONCAT('x', " + deep + ")";
    CHECK(evaluate("LENGTH(" + deep.substr(0, 0) + "id)").all() == "4");
    CHECK(evaluate(deep).text.size() == 36);
    CHECK(evaluate("id = 'a'" + repeated(" OR id = 'a'", 255)).all() == "false");
}

TEST_CASE("expr limits: steps of an evaluation are bounded", "[expr]") {
    PlainEvent event = PlainEvent::with_required();
    event.set("long", std::string(50'000, 'a'));
    std::string pattern;
    for (int i = 0; i < 15; ++i)
        pattern += "%a_a";
    const Got got = evaluate("long LIKE '" + pattern + "b'", event);
    CHECK(got.all() == "false generic");
    CHECK(got.error_texts.front() == "more steps than an evaluation may take");

    std::vector<Value> many(2'000, Value::of_int64(1));
    event.set_field("data.x", many);
    event.set_field("data.y", many);
    CHECK(evaluate("data.x = data.y", event).all() == "true");
    CHECK(evaluate("data.x < data.y", event).all() == "false generic");
}

TEST_CASE("expr limits: texts that an evaluation makes are bounded", "[expr]") {
    PlainEvent event = PlainEvent::with_required();
    event.set("long", std::string(300'000, 'a'));
    CHECK(evaluate("LENGTH(CONCAT(long, long, long))", event).all() == "900000");
    CHECK(evaluate("CONCAT(long, long, long, long)", event).all() == "'' generic");
    CHECK(evaluate("LENGTH(UPPER(CONCAT(long, long)))", event).errors ==
          std::vector<std::string>{"generic"});
}

TEST_CASE("expr limits: no more than 16 errors are kept, all are counted", "[expr]") {
    const Compiled compiled = compile("missing" + repeated(" + missing", 39), {});
    Evaluator evaluator;
    const PlainEvent event = PlainEvent::with_required();
    const Outcome outcome = evaluator.evaluate(*compiled.program, event);
    CHECK(outcome.problem_count == 40);
    CHECK(outcome.problems.size() == 16);
}

TEST_CASE("expr limits: an evaluator forgets the evaluation before", "[expr]") {
    Evaluator evaluator;
    const PlainEvent event = PlainEvent::with_required();
    const Compiled bad = compile("missing + 1", {});
    const Compiled good = compile("id = 'myId'", {});
    CHECK(evaluator.evaluate(*bad.program, event).problem_count == 1);
    CHECK(evaluator.matches(*good.program, event));
    const Compiled text = compile("CONCAT(id, '!')", {});
    CHECK(evaluator.evaluate(*text.program, event).value.text == "myId!");
    CHECK(evaluator.evaluate(*text.program, event).value.text == "myId!");
}

}  // namespace
