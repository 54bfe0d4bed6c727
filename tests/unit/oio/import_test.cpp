#include "tests/support/catch.hpp"
#include "tests/unit/oio/there_and_back.hpp"

using namespace vera;
using namespace vera::oio::test;
using nlohmann::json;

namespace {

using Aside = std::vector<std::string>;

/// The trip of a body of a Bruger, which must give the same JSON again.
Trip same_again(const std::string& text, const std::string& class_name = {}) {
    CAPTURE(text);
    Trip trip = there_and_back(text, {class_name, {}});
    CHECK(trip.error.empty());
    CHECK(trip.back == json::parse(text));
    return trip;
}

}  // namespace

TEST_CASE("oio: a delta has only what it changes", "[oio]") {
    const auto trip = same_again(R"({"note":"","attributter":{"brugeregenskaber":[
        {"brugernavn":"","virkning":{"from":"2020-01-01","to":"infinity"}}]}})");
    CHECK(trip.aside.empty());
    CHECK(trip.message["registrering"]["noteTekst"] == "");
    CHECK(trip.message["egenskaber"][0].contains("brugernavn"));
    CHECK_FALSE(trip.message["egenskaber"][0].contains("brugervendtnoegle"));
    CHECK_FALSE(trip.message.contains("gyldighed"));
}

TEST_CASE("oio: a relation given without an entry is emptied, one not given is not", "[oio]") {
    const auto trip = same_again(R"({"relationer":{"redaktoerer":[],"ejer":[
        {"uuid":"","virkning":{"from":"-infinity","to":"infinity"}}],"ansvarlig":[
        {"uuid":"","urn":"","virkning":{"from":"2020-01-01T00:00:00Z","to":"infinity"}}]}})",
                                 "facet");
    CHECK(trip.message["registrering"]["toemteRelationer"] == json{"redaktoerer"});
    CHECK(trip.message["relationer"]["ejer"][0]["referenceId"] == json{{"UUIDIdentifikator", ""}});
    CHECK(trip.message["relationer"]["ejer"][0]["virkning"]["fraTidspunkt"] ==
          json{{"GraenseIndikator", true}});
    CHECK(trip.aside == Aside{"/relationer/ansvarlig/0/urn: does not fit its field"});
    CHECK(same_again(R"({"relationer":{}})", "facet").message.contains("relationer"));
}

TEST_CASE("oio: a registration as LoRa reads it", "[oio]") {
    const auto trip = same_again(R"({"id":"cb904af2-83a1-11e5-b3b8-83a8f6a26e42","note":"x",
        "livscykluskode":"Rettet","brugerref":"42c432e8-9c4a-11e6-9f62-873cf34a735f",
        "fratidspunkt":{"tidsstempeldatotid":"2017-04-03T14:21:36.123456+02:00","graenseindikator":true},
        "tiltidspunkt":{"tidsstempeldatotid":"infinity"},
        "attributter":{"brugeregenskaber":[{"brugervendtnoegle":"x","virkning":
          {"from":"2017-04-03 14:21:36+02","from_included":true,"to":"infinity","to_included":false,
           "aktoerref":"urn:oio:cvr-nr:29189382","aktoertypekode":"ItSystem"}}]}})");
    CHECK(trip.aside.empty());
    const json& registration = trip.message["registrering"];
    CHECK(registration["livscyklusKode"] == "LIVSCYKLUS_KODE_RETTET");
    CHECK(registration["fraTidspunkt"] ==
          json{{"TidsstempelDatoTid", "2017-04-03T12:21:36.123456Z"},
               {"UTCForskydningMinutter", 120}});
    CHECK(registration["fraInkluderet"] == true);
    CHECK(registration["tilTidspunkt"] == json{{"GraenseIndikator", true}});
    CHECK(trip.message["objektId"]["UUIDIdentifikator"] == "cb904af2-83a1-11e5-b3b8-83a8f6a26e42");
    CHECK(trip.message["egenskaber"][0]["virkning"]["aktoerRef"]["URNIdentifikator"] ==
          "urn:oio:cvr-nr:29189382");
}

