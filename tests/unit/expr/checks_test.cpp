#include "bus/expr/compiler.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/expr/plain_schema.hpp"

namespace {

using namespace vera::expr;

std::string shown(const Diagnostic& one) {
    std::string text = one.severity == Severity::error ? "error " : "warning ";
    text += std::string(name_of(one.kind)) + " at " + std::to_string(one.offset) + ": " + one.text;
    if (!one.suggestion.empty()) text += " -> " + one.suggestion;
    return text;
}

std::string checked(const std::string& expression) {
    static const PlainSchema schema;
    CompileOptions options;
    options.schema = &schema;
    const Compiled compiled = compile(expression, options);
    CHECK(compiled.program.has_value() == (compiled.error() == nullptr));
    std::string all;
    for (const Diagnostic& one : compiled.diagnostics)
        all += (all.empty() ? "" : "\n") + shown(one);
    return all;
}

struct Row {
    std::string expression;
    std::string want;
};

TEST_CASE("expr checks: names that nothing has", "[expr]") {
    const auto row = GENERATE(values<Row>({
        {"kel = '27'", "error missingAttribute at 0: events have no attribute kel -> kle"},
        {"data.adress.road = 'x'",
         "error missingAttribute at 5: test.Moved has no field adress -> data.address.road"},
        {"data.address.raod = 'x'",
         "error missingAttribute at 13: test.Address has no field raod -> data.address.road"},
        {"data.count.x = 1",
         "error missingAttribute at 11: data.count is a value and has no fields"},
        {"data.reason = 'x'", ""},
        {"EXISTS data.nothing", "error missingAttribute at 12: test.Moved has no field nothing"},
        {"Beskedkuvert.Filtreringsdata.BeskedAnsvarligAktor.UUIDIdentifikator = 'x'",
         "error missingAttribute at 29: test.Filtreringsdata has no field BeskedAnsvarligAktor -> "
         "Beskedkuvert.Filtreringsdata.BeskedAnsvarligAktoer.UUIDIdentifikator"},
        {"Beskedkuvert.Filtreringsdata.BeskedAnsvarligAktoer.UUIDIdentifikator = "
         "'96514e13-afdd-44d6-95a8-adc2ca19b127'",
         ""},
        {"kle IN LIST('nrod')", "error generic at 0: there is no value list nrod -> nord"},
        {"LENGHT(kle) = 5", "error missingFunction at 0: there is no function LENGHT -> LENGTH"},
        {"LEFT(kle) = '2'", "error missingFunction at 0: LEFT takes 2 arguments, not 1"},
        {"SUBSTRING(kle) = '2'",
         "error missingFunction at 0: SUBSTRING takes 2 or 3 arguments, not 1"},
        {"type = 'test.Move'",
         "warning generic at 7: no type is called 'test.Move': always false -> 'test.Moved'"},
        {"type = 'test.Moved'", ""},
    }));
    CAPTURE(row.expression);
    CHECK(checked(row.expression) == row.want);
}

TEST_CASE("expr checks: types that cannot be compared", "[expr]") {
    const auto row = GENERATE(values<Row>({
        {"data.count = 'many'",
         "error cast at 13: data.count is an integer, 'many' is not: they are never equal"},
        {"data.count = '5'", ""},
        {"data.since > '2026'",
         "error cast at 13: data.since is a point in time as RFC 3339 writes it "
         "(2026-11-23T14:30:00Z), '2026' is not: they are never equal"},
        {"data.since > '2026-11-23T14:30:00Z'", ""},
        {"'2026-11-23T14:30:00+01:00' < data.since", ""},
        {"data.kind = 'OPENEND'", "error cast at 12: data.kind has no value 'OPENEND' -> OPENED"},
        {"data.kind IN ('OPENED', 'SHUT')", "error cast at 24: data.kind has no value 'SHUT'"},
        {"data.shielded = 'yes'",
         "error cast at 16: data.shielded is a boolean, 'yes' is not: they are never equal"},
        {"data.address = 'x'",
         "error cast at 0: data.address is a test.Address: name one of its fields"},
        {"data.address IS NULL", ""},
        {"COUNT(data.address) > 1", ""},
        {"data.share > 1",
         "error cast at 0: data.share is of a type that has no values here: it can only be asked "
         "for presence"},
        {"kle = 27",
         "warning cast at 6: kle is a text and is cast to an integer here: an error where that "
         "fails -> '27'"},
        {"foelsomhed = 'high'",
         "warning cast at 13: foelsomhed is an integer, 'high' is not: always false"},
        {"foelsomhed >= 3", ""},
        {"time > '2026-11-23T14:30:00Z'",
         "warning cast at 7: order is of integers, and '2026-11-23T14:30:00Z' is none: always an "
         "error -> TIMESTAMP(time) and "
         "TIMESTAMP('2026-11-23T14:30:00Z')"},
        {"TIMESTAMP(time) > TIMESTAMP('2026-11-23T14:30:00Z')", ""},
    }));
    CAPTURE(row.expression);
    CHECK(checked(row.expression) == row.want);
}

TEST_CASE("expr checks: what is always the same", "[expr]") {
    const auto row = GENERATE(values<Row>({
        {"1 = 2", "warning generic at 0: always false"},
        {"TRUE", "warning generic at 0: always true"},
        {"kle = '27' AND 1 > 2", "warning generic at 0: always false"},
        {"kle = '27' OR NOT FALSE", "warning generic at 0: always true"},
        {"kle = '27' AND kle = '28'",
         "warning generic at 15: kle cannot be two texts at once: always false"},
        {"kle = '27' AND foelsomhed = 1 AND '27' = kle", ""},
        {"kle = '54.10' AND kle LIKE '27.%'",
         "warning generic at 18: kle = '54.10' is asked for beside it: always false"},
        {"kle = '27.10' AND kle LIKE '27.%'", ""},
        {"kle = '27' OR kle = '28'", ""},
        {"foelsomhed BETWEEN 4 AND 2",
         "warning generic at 0: the lower bound is above the upper one: always false"},
        {"kle = LEFT('abc', -1)", ""},
        {"foelsomhed = 1 AND 1 / 0 = 1", "warning math at 21: division by zero: always an error"},
    }));
    CAPTURE(row.expression);
    CHECK(checked(row.expression) == row.want);
}

TEST_CASE("expr checks: what reads like something else than it is", "[expr]") {
    const auto row = GENERATE(values<Row>({
        {"NOT kle LIKE '27.%'",
         "warning generic at 0: NOT binds tighter than what follows: only kle is negated -> NOT "
         "(kle LIKE '27.%')"},
        {"NOT (kle LIKE '27.%')", ""},
        {"(NOT kle) = 'true'", ""},
        {"kle = '1' OR kle = '2' AND foelsomhed = 1",
         "warning generic at 0: AND, OR and XOR go from left to right, AND is not first: use "
         "parentheses -> (kle = '1' OR kle = '2') AND "
         "foelsomhed = 1"},
        {"(kle = '1' OR kle = '2') AND foelsomhed = 1", ""},
        {"kle = '1' AND foelsomhed = 1 OR kle = '2'", ""},
        {"kle LIKE '27.*'",
         "warning generic at 0: the wildcards of LIKE are % and _: * stands for itself -> LIKE "
         "'27.%'"},
    }));
    CAPTURE(row.expression);
    CHECK(checked(row.expression) == row.want);
}

}  // namespace
