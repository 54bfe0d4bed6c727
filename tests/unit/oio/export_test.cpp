#include "adapters/oio/object_forms.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/oio/there_and_back.hpp"

#include <google/protobuf/any.pb.h>

using namespace vera;
using namespace vera::oio;
using namespace vera::oio::test;

namespace {

/// What export says to a file: LoRa's JSON without line breaks, or the refusal.
std::string exported(const std::string& file) {
    const auto object = object_from(model(), file);
    if (!object) return object.error().text;
    const auto text = export_json(model(), *object);
    return text ? nlohmann::json::parse(*text).dump() : text.error().text;
}

std::string facet(const std::string& members) {
    return "{\n\"@type\": \"type.googleapis.com/vera.klassifikation.v1.Facet\",\n" + members + "}";
}

}  // namespace

TEST_CASE("oio: a message that no import made is exported with plain times", "[oio]") {
    CHECK(
        exported(facet(R"("objektId":{"UUIDIdentifikator":"a"},"registrering":{"livscyklusKode":
        "LIVSCYKLUS_KODE_OPSTAAET"},"egenskaber":[{"plan":"p","virkning":{"fraTidspunkt":
        {"TidsstempelDatoTid":"2026-11-23T08:00:00.500Z"},"tilTidspunkt":{"GraenseIndikator":true}}}])")) ==
        R"({"attributter":{"facetegenskaber":[{"plan":"p","virkning":{"from":"2026-11-23T08:00:00.5Z","to":"infinity"}}]},"id":"a","livscykluskode":"Opstaaet"})");
}

TEST_CASE("oio: a text left beside a changed time says nothing", "[oio]") {
    const auto from = [](const std::string& time) {
        return exported(facet(R"("publiceret":[{"virkning":{"fraTidspunkt":)" + time + "}}]"));
    };
    CHECK(from(R"({"TidsstempelDatoTid":"2015-04-10T00:00:00Z","UTCForskydningMinutter":0,
                   "OprindeligTekst":"2015-04-10 00:00:00+00"})")
              .find("\"2015-04-10 00:00:00+00\"") != std::string::npos);
    CHECK(from(R"({"TidsstempelDatoTid":"2016-04-10T00:00:00Z","UTCForskydningMinutter":0,
                   "OprindeligTekst":"2015-04-10 00:00:00+00"})")
              .find("\"2016-04-10T00:00:00+00:00\"") != std::string::npos);
}

TEST_CASE("oio: export refuses what it cannot read or say, with line and field", "[oio]") {
    struct Row {
        const char* name;
        std::string file;
        std::string refusal;
    };
    const auto row = GENERATE(values<Row>({
        {"nothing", "", "line 1: "},
        {"no type", "{\n}", "line 1: @type is missing"},
        {"unknown type",
         "{\n\"@type\":\"type.googleapis.com/vera.x.v1.Y\"}",
         "line 2: @type is no type of the schemas"},
        {"no class",
         R"({"@type":"type.googleapis.com/vera.oio.v1.Virkning"})",
         "its type is no class; there are "},
        {"unknown field",
         facet("\"egenskaber\":[{\n\"farve\":\"x\"}]"),
         "line 4: egenskaber[0]: unknown field 'farve'"},
        {"wrong type",
         facet("\"egenskaber\":\n[{\"plan\":7}]"),
         "line 4: egenskaber[0].plan: text in quotes expected"},
        {"kept aside nowhere",
         facet(R"("registrering":{"lokaleUdvidelser":[
          {"sti":"/attributter/facetegenskaber/0/x","vaerdi":"1"},{"sti":"/note/x","vaerdi":"1"}],
          "noteTekst":"n"})"),
         "registrering.lokale_udvidelser[1]: sti: the JSON pointer leads nowhere"},
        {"kept aside twice",
         facet(R"("registrering":{"lokaleUdvidelser":[
          {"sti":"/note","vaerdi":"1"}],"noteTekst":"n"})"),
         "registrering.lokale_udvidelser[0]: sti: something stands there already"},
        {"no pointer",
         facet(R"("registrering":{"lokaleUdvidelser":[{"sti":"x","vaerdi":"1"}]})"),
         "registrering.lokale_udvidelser[0]: sti: no JSON pointer to a member"},
        {"no JSON aside",
         facet(R"("registrering":{"lokaleUdvidelser":[{"sti":"/x","vaerdi":"{"}]})"),
         "registrering.lokale_udvidelser[0]: vaerdi is no JSON: line 1: "},
        {"a collection without frame",
         R"({"@type":"type.googleapis.com/vera.oio.v1.Objektsamling"})",
         "ramme: text in quotes expected"},
        {"a collection without place",
         R"({"@type":"type.googleapis.com/vera.oio.v1.Objektsamling","ramme":"[]","objekter":[{"sti":"/0",
             "objekt":{"@type":"type.googleapis.com/vera.sag.v1.Sag"}}]})",
         "objekter[0].sti: ramme has no null there"},
    }));
    CAPTURE(row.name, exported(row.file));
    CHECK(exported(row.file).find(row.refusal) != std::string::npos);
}

TEST_CASE("oio: fields from a newer schema are not dropped in silence", "[oio]") {
    google::protobuf::Any any;
    any.set_type_url("type.googleapis.com/vera.klassifikation.v1.Facet");
    any.set_value("\x1a\x03\xf8\x3f\x01");  // egenskaber[0] with a field 1023
    CHECK(exported(any.SerializeAsString()) ==
          "egenskaber[0]: field 1023 is not in the schema of FacetEgenskaber");
    any.set_value("\x1a\x7f");
    CHECK(exported(any.SerializeAsString()) == "no valid Protobuf of vera.klassifikation.v1.Facet");
}

TEST_CASE("oio: a text of 16 MiB is not exported", "[oio]") {
    CHECK(exported(facet("\"egenskaber\":[{\"plan\":\"" + std::string(16U << 20U, 'x') + "\"}]")) ==
          "egenskaber[0].plan: a text of more than 1048576 bytes");
}
