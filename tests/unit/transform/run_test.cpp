// What mappings make of events, and how they fail.
#include "tests/support/catch.hpp"
#include "tests/unit/transform/mapping_bed.hpp"

#include <nlohmann/json.hpp>

using namespace vera::transform;
using namespace vera::transform::test;
using nlohmann::json;

namespace {

struct Row {
    std::string rest;  ///< behind a mapping's head
    std::string want;
};

json parsed(const std::string& text) {
    INFO(text);
    REQUIRE(json::accept(text));
    return json::parse(text);
}

TEST_CASE("transform: fields are made of fields", "[transform]") {
    const auto row = GENERATE(values<Row>({
        {"map: {navn: \"CONCAT(data.fornavn, ' ', data.efternavn)\"}",
         R"({"navn": "Nancy Berggren"})"},
        {"map: {navn: data.fornavn, sted.vej: \"CONCAT(data.adresse.vejnavn, ' ', "
         "data.adresse.husnr)\"}",
         R"({"navn": "Nancy", "sted": {"vej": "Havnevej 7"}})"},
        {"map: {navn: data.fornavn, sted: {map: {vej: data.adresse.vejnavn, postnummer: "
         "data.adresse.postnr}}}",
         R"({"navn": "Nancy", "sted": {"vej": "Havnevej", "postnummer": "9940"}})"},
        {"map: {navn: data.fornavn, fra: data.tid, vedlagt: data.vedlagt, vaegt: data.vaegt, maal: "
         "data.maal}",
         R"({"navn": "Nancy", "fra": "2026-11-23T23:30:00.000123Z", "vedlagt": "AAEC", "vaegt": 2.5, "maal": {"a": 1}})"},
        {"map: {navn: data.fornavn, koder: data.koder, tal: data.tal, objekt: data.objekt}",
         R"({"navn": "Nancy", "koder": ["x", "y"], "tal": ["1", "-2"], "objekt": {"UUIDIdentifikator": "f329f8d3-b334-4dc7-8469-7362d66e2390"}})"},
        {"map: {navn: data.fornavn, antal: data.antal + 1, sint: -3, fast: 7, bred: -9, flyder: 2, "
         "stor: data.antal}",
         R"({"navn": "Nancy", "antal": 6, "sint": -3, "fast": 7, "bred": "-9", "flyder": 2, "stor": "5"})"},
        {"map: {navn: data.fornavn, dag: \"READ_DATE(data.dato, 'DD-MM-YYYY')\", aktiv: data.antal "
         "> 3}",
         R"({"navn": "Nancy", "dag": "1948-12-25", "aktiv": true})"},
        {"map: {navn: data.fornavn, dag: DATE(data.tid)}",
         R"({"navn": "Nancy", "dag": "2026-11-24"})"},
        {"map: {navn: data.fornavn, siden: data.tid, fra: \"MIDNIGHT('2026-07-01')\"}",
         R"({"navn": "Nancy", "fra": "2026-06-30T22:00:00Z", "siden": {"TidsstempelDatoTid": "2026-11-23T23:30:00Z"}})"},
        {"map: {navn: data.fornavn, objekt: \"CVR_URN('29189382')\"}",
         R"({"navn": "Nancy", "objekt": {"URNIdentifikator": "urn:oio:cvr-nr:29189382"}})"},
        {"map: {navn: data.fornavn, noegle: STRING(data.status), frit: data.status}",
         R"({"navn": "Nancy", "noegle": "STATUS_PASSIV", "frit": "STATUS_PASSIV"})"},
        // conditions, alternatives, defaults
        {"map: {navn: data.fornavn, frit: {value: data.kode, when: data.antal > 9}}",
         R"({"navn": "Nancy"})"},
        {"map: {navn: data.fornavn, frit: [{when: data.antal > 9, value: \"'mange'\"}, {when: "
         "data.antal > 4, value: \"'nogle'\"}, \"'få'\"]}",
         R"({"navn": "Nancy", "frit": "nogle"})"},
        {"map: {navn: data.fornavn, frit: {value: kle, default: \"'intet'\"}}",
         R"({"navn": "Nancy", "frit": "intet"})"},
        // each
        {"map: {navn: data.fornavn, kontakter: {each: data.boern, as: barn, map: {navn: "
         "UPPER(barn.navn), alder: barn.alder, telefon: barn.tlf}}}",
         R"({"navn": "Nancy", "kontakter": [{"navn": "BO", "alder": 7, "telefon": ["1", "2"]}, {"navn": "IDA", "alder": 19}]})"},
        {"map: {navn: data.fornavn, kontakter: {each: data.boern, when: item.alder < 18, map: "
         "{navn: item.navn, barn: data.efternavn}}}",
         R"({"navn": "Nancy", "kontakter": [{"navn": "Bo", "barn": "Berggren"}]})"},
        {"map: {navn: data.fornavn, koder: {each: data.koder, as: kode, value: \"CONCAT('-', "
         "kode)\"}}",
         R"({"navn": "Nancy", "koder": ["-x", "-y"]})"},
        {"map: {navn: data.fornavn, koder: {each: data.boern, as: barn, value: barn.navn}}",
         R"({"navn": "Nancy", "koder": ["Bo", "Ida"]})"},
        {"map: {navn: data.fornavn, koder: {each: data.boern.tlf, as: tlf, value: \"CONCAT('+45', "
         "tlf)\", when: tlf != '1'}}",
         R"({"navn": "Nancy", "koder": ["+452"]})"},
        {"map: {navn: data.fornavn, kontakter: {each: data.boern, as: barn, map: {navn: barn.navn, "
         "telefon: {each: barn.tlf, as: nr, value: \"CONCAT(barn.navn, nr, data.kode)\"}}}}",
         R"({"navn": "Nancy", "kontakter": [{"navn": "Bo", "telefon": ["Bo1B1", "Bo2B1"]}, {"navn": "Ida"}]})"},
        // tables
        {"tables: {k: {file: koder.csv}}\nmap: {navn: data.fornavn, kle: {value: data.kode, "
         "lookup: k}, frit: {value: data.kode, lookup: k, column: tekst}}",
         R"({"navn": "Nancy", "kle": "27.24.06", "frit": "Børn"})"},
        {"tables: {s: {rows: {STATUS_AKTIV: TILSTAND_IND, STATUS_PASSIV: TILSTAND_UD}}}\nmap: "
         "{navn: data.fornavn, tilstand: {value: data.status, lookup: s}}",
         R"({"navn": "Nancy", "tilstand": "TILSTAND_UD"})"},
        {"tables: {s: {rows: {x: ja}, missing: drop}}\nmap: {navn: data.fornavn, koder: {each: "
         "data.koder, as: k, value: k, lookup: s}}",
         R"({"navn": "Nancy", "koder": ["ja"]})"},
        {"tables: {s: {rows: {x: ja}, default: ukendt}}\nmap: {navn: data.fornavn, koder: {each: "
         "data.koder, as: k, value: k, lookup: s}}",
         R"({"navn": "Nancy", "koder": ["ja", "ukendt"]})"},
        {"tables: {s: {rows: {'5': fem}}}\nmap: {navn: {value: data.antal, lookup: s}}",
         R"({"navn": "fem"})"},
        // masks and pseudonyms
        {"map: {navn: {value: data.fornavn, mask: true}, frit: {value: data.cpr, mask: true}}",
         R"({"navn": "***", "frit": "***4916"})"},
        {"pseudonym_key: noegle\nmap: {navn: data.fornavn, noegle: PSEUDONYM(data.cpr), objekt: "
         "\"PSEUDONYM_UUID(data.cpr, 'skole')\"}",
         R"({"navn": "Nancy", "noegle": "e5a8145aff074c074dc720995f4a0b5f", "objekt": {"UUIDIdentifikator": "9957afb9-fd03-8391-92ba-5d7e6ab772b7"}})"},
        // the other member of a choice, and a whole condition
        {"map: {navn: data.fornavn, a: {value: data.kode, when: data.antal > 9}, b: {value: "
         "data.kode, when: data.antal < 9}}",
         R"({"navn": "Nancy", "b": "B1"})"},
        {"when: data.antal = 5\nmap: {navn: data.fornavn}", R"({"navn": "Nancy"})"},
    }));
    CAPTURE(row.rest);
    const auto mapping = mapping_of(elev(row.rest));
    const std::string got = made(*mapping, full_event());
    CHECK(got == json::parse(row.want).dump());
}

TEST_CASE("transform: a failure tells the field, line and offset, and never a value",
          "[transform]") {
    const auto row = GENERATE(values<Row>({
        {"map:\n  navn: CONCAT(data.fornavn, STRING(data.antal / 0))",
         "failed: Beskeddata[0].navn: m.yaml:5: offset 39: division by zero"},
        {"map:\n  navn: data.fornavn\n  antal: INT(data.fornavn)",
         "failed: Beskeddata[0].antal: m.yaml:6: offset 0: the argument is no integer"},
        {"map:\n  navn: data.fornavn\n  sint: data.antal * 1000000000",
         "failed: Beskeddata[0].sint: m.yaml:6: the value does not fit in the field"},
        {"map:\n  navn: data.fornavn\n  fast: 0 - data.antal",
         "failed: Beskeddata[0].fast: m.yaml:6: the value does not fit in the field"},
        {"map:\n  navn: data.fornavn\n  objekt: data.fornavn",
         "failed: Beskeddata[0].objekt: m.yaml:6: the value is neither a UUID nor a URN"},
        {"map:\n  navn: data.fornavn\n  tilstand: data.fornavn",
         "failed: Beskeddata[0].tilstand: m.yaml:6: the value is none of the enum's"},
        {"map:\n  navn: data.fornavn\n  kle: data.kode",
         "failed: Beskeddata[0].kle: m.yaml:6: is not a KLE number (NN, NN.NN or NN.NN.NN)"},
        {"map:\n  navn: data.fornavn\n  sted.postnummer: data.cpr",
         "failed: Beskeddata[0].sted.postnummer: m.yaml:6: does not match the pattern [0-9]{4}"},
        {"map:\n  navn: {value: data.fornavn, when: data.antal > 9}",
         "failed: Beskeddata[0].navn: m.yaml:5: is missing"},
        {"map:\n  navn: PAD_LEFT(data.fornavn, 41, 'x')",
         "failed: Beskeddata[0].navn: m.yaml:5: has more than 40 characters"},
        {"map:\n  navn: data.fornavn\n  kontakter: {each: data.boern, as: barn, map: {navn: "
         "barn.navn, alder: 0 - barn.alder}}",
         "failed: Beskeddata[0].kontakter[0].alder: m.yaml:6: the value does not fit in the field"},
        {"tables: {s: {rows: {x: ja}}}\nmap:\n  navn: data.fornavn\n  koder: {each: data.koder, "
         "as: k, value: k, lookup: s}",
         "failed: Beskeddata[0].koder[1]: m.yaml:7: the code is not in table s"},
        {"map:\n  navn: data.fornavn\n  frit: kle",
         "failed: Beskeddata[0].frit: m.yaml:6: offset 0: the event has no attribute kle"},
        {"map:\n  navn: data.fornavn\n  a: data.kode\n  b: data.kode",
         "failed: Beskeddata[0]: m.yaml: has more than one of a, b"},
        {"when: data.antal / 0 = 1\nmap: {navn: data.fornavn}",
         "failed: m.yaml:4: offset 11: division by zero"},
        {"when: data.antal = 6\nmap: {navn: data.fornavn}", "not meant"},
    }));
    CAPTURE(row.rest);
    CHECK(made(*mapping_of(elev(row.rest)), full_event()) == row.want);
}

TEST_CASE("transform: a version bridge copies what is alike, by name", "[transform]") {
    const auto bridge = mapping_of(
        "mapping: bro\nfrom: fag.v1.Flyttet\nto: fag.v2.Flyttet\ncopy: all\n"
        "map:\n  navn: \"CONCAT(data.fornavn, ' ', COALESCE(data.efternavn, ''))\"\n  adresse.by: "
        "\"'Læsø'\"\n");
    CHECK(json::parse(made(*bridge, full_event())) ==
          json::parse(R"({"navn": "Nancy Berggren", "kode": "B1", "status": "STATUS_PASSIV",
            "adresse": {"vejnavn": "Havnevej", "husnr": "7", "postnr": "9940", "by": "Læsø"},
            "boern": [{"navn": "Bo", "alder": "7", "tlf": ["1", "2"]}, {"navn": "Ida", "alder": "19"}],
            "tid": "2026-11-23T23:30:00.000123Z", "antal": "5", "koder": ["x", "y"]})"));
    const json whole = parsed(made_kuvert(
        *bridge, R"({"BeskedId": {"UUIDIdentifikator": "5d0c9a7e-7a3b-4c0e-8b61-1f2e3d4c5b6a"},
        "BeskedVersion": "1.0", "Beskedkuvert": {"Filtreringsdata": {"Beskedtype": {"UUIDIdentifikator": "0b8f5a4e-3c1d-4f6a-9b2e-7d8c6a5f4e31"},
        "ObjektRegistrering": [{"OpgaveEmne": {"URNIdentifikator": "urn:oio:kle:27.20.04"}}]}, "Leveranceinformation": {}},
        "Beskeddata": [{"@type": "type.googleapis.com/fag.v1.Flyttet", "fornavn": "Bo"},
                       {"@type": "type.googleapis.com/vera.besked.v1.Base64Data", "content-type": "text/plain"},
                       {"@type": "type.googleapis.com/fag.v1.Flyttet", "fornavn": "Ida"}]})"));
    CHECK(whole["BeskedId"]["UUIDIdentifikator"] == "5d0c9a7e-7a3b-4c0e-8b61-1f2e3d4c5b6a");
    const json& filter = whole["Beskedkuvert"]["Filtreringsdata"];
    CHECK(filter["Beskedtype"]["UUIDIdentifikator"] == "0b8f5a4e-3c1d-4f6a-9b2e-7d8c6a5f4e32");
    CHECK(filter["ObjektRegistrering"][0]["OpgaveEmne"]["URNIdentifikator"] ==
          "urn:oio:kle:27.20.04");
    REQUIRE(whole["Beskeddata"].size() == 2);
    CHECK(whole["Beskeddata"][1]["@type"] == "type.googleapis.com/fag.v2.Flyttet");
    CHECK(whole["Beskeddata"][1]["navn"] == "Ida ");
}

TEST_CASE("transform: fields are dropped and masked out of a copy", "[transform]") {
    const auto less = mapping_of(
        "mapping: mindre\nfrom: fag.v1.Flyttet\nto: fag.v1.Flyttet\ncopy: all\n"
        "drop: [adresse.husnr, boern.tlf, koder, vedlagt, maal, tal, objekt, vaegt, dato, tid]\n"
        "mask: [cpr, boern.navn, efternavn]\n");
    CHECK(json::parse(made(*less, full_event())) ==
          json::parse(
              R"({"fornavn": "Nancy", "efternavn": "***", "kode": "B1", "status": "STATUS_PASSIV",
            "adresse": {"vejnavn": "Havnevej", "postnr": "9940"},
            "boern": [{"navn": "B***", "alder": 7}, {"navn": "I***", "alder": 19}],
            "antal": "5", "cpr": "***4916", "aktiv": true})"));
}

TEST_CASE("transform: the kuvert is mapped too, and has to keep its rules", "[transform]") {
    const std::string kuvert =
        R"({"BeskedId": {"UUIDIdentifikator": "5d0c9a7e-7a3b-4c0e-8b61-1f2e3d4c5b6a"},
        "BeskedVersion": "1.0", "Beskedkuvert": {"Filtreringsdata": {"Beskedtype": {"UUIDIdentifikator": "0b8f5a4e-3c1d-4f6a-9b2e-7d8c6a5f4e31"},
        "TilladtModtager": [{"URNIdentifikator": "urn:oio:cvr-nr:29189382"}],
        "ObjektRegistrering": [{"ObjektId": {"URNIdentifikator": "urn:oio:cpr-nr:2512484916"}, "OpgaveEmne": {"URNIdentifikator": "urn:oio:kle:99.99.99"}}]},
        "Leveranceinformation": {"KildesystemIPAdresse": "::1"}},
        "Beskeddata": [{"@type": "type.googleapis.com/fag.v1.Flyttet", "fornavn": "Bo", "kode": "B1"}]})";
    const std::string head =
        "pseudonym_key: noegle\ntables: {k: {file: koder.csv}}\nmap: {navn: data.fornavn}\n"
        "kuvert:\n  drop: [Leveranceinformation.KildesystemIPAdresse]\n  map:\n"
        "    Filtreringsdata.ObjektRegistrering:\n      each: "
        "Beskedkuvert.Filtreringsdata.ObjektRegistrering\n"
        "      as: reg\n      copy: all\n      map:\n";
    const auto good = mapping_of(
        elev(head + "        ObjektId: PSEUDONYM_UUID(URN_VALUE(reg.ObjektId.URNIdentifikator))\n"
                    "        OpgaveEmne: KLE_URN(KLE_LEVEL('27.24.06', 2))\n"));
    const json made = parsed(made_kuvert(*good, kuvert));
    const json& filter = made["Beskedkuvert"]["Filtreringsdata"];
    CHECK(filter["Beskedtype"]["UUIDIdentifikator"] == "0b8f5a4e-3c1d-4f6a-9b2e-7d8c6a5f4e33");
    CHECK(filter["TilladtModtager"].size() == 1);
    CHECK(filter["ObjektRegistrering"][0]["OpgaveEmne"]["URNIdentifikator"] == "urn:oio:kle:27.24");
    CHECK(filter["ObjektRegistrering"][0]["ObjektId"].contains("UUIDIdentifikator"));
    CHECK(filter.dump().find("2512484916") == std::string::npos);
    CHECK(made["Beskedkuvert"]["Leveranceinformation"].empty());
    const auto bad = mapping_of(elev(head + "        OpgaveEmne: \"'urn:oio:kle:2'\"\n"));
    CHECK(made_kuvert(*bad, kuvert) ==
          "failed: m.yaml: Beskedkuvert.Filtreringsdata.ObjektRegistrering[0].OpgaveEmne."
          "URNIdentifikator: is not a KLE number (NN, NN.NN or NN.NN.NN)");
}