TEST_CASE("oio: what has no field is kept aside with its path and comes back", "[oio]") {
    struct Row {
        const char* name;
        const char* body;
        Aside aside;
    };
    const auto row = GENERATE(values<Row>({
        {"unknown member of the object",
         R"({"note":"n","Note":{"a":[1,2.50,-0]}})",
         {"/Note: no field for it"}},
        {"unknown attribute",
         R"({"attributter":{"brugeregenskaber":[{"farve":"blå","virkning":{"til":1}}]}})",
         {"/attributter/brugeregenskaber/0/farve: no field for it",
          "/attributter/brugeregenskaber/0/virkning/til: no field for it"}},
        {"unknown group of attributes",
         R"({"attributter":{"brugerting":[{"x":1}]}})",
         {"/attributter: no field for it"}},
        {"unknown group beside a known one",
         R"({"attributter":{"brugerting":[{"x":1}],"brugeregenskaber":[{}]}})",
         {"/attributter/brugerting: no field for it"}},
        {"unknown relation",
         R"({"relationer":{"venner":[{"uuid":"1"}],"tomme":[]}})",
         {"/relationer/venner: no field for it", "/relationer/tomme: no field for it"}},
        {"number for a text",
         R"({"attributter":{"brugeregenskaber":[{"brugernavn":12}]}})",
         {"/attributter/brugeregenskaber/0/brugernavn: does not fit its field"}},
        {"null for a text", R"({"note":null})", {"/note: does not fit its field"}},
        {"null for groups",
         R"({"attributter":null,"tilstande":null,"relationer":null})",
         {"/attributter: does not fit its field",
          "/tilstande: does not fit its field",
          "/relationer: does not fit its field"}},
        {"null in lists",
         R"({"relationer":{"adresser":[null,{"uuid":"a","x":1},null,{"urn":"b"}],"opgaver":[null]}})",
         {"/relationer/adresser/0: does not fit its field",
          "/relationer/adresser/1/x: no field for it",
          "/relationer/adresser/2: does not fit its field",
          "/relationer/opgaver: does not fit its field"}},
        {"empty objects and lists",
         R"({"attributter":{},"tilstande":{"brugergyldighed":[]},"fratidspunkt":{}})",
         {"/attributter: does not fit its field",
          "/tilstande: no field for it",
          "/fratidspunkt: does not fit its field"}},
        {"unknown word of a state",
         R"({"tilstande":{"brugergyldighed":[{"gyldighed":"Sovende"}]}})",
         {"/tilstande/brugergyldighed/0/gyldighed: does not fit its field"}},
        {"times that are none",
         R"({"tilstande":{"brugergyldighed":[{"virkning":{"from":"i går","to":"2020-02-30"}}]}})",
         {"/tilstande/brugergyldighed/0/virkning/from: does not fit its field",
          "/tilstande/brugergyldighed/0/virkning/to: does not fit its field"}},
        {"a name with slash and tilde", R"({"a/b~c":1})", {"/a~1b~0c: no field for it"}},
        {"a registration's time that is a text",
         R"({"fratidspunkt":"2020-01-01"})",
         {"/fratidspunkt: does not fit its field"}},
    }));
    CAPTURE(row.name);
    CHECK(same_again(row.body, "bruger").aside == row.aside);
}

TEST_CASE("oio: an index is a number, and a text that is no number", "[oio]") {
    const auto trip = same_again(R"({"relationer":{"andrebehandlere":[
        {"indeks":7,"uuid":"a"},{"indeks":"7"},{"indeks":"07"},{"indeks":7.0},{"indeks":"a"}]}})",
                                 "sag");
    CHECK(trip.message["relationer"]["andrebehandlere"][0]["indeks"] == "7");
    CHECK(trip.aside == Aside{"/relationer/andrebehandlere/1/indeks: does not fit its field",
                              "/relationer/andrebehandlere/3/indeks: does not fit its field"});
}

TEST_CASE("oio: the order to make passive is a life cycle code too", "[oio]") {
    const auto order = same_again(R"({"livscyklus":"Passiv","note":"slut"})", "klasse");
    CHECK(order.message["registrering"]["livscyklusKode"] == "LIVSCYKLUS_KODE_PASSIVERET");
    const auto both =
        same_again(R"({"livscyklus":"Passiv","livscykluskode":"Passiveret"})", "klasse");
    CHECK(both.message["registrering"]["livscyklusKode"] == "LIVSCYKLUS_KODE_PASSIVERET");
    const auto other =
        same_again(R"({"livscykluskode":"Slettet","livscyklus":"Passiv"})", "klasse");
    CHECK(other.message["registrering"]["livscyklusKode"] == "LIVSCYKLUS_KODE_SLETTET");
    CHECK(same_again(R"({"livscyklus":"Aktiv"})", "klasse")
              .message["registrering"]
              .contains("livscyklusKode") == false);
}

TEST_CASE("oio: search words are lists of texts", "[oio]") {
    const auto trip = same_again(R"({"attributter":{"klasseegenskaber":[{"soegeord":
        [["a","b","c"],["a"],[null,"b"],[],["a",null],["a","b","c","d"],{"x":1},"y"]}]}})");
    CHECK(trip.message["egenskaber"][0]["soegeord"].size() == 4);
    CHECK(trip.aside.size() == 4);
}

