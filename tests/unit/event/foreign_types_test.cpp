// Types that VeRA was not built with, from a folder's files to the check, JSON and back.
#include "bus/event/catalogue.hpp"
#include "bus/event/catalogue_parts.hpp"
#include "bus/event/message_types.hpp"
#include "bus/event/nearest_names.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/event/sample_kuvert.hpp"

#include <string>

using namespace vera;
using namespace vera::event;

namespace {

const std::string elev = R"(syntax = "proto3";
package skole.v1;
import "vera/oio/v1/grundtyper.proto";
import "vera/oio/v1/registrering.proto";
import "vera/options/v1/options.proto";
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";
import "google/protobuf/any.proto";
message ElevIndmeldt {
  option (vera.options.v1.besked) = {
    beskedtype: "0B8F5A4E-3C1D-4F6A-9B2E-7D8C6A5F4E3D"
    titel_da: "Elev indmeldt"
    objekttype: "ce7fcf97-a8a2-447a-8690-d38aa0f6e23c"
  };
  vera.oio.v1.UnikId elev_id = 1 [(vera.options.v1.required) = true, (vera.options.v1.urn) = URN_ART_CPR];
  string navn = 2 [(vera.options.v1.length) = {max: 20}, (vera.options.v1.personoplysning) = PERSONOPLYSNING_ALMINDELIG];
  google.protobuf.StringValue note = 3;
  google.protobuf.Timestamp fra = 4;
  map<string, int32> karakterer = 5;
  map<int64, string> aar = 6;
  map<bool, Klasse> klasser = 7;
  google.protobuf.Any mere = 8;
  repeated vera.oio.v1.Virkning virkning = 9;
  enum Trin { TRIN_UNSPECIFIED = 0; TRIN_1 = 1; }
  Trin trin = 1001 [(vera.options.v1.known_value) = true];
}
message Klasse { string navn = 1 [(vera.options.v1.pattern) = "[0-9][A-Z]"]; }
)";
const std::string plain =
    "syntax = \"proto3\";\npackage plan.v1;\nmessage Plan { string a = 1; message Inner {} }\n";

Catalogue::Made made(std::vector<SchemaFile> files) {
    CatalogueParts parts{SchemaSet::built_in(), UuidNames::built_in()};
    auto problems = parts.schemas.add({"skemaer", std::move(files)});
    if (!problems.empty()) return problems;
    return Catalogue::make(std::move(parts));
}

const Catalogue& foreign() {
    static const auto catalogue =
        std::get<0>(made({{"skole/v1/elev.proto", elev}, {"plan.proto", plain}}));
    return *catalogue;
}

std::string problems_of(std::vector<SchemaFile> files) {
    const auto made_one = made(std::move(files));
    const auto* problems = std::get_if<1>(&made_one);
    return problems == nullptr ? "" : to_text(*problems);
}

/// The sample kuvert around another payload.
std::string kuvert(const std::string& payload,
                   const std::string& beskedtype = "0b8f5a4e-3c1d-4f6a-9b2e-7d8c6a5f4e3d") {
    auto besked = test::sample_kuvert();
    besked.clear_beskeddata();
    besked.mutable_beskedkuvert()
        ->mutable_filtreringsdata()
        ->mutable_beskedtype()
        ->set_uuid_identifikator(beskedtype);
    std::string json = *test::kuvert_to_json(besked.SerializeAsString(), "", false);
    json.back() = ',';
    return json + R"("Beskeddata":[)" + payload + "]}";
}

std::string outcome(const std::string& json) {
    const auto bytes = foreign().from_json(json);
    if (!bytes) return bytes.error().text;
    const auto checked = foreign().check(test::raw_event(*bytes));
    const auto* refusal = std::get_if<Refusal>(&checked);
    return refusal == nullptr ? "accepted"
                              : std::string(symbol(refusal->condition)) + " " + refusal->text;
}

const std::string good = R"({"@type":"type.googleapis.com/skole.v1.ElevIndmeldt",)"
                         R"("elevId":{"URNIdentifikator":"urn:oio:cpr-nr:2512484916"},)"
                         R"("navn":"Nancy","note":"x","fra":"2026-08-10T08:00:00Z",)"
                         R"("karakterer":{"dansk":12},"aar":{"-7":"a"},)"
                         R"("klasser":{"true":{"navn":"3A"}},)"
                         R"("mere":{"@type":"type.googleapis.com/plan.v1.Plan","a":"b"},)"
                         R"("trin":"TRIN_1"})";

}  // namespace

