#include "tests/unit/event/sample_kuvert.hpp"

#include <memory>
#include <variant>

namespace vera::event::test {
namespace {

constexpr std::int64_t noon = 1795435200;  // 2026-11-23T12:00:00Z

void set_virkning(vera::oio::v1::Virkning& virkning) {
    virkning.mutable_fra_tidspunkt()->mutable_tidsstempel_dato_tid()->set_seconds(noon);
    virkning.mutable_til_tidspunkt()->set_graense_indikator(true);
    virkning.mutable_aktoer_ref()->set_uuid_identifikator("6fb02f8f-bf63-4fd2-8f52-23e54aa193c9");
    virkning.set_aktoer_type_kode(vera::oio::v1::AKTOER_TYPE_KODE_IT_SYSTEM);
}

}  // namespace

vera::sag::v1::SagOprettet sample_payload() {
    vera::sag::v1::SagOprettet payload;
    auto& sag = *payload.mutable_sag();
    sag.mutable_objekt_id()->set_uuid_identifikator(sag_uuid);
    auto& registrering = *sag.mutable_registrering();
    registrering.mutable_fra_tidspunkt()->mutable_tidsstempel_dato_tid()->set_seconds(noon);
    registrering.set_livscyklus_kode(vera::oio::v1::LIVSCYKLUS_KODE_OPSTAAET);
    auto& egenskaber = *sag.add_egenskaber();
    set_virkning(*egenskaber.mutable_virkning());
    egenskaber.set_brugervendtnoegle("SAG-2026-004711");
    egenskaber.set_sagsnummer("2026-004711");
    egenskaber.set_titel("Ansøgning om hjælpemiddel");
    auto& fremdrift = *sag.add_fremdrift();
    set_virkning(*fremdrift.mutable_virkning());
    fremdrift.set_fremdrift(vera::sag::v1::FREMDRIFT_STATUS_OPSTAAET);
    return payload;
}

void set_payload(vera::besked::v1::Haendelsesbesked& besked,
                 const google::protobuf::Message& payload) {
    if (besked.beskeddata_size() == 0) besked.add_beskeddata();
    besked.mutable_beskeddata(0)->PackFrom(payload);
}

vera::besked::v1::Haendelsesbesked sample_kuvert() {
    vera::besked::v1::Haendelsesbesked besked;
    besked.mutable_besked_id()->set_uuid_identifikator("5D0C9A7E-7A3B-4C0E-8B61-1F2E3D4C5B6A");
    besked.set_besked_version("1.0");
    auto& filter = *besked.mutable_beskedkuvert()->mutable_filtreringsdata();
    filter.mutable_beskedtype()->set_uuid_identifikator("72b7b3b3-4938-43f3-83bf-e3aca929e9b2");
    filter.mutable_besked_ansvarlig_aktoer()->set_uuid_identifikator(
        "3f1c7c1e-92a5-4a55-8d6d-6f5d6a6a7c01");
    filter.add_tilladt_modtager()->set_urn_identifikator("urn:oio:cvr-nr:29189498");
    auto& related = *filter.add_relateret_objekt();
    related.mutable_objekt_id()->set_uuid_identifikator("9C1D2E3F-4A5B-4C6D-8E7F-0A1B2C3D4E5F");
    related.mutable_objekt_type()->set_uuid_identifikator("ce7fcf97-a8a2-447a-8690-d38aa0f6e23c");
    auto& registrering = *filter.add_objekt_registrering();
    registrering.mutable_objekt_registrering_id()->set_uuid_identifikator(
        "a1b2c3d4-e5f6-4718-8293-a4b5c6d7e8f9");
    registrering.mutable_registreringstidspunkt()->mutable_tidsstempel_dato_tid()->set_seconds(
        noon);
    registrering.mutable_objekt_ansvarlig_myndighed()->set_urn_identifikator(
        "urn:oio:cvr-nr:29189382");
    registrering.mutable_objekt_id()->set_uuid_identifikator(sag_uuid);
    registrering.mutable_objekt_type()->set_uuid_identifikator(
        "d848c3b8-6bac-4d4e-adc7-97d37df52704");
    registrering.mutable_objekt_handling()->set_uuid_identifikator(
        "0f6f1f5e-3c43-4b62-a7a7-6a1c2d3e4f50");
    registrering.mutable_opgave_emne()->set_urn_identifikator("urn:oio:kle:27.24.06");
    auto& leverance = *besked.mutable_beskedkuvert()->mutable_leveranceinformation();
    auto& dannet = *leverance.mutable_dannelsestidspunkt()->mutable_tidsstempel_dato_tid();
    dannet.set_seconds(noon + 5);
    dannet.set_nanos(123'000'000);
    leverance.mutable_sikkerhedsklassificering()->set_uuid_identifikator(
        "292e85a9-8ad4-46df-9e50-f97d6837ad74");
    set_payload(besked, sample_payload());
    return besked;
}

RawEvent raw_event(std::string_view body, std::string_view content_type) {
    RawEvent raw;
    raw.message = Block::copy_of(body);
    raw.identity = std::make_shared<const Identity>(Identity{"sagssystem", "29189382", "PLAIN"});
    raw.arrival = Timestamp{noon * 1000};
    raw.body_kind = BodyKind::data;
    raw.body = raw.message.view();
    raw.content_type = content_type;
    return raw;
}

RawEvent raw_event(const vera::besked::v1::Haendelsesbesked& besked) {
    return raw_event(besked.SerializeAsString());
}

const Catalogue& catalogue() {
    static const auto built_in = Catalogue::built_in();
    return *built_in;
}

Result<std::string> kuvert_to_json(std::string_view body,
                                   std::string_view content_type,
                                   bool pretty) {
    return catalogue().to_json(body, content_type, pretty);
}

Result<std::string> kuvert_from_json(std::string_view json) {
    return catalogue().from_json(json);
}

std::string outcome(const RawEvent& raw) {
    const auto checked = catalogue().check(raw);
    const auto* refusal = std::get_if<Refusal>(&checked);
    return refusal == nullptr ? "accepted"
                              : std::string(symbol(refusal->condition)) + " " + refusal->text;
}

}  // namespace vera::event::test
