// What proto2 has beside proto3: defaults, `required`, groups, extensions, closed enums.
#include "bus/event/compatibility.hpp"
#include "bus/event/schema_set.hpp"
#include "tests/support/catch.hpp"

#include <string>

using namespace vera::event;

namespace {

SchemaSet set_of(const std::string& syntax, const std::string& body) {
    SchemaSet set;
    const auto problems =
        set.add({"s", {{"a.proto", "syntax = \"" + syntax + "\";\npackage a.v1;\n" + body}}});
    INFO(to_text(problems));
    REQUIRE(problems.empty());
    return set;
}

std::string told(const SchemaSet& old, const SchemaSet& fresh) {
    std::string all;
    for (const Difference& one : breaks(old, fresh))
        all += (all.empty() ? "" : "\n") + std::string(name_of(one.severity)) + ' ' + one.path +
               ": " + one.what;
    return all;
}

std::string breaks_of(const std::string& old, const std::string& fresh) {
    return told(set_of("proto2", old), set_of("proto2", fresh));
}

std::string message(const std::string& fields) {
    return "message A { " + fields + " }\nenum E { E_0 = 0; E_1 = 1; }\n";
}

}  // namespace

TEST_CASE("compatibility: another default gives what is absent another meaning", "[event]") {
    struct Row {
        std::string type, old, fresh, was, is;
    };
    const auto row = GENERATE(values<Row>({
        {"int32", "5", "7", "5", "7"},
        {"int64", "", "-5", "0", "-5"},
        {"uint32", "5", "", "5", "0"},
        {"uint64", "", "18446744073709551615", "0", "18446744073709551615"},
        {"sint32", "0", "1", "0", "1"},
        {"float", "1.5", "inf", "1.5", "inf"},
        {"double", "", "nan", "0", "nan"},
        {"bool", "", "true", "false", "true"},
        {"string", "\"x\"", "", "\"x\"", "\"\""},
        {"string", "\"a\\n\\\"\"", "\"b\"", "\"a\\n\\\"\"", "\"b\""},
        {"bytes", "\"\\377\"", "\"b\"", "\"\\377\"", "\"b\""},
        {"E", "E_1", "", "E_1", "E_0"},
    }));
    CAPTURE(row.type, row.old, row.fresh);
    const auto with = [&row](const std::string& value) {
        return message("optional " + row.type + " a = 1" +
                       (value.empty() ? "" : " [default = " + value + "]") + ";");
    };
    const auto line = [](const std::string& was, const std::string& is) {
        return "wire a.v1.A.a: its default was " + was + ", is " + is +
               ": what is absent means something else";
    };
    CHECK(breaks_of(with(row.old), with(row.fresh)) == line(row.was, row.is));
    CHECK(breaks_of(with(row.fresh), with(row.old)) == line(row.is, row.was));
    CHECK(breaks_of(with(row.fresh), with(row.fresh)).empty());
}

TEST_CASE("compatibility: a default that is written out, or named otherwise, stays", "[event]") {
    CHECK(
        breaks_of(message("optional int32 a = 1;"), message("optional int32 a = 1 [default = 0];"))
            .empty());
    CHECK(breaks_of(message("optional E e = 1 [default = E_0];"), message("optional E e = 1;"))
              .empty());
    // Of an enum it is the first value, wherever that comes to stand.
    CHECK(breaks_of("message A { optional E e = 1; }\nenum E { E_0 = 0; E_1 = 1; }\n",
                    "message A { optional E e = 1; }\nenum E { E_1 = 1; E_0 = 0; }\n") ==
          "wire a.v1.A.e: its default was E_0, is E_1: what is absent means something else");
}

