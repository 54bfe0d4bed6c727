#include "tests/unit/transform/mapping_bed.hpp"

#include "bus/event/catalogue_parts.hpp"
#include "bus/event/raw_event.hpp"
#include "bus/ops/mapping_file.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/ops/config_folder.hpp"

#include <nlohmann/json.hpp>

namespace vera::transform::test {
namespace {

const std::string fag = R"(syntax = "proto3";
package fag.v1;
import "google/protobuf/timestamp.proto";
import "vera/options/v1/options.proto";
import "vera/oio/v1/grundtyper.proto";
enum Status { STATUS_UKENDT = 0; STATUS_AKTIV = 1; STATUS_PASSIV = 2; }
message Barn {
  string navn = 1 [(vera.options.v1.personoplysning) = PERSONOPLYSNING_ALMINDELIG, (vera.options.v1.maskering) = MASKERING_FOERSTE_TEGN];
  int32 alder = 2;
  repeated string tlf = 3;
}
message Adresse { string vejnavn = 1; string husnr = 2; string postnr = 3; }
message Flyttet {
  option (vera.options.v1.besked) = { beskedtype: "0b8f5a4e-3c1d-4f6a-9b2e-7d8c6a5f4e31" };
  string fornavn = 1 [(vera.options.v1.required) = true];
  string efternavn = 2;
  string kode = 3;
  Status status = 4;
  Adresse adresse = 5;
  repeated Barn boern = 6;
  google.protobuf.Timestamp tid = 7;
  int64 antal = 8;
  repeated string koder = 9;
  bytes vedlagt = 10;
  double vaegt = 11;
  string cpr = 12 [(vera.options.v1.personoplysning) = PERSONOPLYSNING_PERSONNUMMER, (vera.options.v1.maskering) = MASKERING_SIDSTE_FIRE];
  string dato = 13;
  optional bool aktiv = 14;
  map<string, int32> maal = 15;
  repeated int32 tal = 16;
  vera.oio.v1.UnikId objekt = 17;
}
)";

const std::string fag2 = R"(syntax = "proto3";
package fag.v2;
import "google/protobuf/timestamp.proto";
import "vera/options/v1/options.proto";
enum Status { STATUS_UKENDT = 0; STATUS_PASSIV = 1; STATUS_AKTIV = 7; STATUS_GENAABNET = 8; }
message Barn { string navn = 1; int64 alder = 2; repeated string tlf = 3; }
message Adresse { string vejnavn = 4; string husnr = 5; string postnr = 6; string by = 7; }
message Flyttet {
  option (vera.options.v1.besked) = { beskedtype: "0b8f5a4e-3c1d-4f6a-9b2e-7d8c6a5f4e32" };
  string navn = 1 [(vera.options.v1.required) = true];
  string kode = 3;
  Status status = 4;
  Adresse adresse = 5;
  repeated Barn boern = 6;
  google.protobuf.Timestamp tid = 7;
  int64 antal = 8;
  repeated string koder = 9;
}
)";

const std::string skole = R"(syntax = "proto3";
package skole.v1;
import "google/protobuf/timestamp.proto";
import "vera/options/v1/options.proto";
import "vera/oio/v1/grundtyper.proto";
enum Tilstand { TILSTAND_UKENDT = 0; TILSTAND_IND = 1; TILSTAND_UD = 2; }
message Kontakt { string navn = 1 [(vera.options.v1.required) = true]; uint32 alder = 2; repeated string telefon = 3; string barn = 4; }
message Sted { string vej = 1; string postnummer = 2 [(vera.options.v1.pattern) = "[0-9]{4}"]; }
message Elev {
  option (vera.options.v1.besked) = { beskedtype: "0b8f5a4e-3c1d-4f6a-9b2e-7d8c6a5f4e33" };
  string navn = 1 [(vera.options.v1.required) = true, (vera.options.v1.length) = {max: 40}];
  string kle = 2 [(vera.options.v1.format) = FORMAT_KLE];
  Tilstand tilstand = 3;
  Sted sted = 4;
  repeated Kontakt kontakter = 5;
  google.protobuf.Timestamp fra = 6;
  int32 antal = 7;
  repeated string koder = 8;
  bytes vedlagt = 9;
  double vaegt = 10;
  string noegle = 11;
  string dag = 12 [(vera.options.v1.format) = FORMAT_DATO];
  bool aktiv = 13;
  map<string, int32> maal = 14;
  repeated int64 tal = 15;
  vera.oio.v1.UnikId objekt = 16;
  vera.oio.v1.Tidspunkt siden = 17;
  sint32 sint = 18;
  fixed32 fast = 19;
  sfixed64 bred = 20;
  float flyder = 21;
  uint64 stor = 22;
  string frit = 23;
  oneof valg { string a = 24; string b = 25; }
}
)";

std::string encoded(const Mapping& mapping, const std::string& event_json) {
    const auto& known = mapping.catalogue();
    const bool is_whole = nlohmann::json::parse(event_json).contains("BeskedId");
    const auto kuvert =
        is_whole ? known.from_json(event_json) : kuvert_around(event_json, mapping.from(), known);
    INFO((kuvert ? "" : kuvert.error().text));
    REQUIRE(kuvert.has_value());
    return *kuvert;
}

