// Functions for mappings: days in Denmark, identifiers, pseudonyms, and what an expression gives.
#include "bus/base/time.hpp"
#include "bus/expr/danish_time.hpp"
#include "bus/expr/parser.hpp"
#include "bus/expr/paths.hpp"
#include "bus/expr/result_type.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/expr/plain_event.hpp"
#include "tests/unit/expr/plain_schema.hpp"

namespace {

using namespace vera::expr;

struct Row {
    std::string expression;
    std::string want;
};

TEST_CASE("expr: functions of mappings give what they say, and errors for what they cannot",
          "[expr]") {
    const auto row = GENERATE(values<Row>({
        {"REPLACE('aaa', 'aa', 'b')", "'ba'"},
        {"REPLACE('abc', '', 'x')", "'abc'"},
        {"REPLACE('ærø', 'ø', 'oe')", "'æroe'"},
        {"PART('a-b-c', '-', 1)", "'a'"},
        {"PART('a-b-c', '-', 3)", "'c'"},
        {"PART('a-b-c', '-', 4)", "''"},
        {"PART('a-b-c', '-', 0)", "'' functionEvaluation"},
        {"PART('a', '', 1)", "'' functionEvaluation"},
        {"PAD_LEFT('Ærø', 5, '·')", "'··Ærø'"},
        {"PAD_LEFT('12345', 3, '0')", "'12345'"},
        {"PAD_LEFT('1', 3, '00')", "'1' functionEvaluation"},
        {"PAD_LEFT('1', 2000000, '0')", "'' generic"},
        {"DATE(TIMESTAMP('2026-03-29T00:59:59Z'))", "'2026-03-29'"},
        {"DATE_TIME(TIMESTAMP('2026-03-29T00:59:59Z'))", "'2026-03-29T01:59:59+01:00'"},
        {"DATE_TIME(TIMESTAMP('2026-03-29T01:00:00Z'))", "'2026-03-29T03:00:00+02:00'"},
        {"DATE_TIME(TIMESTAMP('2026-10-25T00:59:59Z'))", "'2026-10-25T02:59:59+02:00'"},
        {"DATE_TIME(TIMESTAMP('2026-10-25T01:00:00Z'))", "'2026-10-25T02:00:00+01:00'"},
        {"DATE(TIMESTAMP('2026-06-30T22:00:00Z'))", "'2026-07-01'"},
        {"DATE(TIMESTAMP('1969-12-31T22:59:59Z'))", "'1969-12-31'"},
        {"DATE(TIMESTAMP('1969-12-31T23:00:00Z'))", "'1970-01-01'"},
        {"DATE_TIME(MIDNIGHT('2026-03-29'))", "'2026-03-29T00:00:00+01:00'"},
        {"DATE_TIME(MIDNIGHT('2026-03-30'))", "'2026-03-30T00:00:00+02:00'"},
        {"DATE_TIME(MIDNIGHT('2026-10-26'))", "'2026-10-26T00:00:00+01:00'"},
        {"DATE(MIDNIGHT('2026-13-01'))", "'' functionEvaluation"},
        {"DAYS_LATER('2024-02-28', 1)", "'2024-02-29'"},
        {"DAYS_LATER('2026-01-01', -1)", "'2025-12-31'"},
        {"DAYS_LATER('9999-12-31', 1)", "'' functionEvaluation"},
        {"DAYS_LATER('2026-01-01', 2147483647)", "'' functionEvaluation"},
        {"DAYS_LATER('i går', 1)", "'' functionEvaluation"},
        {"DAYS_BETWEEN('2026-03-01', '2026-02-01')", "-28"},
        {"YEARS_BETWEEN('2008-02-29', '2026-02-28')", "17"},
        {"YEARS_BETWEEN('2008-02-29', '2026-03-01')", "18"},
        {"FORMAT_DATE('2026-11-23', 'DDMMYYYY')", "'23112026'"},
        {"FORMAT_DATE('2026-11-23', 'DD-MM')", "'' functionEvaluation"},
        {"FORMAT_DATE('2026-11-23', 'DD-MM-YYYY kl')", "'' functionEvaluation"},
        {"FORMAT_DATE('23-11-2026', 'DD-MM-YYYY')", "'' functionEvaluation"},
        {"READ_DATE('20261123', 'YYYYMMDD')", "'2026-11-23'"},
        {"READ_DATE('23.11.2026', 'DD-MM-YYYY')", "'' functionEvaluation"},
        {"READ_DATE('23-11-26', 'DD-MM-YYYY')", "'' functionEvaluation"},
        {"READ_DATE('2x-11-2026', 'DD-MM-YYYY')", "'' functionEvaluation"},
        {"KLE_LEVEL('27', 2)", "'27'"},
        {"KLE_LEVEL('27.20.04', 3)", "'27.20.04'"},
        {"KLE_LEVEL('27.20.04', 1)", "'27'"},
        {"KLE_LEVEL('27.20.04', 0)", "'' functionEvaluation"},
        {"CVR_URN('2918')", "'urn:oio:cvr-nr:2918' functionEvaluation"},
        {"CPR_URN('251248-4916')", "'urn:oio:cpr-nr:2512484916'"},
        {"CPR_URN('urn:oio:cpr-nr:2512484916')", "'urn:oio:cpr-nr:' functionEvaluation"},
        {"CPR_BIRTHDAY('2204151234')", "'1915-04-22'"},
        {"CPR_BIRTHDAY('2204154234')", "'2015-04-22'"},
        {"CPR_BIRTHDAY('2204585234')", "'1858-04-22'"},
        {"CPR_BIRTHDAY('2204575234')", "'2057-04-22'"},
        {"CPR_BIRTHDAY('2204379234')", "'1937-04-22'"},
        {"CPR_BIRTHDAY('3113154234')", "'' functionEvaluation"},
        {"MUNICIPALITY('0825')", "'0825'"},
        {"MUNICIPALITY('25')", "'25' functionEvaluation"},
        {"URN_VALUE('29189382')", "'29189382'"},
        {"IF(1 = 1, 'x', 2)", "'x'"},
        {"IF(1 = 2, 'x', 2)", "2"},
    }));
    CAPTURE(row.expression);
    CHECK(evaluate(row.expression).all() == row.want);
}

TEST_CASE("expr: every day of a century has one midnight in Denmark, and it is of that day",
          "[expr]") {
    const auto first = *parse_date("1990-01-01");
    std::int64_t last = danish_midnight(first) - 86'400'000;
    for (int i = 0; i < 36'525; ++i) {
        const auto day = first + std::chrono::days{i};
        const std::int64_t midnight = danish_midnight(day);
        REQUIRE(danish_day(midnight) == day);
        REQUIRE(danish_day(midnight - 1) == day - std::chrono::days{1});
        REQUIRE((midnight - last) / 3'600'000 >= 23);
        REQUIRE((midnight - last) / 3'600'000 <= 25);
        last = midnight;
    }
}

class Key : public Pseudonyms {
public:
    std::array<std::uint8_t, 16> of(std::string_view text,
                                    std::string_view purpose) const override {
        std::array<std::uint8_t, 16> bytes{};
        bytes[0] = static_cast<std::uint8_t>(text.size());
        bytes[6] = 0xFF;
        bytes[8] = 0xFF;
        bytes[15] = static_cast<std::uint8_t>(purpose.size());
        return bytes;
    }
};

TEST_CASE("expr: a pseudonym is made with the key that the evaluator has", "[expr]") {
    const Key key;
    const auto given = [&](std::string_view expression) {
        Evaluator evaluator;
        evaluator.use(&key);
        const Compiled compiled = compile(expression, {});
        REQUIRE(compiled.program);
        const Outcome outcome = evaluator.evaluate(*compiled.program, PlainEvent{});
        CHECK(outcome.problem_count == 0);
        return std::string(outcome.value.text);
    };
    CHECK(given("PSEUDONYM('abc')") ==
          "03000000"
          "0000ff00ff00000000000000");
    CHECK(given("PSEUDONYM('abc', 'til')") ==
          "03000000"
          "0000ff00ff00000000000003");
    CHECK(given("PSEUDONYM_UUID('abc')") == "03000000-0000-8f00-bf00-000000000000");
}

class WithItem : public PlainSchema {
public:
    std::vector<std::pair<std::string, const MessageShape*>> items() const override {
        return {{"moved", payloads().front()}, {"value", nullptr}};
    }
};

std::string type_of(std::string_view expression) {
    const WithItem schema;
    const auto parsed = parse(expression, {}, item_names(&schema));
    REQUIRE(parsed.index() == 0);
    const ResultType result = result_type(std::get<0>(parsed), &schema);
    return std::string(result.type ? name_of(*result.type) : "unknown") +
           (result.may_be_missing ? " or missing" : "");
}

TEST_CASE("expr: what an expression gives is known before any event", "[expr]") {
    const auto row = GENERATE(values<Row>({
        {"'x'", "string"},
        {"1 + 1", "integer"},
        {"data.count + 1", "int64 or missing"},
        {"data.since", "timestamp or missing"},
        {"data.kind", "enum or missing"},
        {"data.address.road", "text or missing"},
        {"moved.since", "timestamp or missing"},
        {"DATE(moved.since)", "string or missing"},
        {"COALESCE(data.reason, 'ingen')", "text"},
        {"COALESCE(data.reason, data.count)", "unknown or missing"},
        {"IF(data.count > 1, 'mange', data.reason)", "text or missing"},
        {"COUNT(data.reason)", "integer"},
        {"data.count > 1 AND NOT kle = '27'", "boolean"},
        {"foelsomhed", "integer"},
        {"andet", "unknown"},
    }));
    CAPTURE(row.expression);
    CHECK(type_of(row.expression) == row.want);
}

TEST_CASE("expr: items are names that paths may begin with, with fields of their own", "[expr]") {
    const WithItem schema;
    CompileOptions options;
    options.schema = &schema;
    CHECK(compile("moved.since", options).error() == nullptr);
    const Compiled unknown = compile("moved.sence", options);
    REQUIRE(unknown.error() != nullptr);
    CHECK(unknown.error()->suggestion == "moved.since");
    CHECK(unknown.error()->offset == 6);
    const Compiled value = compile("value.x", options);
    REQUIRE(value.error() != nullptr);
    CHECK(value.error()->text == "value is a value and has no fields");
    const Compiled nothing = compile("other.x", options);
    REQUIRE(nothing.error() != nullptr);
    CHECK(nothing.error()->text == "paths begin with moved, value, data or Beskedkuvert");
}

}  // namespace
