#include "bus/event/catalogue.hpp"

#include "tests/support/catch.hpp"
#include "tests/unit/event/sample_kuvert.hpp"

#include <functional>
#include <string>
#include <variant>

using namespace vera;
using namespace vera::event;
using namespace vera::event::test;

namespace {

const Catalogue& catalogue() {
    static const auto built_in = Catalogue::built_in();
    return *built_in;
}

std::string outcome(const RawEvent& raw) {
    const auto checked = catalogue().check(raw);
    const auto* refusal = std::get_if<Refusal>(&checked);
    return refusal == nullptr ? "accepted"
                              : std::string(symbol(refusal->condition)) + " " + refusal->text;
}

}  // namespace

TEST_CASE("catalogue: a good kuvert gives its attributes in canonical form", "[event]") {
    const auto checked = catalogue().check(raw_event(sample_kuvert()));
    REQUIRE(outcome(raw_event(sample_kuvert())) == "accepted");
    const auto& attributes = std::get<Attributes>(checked);
    CHECK(attributes.id == "5d0c9a7e-7a3b-4c0e-8b61-1f2e3d4c5b6a");
    CHECK(attributes.source == "urn:oio:cvr-nr:29189382/sagssystem");
    CHECK(attributes.type == "vera.sag.v1.SagOprettet");
    CHECK(attributes.subject == sag_uuid);
    CHECK(to_rfc3339(attributes.time) == "2026-11-23T12:00:05.123Z");
    CHECK(attributes.dataschema == "type.googleapis.com/vera.sag.v1.SagOprettet");
    CHECK(attributes.beskedtype == "72b7b3b3-4938-43f3-83bf-e3aca929e9b2");
    CHECK(attributes.myndighed == "29189382");
    CHECK(attributes.objekttype == "d848c3b8-6bac-4d4e-adc7-97d37df52704");
    CHECK(attributes.handling == "0f6f1f5e-3c43-4b62-a7a7-6a1c2d3e4f50");
    CHECK(attributes.kle == "27.24.06");
    CHECK(attributes.foelsomhed == 2);
    CHECK(attributes.objects ==
          std::vector<std::string>{sag_uuid, "9c1d2e3f-4a5b-4c6d-8e7f-0a1b2c3d4e5f"});
}