TEST_CASE("transform: a mapping's own tests tell what is different, by field", "[transform]") {
    const auto mapping = mapping_of(
        elev("map: {navn: data.fornavn, koder: data.koder, sted.vej: data.adresse.vejnavn, aktiv: "
             "data.aktiv}\n"
             "tests:\n"
             "  - {name: god, event: {fornavn: Bo, aktiv: true}, output: {navn: Bo, aktiv: true}}\n"
             "  - {name: anden, event: {fornavn: Bo, koder: [x, y], adresse: {vejnavn: Havnevej}}, "
             "output: {navn: Ib, koder: [x, z], aktiv: true}}\n"
             "  - {name: fejl, event: {fornavn: Bo}, error: det går galt}\n"
             "  - {name: ikke, event: {efternavn: Bo}, error: navn}\n"
             "  - {name: skrevet galt, event: {forname: Bo}, output: {navn: Bo}}\n"));
    Transformer transformer;
    const auto results = run_tests(*mapping, transformer);
    REQUIRE(results.size() == 5);
    CHECK(results[0].is_good);
    CHECK(results[0].name == "god");
    CHECK(results[1].differences == std::vector<std::string>{"navn: wanted \"Ib\", got \"Bo\"",
                                                             "sted: wanted nothing, got a message",
                                                             "koder[1]: wanted \"z\", got \"y\"",
                                                             "aktiv: wanted true, got nothing"});
    CHECK(results[2].differences == std::vector<std::string>{"wanted an error, got an event"});
    CHECK(results[3].differences ==
          std::vector<std::string>{"event: Beskeddata[0].fornavn: is missing"});
    REQUIRE(results[4].differences.size() == 1);
    CHECK(results[4].differences[0].find("unknown field 'forname'") != std::string::npos);
}

