#include "bus/pages/description.hpp"

#include "tests/support/catch.hpp"
#include "tests/unit/pages/sample_set.hpp"

#include <algorithm>
#include <set>
#include <string>

using namespace vera;
using namespace vera::pages;
using vera::pages::test::built_in;
using vera::pages::test::set_of;

namespace {

const Description& described() {
    static const Description description = describe(built_in());
    return description;
}

const Field& field_of(const Message& message, const std::string& name) {
    const auto at = std::ranges::find(message.fields, name, &Field::name);
    REQUIRE(at != message.fields.end());
    return *at;
}

}  // namespace

TEST_CASE("pages: a comment is taken apart into cardinality, source and text", "[pages]") {
    struct Row {
        std::string name, raw, cardinality, source, text;
    };
    const auto row = GENERATE(values<Row>({
        {"whole", " 0..1 [OIO], Titel: the title.\n", "0..1", "OIO", "Titel: the title."},
        {"many", " 1..* [LoRa]: one\n or more.\n", "1..*", "LoRa", "one or more."},
        {"no source", " 1: the day of moving.\n", "1", "", "the day of moving."},
        {"only text", " what it is.\n", "", "", "what it is."},
        {"of a message", " Sag [OIO]: the object.\n", "", "OIO", "Sag: the object."},
        {"a number that is no cardinality", " 10 digits.\n", "", "", "10 digits."},
        {"a bracket that is no source", " matches [a-z] only.\n", "", "", "matches [a-z] only."},
        {"nothing", "", "", "", ""},
        {"only a cardinality", " 0..2\n", "0..2", "", ""},
        {"cut off", " 0..1 [OIO", "0..1", "", "[OIO"},
    }));
    CAPTURE(row.name);
    const Comment comment = parse_comment(row.raw);
    CHECK(comment.cardinality == row.cardinality);
    CHECK(comment.source == row.source);
    CHECK(comment.text == row.text);
}

TEST_CASE("pages: an event is described with what its options say", "[pages]") {
    const Message* message = described().message("vera.sag.v1.SagOprettet");
    REQUIRE(message != nullptr);
    REQUIRE(message->event.has_value());
    CHECK(message->name == "SagOprettet");
    CHECK(message->package == "vera.sag.v1");
    CHECK(message->byggeblok == "sag");
    CHECK(message->version == "v1");
    CHECK(message->event->beskedtype == "72b7b3b3-4938-43f3-83bf-e3aca929e9b2");
    CHECK(message->event->titel_da == "Sag oprettet");
    CHECK(message->event->titel_en == "Case opened");
    CHECK(message->event->foelsomhed == 2);
    CHECK(message->event->object_class == "vera.sag.v1.Sag");
    CHECK(field_of(*message, "sag").rules.is_required);
    CHECK(field_of(*message, "sag").type == "vera.sag.v1.Sag");
}

TEST_CASE("pages: a field is described with all of its rules", "[pages]") {
    const TypeSet set = set_of(R"(syntax = "proto3";
package skole.elev.v2;
import "vera/options/v1/options.proto";
// Elev [VeRA]: a pupil.
message Elev {
  option (vera.options.v1.periode) = {fra: "ind_meldt" til: "ud_meldt"};
  oneof id {
    option (vera.options.v1.oneof_required) = true;
    string uni_id = 1;
    string cpr = 2 [(vera.options.v1.format) = FORMAT_CPR, (vera.options.v1.personoplysning) = PERSONOPLYSNING_PERSONNUMMER,
                    (vera.options.v1.maskering) = MASKERING_SIDSTE_FIRE];
  }
  // 1..* [VeRA]: names.
  repeated string navn = 3 [json_name = "Navn", (vera.options.v1.required) = true, (vera.options.v1.length) = {min: 1 max: 80},
                            (vera.options.v1.pattern) = "[^0-9]+", (vera.options.v1.example) = "Nancy"];
  string ind_meldt = 4;
  string ud_meldt = 5 [deprecated = true];
  map<string, Trin> trin = 6;
  Trin nu = 7 [(vera.options.v1.known_value) = true];
  string skole = 8 [(vera.options.v1.urn) = URN_ART_CVR, (vera.options.v1.urn) = URN_ART_PNR, (vera.options.v1.source_name) = "enhed"];
  enum Trin { TRIN_UNSPECIFIED = 0; TRIN_SYVENDE = 7 [(vera.options.v1.source_text) = "7. klasse"]; }
}
)");
    const Description description = describe(set);
    const Message* elev = description.message("skole.elev.v2.Elev");
    REQUIRE(elev != nullptr);
    CHECK(elev->byggeblok == "elev");
    CHECK(elev->version == "v2");
    CHECK_FALSE(elev->event.has_value());
    REQUIRE(elev->choices.size() == 1);
    CHECK(elev->choices[0].is_required);
    CHECK(elev->choices[0].fields == std::vector<std::string>{"uniId", "cpr"});
    REQUIRE(elev->periods.size() == 1);
    CHECK(elev->periods[0].from == "indMeldt");
    CHECK(elev->periods[0].to == "udMeldt");

    const Field& name = field_of(*elev, "navn");
    CHECK(name.json_name == "Navn");
    CHECK(cardinality_of(name) == "1..*");
    CHECK(name.rules.min_length == 1);
    CHECK(name.rules.max_length == 80);
    CHECK(name.rules.pattern == "[^0-9]+");
    CHECK(name.example == "Nancy");
    const Field& cpr = field_of(*elev, "cpr");
    CHECK(cpr.choice == 0);
    CHECK(cpr.rules.format == vera::options::v1::FORMAT_CPR);
    CHECK(cpr.personal == vera::options::v1::PERSONOPLYSNING_PERSONNUMMER);
    CHECK(cpr.masking == vera::options::v1::MASKERING_SIDSTE_FIRE);
    CHECK(field_of(*elev, "ud_meldt").is_deprecated);
    const Field& trin = field_of(*elev, "trin");
    CHECK(trin.kind == Kind::map);
    CHECK(trin.key_type == "string");
    CHECK(trin.type == "skole.elev.v2.Elev.Trin");
    CHECK(field_of(*elev, "nu").rules.wants_known_value);
    CHECK(field_of(*elev, "skole").rules.urns.size() == 2);
    CHECK(field_of(*elev, "skole").source_name == "enhed");

    const Enum* values = description.enumeration("skole.elev.v2.Elev.Trin");
    REQUIRE(values != nullptr);
    CHECK(values->name == "Elev.Trin");
    REQUIRE(values->values.size() == 2);
    CHECK(values->values[1].source_text == "7. klasse");
}

