// An event about a person whose address is protected, in every form it can come in, on its way to
// consumers with and without the right to the address.
#include "bus/amqp/section_scanner.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/amqp/wire.hpp"
#include "tests/unit/amqp_door/engine_client.hpp"
#include "tests/unit/amqp_door/live_bus.hpp"
#include "tests/unit/event/sample_kuvert.hpp"

#include "vera/person/v1/haendelser.pb.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

using namespace vera;
using namespace vera::amqp::test;
using namespace std::string_literals;

namespace {

constexpr std::string_view street = "Str\xc3\xb8mgade";
constexpr std::string_view note = "x-opt-vera-withheld";
const ClientOptions omsorg{.user = "omsorg", .password = "hemmelig"};
const ClientOptions laege{.user = "laege", .password = "hemmelig"};

std::string protobuf(const std::string& until = "") {
    vera::person::v1::PersonFlyttet payload;
    auto& person = *payload.mutable_person();
    person.mutable_objekt_id()->set_uuid_identifikator(event::test::sag_uuid);
    person.mutable_registrering()->set_livscyklus_kode(vera::oio::v1::LIVSCYKLUS_KODE_RETTET);
    person.mutable_bopaelsadresse()->set_kommunekode("0860");
    person.mutable_bopaelsadresse()->set_vejnavn(std::string(street));
    person.mutable_adressebeskyttelse()->set_startdato("2020-01-01");
    person.mutable_adressebeskyttelse()->set_slutdato(until);
    payload.set_flyttedato("2026-11-15");
    payload.set_til_kommunekode("0860");
    auto kuvert = event::test::sample_kuvert();
    kuvert.mutable_beskedkuvert()
        ->mutable_filtreringsdata()
        ->mutable_beskedtype()
        ->set_uuid_identifikator("9f07a2fe-77dd-4f04-a770-ca705fdcf834");
    event::test::set_payload(kuvert, payload);
    return kuvert.SerializeAsString();
}
std::string json() {
    return *event::test::kuvert_to_json(protobuf(), "application/protobuf", true);
}

std::string data(const std::string& bytes) {
    return wire::described(0x75, wire::bin(bytes));
}

/// omsorg has the right, sub/alt asks for it; sub/hastig does not.
std::shared_ptr<const flow::Snapshot> rights(std::uint64_t generation, bool has_system = true) {
    auto snapshot = std::make_shared<flow::Snapshot>(*test_snapshot(generation));
    snapshot->queues_with_protected_addresses = {QueueId{2}};
    if (has_system) snapshot->systems_with_protected_addresses = {"omsorg"};
    return snapshot;
}

/// A bus with these rights.
std::unique_ptr<LiveBus> bus_with(std::shared_ptr<const flow::Snapshot> snapshot) {
    auto bus = std::make_unique<LiveBus>();
    const Generation wanted = snapshot->generation;
    bus->reload(std::move(snapshot));
    REQUIRE(eventually([&] { return bus->counts().generation == wanted; }));
    return bus;
}

void publish(LiveBus& bus, const std::string& message, const std::string& to = "events") {
    EngineClient client(bus.port());
    pn_link_t* link = client.sender(to);
    REQUIRE(client.run_until([&] { return pn_link_credit(link) > 0; }));
    pn_delivery_t* sent = client.send(link, message);
    const std::uint64_t outcome = client.outcome(sent);
    CAPTURE(EngineClient::error_text(sent));
    REQUIRE(outcome == PN_ACCEPTED);
}

/// What that consumer is sent; it looks only.
std::string seen_by(LiveBus& bus, const ClientOptions& who, const std::string& address) {
    EngineClient client(bus.port(), who);
    client.receiver(address,
                    {.credit = 10, .is_presettled = false, .settles_second = false, .looks = true});
    REQUIRE(client.run_until([&] { return !client.received.empty(); }));
    return client.received.front().bytes;
}

bool has(const std::string& bytes, std::string_view text) {
    return bytes.find(text) != std::string::npos;
}

}  // namespace

TEST_CASE("protected addresses: in no form do they reach one without the right", "[amqp]") {
    struct Shape {
        std::string name;
        std::string bare;
        std::string type;
    };
    const std::string protobuf_type = wire::described(0x73,
                                                      {wire::null,
                                                       wire::null,
                                                       wire::null,
                                                       wire::null,
                                                       wire::null,
                                                       wire::null,
                                                       wire::sym("application/protobuf")});
    const std::string signed_one = wire::described(
        0x74, wire::map({wire::str("cloudEvents_dssematerial"), wire::bin("signatur")}));
    const std::string footer =
        wire::described(0x78, wire::map({wire::sym("x-hash"), wire::bin("aftryk")}));
    const std::string one = protobuf();
    const auto shape = GENERATE_COPY(values<Shape>(
        {{"data", protobuf_type + signed_one + data(one) + footer, "application/protobuf"},
         {"data without a type", data(one), ""},
         {"two data sections", data(one.substr(0, 300)) + data(one.substr(300)), ""},
         {"binary", wire::described(0x77, wire::bin(one)), ""},
         {"JSON as data", data(json()), ""},
         {"JSON as string", wire::described(0x77, wire::str(json())), ""},
         {"JSON as binary", wire::described(0x77, wire::bin(json())), ""}}));
    const bool is_cold = GENERATE(false, true);
    CAPTURE(shape.name, is_cold);
    const auto bus = bus_with(rights(2));
    bus->engine.make_cold(is_cold);
    publish(*bus, shape.bare);
    // With the right: the publisher's bytes.
    const std::string whole = seen_by(*bus, omsorg, "sub/alt");
    CHECK(whole.ends_with(shape.bare));
    CHECK_FALSE(has(whole, note));
    struct Reader {
        std::string name;
        ClientOptions who;
        std::string address;
    };
    for (const Reader& reader :
         std::vector<Reader>{{"a subscription without", omsorg, "sub/hastig"},
                             {"a system without", laege, "sub/alt"},
                             {"nobody", {}, "sub/alt"}}) {
        CAPTURE(reader.name);
        const std::string got = seen_by(*bus, reader.who, reader.address);
        CHECK_FALSE(has(got, street));
        CHECK_FALSE(has(got, "signatur"));
        CHECK_FALSE(has(got, "aftryk"));
        CHECK(has(got, note));
        const auto sections = amqp::scan(got);
        REQUIRE(sections.has_value());
        const auto raw = event::test::raw_event(sections->content, shape.type);
        CHECK(event::test::outcome(raw) == "accepted");
    }
    // What is stored is what came.
    CHECK(seen_by(*bus, omsorg, "sub/alt") == whole);
}