TEST_CASE("oio: names that are not ASCII in LoRa", "[oio]") {
    const auto trip =
        same_again(R"({"attributter":{"organisationfunktionudvidelser":[{"primær":true,
        "fraktion":500000}]},"relationer":{"primær":[],"tilknyttedebrugere":[]}})");
    CHECK(trip.type == "vera.organisation.v1.OrganisationFunktion");
    CHECK(trip.message["udvidelser"][0]["primaer"] == true);
    CHECK(trip.aside.empty());
}

TEST_CASE("oio: the class is told by the members", "[oio]") {
    struct Row {
        const char* body;
        const char* type;
    };
    const auto row = GENERATE(values<Row>({
        {R"({"tilstande":{"organisationgyldighed":[{}]}})", "vera.organisation.v1.Organisation"},
        {R"({"tilstande":{"organisationenhedgyldighed":[{}]}})",
         "vera.organisation.v1.OrganisationEnhed"},
        {R"({"attributter":{"itsystemegenskaber":[{}]}})", "vera.organisation.v1.ItSystem"},
        {R"({"attributter":{"aktivitetegenskaber":[{}]}})", "vera.aktivitet.v1.Aktivitet"},
        {R"({"tilstande":{"loghaendelsegyldighed":[{"gyldighed":"Ikke rettet"}]}})",
         "vera.log.v1.Loghaendelse"},
        {R"({"varianter":[{"varianttekst":"PDF"}]})", "vera.dokument.v1.Dokument"},
        {R"({"relationer":{"facettilhoerer":[]}})", "vera.klassifikation.v1.Facet"},
        {R"({"relationer":{"journalpost":[],"ejer":[]}})", "vera.sag.v1.Sag"},
    }));
    CAPTURE(row.body);
    CHECK(same_again(row.body).type == row.type);
}

TEST_CASE("oio: answers of reads and searches keep their shape", "[oio]") {
    const auto text = GENERATE(values<std::string>({
        R"([{"id":"a","registreringer":[{"livscykluskode":"Rettet","attributter":{"klasseegenskaber":
            [{"titel":"2"}]}},{"id":"b","attributter":{"klasseegenskaber":[{"titel":"1"}]}}],"x":1}])",
        R"({"results":[[{"id":"a","registreringer":[{"attributter":{"brugeregenskaber":[{}]}}]},
            {"id":"b","registreringer":[{"attributter":{"facetegenskaber":[{"nyt":null}]}}]}]]})",
        R"({"cb904af2-83a1-11e5-b3b8-83a8f6a26e42":[{"id":"cb904af2-83a1-11e5-b3b8-83a8f6a26e42",
            "registreringer":[{"relationer":{"facettilhoerer":[]}}]}]})",
        R"({"id":"urn:a","registreringer":[{"tilstande":{"klassepubliceret":[{}]}},null,7]})",
        R"({"id":7,"registreringer":[{"tilstande":{"klassepubliceret":[{}]}}]})",
        R"({"results":[["cb904af2-83a1-11e5-b3b8-83a8f6a26e42"]]})",
        R"({"results":[]})",
        R"([])",
        R"([{"attributter":{"klasseegenskaber":[{}]}},{"attributter":{"klasseegenskaber":[{}]}}])",
    }));
    const bool is_binary = GENERATE(false, true);
    CAPTURE(text, is_binary);
    const auto trip = there_and_back(text, {}, is_binary);
    CHECK(trip.error.empty());
    CHECK(trip.type == "vera.oio.v1.Objektsamling");
    CHECK(trip.back == json::parse(text));
}

TEST_CASE("oio: an answer's objects have the id that stands beside their registrations", "[oio]") {
    const auto trip = same_again(R"([{"id":"a","registreringer":[{"note":"1","attributter":
        {"klasseegenskaber":[{"ny":1}]}},{"id":"b","attributter":{"klasseegenskaber":[{}]}}]}])");
    const json& objects = trip.message["objekter"];
    REQUIRE(objects.size() == 2);
    CHECK(objects[0]["sti"] == "/0/registreringer/0");
    CHECK(objects[0]["objekt"]["@type"] == "type.googleapis.com/vera.klassifikation.v1.Klasse");
    CHECK(objects[0]["objekt"]["objektId"]["UUIDIdentifikator"] == "a");
    CHECK(objects[1]["objekt"]["objektId"]["UUIDIdentifikator"] == "a");
    CHECK(trip.message["ramme"] == R"([{"id":"a","registreringer":[null,null]}])");
    CHECK(trip.aside ==
          Aside{"/0/registreringer/0/attributter/klasseegenskaber/0/ny: no field for it",
                "/0/registreringer/1/id: does not fit its field"});
}
