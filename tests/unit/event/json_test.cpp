#include "bus/event/catalogue.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/event/sample_kuvert.hpp"

#include "vera/besked/v1/base64_data.pb.h"

#include <google/protobuf/util/message_differencer.h>

using namespace vera;
using namespace vera::event;
using namespace vera::event::test;

namespace {

struct Row {
    std::string name, json, want;
};

constexpr std::string_view head =
    R"({"BeskedId":{"UUIDIdentifikator":"5d0c9a7e-7a3b-4c0e-8b61-1f2e3d4c5b6a"},"BeskedVersion":"1.0",)"
    R"("Beskedkuvert":{"Filtreringsdata":{"Beskedtype":{"UUIDIdentifikator":)"
    R"("72b7b3b3-4938-43f3-83bf-e3aca929e9b2"}},"Leveranceinformation":{}})";

/// `head` and what follows it.
std::string kuvert(std::string_view rest) {
    return std::string(head).append(rest).append("}");
}

std::string refusal(std::string_view json) {
    const auto bytes = kuvert_from_json(json);
    return bytes.has_value() ? "accepted" : bytes.error().text;
}

}  // namespace

TEST_CASE("json: a kuvert is the same after JSON and back", "[event]") {
    auto besked = sample_kuvert();
    auto& delivery = *besked.mutable_beskedkuvert()->mutable_leveranceinformation();
    delivery.mutable_dannelsestidspunkt()->set_utc_forskydning_minutter(-90);
    delivery.set_kildesystem_ip_adresse("\"quotes\", \\ and \u00e6\u00f8\u00e5 \n\t\x01\x7f");
    auto& hop = *delivery.mutable_leveranceruter()->add_leverancerute();
    hop.mutable_leverancerute_lokal_udvidelse()->set_antal_leveranceforsoeg(0);
    besked.mutable_beskedkuvert()->mutable_gyldighed_til()->set_graense_indikator(false);
    vera::besked::v1::Base64Data data;
    data.set_content_type("application/xml");
    data.set_content(std::string("\0\xff<x/>", 6));
    besked.add_beskeddata()->PackFrom(data);
    auto& unknown = *besked.add_beskeddata();
    unknown.set_type_url("type.example.dk/dk.example.Ukendt");
    unknown.set_value(std::string("\x08\x96\x01\0", 4));

    const bool pretty = GENERATE(true, false);
    const auto json = kuvert_to_json(besked.SerializeAsString(), "application/protobuf", pretty);
    REQUIRE(json.has_value());
    CAPTURE(*json);
    CHECK((json->find('\n') != std::string::npos) == pretty);
    const auto bytes = kuvert_from_json(*json);
    REQUIRE(bytes.has_value());
    vera::besked::v1::Haendelsesbesked back;
    REQUIRE(back.ParseFromString(*bytes));
    CHECK(google::protobuf::util::MessageDifferencer::Equals(besked, back));
    CHECK(kuvert_to_json(*json, "", pretty).has_value());
    CHECK(*kuvert_to_json(*json, "", pretty) == *json);
}

TEST_CASE("json: the text is golden", "[event]") {
    vera::besked::v1::Haendelsesbesked besked;
    besked.mutable_besked_id()->set_urn_identifikator("urn:oio:x:1");
    besked.set_besked_version("1.0");
    besked.mutable_beskedkuvert()
        ->mutable_gyldighed_fra()
        ->mutable_tidsstempel_dato_tid()
        ->set_seconds(1);
    besked.mutable_beskedkuvert()->mutable_gyldighed_fra()->set_utc_forskydning_minutter(60);
    besked.add_beskeddata()->set_type_url("x/y");
    CHECK(
        *kuvert_to_json(besked.SerializeAsString(), "", false) ==
        R"({"BeskedId":{"URNIdentifikator":"urn:oio:x:1"},"BeskedVersion":"1.0","Beskedkuvert":{"GyldighedFra":)"
        R"({"TidsstempelDatoTid":"1970-01-01T00:00:01Z","UTCForskydningMinutter":60}},"Beskeddata":[{"@type":"x/y","value":""}]})");
    CHECK(*kuvert_to_json(besked.SerializeAsString(), "", true) == R"({
  "BeskedId": {
    "URNIdentifikator": "urn:oio:x:1"
  },
  "BeskedVersion": "1.0",
  "Beskedkuvert": {
    "GyldighedFra": {
      "TidsstempelDatoTid": "1970-01-01T00:00:01Z",
      "UTCForskydningMinutter": 60
    }
  },
  "Beskeddata": [
    {
      "@type": "x/y",
      "value": ""
    }
  ]
})");
}

