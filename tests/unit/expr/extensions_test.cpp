// What VeRA adds to CESQL: fields with types of their own, any element of a repeated one, IS NULL,
// BETWEEN, LIST, functions.
#include "tests/support/catch.hpp"
#include "tests/unit/expr/plain_event.hpp"

#include <set>

namespace {

using namespace vera::expr;

struct Row {
    std::string expression;
    std::string want;
};

class Nord : public ValueLists {
public:
    std::optional<bool> contains(std::string_view list, std::string_view value) const override {
        if (list != "nord") return std::nullopt;
        return value == "29189382" || value == "29189439";
    }
};

PlainEvent event() {
    PlainEvent event = PlainEvent::with_required();
    event.set("kle", "27.20.04");
    event.set("myndighed", "29189382");
    event.set("number", Value::of_integer(7));
    event.set("time", "2026-11-23T14:30:00+01:00");
    event.set_field("data.name", {Value::of_text("Ærø")});
    event.set_field("data.count", {Value::of_int64(5'000'000'000)});
    event.set_field("data.small", {Value::of_int64(5)});
    event.set_field("data.since",
                    {Value::of_timestamp(1'795'440'600'000)});  // 2026-11-23T13:30:00Z
    event.set_field("data.kind", {Value::of_enumeration(2, "CLOSED")});
    event.set_field("data.flag", {Value::of_boolean(true)});
    event.set_field("data.roads",
                    {Value::of_text("0810"), Value::of_text("0813"), Value::of_text("0825")});
    event.set_field("data.counts", {Value::of_int64(3), Value::of_int64(30)});
    return event;
}

TEST_CASE("expr: fields, elements, lists and functions beyond CESQL", "[expr]") {
    const auto row = GENERATE(values<Row>({
        // types of their own
        {"data.count = 5000000000", "false parse"},  // literals stay 32 bits
        {"data.count = '5000000000'", "true"},
        {"data.count > 5", "true"},
        {"data.count + 1", "5000000001"},
        {"INT(data.count)", "0 cast"},
        {"STRING(data.count)", "'5000000000'"},
        {"data.since = '2026-11-23T14:30:00+01:00'", "true"},
        {"data.since > '2026-11-23T13:30:00Z'", "false"},
        {"data.since >= TIMESTAMP(time)", "true"},
        {"data.since = 'yesterday'", "false cast"},
        {"data.kind = 'CLOSED'", "true"},
        {"data.kind = 2", "true"},
        {"data.kind IN ('OPENED', 'CLOSED')", "true"},
        {"data.flag AND data.flag = true", "true"},
        {"data.name > 'Aalborg'", "true"},
        {"data.name LIKE '_r_'", "true"},
        {"LENGTH(data.name)", "3"},
        {"data.small BETWEEN 1 AND 5", "true"},
        // missing
        {"data.gone = 'x'", "false"},
        {"data.gone != 'x'", "true"},
        {"data.gone < 5", "false"},
        {"data.gone LIKE '%'", "false"},
        {"data.gone NOT LIKE '%'", "true"},
        {"data.gone IN ('x')", "false"},
        {"data.gone NOT IN ('x')", "true"},
        {"data.gone BETWEEN 1 AND 2", "false"},
        {"data.gone + 1", "null"},
        {"LENGTH(data.gone)", "null"},
        {"data.gone", "null"},
        {"data.gone = data.gone", "false"},
        {"NOT data.gone", "true"},
        {"data.gone OR true", "true"},
        {"data.gone IS NULL AND data.name IS NOT NULL", "true"},
        {"EXISTS data.name AND NOT EXISTS data.gone", "true"},
        {"nothing IS NULL", "true"},
        {"kle IS NOT NULL", "true"},
        {"COALESCE(data.gone, data.name, 'x')", "'Ærø'"},
        // any element
        {"data.roads = '0813'", "true"},
        {"data.roads = '0999'", "false"},
        {"data.roads != '0813'", "false"},
        {"data.roads != '0999'", "true"},
        {"data.roads LIKE '081_'", "true"},
        {"data.roads NOT LIKE '081_'", "false"},
        {"data.roads IN ('0825', 'x')", "true"},
        {"'0825' IN (data.roads, 'x')", "true"},
        {"data.counts BETWEEN 4 AND 29", "false"},  // one element is within, or none is
        {"data.counts BETWEEN 4 AND 30", "true"},
        {"data.counts > 29", "true"},
        {"COUNT(data.roads)", "3"},
        {"COUNT(data.name)", "1"},
        {"COUNT(data.gone)", "0"},
        {"LENGTH(data.roads)", "0 cast"},
        {"data.counts + 1", "0 cast"},
        // attributes stay strict
        {"kle BETWEEN 1 AND 2", "false cast"},
        {"number BETWEEN 7 AND 7", "true"},
        {"number NOT BETWEEN 8 AND 9", "true"},
        {"number BETWEEN 1 + 5 AND 2 * 4 AND TRUE", "true"},
        {"missing BETWEEN 1 AND 2", "false missingAttribute"},
        // lists
        {"myndighed IN LIST('nord')", "true"},
        {"myndighed NOT IN LIST('nord')", "false"},
        {"kle IN LIST('nord')", "false"},
        {"data.gone IN LIST('nord')", "false"},
        {"kle IN LIST('syd')", "false generic"},
        {"missing IN LIST('nord')", "false missingAttribute"},
        // functions
        {"STARTS_WITH(kle, '27.')", "true"},
        {"ENDS_WITH(kle, '.04')", "true"},
        {"CONTAINS(kle, '20')", "true"},
        {"CONTAINS(kle, 'x')", "false"},
        {"KLE_UNDER(kle, '27')", "true"},
        {"KLE_UNDER(kle, '27.20.04')", "true"},
        {"KLE_UNDER(kle, '27.2')", "false"},
        {"KLE_UNDER(kle, '')", "false"},
        {"TIMESTAMP(kle)", "0 cast"},
    }));
    CAPTURE(row.expression);
    const Nord lists;
    CHECK(evaluate(row.expression, event(), &lists).all() == row.want);
}

}  // namespace
