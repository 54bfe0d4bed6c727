#include "bus/event/compatibility.hpp"

#include "bus/event/schema_set.hpp"
#include "tests/support/catch.hpp"

#include <string>

using namespace vera::event;

namespace {

SchemaSet set_of(const std::string& body) {
    SchemaSet set = SchemaSet::built_in();
    const auto problems = set.add(
        {"s",
         {{"a.proto",
           "syntax = \"proto3\";\npackage a.v1;\nimport \"vera/options/v1/options.proto\";\n" +
               body}}});
    INFO(to_text(problems));
    REQUIRE(problems.empty());
    return set;
}

std::string breaks_of(const std::string& old, const std::string& fresh) {
    std::string all;
    for (const Difference& one : breaks(set_of(old), set_of(fresh)))
        all += (all.empty() ? "" : "\n") + std::string(name_of(one.severity)) + " " + one.path +
               ": " + one.what;
    return all;
}

std::string message(const std::string& fields) {
    return "message A { " + fields +
           " }\nmessage B { string b = 1; }\nenum E { E_0 = 0; E_1 = 1; }\n";
}

std::string field(const std::string& options) {
    return message("string a = 1 " + (options.empty() ? "" : "[" + options + "]") + ";");
}

}  // namespace

TEST_CASE("compatibility: additions break nothing", "[event]") {
    const std::string old = message("string a = 1; E e = 2;");
    CHECK(breaks_of(old, old).empty());
    CHECK(breaks_of(old,
                    "message A { string a = 1; E e = 2; repeated B more = 3; }\n"
                    "message B { string b = 1; oneof c { int32 d = 2; } }\n"
                    "enum E { E_0 = 0; E_1 = 1; E_2 = 2; }\nmessage C {}\n")
              .empty());
    CHECK(breaks(SchemaSet::built_in(), SchemaSet::built_in()).empty());
}

TEST_CASE("compatibility: what breaks bytes, JSON or programs is told", "[event]") {
    struct Row {
        std::string name, old, fresh, want;
    };
    const auto row = GENERATE(values<Row>({
        {"message gone",
         message("string a = 1;"),
         "message B { string b = 1; }\nenum E { E_0 = 0; E_1 = 1; }\n",
         "source a.v1.A: the message is gone"},
        {"field gone",
         message("string a = 1; string b = 2;"),
         message("string a = 1;"),
         "wire a.v1.A.b: is gone, and its number 2 is not reserved"},
        {"field gone, number reserved",
         message("string a = 1; string b = 2;"),
         message("string a = 1; reserved 2;"),
         "source a.v1.A.b: is gone\njson a.v1.A.b: is gone, and its name is not reserved"},
        {"field gone, all reserved",
         message("string a = 1; string b = 2;"),
         message("string a = 1; reserved 2; reserved \"b\";"),
         "source a.v1.A.b: is gone"},
        {"number reused",
         message("string a = 1;"),
         message("int32 n = 1;"),
         "wire a.v1.A.a: its number 1 is used for n\njson a.v1.A.a: was \"a\" in JSON, is \"n\"\n"
         "wire a.v1.A.a: was string, is int32"},
        {"renumbered",
         message("string a = 1;"),
         message("string a = 2;"),
         "wire a.v1.A.a: had number 1, has 2"},
        {"renamed",
         message("string a = 1;"),
         message("string n = 1;"),
         "source a.v1.A.a: is called n now\njson a.v1.A.a: was \"a\" in JSON, is \"n\""},
        {"JSON name",
         message("string a = 1;"),
         message("string a = 1 [json_name = \"A\"];"),
         "json a.v1.A.a: was \"a\" in JSON, is \"A\""},
        {"retyped",
         message("string a = 1;"),
         message("int32 a = 1;"),
         "wire a.v1.A.a: was string, is int32"},
        {"retyped, same family",
         message("int32 a = 1;"),
         message("bool a = 1;"),
         "source a.v1.A.a: was int32, is bool\njson a.v1.A.a: was int32, is bool: other values in "
         "JSON"},
        {"another message",
         message("B a = 1;"),
         message("A a = 1;"),
         "wire a.v1.A.a: was a.v1.B, is a.v1.A"},
        {"repeated",
         message("string a = 1;"),
         message("repeated string a = 1;"),
         "wire a.v1.A.a: was single, is repeated"},
        {"presence",
         message("string a = 1;"),
         message("optional string a = 1;"),
         "source a.v1.A.a: tells absent from empty now"},
        {"into a choice",
         message("B a = 1;"),
         message("oneof c { B a = 1; }"),
         "wire a.v1.A.a: was in no choice, is in c"},
        {"map value",
         message("map<string, int32> a = 1;"),
         message("map<string, string> a = 1;"),
         "wire a.v1.A.AEntry.value: was int32, is string"},
        {"reserved number used",
         message("reserved 2; string a = 1;"),
         message("string a = 1; string b = 2;"),
         "wire a.v1.A.b: uses number 2, which was reserved"},
        {"enum value gone",
         message("E a = 1;"),
         "message A { E a = 1; }\nmessage B { string b = 1; }\nenum E { E_0 = 0; }\n",
         "json a.v1.E_1: is gone"},
        {"enum value renamed",
         message("E a = 1;"),
         "message A { E a = 1; }\nmessage B { string b = 1; }\nenum E { E_0 = 0; E_A = 1; }\n",
         "json a.v1.E_1: is called E_A now"},
        {"enum value renumbered",
         message("E a = 1;"),
         "message A { E a = 1; }\nmessage B { string b = 1; }\nenum E { E_0 = 0; E_1 = 2; }\n",
         "wire a.v1.E_1: had number 1, has 2"},
        {"enum value on a reserved number",
         "enum E { reserved 2; reserved \"E_OLD\"; E_0 = 0; }\n",
         "enum E { E_0 = 0; E_NEW = 2; E_OLD = 3; }\n",
         "wire a.v1.E_NEW: uses number 2, which was reserved\n"
         "json a.v1.E_OLD: uses a name that was reserved"},
        {"another enum",
         "message A { E a = 1; }\nenum E { E_0 = 0; }\nenum F { F_0 = 0; }\n",
         "message A { F a = 1; }\nenum E { E_0 = 0; }\nenum F { F_0 = 0; }\n",
         "source a.v1.A.a: was a.v1.E, is a.v1.F\njson a.v1.A.a: was a.v1.E, is a.v1.F: other "
         "values in JSON"},
        {"reserved name used",
         message("reserved \"b\"; string a = 1;"),
         message("string a = 1; string b = 2;"),
         "json a.v1.A.b: uses a name that was reserved"},
        {"a map to a list",
         message("map<string, string> a = 1;"),
         message("repeated B a = 1;"),
         "wire a.v1.A.a: was a map, is repeated\nwire a.v1.A.a: was a.v1.A.AEntry, is a.v1.B"},
        {"out of a choice",
         message("oneof c { B a = 1; }"),
         message("B a = 1;"),
         "source a.v1.A.a: was in the choice c, is in none"},
        {"into another choice",
         message("oneof c { B a = 1; }"),
         message("oneof d { B a = 1; }"),
         "wire a.v1.A.a: was in the choice c, is in d"},
        {"service gone",
         message("") + "service S {}\n",
         message(""),
         "source a.v1.S: the service is gone"},
        {"enum gone",
         message("E a = 1;"),
         "message A { int32 a = 1; }\nmessage B { string b = 1; }\n",
         "source a.v1.A.a: was a.v1.E, is int32\njson a.v1.A.a: was a.v1.E, is int32: other values "
         "in JSON\n"
         "source a.v1.E: the enum is gone"},
    }));
    CAPTURE(row.name);
    CHECK(breaks_of(row.old, row.fresh) == row.want);
}