TEST_CASE("pages: every built-in type and field has a comment, and every event what a tender needs",
          "[pages]") {
    std::set<std::string> beskedtyper;
    std::size_t events = 0;
    for (const Message& message : described().messages) {
        CAPTURE(message.full_name);
        CHECK_FALSE(message.comment.text.empty());
        for (const Field& field : message.fields) {
            CAPTURE(field.name);
            const bool is_commented =
                !field.comment.text.empty() || !field.comment.cardinality.empty();
            CHECK(is_commented);
        }
        if (!message.event) continue;
        ++events;
        CHECK(beskedtyper.insert(message.event->beskedtype).second);
        CHECK_FALSE(message.event->titel_da.empty());
        CHECK_FALSE(message.event->titel_en.empty());
        if (message.full_name == "vera.besked.v1.Base64Data") continue;  // whatever it holds
        CHECK(message.event->foelsomhed >= 1);
        CHECK_FALSE(message.event->objekttype.empty());
    }
    CHECK(events >= 10);
    CHECK(events == built_in().events().size());
}

TEST_CASE("pages: a type is found by its names and by its beskedtype, in any case", "[pages]") {
    for (const char* name : {"vera.sag.v1.SagOprettet",
                             "SagOprettet",
                             "sagoprettet",
                             "VERA.SAG.V1.SAGOPRETTET",
                             "72b7b3b3-4938-43f3-83bf-e3aca929e9b2",
                             "72B7B3B3-4938-43F3-83BF-E3ACA929E9B2"}) {
        CAPTURE(name);
        const auto found = find_message(described(), name);
        REQUIRE(found.has_value());
        CHECK((*found)->full_name == "vera.sag.v1.SagOprettet");
    }
}

TEST_CASE("pages: an unknown type is told with the nearest names", "[pages]") {
    const auto found = find_message(described(), "SagOpretet");
    REQUIRE_FALSE(found.has_value());
    CHECK(found.error().code == Errc::not_found);
    CHECK(found.error().text.starts_with("no type 'SagOpretet'; nearest: vera.sag.v1.SagOprettet"));
    CHECK(find_message(described(), "zzzzzzzzzzzz").error().text == "no type 'zzzzzzzzzzzz'");
    CHECK_FALSE(find_message(described(), "").has_value());
}

TEST_CASE("pages: a short name that two packages have is told with both", "[pages]") {
    const TypeSet set = set_of("syntax = \"proto3\"; package kopi.v1; message Sag {}");
    const Description description = describe(set);
    const auto found = find_message(description, "Sag");
    REQUIRE_FALSE(found.has_value());
    CHECK(found.error().code == Errc::bad_input);
    CHECK(found.error().text == "'Sag' stands for several: kopi.v1.Sag, vera.sag.v1.Sag");
}

TEST_CASE("pages: the parts of a type are each there once, and not the type itself", "[pages]") {
    const TypeSet set = set_of(R"(syntax = "proto3"; package p.v1;
message A { B b = 1; C c = 2; A again = 3; E e = 4; }
message B { C c = 1; E e = 2; }
message C { B back = 1; }
message Other {}
enum E { E_UNSPECIFIED = 0; })");
    const Description description = describe(set);
    const Parts parts = parts_of(description, *description.message("p.v1.A"));
    REQUIRE(parts.messages.size() == 2);
    CHECK(parts.messages[0]->name == "B");
    CHECK(parts.messages[1]->name == "C");
    REQUIRE(parts.enums.size() == 1);
    CHECK(parts.enums[0]->name == "E");
}

TEST_CASE("pages: a broken descriptor set is told with file and what is wrong", "[pages]") {
    CHECK(TypeSet::make("no descriptor set").error().text ==
          "is no google.protobuf.FileDescriptorSet");
    const auto set = TypeSet::make(test::descriptor_set_of(
        "skole.proto", "syntax = \"proto3\"; package p; message A { Missing m = 1; }"));
    REQUIRE_FALSE(set.has_value());
    CHECK(set.error().text.starts_with("skole.proto: p.A.m: "));
    CHECK(set.error().text.find("Missing") != std::string::npos);
}
