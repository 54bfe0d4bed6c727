#include "bus/event/compatibility.hpp"

#include "bus/event/schema_set.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/event/options_alone.hpp"

#include <string>

using namespace vera::event;

namespace {

SchemaSet set_of(const std::string& body) {
    SchemaSet set = vera::test::options_alone();
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
         "source a.v1.A.a: was in no choice, is in c"},
        {"into a choice that there was",
         message("B a = 1; oneof c { B b = 2; }"),
         message("oneof c { B b = 2; B a = 1; }"),
         "wire a.v1.A.a: was in no choice, is in c: not beside b any more"},
        {"two into a new choice",
         message("B a = 1; B b = 2;"),
         message("oneof c { B a = 1; B b = 2; }"),
         "wire a.v1.A.a: was in no choice, is in c: not beside b any more\n"
         "wire a.v1.A.b: was in no choice, is in c: not beside a any more"},
        {"into a choice with what is new",
         message("B a = 1;"),
         message("oneof c { B a = 1; B b = 2; }"),
         "source a.v1.A.a: was in no choice, is in c"},
        {"a choice renamed",
         message("oneof c { B a = 1; B b = 2; }"),
         message("oneof d { B a = 1; B b = 2; }"),
         "source a.v1.A.a: was in the choice c, is in d\n"
         "source a.v1.A.b: was in the choice c, is in d"},
        {"two choices become one",
         message("oneof c { B a = 1; } oneof d { B b = 2; }"),
         message("oneof d { B a = 1; B b = 2; }"),
         "wire a.v1.A.a: was in the choice c, is in d: not beside b any more"},
        {"optional into a choice",
         message("optional string a = 1;"),
         message("oneof c { string a = 1; }"),
         "source a.v1.A.a: was in no choice, is in c"},
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
        {"a map to a list of what its entries are",
         message("map<string, int32> a = 1;") + "message P { string k = 1; int32 v = 2; }\n",
         message("repeated P a = 1;") + "message P { string k = 1; int32 v = 2; }\n",
         "source a.v1.A.a: was a map, is a list of a.v1.P\n"
         "json a.v1.A.a: was a map, is a list of a.v1.P: in JSON an object becomes a list"},
        {"a list of entries to a map",
         message("repeated P a = 1;") + "message P { string k = 1; B v = 2; }\n",
         message("map<string, B> a = 1;") + "message P { string k = 1; B v = 2; }\n",
         "source a.v1.A.a: was a list of a.v1.P, is a map\n"
         "json a.v1.A.a: was a list of a.v1.P, is a map: in JSON a list becomes an object"},
        {"a list of something else to a map",
         message("repeated P a = 1;") + "message P { string k = 1; string v = 2; }\n",
         message("map<string, B> a = 1;") + "message P { string k = 1; string v = 2; }\n",
         "wire a.v1.A.a: was repeated, is a map\n"
         "wire a.v1.A.a: was a.v1.P, is a.v1.A.AEntry"},
        {"number reserved no more",
         message("reserved 2, 4 to 6; string a = 1;"),
         message("reserved 4 to 5; string a = 1;"),
         "wire a.v1.A: number 2 is reserved no more\nwire a.v1.A: number 6 is reserved no more"},
        {"name reserved no more",
         message("reserved \"b\", \"c\"; string a = 1;"),
         message("reserved \"c\"; string a = 1;"),
         "json a.v1.A: the name b is reserved no more"},
        {"enum's number and name reserved no more",
         "enum E { reserved 2 to 4, 10 to max; reserved \"E_OLD\"; E_0 = 0; }\n",
         "enum E { reserved 2, 4; E_0 = 0; }\n",
         "wire a.v1.E: number 3 is reserved no more\n"
         "wire a.v1.E: numbers 10 to 2147483647 are reserved no more\n"
         "json a.v1.E: the name E_OLD is reserved no more"},
        {"type in JavaScript",
         message("int64 a = 1;"),
         message("int64 a = 1 [jstype = JS_STRING];"),
         "source a.v1.A.a: jstype was JS_NORMAL, is JS_STRING"},
        {"method gone",
         message("") + "service S { rpc M(A) returns (B); }\n",
         message("") + "service S { rpc N(A) returns (B); }\n",
         "source a.v1.S.M: the method is gone"},
        {"method retyped",
         message("") + "service S { rpc M(A) returns (B); }\n",
         message("") + "service S { rpc M(B) returns (stream A); }\n",
         "wire a.v1.S.M: took a.v1.A, takes a.v1.B\n"
         "wire a.v1.S.M: gave a.v1.B, gives stream of a.v1.A"},
        {"out of a choice",
         message("oneof c { B a = 1; }"),
         message("B a = 1;"),
         "source a.v1.A.a: was in the choice c, is in none"},
        {"into another choice",
         message("oneof c { B a = 1; }"),
         message("oneof d { B a = 1; }"),
         "source a.v1.A.a: was in the choice c, is in d"},
        {"presence of old",
         message("optional string a = 1;"),
         message("string a = 1;"),
         "source a.v1.A.a: does not tell absent from empty any more"},
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

TEST_CASE("compatibility: numbers packed or one by one are read alike", "[event]") {
    const std::string packed = message("repeated int32 a = 1;");
    const std::string apart = message("repeated int32 a = 1 [packed = false];");
    CHECK(breaks_of(packed, apart).empty());
    CHECK(breaks_of(apart, packed).empty());
}

TEST_CASE("compatibility: a reserved number that comes into use is told once", "[event]") {
    CHECK(breaks_of("message A { reserved 2 to max; reserved \"b\"; }\n",
                    "message A { int32 b = 2; reserved 3 to max; }\n") ==
          "wire a.v1.A.b: uses number 2, which was reserved\n"
          "json a.v1.A.b: uses a name that was reserved");
}

TEST_CASE("compatibility: where known values are wanted, one less refuses who sends it",
          "[event]") {
    const std::string old = message("E e = 1 [(vera.options.v1.known_value) = true];");
    const auto with = [](const std::string& values, const std::string& option) {
        return "message A { E e = 1" + option + "; }\nmessage B { string b = 1; }\nenum E { " +
               values + " }\n";
    };
    const std::string wanted = " [(vera.options.v1.known_value) = true]";
    CHECK(breaks_of(old, with("E_0 = 0;", wanted)) ==
          "rule a.v1.A.e: does not take E_1 any more\njson a.v1.E_1: is gone");
    CHECK(breaks_of(old, with("E_0 = 0; E_1 = 2;", wanted)) ==
          "rule a.v1.A.e: does not take E_1 any more\nwire a.v1.E_1: had number 1, has 2");
    // By its number it is still taken.
    CHECK(breaks_of(old, with("E_0 = 0; E_A = 1;", wanted)) == "json a.v1.E_1: is called E_A now");
    CHECK(breaks_of(old, with("E_0 = 0; E_1 = 1; E_2 = 2;", wanted)).empty());
    CHECK(breaks_of(old, with("E_0 = 0;", "")) == "json a.v1.E_1: is gone");
    CHECK(breaks_of(old, with("E_0 = 0; E_1 = 1;", "")).empty());
    // One of two names for a number.
    const auto two = [&](const std::string& values) {
        return with("option allow_alias = true; E_0 = 0; E_1 = 1; " + values, wanted);
    };
    CHECK(breaks_of(two("E_A = 1;"), two("E_NUL = 0;")) == "json a.v1.E_A: is called E_1 now");
    // Another enum, which knows less.
    CHECK(breaks_of(old + "enum F { F_0 = 0; }\n",
                    message("F e = 1" + wanted + ";") + "enum F { F_0 = 0; }\n") ==
          "source a.v1.A.e: was a.v1.E, is a.v1.F\n"
          "json a.v1.A.e: was a.v1.E, is a.v1.F: other values in JSON\n"
          "rule a.v1.A.e: does not take E_1 any more");
}

TEST_CASE("compatibility: a rule of a message that goes breaks nothing", "[event]") {
    const std::string choice =
        message("oneof c { option (vera.options.v1.oneof_required) = true; B a = 1; }");
    CHECK(breaks_of(choice, message("oneof c { B a = 1; }")).empty());
    const std::string dates =
        "string a = 1 [(vera.options.v1.format) = FORMAT_DATO]; string b = 2 "
        "[(vera.options.v1.format) = FORMAT_DATO];";
    CHECK(breaks_of(message("option (vera.options.v1.periode) = {fra: \"a\" til: \"b\"}; " + dates),
                    message(dates))
              .empty());
}

TEST_CASE("compatibility: an extension that is gone or moved breaks bytes", "[event]") {
    const auto set = [](const std::string& extensions) {
        SchemaSet made = vera::test::options_alone();
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