TEST_CASE("transform: the payload behind a correction is transformed, the correction stays",
          "[transform]") {
    const std::string kuvert =
        R"({"BeskedId": {"UUIDIdentifikator": "5d0c9a7e-7a3b-4c0e-8b61-1f2e3d4c5b6a"},
        "BeskedVersion": "1.0", "Beskedkuvert": {"Filtreringsdata": {"Beskedtype": {"UUIDIdentifikator": "c3d373f5-c89f-4d92-9115-2be8434a0fb5"},
        "ObjektRegistrering": [{"ObjektId": {"URNIdentifikator": "urn:oio:cpr-nr:2512484916"}}]}, "Leveranceinformation": {}},
        "Beskeddata": [{"@type": "type.googleapis.com/vera.besked.v1.HaendelseRettet", "rettetBeskedId": {"UUIDIdentifikator": "5d0c9a7e-7a3b-4c0e-8b61-1f2e3d4c5b6b"},
                        "rettetBeskedtype": "0b8f5a4e-3c1d-4f6a-9b2e-7d8c6a5f4e31", "aarsag": "Forkert navn"},
                       {"@type": "type.googleapis.com/fag.v1.Flyttet", "fornavn": "Ida"}]})";
    const auto mapping =
        mapping_of(elev("map: {navn: UPPER(data.fornavn)}\nkuvert: {drop: "
                        "[Filtreringsdata.ObjektRegistrering]}\n"));
    const json made = parsed(made_kuvert(*mapping, kuvert));
    REQUIRE(made["Beskeddata"].size() == 2);
    CHECK(made["Beskeddata"][0]["aarsag"] == "Forkert navn");
    CHECK(made["Beskeddata"][1] ==
          json{{"@type", "type.googleapis.com/skole.v1.Elev"}, {"navn", "IDA"}});
    const json& filter = made["Beskedkuvert"]["Filtreringsdata"];
    CHECK(filter["Beskedtype"]["UUIDIdentifikator"] == "c3d373f5-c89f-4d92-9115-2be8434a0fb5");
    CHECK_FALSE(filter.contains("ObjektRegistrering"));
}

TEST_CASE("transform: events of other types are not meant", "[transform]") {
    const auto mapping = mapping_of(elev("map: {navn: data.fornavn}\n"));
    Transformer transformer;
    vera::event::Attributes attributes;
    attributes.type = "fag.v2.Flyttet";
    CHECK(std::holds_alternative<NotMeant>(transformer.apply(*mapping, {}, attributes)));
}

}  // namespace
