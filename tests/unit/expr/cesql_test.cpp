// What CESQL 1.0.0 says, beyond the part of its conformance suite that is in conformance/.
#include "tests/support/catch.hpp"
#include "tests/unit/expr/plain_event.hpp"

namespace {

using namespace vera::expr;

struct Row {
    std::string expression;
    std::string want;  ///< value, then kinds of errors
};

void check_all(const std::vector<Row>& rows) {
    PlainEvent event = PlainEvent::with_required();
    event.set("kle", "27.20.04");
    event.set("number", Value::of_integer(7));
    event.set("flag", Value::of_boolean(true));
    for (const Row& row : rows) {
        CAPTURE(row.expression);
        CHECK(evaluate(row.expression, event).all() == row.want);
    }
}

TEST_CASE("expr: integers have 32 bits and say so", "[expr]") {
    check_all({{"4 * 2 + 4 / 2", "10"},
               {"4 * (2 + 4) / 2", "12"},
               {"5 / 3", "1"},
               {"-5 / 3", "-1"},
               {"5 % 2", "1"},
               {"-5 % 3", "-2"},
               {"5 % -3", "2"},
               {"5 / 0", "0 math"},
               {"5 % 0", "0 math"},
               {"2147483647 + 1", "0 math"},
               {"-2147483648 - 1", "0 math"},
               {"65536 * 65536", "0 math"},
               {"-2147483648 / -1", "0 math"},
               {"-2147483648 % -1", "0"},
               {"-(-2147483648)", "0 math"},
               {"ABS(-2147483648)", "2147483647 math"},
               {"ABS(-10)", "10"},
               {"2147483648", "false parse"},
               {"-2147483649", "false parse"},
               {"+5", "5"},
               {"+ 5", "false parse"},
               {"4 -1", "3"},
               {"4-1", "3"},
               {"4 + -1", "3"},
               {"--10", "10"},
               {"- 10", "-10"},
               {"-'10'", "-10"},
               {"-TRUE", "-1"},
               {"5 + '3'", "8"},
               {"5 + TRUE", "6"},
               {"5 + 'x'", "0 cast"},
               {"'2147483648' + 0", "0 cast"},
               {"number + 1", "8"}});
}

TEST_CASE("expr: an error makes every operator above it zero, and all are kept", "[expr]") {
    check_all({{"missing", "false missingAttribute"},
               {"-missing", "0 missingAttribute"},
               {"NOT missing", "false missingAttribute"},
               {"missing * 5", "0 missingAttribute"},
               {"missing / 0", "0 missingAttribute"},
               {"1 / missing", "0 missingAttribute"},
               {"missing != 2", "false missingAttribute"},
               {"missing NOT LIKE 'x'", "false missingAttribute"},
               {"missing NOT IN (1)", "false missingAttribute"},
               {"missing + other", "0 missingAttribute missingAttribute"},
               {"(1 / 0) + missing", "0 math missingAttribute"},
               {"1 != 1 / 0", "false math"},
               {"true and (1 != 1 / 0)", "false math"},
               {"false or (1 != 1 / 0)", "false math"},
               {"missing = 'x' OR true", "false missingAttribute"},
               {"true OR missing = 'x'", "true"},
               {"missing = 'x' AND true", "false missingAttribute"},
               {"missing XOR true", "false missingAttribute"},
               {"INT('ABC')", "0 cast"},
               {"INT(missing)", "0 missingAttribute"},
               {"LENGTH(missing)", "0 missingAttribute"},
               {"CONCAT('a', missing)", "'' missingAttribute"},
               {"LEFT('abc', -2)", "'abc' functionEvaluation"},
               {"LEFT('abc', -2) = 'abc'", "false functionEvaluation"},
               {"NOSUCH(1)", "false missingFunction"},
               {"CONCAT_WS()", "false missingFunction"},
               {"LENGTH('a', 'b')", "false missingFunction"}});
}

TEST_CASE("expr: the right operand's type decides an equality, the left one's an IN", "[expr]") {
    check_all({{"'TRUE' = true", "true"},
               {"true = 'TRUE'", "false"},
               {"TRUE = 'true' AND FALSE = 'false'", "true"},
               {"'5' = 5", "true"},
               {"5 = '5'", "true"},
               {"5 = '05'", "false"},
               {"'05' = 5", "true"},
               {"'+5' = 5", "true"},
               {"'+-5' = 5", "false cast"},
               {"' 5' = 5", "false cast"},
               {"'abc' = 5", "false cast"},
               {"'abc' != 5", "false cast"},
               {"1 = TRUE", "true"},
               {"2 = TRUE", "true"},
               {"TRUE = 2", "false"},
               {"'1' IN (1, 2)", "true"},
               {"1 IN ('1', '2')", "true"},
               {"1 IN ('x', '1')", "true"},
               {"1 IN ('x', 'y')", "false cast"},
               {"TRUE IN ('true', 'false')", "true"},
               {"'TRUE' IN (TRUE)", "false"},
               {"flag = 'true'", "true"},
               {"number IN (1, number)", "true"},
               {"number IN (missing, 7)", "false missingAttribute"},
               {"number IN (7, missing)", "true"},
               {"'b' NOT IN ('a', 'c')", "true"}});
}

TEST_CASE("expr: order is of integers", "[expr]") {
    check_all({{"2 < 3", "true"},
               {"'10' > '9'", "true"},
               {"'b' > 'a'", "false cast"},
               {"TRUE > FALSE", "true"},
               {"'' < 1", "false cast"}});
}

TEST_CASE("expr: operators bind as the specification lists them", "[expr]") {
    check_all(
        {{"NOT 'true' = 'false'", "true"},  // (NOT true) = 'false'
         {"NOT FALSE AND FALSE", "false"},
         {"TRUE OR TRUE AND FALSE", "false"},  // AND is not before OR: (TRUE OR TRUE) AND FALSE
         {"FALSE AND TRUE OR TRUE", "true"},
         {"TRUE XOR TRUE AND FALSE", "false"},
         {"1 + 2 LIKE '3'", "1"},  // 1 + (2 LIKE '3')
         {"(1 + 2) LIKE '3'", "true"},
         {"1 + 1 = 2", "true"},
         {"1 = 1 = TRUE", "true"},
         {"2 * 3 % 4", "2"},
         {"10 - 3 - 2", "5"},
         {"-2 * -3", "6"},
         {"NOT EXISTS missing", "true"},
         {"EXISTS SOURCE AND EXISTS id", "true"},
         {"EXISTS missing", "false"}});
}

TEST_CASE("expr: keywords and functions are in any case, texts are not", "[expr]") {
    check_all({{"tRuE", "true"},
               {"int('1') < InT('2') aNd nOt FALSE", "true"},
               {"type lIkE 'my%'", "true"},
               {"type = 'mytype'", "false"},
               {"'aBc'", "'aBc'"},
               {"'abc' LIKE 'ABC'", "false"},
               {"ID", "'myId'"}});
}

TEST_CASE("expr: texts are of characters, not of bytes", "[expr]") {
    check_all({{"LENGTH('Læsø')", "4"},
               {"UPPER('blåbærgrød')", "'BLÅBÆRGRØD'"},
               {"LOWER('ÆØÅ ÉÜß')", "'æøå éüß'"},
               {"LEFT('æøå', 2)", "'æø'"},
               {"RIGHT('æøå', 2)", "'øå'"},
               {"SUBSTRING('Læsø', 2, 2)", "'æs'"},
               {"SUBSTRING('Læsø', -1)", "'ø'"},
               {"'Læsø' LIKE 'L_s_'", "true"},
               {"'Læsø' LIKE 'L__s_'", "false"},
               {"TRIM('\u00A0\u2003 a \u3000')", "'a'"},
               {"TRIM('\u200B')", "'\u200B'"}});  // no white space by Unicode
}

TEST_CASE("expr: the functions of the specification", "[expr]") {
    check_all({{"LENGTH(TRUE)", "4"},
               {"LENGTH('')", "0"},
               {"CONCAT()", "''"},
               {"CONCAT('a', 1, TRUE)", "'a1true'"},
               {"CONCAT_WS(',')", "''"},
               {"CONCAT_WS(',', 'a', 'b')", "'a,b'"},
               {"LEFT('abc', 10)", "'abc'"},
               {"RIGHT('abc', 0)", "''"},
               {"RIGHT('abc', -2)", "'abc' functionEvaluation"},
               {"SUBSTRING('abcdef', 2)", "'bcdef'"},
               {"SUBSTRING('Sakila', -5, 3)", "'aki'"},
               {"SUBSTRING('abcdef', 0)", "''"},
               {"SUBSTRING('abcdef', 0, 1)", "''"},
               {"SUBSTRING('abcdef', 6, 9)", "'f'"},
               {"SUBSTRING('abcdef', 7)", "'' functionEvaluation"},
               {"SUBSTRING('abcdef', -7)", "'' functionEvaluation"},
               {"SUBSTRING('abcdef', 1, -1)", "'' functionEvaluation"},
               {"BOOL('TrUe')", "true"},
               {"BOOL(0)", "false"},
               {"BOOL('1')", "false cast"},
               {"STRING(-1)", "'-1'"},
               {"INT('-0')", "0"},
               {"INT('')", "0 cast"},
               {"IS_INT('12')", "true"},
               {"IS_INT('x')", "false"},
               {"IS_BOOL('FALSE')", "true"},
               {"IS_BOOL('no')", "false"}});
}

}  // namespace
