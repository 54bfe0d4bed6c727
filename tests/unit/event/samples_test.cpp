#include "bus/event/catalogue.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/event/sample_kuvert.hpp"

#include "vera/post/v1/post_status.pb.h"

#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

using namespace vera;
using namespace vera::event;
using namespace vera::event::test;

namespace {

std::string contents(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::vector<std::filesystem::path> sample_files() {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(VERA_SAMPLES))
        if (entry.path().extension() == ".json") files.push_back(entry.path());
    std::ranges::sort(files);
    return files;
}

}  // namespace

TEST_CASE("samples: every one passes the check at the door, in both forms", "[event]") {
    const auto files = sample_files();
    REQUIRE(files.size() >= 13);
    std::set<std::string> ids, types, authorities;
    for (const auto& file : files) {
        CAPTURE(file.filename().string());
        const std::string json = contents(file);
        CHECK(outcome(raw_event(json, "")) == "accepted");
        const auto bytes = kuvert_from_json(json);
        REQUIRE(bytes.has_value());
        const auto checked = catalogue().check(raw_event(*bytes));
        REQUIRE(std::holds_alternative<Attributes>(checked));
        const auto& attributes = std::get<Attributes>(checked);
        CHECK(ids.insert(attributes.id).second);
        CHECK(attributes.foelsomhed != 0);
        CHECK_FALSE(attributes.subject.empty());
        types.insert(attributes.type);
        authorities.insert(attributes.myndighed);
        CHECK(*kuvert_to_json(*bytes, "application/protobuf", true) + "\n" == json);
    }
    CHECK(types.size() == 10);  // all but Base64Data
    CHECK(authorities ==
          std::set<std::string>{
              "29189382", "29189439", "29189498", "29189501", "45973328", "55133018"});
}

TEST_CASE("samples: demo.jsonl has the same events, one per line", "[event]") {
    std::string lines;
    for (const auto& file : sample_files())
        lines += *kuvert_to_json(contents(file), "", false) + "\n";
    CHECK(contents(std::filesystem::path(VERA_SAMPLES) / "demo.jsonl") == lines);
}