TEST_CASE("json: the bytes made of it are golden", "[event]") {
    const auto bytes =
        kuvert_from_json(R"({"BeskedVersion":"1.0","BeskedId":{"URNIdentifikator":"urn:a:b"}})");
    REQUIRE(bytes.has_value());
    CHECK(*bytes ==
          "\x0a\x09\x12\x07urn:a:b\x12\x03"
          "1.0");
}

TEST_CASE("json: what the mapping leaves open is taken", "[event]") {
    const auto row = GENERATE(values<Row>({
        {"plain", kuvert(""), ""},
        {"Protobuf names",
         R"({"besked_id":{"urn_identifikator":"urn:a:b"},"besked_version":"1.0"})",
         ""},
        {"null is absent", kuvert(R"(,"Beskeddata":null)"), ""},
        {"escapes", R"({"BeskedVersion":"\u00e6\ud83c\udde9\n\"\\\/"})", ""},
        {"@type last",
         kuvert(
             R"(,"Beskeddata":[{"fraStatus":1,"@type":"type.googleapis.com/vera.sag.v1.SagFremdriftAendret"}])"),
         ""},
        {"opaque payload", kuvert(R"(,"Beskeddata":[{"value":"AAE","@type":"a/b.c"}])"), ""},
    }));
    CAPTURE(row.name);
    CHECK(refusal(row.json) == "accepted");
}

TEST_CASE("json: what is wrong is told by line and field, without values", "[event]") {
    const auto row = GENERATE(values<Row>({
        {"nothing", "", "line 1: an object expected"},
        {"no object", "[]", "line 1: an object expected"},
        {"cut off", "{\n\"BeskedVersion\"", "line 2: ':' expected"},
        {"text behind", "{}\n{}", "line 2: text behind the value"},
        {"comma too many", R"({"BeskedVersion":"1",})", "line 1: '\"' expected"},
        {"no quotes", "{BeskedVersion:1}", "line 1: '\"' expected"},
        {"unknown field", "{\n\n \"Beskedudgave\":1}", "line 3: unknown field 'Beskedudgave'"},
        {"unknown field with a number for a name", R"({"2512484916":1})", "line 1: unknown field"},
        {"unknown field below",
         "{\"Beskedkuvert\":{\n\"Filtreringsdata\":{\"Beskedtyp\":{}}}}",
         "line 2: Beskedkuvert.Filtreringsdata: unknown field 'Beskedtyp'"},
        {"twice",
         R"({"BeskedVersion":"1","besked_version":"2"})",
         "line 1: BeskedVersion: occurs twice"},
        {"two members of a choice",
         R"({"BeskedId":{"URNIdentifikator":"urn:a:b","UUIDIdentifikator":"x"}})",
         "line 1: BeskedId.UUIDIdentifikator: another member of the same choice is there too"},
        {"number for text",
         R"({"BeskedVersion":2512484916})",
         "line 1: BeskedVersion: text in quotes expected"},
        {"text for object",
         R"({"Beskedkuvert":"2512484916"})",
         "line 1: Beskedkuvert: an object expected"},
        {"object for list", R"({"Beskeddata":{}})", "line 1: Beskeddata: a list expected"},
        {"no type", R"({"Beskeddata":[{}]})", "line 1: Beskeddata[0]: @type is missing"},
        {"type twice",
         R"({"Beskeddata":[{"@type":"a/b","@type":"a/b"}]})",
         "line 1: Beskeddata[0]: @type occurs twice"},
        {"unknown type",
         R"({"Beskeddata":[{"@type":"a/vera.sag.v1.SagGlemt","cpr":"2512484916"}]})",
         "line 1: Beskeddata[0]: unknown type vera.sag.v1.SagGlemt"},
        {"unknown type with strange name",
         R"({"Beskeddata":[{"@type":"a/25 12","cpr":"2512484916"}]})",
         "line 1: Beskeddata[0]: @type is not a type URL"},
        {"bad base64",
         R"({"Beskeddata":[{"@type":"a/b","value":"*"}]})",
         "line 1: Beskeddata[0]: value is not base64"},
        {"unknown enum",
         R"({"Beskeddata":[{"@type":"t/vera.sag.v1.SagFremdriftAendret","fraStatus":"2512484916"}]})",
         "line 1: Beskeddata[0].fraStatus: is not a value of FremdriftStatus"},
        {"fraction",
         R"({"Beskeddata":[{"@type":"t/vera.sag.v1.SagFremdriftAendret","fraStatus":1.5}]})",
         "line 1: Beskeddata[0].fraStatus: a whole number expected"},
        {"too big",
         R"({"Beskeddata":[{"@type":"t/vera.sag.v1.SagFremdriftAendret","fraStatus":99999999999}]})",
         "line 1: Beskeddata[0].fraStatus: is out of range"},
        {"no time",
         R"({"Beskedkuvert":{"GyldighedFra":{"TidsstempelDatoTid":"i dag"}}})",
         "line 1: Beskedkuvert.GyldighedFra.TidsstempelDatoTid: is not a time (RFC 3339)"},
        {"no bool",
         R"({"Beskedkuvert":{"GyldighedFra":{"GraenseIndikator":1}}})",
         "line 1: Beskedkuvert.GyldighedFra.GraenseIndikator: true or false expected"},
        {"half a pair",
         R"({"BeskedVersion":"\ud83c"})",
         "line 1: BeskedVersion: half a surrogate pair in a string"},
        {"other half",
         R"({"BeskedVersion":"\udde9"})",
         "line 1: BeskedVersion: half a surrogate pair in a string"},
        {"unknown escape",
         R"({"BeskedVersion":"\x"})",
         "line 1: BeskedVersion: an unknown escape in a string"},
        {"control character",
         "{\"BeskedVersion\":\"a\nb\"}",
         "line 1: BeskedVersion: a control character in a string"},
        {"not UTF-8",
         "{\"BeskedVersion\":\"\xe6\"}",
         "line 1: BeskedVersion: a string is not UTF-8"},
        {"without end", "{\"BeskedVersion\":\"1", "line 1: BeskedVersion: a string without end"},
    }));
    CAPTURE(row.name);
    CHECK(refusal(row.json) == row.want);
}

