#include "bus/pages/example.hpp"

#include "bus/event/catalogue.hpp"
#include "bus/event/message_rules.hpp"
#include "bus/event/type_info.hpp"
#include "bus/pages/example_values.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/pages/sample_set.hpp"

#include <regex>
#include <set>
#include <string>
#include <variant>

using namespace vera;
using namespace vera::pages;
using google::protobuf::Descriptor;
using nlohmann::ordered_json;
using vera::pages::test::built_in;
using vera::pages::test::set_of;

namespace {

/// "accepted", or condition and text.
std::string at_the_door(const std::string& body, const char* content_type) {
    static const auto catalogue = event::Catalogue::built_in();
    event::RawEvent raw;
    raw.identity =
        std::make_shared<event::Identity>(event::Identity{"hjoerring-esdh", example_cvr, "PLAIN"});
    raw.body_kind = event::BodyKind::data;
    raw.body = body;
    raw.content_type = content_type;
    const auto checked = catalogue->check(raw);
    const auto* refused = std::get_if<Refusal>(&checked);
    if (refused == nullptr) return "accepted";
    return std::string(symbol(refused->condition)) + ": " + refused->text;
}

/// What is wrong with the payload by the rules of its own schema; empty: nothing.
std::string broken_rule(const Descriptor& type, const std::string& bytes) {
    event::RuleBook book;
    const auto rules = book.compile(&type);
    if (!rules) return rules.error().text;
    const auto broken = event::check_message(**rules, bytes, event::UnknownFields::refused);
    return broken ? broken->path + ": " + broken->what : std::string{};
}

std::string encode(const TypeSet& set, const std::string& type, const ordered_json& json) {
    const auto bytes = encoded(set, type, json);
    INFO(type << ": " << (bytes ? std::string{} : bytes.error().text));
    REQUIRE(bytes.has_value());
    return *bytes;
}

}  // namespace

TEST_CASE("pages: the example of every built-in event keeps the rules of its schema", "[pages]") {
    REQUIRE(built_in().events().size() >= 10);
    for (const Descriptor* type : built_in().events()) {
        CAPTURE(type->full_name());
        const std::string bytes = encode(built_in(), type->full_name(), example_payload(*type));
        CHECK(broken_rule(*type, bytes) == "");
        CHECK(bytes.size() > 20);
    }
}

TEST_CASE("pages: the example of every event that the door knows is accepted in both forms",
          "[pages]") {
    const auto catalogue = event::Catalogue::built_in();
    std::size_t known = 0;
    for (const Descriptor* type : built_in().events()) {
        CAPTURE(type->full_name());
        if (catalogue->find(type->full_name()) == nullptr) continue;
        ++known;
        const ordered_json kuvert = example_kuvert(*type);
        CHECK(at_the_door(kuvert.dump(), "application/json") == "accepted");
        CHECK(at_the_door(encode(built_in(), kuvert_type, kuvert), "application/protobuf") ==
              "accepted");
    }
    CHECK(known + 1 >= catalogue->types().size());  // all but Base64Data, which is no event
}

TEST_CASE("pages: an example is the same every time and has an id of its own", "[pages]") {
    std::set<std::string> ids;
    for (const Descriptor* type : built_in().events()) {
        const ordered_json kuvert = example_kuvert(*type);
        CHECK(kuvert == example_kuvert(*type));
        CHECK(ids.insert(kuvert["BeskedId"]["UUIDIdentifikator"].get<std::string>()).second);
    }
}

TEST_CASE("pages: the kuvert of an example says what its payload does", "[pages]") {
    const Descriptor* type = built_in().pool().FindMessageTypeByName("vera.sag.v1.SagOprettet");
    REQUIRE(type != nullptr);
    const ordered_json kuvert = example_kuvert(*type);
    const ordered_json& filter = kuvert["Beskedkuvert"]["Filtreringsdata"];
    const ordered_json& payload = kuvert["Beskeddata"][0];
    CHECK(filter["Beskedtype"]["UUIDIdentifikator"] == "72b7b3b3-4938-43f3-83bf-e3aca929e9b2");
    CHECK(filter["ObjektRegistrering"][0]["ObjektId"] == payload["sag"]["objektId"]);
    CHECK(payload["@type"] == "type.googleapis.com/vera.sag.v1.SagOprettet");
    CHECK(kuvert["Beskedkuvert"]["Leveranceinformation"]["Sikkerhedsklassificering"]
                ["UUIDIdentifikator"] == "292e85a9-8ad4-46df-9e50-f97d6837ad74");
}

TEST_CASE("pages: personal numbers in examples are those of test persons", "[pages]") {
    // Ten digits that begin with a date, but not those in a UUID, a production unit's number or the
    // like, which are told by what is before them.
    const std::regex cpr("(cpr[^0-9]{0,20})([0-9]{10})", std::regex::icase);
    std::size_t found = 0;
    for (const Descriptor* type : built_in().events()) {
        CAPTURE(type->full_name());
        const std::string text = example_kuvert(*type).dump();
        for (std::sregex_iterator at(text.begin(), text.end(), cpr), end; at != end; ++at) {
            ++found;
            const std::string number = (*at)[2];
            CAPTURE(number);
            const bool is_test_person = number == "2512484916" || number == "2204151234";
            CHECK(is_test_person);
        }
        const ordered_json filter = example_kuvert(*type)["Beskedkuvert"]["Filtreringsdata"];
        CHECK_FALSE(std::regex_search(filter.dump(), cpr));
    }
    CHECK(found > 0);
}

