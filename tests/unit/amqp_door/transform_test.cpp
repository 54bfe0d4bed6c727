// Subscriptions that ask for a transformation or another form, from the publisher to the consumer.
#include "bus/amqp/reshaping.hpp"
#include "bus/amqp/section_scanner.hpp"
#include "bus/flow/outgoing.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/amqp/wire.hpp"
#include "tests/unit/amqp_door/engine_client.hpp"
#include "tests/unit/amqp_door/live_bus.hpp"
#include "tests/unit/event/sample_kuvert.hpp"

#include <memory>
#include <string>
#include <string_view>

using namespace vera;
using namespace vera::amqp::test;
using namespace std::string_literals;

namespace {

constexpr std::string_view title = "hj\xc3\xa6lpemiddel";

/// The case without its title; or one that fails for every event.
std::shared_ptr<const transform::Mapping> mapping(const std::string& when = {}) {
    transform::MappingSource source;
    source.file = "uden-titel.yaml";
    source.name = {"uden-titel", 1};
    source.from = source.to = {"vera.sag.v1.SagOprettet", 2};
    if (!when.empty()) source.when = {when, 3};
    source.map.line = 4;
    source.map.copies_rest = true;
    source.map.masked = {{"sag.egenskaber.titel", 5}};
    const auto compiled = transform::Mapping::compile(source, event::Catalogue::built_in());
    for (const auto& problem : compiled.problems)
        UNSCOPED_INFO(to_text(problem));
    REQUIRE(compiled.mapping != nullptr);
    return compiled.mapping;
}

/// sub/alt asks for it, sub/hastig does not.
std::shared_ptr<const flow::Snapshot> asking(std::uint64_t generation, flow::Outgoing outgoing) {
    auto snapshot = std::make_shared<flow::Snapshot>(*test_snapshot(generation));
    snapshot->outgoing.emplace_back(QueueId{2},
                                    std::make_shared<const flow::Outgoing>(std::move(outgoing)));
    return snapshot;
}

std::unique_ptr<LiveBus> bus_with(std::shared_ptr<const flow::Snapshot> snapshot) {
    auto bus = std::make_unique<LiveBus>();
    const Generation wanted = snapshot->generation;
    bus->reload(std::move(snapshot));
    REQUIRE(eventually([&] { return bus->counts().generation == wanted; }));
    return bus;
}

std::string data_section(const std::string& bytes) {
    return wire::described(0x75, wire::bin(bytes));
}

const std::string attributes = wire::described(0x74,
                                               wire::map({wire::str("cloudEvents_subject"),
                                                          wire::str(event::test::sag_uuid),
                                                          wire::str("afsender"),
                                                          wire::str("x")}));

void publish(LiveBus& bus, const std::string& message) {
    EngineClient client(bus.port());
    pn_link_t* link = client.sender("events");
    REQUIRE(client.run_until([&] { return pn_link_credit(link) > 0; }));
    pn_delivery_t* sent = client.send(link, message);
    const std::uint64_t outcome = client.outcome(sent);
    CAPTURE(EngineClient::error_text(sent));
    REQUIRE(outcome == PN_ACCEPTED);
}

std::string seen_at(LiveBus& bus, const std::string& address) {
    EngineClient client(bus.port());
    client.receiver(address,
                    {.credit = 10, .is_presettled = false, .settles_second = false, .looks = true});
    REQUIRE(client.run_until([&] { return !client.received.empty(); }));
    return client.received.front().bytes;
}

bool has(const std::string& bytes, std::string_view text) {
    return bytes.find(text) != std::string::npos;
}

}  // namespace

TEST_CASE("transform: a subscription gets what its mapping makes, others the publisher's bytes",
          "[amqp]") {
    const bool is_json = GENERATE(false, true);
    const bool is_cold = GENERATE(false, true);
    CAPTURE(is_json, is_cold);
    const auto bus = bus_with(asking(2, {{mapping()}, {}}));
    bus->engine.make_cold(is_cold);
    std::string body = event::test::sample_kuvert().SerializeAsString();
    if (is_json) body = *event::test::kuvert_to_json(body, "application/protobuf", false);
    const std::string bare = attributes + data_section(body);
    publish(*bus, bare);
    CHECK(seen_at(*bus, "sub/hastig").ends_with(bare));
    const std::string got = seen_at(*bus, "sub/alt");
    CHECK_FALSE(has(got, title));
    CHECK(has(got, "x-opt-vera-transform"));
    CHECK(has(got, "uden-titel"));
    CHECK(has(got, "afsender"));
    CHECK_FALSE(has(got, "cloudEvents_subject"));
    const auto sections = amqp::scan(got);
    REQUIRE(sections.has_value());
    CHECK(sections->content_type == (is_json ? "application/json" : "application/protobuf"));
    CHECK(event::test::outcome(event::test::raw_event(sections->content, sections->content_type)) ==
          "accepted");
}