TEST_CASE("protected addresses: dead letters and what nobody wanted are no way around", "[amqp]") {
    auto without_routes = std::make_shared<flow::Snapshot>(*rights(2));
    const bool is_unrouted = GENERATE(false, true);
    CAPTURE(is_unrouted);
    if (is_unrouted)
        without_routes->routes =
            std::make_shared<const route::RoutingTable>(std::vector<route::Subscription>{});
    const auto bus = bus_with(without_routes);
    publish(*bus, data(protobuf()));
    std::string address = "$unrouted";
    if (!is_unrouted) {
        EngineClient client(bus->port(), omsorg);
        client.receiver("sub/alt");
        REQUIRE(client.run_until([&] { return !client.received.empty(); }));
        client.settle(client.received.front(), PN_REJECTED);
        REQUIRE(client.run_until([&] { return bus->counts("sub/alt").dead == 1; }));
        address = "sub/alt/$deadletter";
    }
    CHECK(has(seen_by(*bus, omsorg, address), street));
    for (const ClientOptions& who : {laege, ClientOptions{}}) {
        const std::string got = seen_by(*bus, who, address);
        CHECK_FALSE(has(got, street));
        CHECK(has(got, note));
    }
}

TEST_CASE(
    "protected addresses: a kuvert in an inbox is held to its system's right, a plain queue is "
    "opaque",
    "[amqp]") {
    const auto bus = bus_with(rights(2));
    const std::string message = data(protobuf());
    for (const char* to : {"inbox/omsorg", "inbox/laege", "queue/x"})
        publish(*bus, message, to);
    CHECK(seen_by(*bus, omsorg, "inbox/omsorg").ends_with(message));
    const std::string got = seen_by(*bus, laege, "inbox/laege");
    CHECK_FALSE(has(got, street));
    CHECK(has(got, "x-opt-vera-sender"));
    CHECK(seen_by(*bus, laege, "queue/x").ends_with(message));
    const std::string opaque = data("\x0a\xff"s + std::string(street));
    publish(*bus, opaque, "inbox/laege");
    EngineClient client(bus->port(), laege);
    client.receiver("inbox/laege");
    REQUIRE(client.run_until([&] { return client.received.size() == 2; }));
    CHECK(client.received[1].bytes.ends_with(opaque));
}

TEST_CASE("protected addresses: a right that is taken away is gone at once", "[amqp]") {
    const auto bus = bus_with(rights(2));
    EngineClient client(bus->port(), omsorg);
    client.receiver("sub/alt");
    publish(*bus, data(protobuf()));
    REQUIRE(client.run_until([&] { return client.received.size() == 1; }));
    CHECK(has(client.received[0].bytes, street));
    bus->reload(rights(3, false));
    REQUIRE(eventually([&] { return bus->counts().generation == Generation{3}; }));
    client.settle(client.received[0], PN_RELEASED);
    REQUIRE(client.run_until([&] { return client.received.size() == 2; }));
    CHECK_FALSE(has(client.received[1].bytes, street));
}

TEST_CASE("protected addresses: a copy that waits past the end of the protection is whole",
          "[amqp]") {
    const auto bus = bus_with(rights(2));
    const std::string today = to_rfc3339(bus->now()).substr(0, 10);
    const std::string message = data(protobuf(today));
    EngineClient client(bus->port(), laege);
    publish(*bus, message);
    client.receiver("sub/alt");
    REQUIRE(client.run_until([&] { return client.received.size() == 1; }));
    CHECK_FALSE(has(client.received[0].bytes, street));
    client.settle(client.received[0], PN_ACCEPTED);
    // Scheduled for two days ahead, and then time passes.
    const Timestamp due = bus->now() + Millis{48LL * 3'600'000};
    const std::string scheduled = wire::described(
        0x72, wire::map({wire::sym("x-opt-delivery-time"), wire::timestamp(due.ms)}));
    auto other = event::test::sample_kuvert();
    REQUIRE(other.ParseFromString(protobuf(today)));
    other.mutable_besked_id()->set_uuid_identifikator("5d0c9a7e-7a3b-4c0e-8b61-1f2e3d4c5b6b");
    const std::string later = data(other.SerializeAsString());
    publish(*bus, scheduled + later);
    REQUIRE(eventually([&] { return bus->counts("sub/alt").scheduled == 1; }));
    bus->pass(Millis{49LL * 3'600'000});
    REQUIRE(client.run_until([&] { return client.received.size() == 2; }));
    CHECK(client.received[1].bytes.ends_with(later));
}