TEST_CASE("compatibility: a rule that is tighter breaks, a looser one does not", "[event]") {
    struct Row {
        std::string old, fresh, want;
    };
    const auto row = GENERATE(values<Row>({
        {"", "(vera.options.v1.required) = true", "is required now"},
        {"",
         "(vera.options.v1.format) = FORMAT_CVR",
         "format was FORMAT_UNSPECIFIED, is FORMAT_CVR"},
        {"", "(vera.options.v1.length) = {max: 5}", "length had no bound, is at most 5"},
        {"(vera.options.v1.length) = {max: 9}",
         "(vera.options.v1.length) = {max: 5}",
         "length was at most 9, is at most 5"},
        {"(vera.options.v1.length) = {max: 5}",
         "(vera.options.v1.length) = {min: 2 max: 5}",
         "length was at least 0, is at least 2"},
        {"", "(vera.options.v1.pattern) = \"a*\"", "had no pattern, is a*"},
        {"(vera.options.v1.pattern) = \"b*\"",
         "(vera.options.v1.pattern) = \"a*\"",
         "pattern was b*, is a*"},
        {"", "(vera.options.v1.urn) = URN_ART_CVR", "allows fewer kinds of URN"},
        {"(vera.options.v1.urn) = URN_ART_CVR, (vera.options.v1.urn) = URN_ART_KLE",
         "(vera.options.v1.urn) = URN_ART_CVR",
         "allows fewer kinds of URN"},
    }));
    CAPTURE(row.old, row.fresh);
    CHECK(breaks_of(field(row.old), field(row.fresh)) == "rule a.v1.A.a: " + row.want);
    CHECK(breaks_of(field(row.fresh), field("")).empty());
}

TEST_CASE("compatibility: a rule that is loosened, and stays, breaks nothing", "[event]") {
    struct Row {
        std::string old, fresh;
    };
    const auto row = GENERATE(values<Row>({
        {"(vera.options.v1.length) = {max: 5}", "(vera.options.v1.length) = {max: 9}"},
        {"(vera.options.v1.length) = {min: 2 max: 5}",
         "(vera.options.v1.length) = {min: 1 max: 5}"},
        {"(vera.options.v1.urn) = URN_ART_CVR",
         "(vera.options.v1.urn) = URN_ART_CVR, (vera.options.v1.urn) = URN_ART_KLE"},
        {"(vera.options.v1.required) = true, (vera.options.v1.format) = FORMAT_CVR",
         "(vera.options.v1.format) = FORMAT_CVR"},
    }));
    CAPTURE(row.old, row.fresh);
    CHECK(breaks_of(field(row.old), field(row.fresh)).empty());
    CHECK_FALSE(breaks_of(field(row.fresh), field(row.old)).empty());
}