TEST_CASE(
    "json: at the door a text that is no JSON is a decode error, and what breaks the schema is "
    "invalid",
    "[event]") {
    CHECK(outcome(raw_event("{", "application/json")) == "amqp:decode-error line 1: '\"' expected");
    CHECK(outcome(raw_event(R"({"x":1})", "application/json")) ==
          "vera:schema-invalid line 1: unknown field 'x'");
    CHECK(outcome(raw_event(kuvert(R"(,"Beskeddata":[{"@type":"a/b.C","x":1}])"), "")) ==
          "vera:schema-unknown line 1: Beskeddata[0]: unknown type b.C");
    CHECK(outcome(raw_event(kuvert(R"(,"Beskeddata":[{"@type":"a/b.C","value":""}])"), "")) ==
          "vera:schema-unknown Beskeddata[0]: unknown type b.C");
    CHECK(outcome(raw_event(kuvert(R"(,"Beskeddata":[{"@type":"a/vera.sag.v1.SagOprettet"}])"),
                            "")) == "vera:schema-invalid Beskeddata[0].sag: is missing");
}

TEST_CASE(
    "json: members that a payload's schema does not know are kept at the door and shown, but not "
    "turned into Protobuf",
    "[event]") {
    auto besked = sample_kuvert();
    std::string json = *kuvert_to_json(besked.SerializeAsString(), "", false);
    json.insert(json.find(R"("sag":)"), R"("nyt":{"a":[1,2,{"b":null}]},)");
    CHECK(outcome(raw_event(json, "application/json")) == "accepted");
    const auto shown = kuvert_to_json(json, "application/json", true);
    REQUIRE(shown.has_value());
    CHECK(shown->find("\"nyt\": {") != std::string::npos);
    CHECK(refusal(json) == "line 1: Beskeddata[0]: unknown field 'nyt'");
}

TEST_CASE("json: a body that is no kuvert is bad input", "[event]") {
    CHECK_FALSE(kuvert_to_json("\x0a\x7f", "application/protobuf", true).has_value());
    CHECK_FALSE(kuvert_to_json("{]", "application/json", true).has_value());
}