TEST_CASE("compatibility: proto2's required breaks bytes, whether it comes or goes", "[event]") {
    const std::string optional = message("optional int32 a = 1;");
    const std::string required = message("required int32 a = 1;");
    CHECK(breaks_of(optional, required) ==
          "wire a.v1.A.a: is required now: messages without it are not read");
    CHECK(breaks_of(required, optional) ==
          "wire a.v1.A.a: is required no more: old readers refuse messages without it");
    CHECK(breaks_of(required, required).empty());
    CHECK(breaks_of(optional, message("optional int32 a = 1; required int32 b = 2;")) ==
          "wire a.v1.A.b: is new and required: messages without it are not read");
    CHECK(breaks_of(required, message("reserved 1; reserved \"a\";")) ==
          "wire a.v1.A.a: was required: old readers refuse messages without it\n"
          "source a.v1.A.a: is gone");
    CHECK(breaks_of(required, message("repeated int32 a = 1;")) ==
          "wire a.v1.A.a: was single, is repeated\n"
          "wire a.v1.A.a: is required no more: old readers refuse messages without it");
}

TEST_CASE("compatibility: a group is laid out otherwise than a message", "[event]") {
    const std::string group = "message A { optional group G = 1 { optional int32 x = 1; } }\n";
    const std::string inner =
        "message A { message G { optional int32 x = 1; } optional G g = 1; }\n";
    CHECK(breaks_of(group, inner) ==
          "wire a.v1.A.g: was a group, is a message: its bytes are laid out otherwise");
    CHECK(breaks_of(inner, group) ==
          "wire a.v1.A.g: was a message, is a group: its bytes are laid out otherwise");
    CHECK(breaks_of(group, group).empty());
}

TEST_CASE("compatibility: a message set is laid out otherwise than a message", "[event]") {
    const std::string set =
        "message A { option message_set_wire_format = true; extensions 4 to 99; }\n";
    const std::string plain = "message A { extensions 4 to 99; }\n";
    CHECK(breaks_of(set, plain) ==
          "wire a.v1.A: was a message set, is a message: its bytes are laid out otherwise");
    CHECK(breaks_of(plain, set) ==
          "wire a.v1.A: was a message, is a message set: its bytes are laid out otherwise");
}

TEST_CASE("compatibility: numbers that extensions may have no more break programs", "[event]") {
    const std::string old = "message A { extensions 100 to 199; }\n";
    CHECK(breaks_of(old, "message A {}\n") ==
          "source a.v1.A: extensions had the numbers 100 to 199, 100 is theirs no more");
    CHECK(breaks_of(old, "message A { extensions 100 to 150; extensions 152 to 300; }\n") ==
          "source a.v1.A: extensions had the numbers 100 to 199, 151 is theirs no more");
    CHECK(breaks_of(old, "message A { extensions 100 to 150; extensions 151 to 300; }\n").empty());
}

TEST_CASE("compatibility: an enum that becomes open or closed reads other numbers otherwise",
          "[event]") {
    const std::string body = "enum E { E_0 = 0; E_1 = 1; }\n";
    const SchemaSet closed = set_of("proto2", body);
    const SchemaSet open = set_of("proto3", body);
    CHECK(told(closed, open) ==
          "wire a.v1.E: was closed (proto2), is open (proto3): a number that it does not name was "
          "set aside, and is a value now, in JSON too");
    CHECK(told(open, closed) ==
          "wire a.v1.E: was open (proto3), is closed (proto2): a number that it does not name was "
          "a value, in JSON too, and is set aside now");
    // The door refuses what a reader would set aside.
    const std::string held = "message A { repeated E e = 1; }\n" + body;
    CHECK(told(set_of("proto3", held), set_of("proto2", held)) ==
          "rule a.v1.A.e: wants a known value now\n" + told(open, closed));
}

TEST_CASE("compatibility: a value that a closed enum loses is read as absent", "[event]") {
    const std::string old = "enum E { E_0 = 0; E_1 = 1; }\n";
    const std::string fresh = "enum E { E_0 = 0; }\n";
    CHECK(breaks_of(old, fresh) ==
          "wire a.v1.E_1: is gone: in a closed enum (proto2) it is read as absent\n"
          "json a.v1.E_1: is gone");
    CHECK(breaks_of(fresh, old).empty());
    const std::string holder = "message A { repeated E e = 1; }\n";
    CHECK(breaks_of(holder + old, holder + fresh) ==
          "rule a.v1.A.e: does not take E_1 any more\n" + breaks_of(old, fresh));
}