TEST_CASE("compatibility: an extension that is gone or moved breaks bytes", "[event]") {
    const auto set = [](const std::string& extensions) {
        SchemaSet made = SchemaSet::built_in();
        REQUIRE(to_text(made.add({"s",
                                  {{"x.proto",
                                    "syntax = \"proto3\";\npackage x;\n"
                                    "import \"google/protobuf/descriptor.proto\";\n" +
                                        extensions}}}))
                    .empty());
        return made;
    };
    const auto texts = [](const std::vector<Difference>& differences) {
        std::string all;
        for (const Difference& one : differences)
            all += to_text(one) + "\n";
        return all;
    };
    const std::string head = "extend google.protobuf.FieldOptions { ";
    const SchemaSet old =
        set(head + "string a = 60001; }\nmessage M { " + head + "bool b = 60002; } }\n");
    CHECK(texts(breaks(old, old)).empty());
    CHECK(texts(breaks(old, set(head + "string a = 60003; }\nmessage M {}\n"))) ==
          "x.proto: x.M.b: wire: the extension is gone\n"
          "x.proto: x.a: wire: had number 60001, has 60003\n");
    CHECK(texts(breaks(
              old,
              set("extend google.protobuf.MessageOptions { int32 a = 60001; }\nmessage M { " +
                  head + "bool b = 60002; } }\n"))) ==
          "x.proto: x.a: wire: extended google.protobuf.FieldOptions, extends "
          "google.protobuf.MessageOptions\n"
          "x.proto: x.a: wire: was string, is int32\n");
}

TEST_CASE("compatibility: new rules of messages break", "[event]") {
    CHECK(breaks_of(message("E e = 1;"),
                    message("E e = 1 [(vera.options.v1.known_value) = true];")) ==
          "rule a.v1.A.e: wants a known value now");
    CHECK(breaks_of(message("string a = 1;"),
                    message("string a = 1; string b = 2 [(vera.options.v1.required) = true];")) ==
          "rule a.v1.A.b: is new and required");
    CHECK(breaks_of(
              message("oneof c { B a = 1; }"),
              message("oneof c { option (vera.options.v1.oneof_required) = true; B a = 1; }")) ==
          "rule a.v1.A.c: one of the choice has to be set now");
    const std::string dates =
        "string a = 1 [(vera.options.v1.format) = FORMAT_DATO]; string b = 2 "
        "[(vera.options.v1.format) = FORMAT_DATO];";
    CHECK(breaks_of(
              message(dates),
              message("option (vera.options.v1.periode) = {fra: \"a\" til: \"b\"}; " + dates)) ==
          "rule a.v1.A: a new rule: the period from a to b has to be in order");
}

TEST_CASE("compatibility: a payload type keeps its beskedtype, and knows what it holds",
          "[event]") {
    const auto payload = [](const std::string& uuid, const std::string& of_b) {
        return "message A { option (vera.options.v1.besked) = {beskedtype: \"" + uuid +
               "\"}; repeated B b = 1; }\nmessage B { " + of_b +
               " }\nmessage C { string c = 1; }\n";
    };
    const std::string one = "0b8f5a4e-3c1d-4f6a-9b2e-7d8c6a5f4e3d";
    const std::string other = "0b8f5a4e-3c1d-4f6a-9b2e-7d8c6a5f4e3e";
    CHECK(breaks_of(payload(one, ""), payload(other, "")) ==
          "rule a.v1.A: beskedtype was " + one + ", is " + other);
    CHECK(
        breaks_of(payload(one, ""),
                  "message A { repeated B b = 1; }\nmessage B {}\nmessage C { string c = 1; }\n") ==
        "rule a.v1.A: is no payload any more: its events are refused");
    CHECK(breaks_of(payload(one, ""), "message B {}\nmessage C { string c = 1; }\n") ==
          "wire a.v1.A: the message type is gone: its events are refused");

    const SchemaSet old = set_of(payload(one, "string b = 1;"));
    const auto differences = breaks(old, set_of(payload(one, "int32 b = 1;")));
    const auto broken = broken_types(old, differences);
    REQUIRE(broken.size() == 1);
    CHECK(broken.begin()->first == "a.v1.A");
    CHECK(to_text(*broken.begin()->second.front()) ==
          "a.proto: a.v1.B.b: wire: was string, is int32");
    const auto elsewhere = breaks(old, set_of(payload(one, "string b = 1;") + "\n"));
    CHECK(elsewhere.empty());
}

TEST_CASE("compatibility: a break in the kuvert concerns every event", "[event]") {
    const std::string kuvert = "vera.besked.v1.Beskedkuvert";
    Difference gone;
    gone.message = gone.path = kuvert;
    const std::vector<Difference> differences{gone};
    const SchemaSet built_in = SchemaSet::built_in();
    CHECK(broken_types(built_in, differences).size() == payload_types(built_in).size());
}
