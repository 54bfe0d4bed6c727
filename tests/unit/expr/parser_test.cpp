#include "bus/expr/parser.hpp"

#include "tests/support/catch.hpp"
#include "tests/unit/expr/plain_event.hpp"

namespace {

using namespace vera::expr;

struct Bad {
    std::string expression;
    std::uint32_t offset;
    std::string text;
};

TEST_CASE("expr: what is no expression is refused at its place, with the reason", "[expr]") {
    const auto row = GENERATE(values<Bad>({
        {"", 0, "expected a value, but the expression ends here"},
        {"ABC(", 4, "expected a value, but the expression ends here"},
        {"(1", 2, "expected ), but the expression ends here"},
        {"1)", 1, "expected an operator or the end"},
        {"1 2", 2, "expected an operator or the end"},
        {"a AND", 5, "expected a value, but the expression ends here"},
        {"a AND AND b", 6, "expected a value, not the keyword AND"},
        {"x LIKE 123", 7, "expected a text in quotes as the pattern of LIKE"},
        {"x LIKE y", 7, "expected a text in quotes as the pattern of LIKE"},
        {"x IN ()", 6, "expected a value"},
        {"x IN 1", 5, "expected ( or LIST( behind IN"},
        {"x IN (1,)", 8, "expected a value"},
        {"x IN (1 2)", 8, "expected , or )"},
        {"EXISTS 'x'", 7, "expected the name of an attribute behind EXISTS"},
        {"EXISTS (x)", 7, "expected the name of an attribute behind EXISTS"},
        {"EXISTS true", 7, "expected the name of an attribute behind EXISTS, not the keyword TRUE"},
        {"'abc", 0, "the text that begins here has no closing '"},
        {"'abc\\'", 0, "the text that begins here has no closing '"},
        {"'a''b'", 3, "expected an operator or the end"},
        {"a == b", 3, "equality is one ="},
        {"a ! b", 2, "! stands only before =; negation is NOT"},
        {"a && b", 2, "conjunction is AND"},
        {"a || b", 2, "disjunction is OR"},
        {"a; b", 1, "a character that has no meaning outside quotes"},
        {"my_attribute", 2, "names of attributes have letters and digits only"},
        {"foo.bar = 1", 0, "paths begin with data or Beskedkuvert"},
        {"data. = 1", 4, "a dot needs the name of a field behind it"},
        {"F1(2)", 1, "names of functions have letters and _ only"},
        {"x BETWEEN 1",
         11,
         "expected AND between the bounds of BETWEEN, but the expression ends here"},
        {"(a = 1) IS NULL", 8, "IS NULL asks for an attribute or a field"},
        {"a IS 5", 5, "expected NULL or NOT NULL"},
        {"a IN LIST(b)", 10, "expected the list's name in quotes"},
        {"NOT", 3, "expected a value, but the expression ends here"},
        {"-", 1, "expected a value, but the expression ends here"},
        {"99999999999999999999999", 0, "integers have 32 bits: -2147483648 to 2147483647"},
        {"a = '\xC3'", 5, "not UTF-8"},
    }));
    CAPTURE(row.expression);
    const auto parsed = parse(row.expression, Limits{});
    const auto* error = std::get_if<Diagnostic>(&parsed);
    REQUIRE(error != nullptr);
    CHECK(error->kind == ErrorKind::parse);
    CHECK(error->offset == row.offset);
    CHECK(error->text == row.text);
}

struct Text {
    std::string expression;
    std::string want;
};

TEST_CASE("expr: in a literal only the closing quote is escaped", "[expr]") {
    const auto row = GENERATE(values<Text>({{R"('a"b\'c')", R"(a"b'c)"},
                                            {R"("a'b\"c")", R"(a'b"c)"},
                                            {R"('a\b')", R"(a\b)"},
                                            {R"('a\\')", R"(a\\)"},
                                            {R"('a\%b')", R"(a\%b)"},
                                            {R"('\"')", R"(\")"},
                                            {"'a\nb'", "a\nb"},
                                            {"''", ""}}));
    CAPTURE(row.expression);
    CHECK(evaluate(row.expression).text == row.want);
}

TEST_CASE("expr: words of the extensions are names all the same", "[expr]") {
    PlainEvent event = PlainEvent::with_required();
    for (const char* name : {"between", "is", "null", "list", "data"})
        event.set(name, "here");
    CHECK(evaluate("between = 'here' AND is = 'here' AND null = 'here' AND list = 'here' AND data "
                   "= 'here'",
                   event)
              .all() == "true");
    CHECK(evaluate("EXISTS null AND is IS NOT NULL", event).all() == "true");
}

TEST_CASE("expr: a name may begin with a digit, and digits alone are a number", "[expr]") {
    PlainEvent event = PlainEvent::with_required();
    event.set("1a", "x");
    event.set("12", "attribute");
    CHECK(evaluate("1a = 'x'", event).all() == "true");
    CHECK(evaluate("12", event).all() == "12");
    CHECK(evaluate("EXISTS 12", event).all() == "true");
}

}  // namespace