TEST_CASE("foreign types: an event goes from JSON to the check and back to JSON", "[event]") {
    const std::string json = kuvert(good);
    CHECK(outcome(json) == "accepted");
    const auto bytes = foreign().from_json(json);
    REQUIRE(bytes.has_value());
    CHECK(foreign().to_json(*bytes, "application/protobuf", false).has_value());
    CHECK(*foreign().to_json(*bytes, "application/protobuf", false) == json);
    CHECK(outcome(json) == "accepted");
    const auto checked = foreign().check(test::raw_event(json, "application/json"));
    REQUIRE(std::holds_alternative<Attributes>(checked));
    CHECK(std::get<Attributes>(checked).type == "skole.v1.ElevIndmeldt");
}

TEST_CASE("foreign types: their rules are checked like the built-in ones", "[event]") {
    struct Row {
        std::string from, to, want;
    };
    const std::string here = "vera:schema-invalid Beskeddata[0].";
    const auto row = GENERATE_COPY(values<Row>({
        {R"("elevId":{"URNIdentifikator":"urn:oio:cpr-nr:2512484916"},)",
         "",
         here + "elevId: is missing"},
        {"urn:oio:cpr-nr:2512484916",
         "urn:oio:kle:27",
         here + "elevId.URNIdentifikator: is not a URN of a CPR number (urn:oio:cpr-nr: and 10 "
                "digits that begin with a date)"},
        {"Nancy", "Nancy Ann Berggren Hansen", here + "navn: has more than 20 characters"},
        {"3A", "3a", here + "klasser[0].value.navn: does not match the pattern [0-9][A-Z]"},
        {R"("TRIN_1")", "2", here + "trin: is not a value of Trin"},
        {R"("-7")",
         R"("x")",
         "line 1: Beskeddata[0].aar[0]: a map with a key that is no whole number in range"},
        {R"("true":{)",
         R"("ja":{)",
         "line 1: Beskeddata[0].klasser[0]: a map with a key that is not true or false"},
    }));
    std::string payload = good;
    payload.replace(payload.find(row.from), row.from.size(), row.to);
    CHECK(outcome(kuvert(payload)) == row.want);
}

TEST_CASE("foreign types: the beskedtype of the schema has to be the kuvert's", "[event]") {
    CHECK(outcome(kuvert(good, "7654895c-a3f3-4c77-8afd-4c77330f963c")) ==
          "vera:attribute-mismatch Beskedkuvert.Filtreringsdata.Beskedtype: is not that of "
          "skole.v1.ElevIndmeldt, which is 0b8f5a4e-3c1d-4f6a-9b2e-7d8c6a5f4e3d");
}

TEST_CASE("foreign types: a file that does not know VeRA's options has payloads at its top level",
          "[event]") {
    CHECK(foreign().find("plan.v1.Plan") != nullptr);
    CHECK(foreign().find("plan.v1.Plan.Inner") == nullptr);
    CHECK(foreign().find("skole.v1.Klasse") == nullptr);
    CHECK(outcome(kuvert(R"({"@type":"x/plan.v1.Plan","a":"b"})",
                         "7654895c-a3f3-4c77-8afd-4c77330f963c")) == "accepted");
    CHECK(
        outcome(kuvert(R"({"@type":"x/skole.v1.Klasse","navn":"3A"})",
                       "7654895c-a3f3-4c77-8afd-4c77330f963c")) ==
        "vera:schema-unknown Beskeddata[0]: unknown type skole.v1.Klasse: it is a message, but not "
        "one with the option besked, so no payload");
}

TEST_CASE("foreign types: they take effect when their Virkning says so", "[event]") {
    std::string payload = good;
    payload.insert(payload.size() - 1,
                   R"(,"virkning":[{"fraTidspunkt":{"TidsstempelDatoTid":"2027-01-01T00:00:00Z"},)"
                   R"("aktoerRef":{"URNIdentifikator":"urn:oio:x"},)"
                   R"("aktoerTypeKode":"AKTOER_TYPE_KODE_BRUGER"}])");
    const auto bytes = foreign().from_json(kuvert(payload));
    REQUIRE(bytes.has_value());
    CHECK(to_rfc3339(foreign().virkning(test::raw_event(*bytes))).starts_with("2027-01-01T"));
}

