#include "bus/event/cloud_events.hpp"

#include "tests/support/catch.hpp"
#include "tests/unit/event/sample_kuvert.hpp"

using namespace vera;
using namespace vera::event;
using namespace vera::event::test;

namespace {

struct Row {
    std::string name, value, want;
};

std::string outcome_with(const std::string& name, const std::string& value) {
    RawEvent raw = raw_event(sample_kuvert());
    raw.cloud_events.emplace_back(name, value);
    return outcome(raw);
}

}  // namespace

TEST_CASE("cloud events: attributes that agree with the kuvert are accepted", "[event]") {
    const auto row = GENERATE(values<Row>({
        {"specversion", "1.0", ""},
        {"id", "5d0c9a7e-7a3b-4c0e-8b61-1f2e3d4c5b6a", ""},
        {"id", "5D0C9A7E-7A3B-4C0E-8B61-1F2E3D4C5B6A", ""},
        {"source", "https://sag.hjoerring.example/esdh", ""},
        {"source", "urn:oio:cvr-nr:29189382", ""},
        {"source", "urn:oio:cvr:29189382/another-system", ""},
        {"type", "vera.sag.v1.SagOprettet", ""},
        {"subject", "0B6C4F0E-2f6f-4a5e-9a43-0c9d0b6a7f11", ""},
        {"time", "2026-11-23T13:00:05.123+01:00", ""},
        {"dataschema", "type.googleapis.com/vera.sag.v1.SagOprettet", ""},
        {"beskedtype", "72b7b3b3-4938-43f3-83bf-e3aca929e9b2", ""},
        {"myndighed", "29189382", ""},
        {"objekttype", "d848c3b8-6bac-4d4e-adc7-97d37df52704", ""},
        {"handling", "0f6f1f5e-3c43-4b62-a7a7-6a1c2d3e4f50", ""},
        {"kle", "27.24.06", ""},
        {"foelsomhed", "2", ""},
        {"traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", ""},
        {"minegen", "2512484916", ""},
    }));
    CAPTURE(row.name, row.value);
    CHECK(outcome_with(row.name, row.value) == "accepted");
}

TEST_CASE("cloud events: an attribute that says something else than the kuvert is refused",
          "[event]") {
    const auto row = GENERATE(values<Row>({
        {"specversion", "0.3", "is not 1.0"},
        {"id", "5d0c9a7e-7a3b-4c0e-8b61-1f2e3d4c5b6b", "does not agree with the kuvert"},
        {"id", "", "does not agree with the kuvert"},
        {"source", "", "does not agree with the kuvert"},
        {"source", "urn:oio:cvr-nr:29189439/sagssystem", "does not agree with the kuvert"},
        {"source", "urn:oio:cvr-nr:291893820", "does not agree with the kuvert"},
        {"type", "vera.sag.v1.SagAfsluttet", "does not agree with the kuvert"},
        {"subject", "urn:oio:cpr-nr:2512484916", "does not agree with the kuvert"},
        {"time", "2026-11-23T13:00:05.124+01:00", "does not agree with the kuvert"},
        {"time", "i dag", "does not agree with the kuvert"},
        {"dataschema", "https://example.com/x", "does not agree with the kuvert"},
        {"beskedtype", "9fd516e6-d0a6-47ea-8488-a931ea94ae6f", "does not agree with the kuvert"},
        {"myndighed", "29189439", "does not agree with the kuvert"},
        {"objekttype", "", "does not agree with the kuvert"},
        {"handling", "x", "does not agree with the kuvert"},
        {"kle", "27.24", "does not agree with the kuvert"},
        {"foelsomhed", "1", "does not agree with the kuvert"},
    }));
    CAPTURE(row.name, row.value);
    CHECK(outcome_with(row.name, row.value) ==
          "vera:attribute-mismatch cloudEvents_" + row.name + ": " + row.want);
}
