#include "tests/support/catch.hpp"
#include "tests/unit/oio/there_and_back.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>

using namespace vera;
using namespace vera::oio::test;
using nlohmann::json;

namespace {

struct Sample {
    const char* file;
    const char* type;
    std::vector<std::string> aside;
};

std::string read(const std::string& name) {
    std::ifstream file(std::filesystem::path(VERA_OIO_SAMPLES) / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<Sample> samples() {
    return {{"bruger_opret.json", "vera.organisation.v1.Bruger", {}},
            {"dokument_opdater.json", "vera.dokument.v1.Dokument", {}},
            {"dokument_opret.json", "vera.dokument.v1.Dokument", {}},
            {"facet_opret.json", "vera.klassifikation.v1.Facet", {}},
            {"facet_passiv.json",
             "vera.klassifikation.v1.Facet",
             {"/Note: no field for it", "/livscyklus: no field for it"}},
            {"indsats_opret.json", "vera.indsats.v1.Indsats", {}},
            {"klasse_opret.json", "vera.klassifikation.v1.Klasse", {}},
            {"klassifikation_opret.json", "vera.klassifikation.v1.Klassifikation", {}},
            {"organisation_opret.json", "vera.organisation.v1.Organisation", {}},
            {"organisationenhed_opret.json", "vera.organisation.v1.OrganisationEnhed", {}},
            {"sag_opret.json", "vera.sag.v1.Sag", {}},
            {"tilstand_opret.json", "vera.tilstand.v1.Tilstand", {}}};
}

}  // namespace

TEST_CASE("oio: every sample goes there and back with nothing lost", "[oio]") {
    const bool is_binary = GENERATE(false, true);
    for (const Sample& sample : samples()) {
        CAPTURE(sample.file, is_binary);
        const std::string text = read(sample.file);
        REQUIRE(!text.empty());
        const std::string name = sample.file;
        const auto trip = there_and_back(text, {{}, name.substr(0, name.find('_'))}, is_binary);
        CHECK(trip.error.empty());
        CHECK(trip.type == sample.type);
        CHECK(trip.aside == sample.aside);
        CHECK(trip.back == json::parse(text));
    }
}

TEST_CASE("oio: no sample is left out", "[oio]") {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(VERA_OIO_SAMPLES))
        if (entry.path().extension() == ".json") ++count;
    CHECK(count == samples().size());
}

TEST_CASE("oio: what a sample says stands in the fields that have its names", "[oio]") {
    const json sag = there_and_back(read("sag_opret.json")).message;
    CHECK(sag["@type"] == "type.googleapis.com/vera.sag.v1.Sag");
    CHECK(sag["registrering"]["noteTekst"] == "Ny sag");
    CHECK(sag["egenskaber"][0]["sagsnummer"] == "12345");
    CHECK(sag["egenskaber"][0]["principiel"] == false);
    CHECK(sag["egenskaber"][0]["offentlighedundtaget"]["alternativtitel"] == "s1kr3t!");
    CHECK(sag["fremdrift"][0]["fremdrift"] == "FREMDRIFT_STATUS_OPSTAAET");
    const json& post = sag["relationer"]["journalpost"][0];
    CHECK(post["referenceId"]["UUIDIdentifikator"] == "ef2713ee-1a38-4c23-8fcb-3c4331262194");
    CHECK(post["indeks"] == "12");
    CHECK(post["journalpostkode"] == "JOURNALPOSTKODE_JOURNALNOTAT");
    CHECK(post["journalnotat"]["format"] == "internt");
    const json& from = sag["egenskaber"][0]["virkning"]["fraTidspunkt"];
    CHECK(from["TidsstempelDatoTid"] == "2014-05-19T10:02:32Z");  // Danish summer time
    CHECK(from["OprindeligTekst"] == "2014-05-19 12:02:32");
    CHECK(from["UdenTidszone"] == true);
    CHECK(sag["egenskaber"][0]["virkning"]["tilTidspunkt"] == json{{"GraenseIndikator", true}});

    const json klasse = there_and_back(read("klasse_opret.json")).message;
    CHECK(klasse["egenskaber"][0]["soegeord"][1]["soegeordidentifikator"] == "KL");

    const json dokument = there_and_back(read("dokument_opdater.json")).message;
    const json& del = dokument["varianter"][0]["dele"][0];
    CHECK(del["egenskaber"][0]["indhold"] == "");
    CHECK(del["relationer"]["underredigeringaf"][0]["referenceId"]["URNIdentifikator"] ==
          "urn:cpr 8883394");

    const json organisation = there_and_back(read("organisation_opret.json")).message;
    CHECK(organisation["egenskaber"][0]["virkning"]["fraTidspunkt"]["UTCForskydningMinutter"] ==
          60);

    const json tilstand = there_and_back(read("tilstand_opret.json")).message;
    CHECK(tilstand["relationer"]["tilstandsvaerdi"][0]["tilstandsvaerdiattr"]["nominelvaerdi"] ==
          "82");
    CHECK(tilstand["relationer"]["tilstandsvaerdi"][0]["virkning"]["fraInkluderet"] == true);
}