TEST_CASE("transform: a mapping that fails dead-letters that copy with the field, others go on",
          "[amqp]") {
    const auto bus = bus_with(asking(2, {{mapping("1 / (foelsomhed - 2) = 1")}, {}}));
    publish(*bus, data_section(event::test::sample_kuvert().SerializeAsString()));
    EngineClient client(bus->port());
    client.receiver("sub/alt");
    REQUIRE(client.run_until([&] { return bus->counts("sub/alt").dead == 1; }));
    CHECK(client.received.empty());
    CHECK(bus->seen().last_reason == "transform");
    CHECK(bus->seen().last_error == "uden-titel.yaml:3: offset 2: division by zero");
    CHECK(has(seen_at(*bus, "sub/hastig"), title));
    // Of the dead letter no more is shown than which event it is.
    const std::string dead = seen_at(*bus, "sub/alt/$deadletter");
    CHECK(has(dead, "division by zero"));
    CHECK(has(dead, "x-opt-vera-withheld"));
    CHECK_FALSE(has(dead, title));
    CHECK(has(dead, "5D0C9A7E-7A3B-4C0E-8B61-1F2E3D4C5B6A"));
    // A mapping that was mended serves what died of it.
    bus->reload(asking(3, {{mapping()}, {}}));
    REQUIRE(eventually([&] { return bus->counts().generation == Generation{3}; }));
    const std::string mended = seen_at(*bus, "sub/alt/$deadletter");
    CHECK(has(mended, "x-opt-vera-transform"));
    CHECK(has(mended, event::test::sag_uuid));
    CHECK_FALSE(has(mended, title));
}

TEST_CASE("transform: an event for which no mapping is meant fails, one of another type does not",
          "[amqp]") {
    const auto bus = bus_with(asking(2, {{mapping("foelsomhed = 4")}, {}}));
    publish(*bus, data_section(event::test::sample_kuvert().SerializeAsString()));
    EngineClient client(bus->port());
    client.receiver("sub/alt");
    REQUIRE(client.run_until([&] { return bus->counts("sub/alt").dead == 1; }));
    CHECK(has(bus->seen().last_error, "no mapping is meant for it"));
    auto kuvert = event::test::sample_kuvert();
    kuvert.clear_beskeddata();
    kuvert.mutable_besked_id()->set_uuid_identifikator("00000000-0000-4000-8000-000000000001");
    publish(*bus, data_section(kuvert.SerializeAsString()));
    REQUIRE(client.run_until([&] { return client.received.size() == 1; }));
    CHECK(client.received[0].bytes.ends_with(data_section(kuvert.SerializeAsString())));
}

TEST_CASE("transform: a subscription gets the form that it asks for", "[amqp]") {
    struct Row {
        format::Form form;
        std::string content_type;
        std::string part;
    };
    const auto row = GENERATE(values<Row>(
        {{format::Form::json, "application/json", "\"BeskedId\":"},
         {format::Form::cloudevents_json,
          "application/cloudevents+json; charset=utf-8",
          "\"specversion\":\"1.0\""},
         {format::Form::cloudevents_protobuf,
          "application/cloudevents+protobuf",
          "type.googleapis.com/vera.sag.v1.SagOprettet"},
         {format::Form::beskedkuvert_xml, "application/xml; charset=utf-8", "<Beskedkuvert>"}}));
    CAPTURE(row.content_type);
    const auto bus = bus_with(asking(2, {{}, row.form}));
    publish(*bus, data_section(event::test::sample_kuvert().SerializeAsString()));
    const std::string got = seen_at(*bus, "sub/alt");
    const auto sections = amqp::scan(got);
    REQUIRE(sections.has_value());
    CHECK(sections->content_type == row.content_type);
    CHECK(has(std::string(sections->content), row.part));
    CHECK_FALSE(has(got, "x-opt-vera-transform"));
}

TEST_CASE("transform: copies of one event that ask for the same are made once", "[amqp]") {
    const auto snapshot = asking(2, {{mapping()}, {}});
    const flow::Outgoing& outgoing = *snapshot->outgoing_of(QueueId{2});
    CHECK(snapshot->outgoing_of(dead_letter_of(QueueId{2})) == &outgoing);
    CHECK(snapshot->outgoing_of(QueueId{3}) == nullptr);
    const std::string message = data_section(event::test::sample_kuvert().SerializeAsString());
    const auto sections = amqp::scan(message);
    REQUIRE(sections.has_value());
    amqp::Reshaping reshaping;
    const auto made = [&](std::uint64_t event, const flow::Outgoing& asked) {
        const flow::Shape& shape =
            reshaping.of(asked, EventSeq{event}, false, *sections, *snapshot);
        REQUIRE(std::holds_alternative<flow::Reshaped>(shape));
        return std::get<flow::Reshaped>(shape).body;
    };
    const std::string body = made(1, outgoing);
    for (int subscriber = 0; subscriber < 50; ++subscriber)
        CHECK(made(1, outgoing) == body);
    CHECK(reshaping.evaluations() == 1);
    CHECK(made(2, outgoing) == body);
    CHECK(reshaping.evaluations() == 2);
    const flow::Outgoing other{outgoing.mappings, format::Form::json};
    CHECK(made(2, other) != body);
    CHECK(reshaping.evaluations() == 3);
}
