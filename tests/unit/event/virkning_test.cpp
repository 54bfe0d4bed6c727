#include "tests/support/catch.hpp"
#include "tests/unit/event/sample_kuvert.hpp"

using namespace vera;
using namespace vera::event;
using namespace vera::event::test;

namespace {

void set_from(vera::oio::v1::Virkning& virkning, std::int64_t seconds) {
    virkning.mutable_fra_tidspunkt()->mutable_tidsstempel_dato_tid()->set_seconds(seconds);
}

vera::besked::v1::Haendelsesbesked kuvert_of(const vera::sag::v1::SagOprettet& payload) {
    auto kuvert = sample_kuvert();
    set_payload(kuvert, payload);
    return kuvert;
}

}  // namespace

TEST_CASE("virkning: the latest beginning in the payload counts, whatever holds since before",
          "[event]") {
    auto payload = sample_payload();
    REQUIRE(payload.sag().egenskaber_size() > 0);
    REQUIRE(payload.sag().fremdrift_size() > 0);
    set_from(*payload.mutable_sag()->mutable_egenskaber(0)->mutable_virkning(), 1'000'000'000);
    set_from(*payload.mutable_sag()->mutable_fremdrift(0)->mutable_virkning(), 1'893'456'000);
    const auto kuvert = kuvert_of(payload);
    CHECK(outcome(raw_event(kuvert)) == "accepted");
    CHECK(catalogue().virkning(raw_event(kuvert)) == Timestamp{1'893'456'000'000});
}

TEST_CASE("virkning: the JSON form says the same", "[event]") {
    auto payload = sample_payload();
    set_from(*payload.mutable_sag()->mutable_fremdrift(0)->mutable_virkning(), 1'893'456'000);
    const std::string bytes = kuvert_of(payload).SerializeAsString();
    const auto json = kuvert_to_json(bytes, "application/protobuf", false);
    REQUIRE(json);
    CHECK(catalogue().virkning(raw_event(*json, "application/json")) ==
          catalogue().virkning(raw_event(bytes)));
}

TEST_CASE("virkning: without a beginning there is none", "[event]") {
    auto payload = sample_payload();
    for (auto& one : *payload.mutable_sag()->mutable_egenskaber())
        one.mutable_virkning()->clear_fra_tidspunkt();
    for (auto& one : *payload.mutable_sag()->mutable_fremdrift())
        one.mutable_virkning()->mutable_fra_tidspunkt()->set_graense_indikator(true);
    payload.mutable_sag()->clear_relationer();
    CHECK_FALSE(static_cast<bool>(catalogue().virkning(raw_event(kuvert_of(payload)))));
}