TEST_CASE("samples: the post status says what the real message said", "[event]") {
    const auto bytes =
        kuvert_from_json(contents(std::filesystem::path(VERA_SAMPLES) / "post-status.json"));
    REQUIRE(bytes.has_value());
    vera::besked::v1::Haendelsesbesked besked;
    REQUIRE(besked.ParseFromString(*bytes));
    CHECK(besked.besked_id().uuid_identifikator() == "bd12c645-de98-453a-ac80-f58a76942eda");
    CHECK(besked.besked_version() == "1.0");

    const auto& filter = besked.beskedkuvert().filtreringsdata();
    CHECK(filter.beskedtype().uuid_identifikator() == "d2bed63c-4853-4008-b6e0-a74c15b15fbf");
    CHECK(filter.besked_ansvarlig_aktoer().uuid_identifikator() ==
          "96514e13-afdd-44d6-95a8-adc2ca19b127");
    REQUIRE(filter.tilladt_modtager_size() == 1);
    CHECK(filter.tilladt_modtager(0).urn_identifikator() == "urn:oio:cvr:55133018");
    REQUIRE(filter.relateret_objekt_size() == 1);
    CHECK(filter.relateret_objekt(0).objekt_id().uuid_identifikator() ==
          "53213778-de6b-42ee-8fbd-8aa73b0d4d85");
    CHECK(filter.relateret_objekt(0).objekt_type().uuid_identifikator() ==
          "91aa31b3-c4b3-499e-8689-93b1ef89f319");
    CHECK_FALSE(filter.relateret_objekt(0).has_objekt_rolle());
    CHECK(filter.tvaergaaende_proces_size() == 0);

    using google::protobuf::util::TimeUtil;
    REQUIRE(filter.objekt_registrering_size() == 1);
    const auto& registrering = filter.objekt_registrering(0);
    CHECK(registrering.objekt_registrering_id().uuid_identifikator() ==
          "1ab6eb87-a457-4ad3-8952-ed8f18a1676a");
    CHECK(registrering.registrerings_aktoer().uuid_identifikator() ==
          "19dc3a1d-c629-4853-b566-7fe49cf674ce");
    CHECK(TimeUtil::ToString(registrering.registreringstidspunkt().tidsstempel_dato_tid()) ==
          "2023-02-13T11:22:05.154Z");
    CHECK_FALSE(registrering.registreringstidspunkt().has_utc_forskydning_minutter());
    CHECK(registrering.objekt_ansvarlig_myndighed().urn_identifikator() == "urn:oio:cvr:55133018");
    CHECK(registrering.objekt_id().uuid_identifikator() == "8853363b-43ec-4d0a-a54d-65447f9447ed");
    CHECK(registrering.objekt_type().uuid_identifikator() ==
          "9a7be69f-b736-4e0e-9d5b-78d4f43e7ad7");
    CHECK(registrering.objekt_handling().uuid_identifikator() ==
          "f7161a89-5068-4023-bc80-d7f4daad2a2e");
    CHECK_FALSE(registrering.has_opgave_emne());

    const auto& leverance = besked.beskedkuvert().leveranceinformation();
    CHECK(TimeUtil::ToString(leverance.dannelsestidspunkt().tidsstempel_dato_tid()) ==
          "2023-02-13T11:22:05.570Z");
    CHECK(leverance.transaktions_id().uuid_identifikator() ==
          "3ca4c059-9fab-4144-b877-fe1e19cb7fbf");
    CHECK(leverance.kildesystem().uuid_identifikator() == "19dc3a1d-c629-4853-b566-7fe49cf674ce");
    CHECK(leverance.kildesystem_ip_adresse() == "::FFFF:172.30.217.227");
    CHECK(leverance.kildesystem_akkreditiver() ==
          "U0VSSUFMTlVNQkVSPUNWUjoxOTQzNTA3NS1GSUQ6Mjg3NjQwNTYgKyBDTj1Lb21iaXQtU1BGLXRlc3Qtc3RzLVNp"
          "a2tlcmhlZCAoZnVua3Rpb25zY2VydGlmaWthdCks"
          "IE89S09NQklUIEEvUyAvLyBDVlI6MTk0MzUwNzUsIEM9REs=.MTYwNDMxOTk0Ng==."
          "Q049VFJVU1QyNDA4IFN5c3RlbXRlc3QgWFhYSVYgQ0EsIE89VFJVU1QyNDA4LCBD"
          "PURL");
    CHECK(leverance.sikkerhedsklassificering().uuid_identifikator() ==
          "1d81c472-0808-44cc-963d-f5ef0170ae1d");
    REQUIRE(leverance.leveranceruter().leverancerute_size() == 1);
    const auto& rute = leverance.leveranceruter().leverancerute(0);
    CHECK(rute.fordelingssystem().uuid_identifikator() == "f9fbbb38-4b2f-11e5-885d-feff819cdc9f");
    CHECK(TimeUtil::ToString(rute.modtagelses_tidspunkt().tidsstempel_dato_tid()) ==
          "2023-02-13T11:22:31.990Z");  // +01:00
    CHECK(rute.modtagelses_tidspunkt().utc_forskydning_minutter() == 60);
    CHECK(TimeUtil::ToString(rute.leverance_tidspunkt().tidsstempel_dato_tid()) ==
          "2023-02-13T11:22:31.991Z");
    CHECK(rute.leverance_tidspunkt().utc_forskydning_minutter() == 60);
    CHECK(rute.modtaget_fra_system().uuid_identifikator() ==
          "19dc3a1d-c629-4853-b566-7fe49cf674ce");
    CHECK(rute.er_leveret_i_henhold_til().uuid_identifikator() ==
          "f27ab282-1096-4c04-af62-bcd01a2f1525");
    CHECK(rute.leverancerute_lokal_udvidelse().antal_leveranceforsoeg() == 1);

    REQUIRE(besked.beskeddata_size() == 1);
    vera::post::v1::PostStatus status;
    REQUIRE(besked.beskeddata(0).UnpackTo(&status));
    CHECK(status.transmission_id() == "1ab6eb87-a457-4ad3-8952-ed8f18a1676a");
    CHECK(status.message_uuid() == "8853363b-43ec-4d0a-a54d-65447f9447ed");
    CHECK(status.message_id() == "0d7a7d95-0c4a-4f86-bd98-c599d0b81128");
    CHECK(status.kanal_kode() == "Digital Post");
    CHECK(TimeUtil::ToString(status.transaktions_dato_tid()) == "2023-02-13T11:22:05.154Z");
    CHECK(status.transaktions_status_kode() == "Afleveret Digital Post");
    CHECK(status.correlation_id() == "1ab6eb87-a457-4ad3-8952-ed8f18a1676a");
    CHECK(status.has_fejl_detaljer());
    CHECK(status.fejl_detaljer().fejl_kode().empty());
}