TEST_CASE("foreign types: what contradicts the catalogue is told with both places", "[event]") {
    const auto besked = [](const std::string& message, const std::string& facts) {
        return "syntax = \"proto3\";\npackage a.v1;\nimport "
               "\"vera/options/v1/options.proto\";\nmessage " +
               message + " {\n  option (vera.options.v1.besked) = {" + facts + "};\n}\n";
    };
    const std::string uuid = "beskedtype: \"0b8f5a4e-3c1d-4f6a-9b2e-7d8c6a5f4e3d\"";
    CHECK(problems_of({{"skole/v1/elev.proto", elev}, {"z.proto", besked("A", uuid)}}) ==
          "skemaer/z.proto:4:1: a.v1.A: besked.beskedtype is that of skole.v1.ElevIndmeldt "
          "(skemaer/skole/v1/elev.proto) already");
    CHECK(
        problems_of({{"z.proto", besked("A", "beskedtype: \"x\" kle: \"2\" objekttype: \"y\"")}}) ==
        "skemaer/z.proto:4:1: a.v1.A: besked.beskedtype is not a UUID\n"
        "skemaer/z.proto:4:1: a.v1.A: besked.objekttype is not a UUID\n"
        "skemaer/z.proto:4:1: a.v1.A: besked.kle is not a KLE number (NN, NN.NN or NN.NN.NN)");
    std::string bad = elev;
    bad.replace(bad.find("[0-9][A-Z]"), 10, "[0-9");
    CHECK(problems_of({{"skole/v1/elev.proto", bad}}) ==
          "skemaer/skole/v1/elev.proto:27:18: skole.v1.Klasse.navn: pattern is no RE2 expression: "
          "missing ]: [0-9");
    CHECK(problems_of(
              {{"z.proto", "syntax = \"proto2\";\nmessage A {\n  optional group B = 1 {}\n}\n"}}) ==
          "skemaer/z.proto:3:3: A.b: is a group, which VeRA does not take: make it a message");
}

TEST_CASE("foreign types: an unknown type is told with the nearest names", "[event]") {
    const std::vector<std::string> known{"vera.sag.v1.SagOprettet",
                                         "vera.sag.v2.SagOprettet",
                                         "vera.sag.v1.SagAfsluttet",
                                         "vera.person.v1.PersonFlyttet",
                                         "skole.v1.ElevIndmeldt"};
    CHECK(suggestion("vera.sag.v3.SagOprettet", known) ==
          "; known in other versions: vera.sag.v1.SagOprettet, vera.sag.v2.SagOprettet");
    CHECK(suggestion("vera.sag.v1.SagOpretet", known)
              .starts_with("; nearest: vera.sag.v1.SagOprettet, vera.sag.v2.SagOprettet"));
    CHECK(suggestion("dk.kommune.ElevIndmeldt", known) == "; nearest: skole.v1.ElevIndmeldt");
    CHECK(suggestion("vera.person.v1.personflyttet", known) ==
          "; nearest: vera.person.v1.PersonFlyttet");
    CHECK(suggestion("dk.example.Ukendt", known).empty());
    CHECK(suggestion(std::string(256, 'x'), known).empty());
}

TEST_CASE("foreign types: the longest chain of messages that is taken can be read and written",
          "[event]") {
    std::string chain = "syntax = \"proto3\";\npackage c;\n";
    for (int i = 0; i < 1000; ++i)
        chain += "message A" + std::to_string(i) + " { " +
                 (i < 999 ? "A" + std::to_string(i + 1) : std::string("string")) + " a = 1; }\n";
    const auto catalogue = std::get<0>(made({{"c.proto", chain}}));
    const auto* type = catalogue->messages().find("c.A0");
    REQUIRE(type != nullptr);
    CHECK(catalogue->messages().make(*type)->ByteSizeLong() == 0);
    CHECK(catalogue->broken_rule("c.A0", std::string_view("\x0a\x02\x0a\x00", 4))
              ->value_or("")
              .empty());
}