Transformer::Made transformed(const Mapping& mapping, const std::string& kuvert) {
    event::RawEvent raw;
    raw.body_kind = event::BodyKind::data;
    raw.body = kuvert;
    raw.content_type = "application/protobuf";
    const auto checked = mapping.catalogue().check(raw);
    const auto* refusal = std::get_if<Refusal>(&checked);
    INFO((refusal == nullptr ? "" : refusal->text));
    REQUIRE(refusal == nullptr);
    Transformer transformer;
    return transformer.apply(mapping, kuvert, std::get<event::Attributes>(checked));
}

}  // namespace

std::shared_ptr<const event::Catalogue> catalogue() {
    static const auto made = [] {
        event::CatalogueParts parts{event::SchemaSet::built_in(), event::UuidNames::built_in()};
        const auto problems = parts.schemas.add(
            {"skemaer", {{"fag.proto", fag}, {"fag2.proto", fag2}, {"skole.proto", skole}}});
        INFO(event::to_text(problems));
        REQUIRE(problems.empty());
        return std::get<0>(event::Catalogue::make(std::move(parts)));
    }();
    return made;
}

std::string elev(const std::string& rest) {
    return "mapping: elev\nfrom: fag.v1.Flyttet\nto: skole.v1.Elev\n" + rest;
}

std::vector<std::string> problems_of(const std::string& yaml) {
    const vera::test::ConfigFolder folder;
    const ops::MappingFile read = ops::read_mapping(folder.write("m.yaml", yaml), "m.yaml");
    std::vector<std::string> told;
    const auto tell = [&](const Problem& problem) {
        CHECK(problem.file == "m.yaml");
        told.push_back(std::string(problem.is_error ? "error " : "warning ") +
                       std::to_string(problem.line) + ' ' + problem.key + ": " + problem.text);
    };
    for (const Problem& problem : read.problems)
        tell(problem);
    if (!read.problems.empty()) return told;
    for (const Problem& problem : Mapping::compile(read.source, catalogue()).problems)
        tell(problem);
    return told;
}

std::shared_ptr<const Mapping> mapping_of(const std::string& yaml) {
    const vera::test::ConfigFolder folder;
    folder.write("noegle", "0123456789abcdef0123456789abcdef\n");
    folder.write("koder.csv",
                 "kode;kle;tekst\nB1;27.24.06;Børn\n\"A;1\";32.01.01;\"Syge\"\"dagpenge\"\n");
    const ops::MappingFile read = ops::read_mapping(folder.write("m.yaml", yaml), "m.yaml");
    for (const Problem& problem : read.problems)
        UNSCOPED_INFO(to_text(problem));
    REQUIRE(read.problems.empty());
    const auto compiled = Mapping::compile(read.source, catalogue());
    for (const Problem& problem : compiled.problems)
        UNSCOPED_INFO(to_text(problem));
    REQUIRE(compiled.mapping != nullptr);
    return compiled.mapping;
}

std::string made(const Mapping& mapping, const std::string& event_json) {
    const auto result = transformed(mapping, encoded(mapping, event_json));
    if (const auto* failure = std::get_if<Failure>(&result)) return "failed: " + to_text(*failure);
    if (std::holds_alternative<NotMeant>(result)) return "not meant";
    const auto json =
        mapping.catalogue().to_json(std::get<std::string>(result), "application/protobuf", false);
    REQUIRE(json.has_value());
    auto payload = nlohmann::json::parse(*json)["Beskeddata"][0];
    CHECK(payload["@type"] == "type.googleapis.com/" + mapping.to());
    payload.erase("@type");
    return payload.dump();
}

std::string made_kuvert(const Mapping& mapping, const std::string& kuvert_json) {
    const auto result = transformed(mapping, encoded(mapping, kuvert_json));
    if (const auto* failure = std::get_if<Failure>(&result)) return "failed: " + to_text(*failure);
    if (std::holds_alternative<NotMeant>(result)) return "not meant";
    return *mapping.catalogue().to_json(
        std::get<std::string>(result), "application/protobuf", false);
}

const std::string& full_event() {
    static const std::string event = R"({"fornavn": "Nancy", "efternavn": "Berggren", "kode": "B1",
        "status": "STATUS_PASSIV", "adresse": {"vejnavn": "Havnevej", "husnr": "7", "postnr": "9940"},
        "boern": [{"navn": "Bo", "alder": 7, "tlf": ["1", "2"]}, {"navn": "Ida", "alder": 19}],
        "tid": "2026-11-23T23:30:00.000123Z", "antal": "5", "koder": ["x", "y"], "vedlagt": "AAEC",
        "vaegt": 2.5, "cpr": "2512484916", "dato": "25-12-1948", "aktiv": true,
        "maal": {"a": 1}, "tal": [1, -2], "objekt": {"UUIDIdentifikator": "f329f8d3-b334-4dc7-8469-7362d66e2390"}})";
    return event;
}

}  // namespace vera::transform::test