TEST_CASE("pages: an example has what is required or has an example, and one of each list",
          "[pages]") {
    const TypeSet set = set_of(R"(syntax = "proto3"; package p.v1;
import "vera/options/v1/options.proto";
import "vera/oio/v1/grundtyper.proto";
message Deep {
  string bare = 1;
  string given = 2 [(vera.options.v1.example) = "her"];
  repeated string list = 3 [(vera.options.v1.required) = true, (vera.options.v1.length) = {min: 12}];
  Inner inner = 4;
}
message Inner { Innermost left_out = 1; Innermost wanted = 2 [(vera.options.v1.required) = true]; }
message Innermost {
  option (vera.options.v1.periode) = {fra: "fra" til: "til"};
  string fra = 1 [(vera.options.v1.format) = FORMAT_DATO, (vera.options.v1.required) = true, (vera.options.v1.example) = "2026-05-01"];
  string til = 2 [(vera.options.v1.format) = FORMAT_DATO, (vera.options.v1.required) = true, (vera.options.v1.example) = "2026-04-01"];
  bool yes = 3 [(vera.options.v1.required) = true];
  int64 big = 4 [(vera.options.v1.example) = "9007199254740993"];
  vera.oio.v1.UnikId fra_myndighed = 5 [(vera.options.v1.urn) = URN_ART_CVR, (vera.options.v1.required) = true];
  vera.oio.v1.UnikId til_myndighed = 6 [(vera.options.v1.urn) = URN_ART_CVR, (vera.options.v1.required) = true];
  Kind kind = 7 [(vera.options.v1.required) = true];
}
enum Kind { KIND_UNSPECIFIED = 0; KIND_A = 1 [(vera.options.v1.source_text) = "Aaben"]; KIND_B = 2 [(vera.options.v1.source_text) = "Lukket"]; }
message DoerLukket { Deep deep = 1 [(vera.options.v1.required) = true]; }
)");
    const Descriptor* type = set.pool().FindMessageTypeByName("p.v1.DoerLukket");
    REQUIRE(type != nullptr);
    const ordered_json made = example_payload(*type);
    CHECK(made == ordered_json::parse(R"({"deep":{"given":"her","list":["listxxxxxxxx"],"inner":{
        "wanted":{"fra":"2026-05-01","til":"2026-05-01","yes":true,"big":"9007199254740993",
        "fraMyndighed":{"URNIdentifikator":"urn:oio:cvr-nr:29189382"},
        "tilMyndighed":{"URNIdentifikator":"urn:oio:cvr-nr:29189498"},"kind":"KIND_B"}}}})"));
    CHECK(broken_rule(*type, encode(set, "p.v1.DoerLukket", made)) == "");
}

TEST_CASE("pages: an example of a type that requires itself, or very much, ends", "[pages]") {
    const std::string required = " [(vera.options.v1.required) = true]; ";
    std::string text = "syntax = \"proto3\";\nimport \"vera/options/v1/options.proto\";\n";
    // Nobody can send it: it would never end.
    text += "message Endless { Endless a = 1" + required + "Endless b = 2" + required + "}\n";
    for (int i = 0; i < 30; ++i) {
        const std::string next = "M" + std::to_string(i + 1);
        text += "message M" + std::to_string(i) + " { " + next + " a = 1" + required + next +
                " b = 2" + required + "}\n";
    }
    text += "message M30 { string navn = 1" + required + "}\n";
    const TypeSet set = set_of(text);
    const auto example = [&set](const char* name) {
        return example_payload(*set.pool().FindMessageTypeByName(name)).dump();
    };
    CHECK(example("Endless") == R"({"a":{},"b":{}})");
    CHECK(example("M0").size() < 1'000'000);
}

TEST_CASE("pages: an example of a type that holds itself ends", "[pages]") {
    const TypeSet set = set_of(R"(syntax = "proto3"; package p.v1;
import "vera/options/v1/options.proto";
message Optional { Optional again = 1; string text = 2 [(vera.options.v1.required) = true]; }
message Only { Only again = 1; }
message Endless { Endless again = 1 [(vera.options.v1.required) = true]; })");
    const auto type = [&](const char* name) {
        return set.pool().FindMessageTypeByName(std::string("p.v1.") + name);
    };
    CHECK(example_payload(*type("Optional")) == ordered_json{{"text", "text"}});
    CHECK(example_payload(*type("Only")) == ordered_json::object());
    CHECK(example_payload(*type("Endless")).dump().size() < 1000);
}

TEST_CASE("pages: values of formats have their formats", "[pages]") {
    using namespace vera::options::v1;
    for (int i = Format_MIN + 1; i <= Format_MAX; ++i) {
        CAPTURE(i);
        const auto format = static_cast<Format>(i);
        for (const bool is_second : {false, true})
            CHECK(text_of_format(format, "seed", is_second) != "");
    }
    CHECK(uuid_of("a") == uuid_of("a"));
    CHECK(uuid_of("a") != uuid_of("b"));
}

TEST_CASE("pages: JSON that is no message of the type is refused", "[pages]") {
    const auto bytes = encoded(built_in(), "vera.sag.v1.SagOprettet", {{"noSuchField", 1}});
    REQUIRE_FALSE(bytes.has_value());
    CHECK(bytes.error().code == Errc::bad_input);
}
