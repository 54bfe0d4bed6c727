// A consumer's credit, deliveries and outcomes, at a live door.
#include "tests/support/catch.hpp"
#include "tests/unit/amqp_door/engine_client.hpp"
#include "tests/unit/amqp_door/live_bus.hpp"

#include <proton/condition.h>
#include <proton/disposition.h>

#include <string>
#include <vector>

using namespace vera;
using namespace vera::amqp::test;

namespace {

void fill(LiveBus& bus, int count, const std::string& text = "hej ") {
    EngineClient client(bus.port());
    pn_link_t* link = client.sender("queue/x");
    pn_delivery_t* last = nullptr;
    for (int i = 0; i < count; ++i) {
        REQUIRE(client.run_until([&] { return pn_link_credit(link) > 0; }));
        last = client.send(link, text_message(text + std::to_string(i)));
    }
    REQUIRE(client.outcome(last) == PN_ACCEPTED);
    REQUIRE(eventually(
        [&] { return bus.counts("queue/x").enqueued >= static_cast<std::uint64_t>(count); }));
}

bool has_got(EngineClient& client, std::size_t count) {
    return client.run_until([&] { return client.received.size() >= count; });
}

constexpr ReceiverOptions no_credit{
    .credit = 0, .is_presettled = false, .settles_second = false, .looks = false};

}  // namespace

TEST_CASE("outlet: no more is sent than the credit allows, and it goes on with more", "[amqp]") {
    LiveBus bus;
    fill(bus, 20);
    EngineClient client(bus.port());
    pn_link_t* link = client.receiver(
        "queue/x", {.credit = 3, .is_presettled = false, .settles_second = false, .looks = false});
    REQUIRE(has_got(client, 3));
    for (int i = 0; i < 5; ++i)
        client.step(std::chrono::milliseconds(5));
    CHECK(client.received.size() == 3);
    pn_link_flow(link, 4);
    REQUIRE(has_got(client, 7));
    for (std::size_t i = 0; i < client.received.size(); ++i)
        CHECK(client.received[i].bytes.ends_with(text_message("hej " + std::to_string(i))));
}

TEST_CASE("outlet: drain is answered with what there is and the rest of the credit returned",
          "[amqp]") {
    LiveBus bus;
    fill(bus, 3);
    EngineClient client(bus.port());
    pn_link_t* link = client.receiver("queue/x", no_credit);
    pn_link_drain(link, 10);
    REQUIRE(client.run_until([&] { return !pn_link_draining(link); }));
    CHECK(client.received.size() == 3);
    CHECK(pn_link_credit(link) == 0);
    // And again on an empty queue, and then without drain.
    pn_link_drain(link, 5);
    REQUIRE(client.run_until([&] { return !pn_link_draining(link); }));
    pn_link_set_drain(link, false);
    pn_link_flow(link, 2);
    client.step(std::chrono::milliseconds(5));
    fill(bus, 3);
    REQUIRE(has_got(client, 5));
    CHECK(client.received.size() == 5);
}

TEST_CASE("outlet: every outcome reaches the core as what it means", "[amqp]") {
    struct Row {
        std::string name;
        std::uint64_t state;
        bool failed, undeliverable;
        std::uint64_t LiveBus::Seen::*counter;
        std::string reason;
    };
    const auto row = GENERATE(values<Row>({
        {"accepted", PN_ACCEPTED, false, false, &LiveBus::Seen::accepted, ""},
        {"released", PN_RELEASED, false, false, &LiveBus::Seen::released, ""},
        {"rejected", PN_REJECTED, false, false, &LiveBus::Seen::rejected, "rejected"},
        {"modified", PN_MODIFIED, false, false, &LiveBus::Seen::released, ""},
        {"failed", PN_MODIFIED, true, false, &LiveBus::Seen::failed, ""},
        {"undeliverable", PN_MODIFIED, true, true, &LiveBus::Seen::rejected, "undeliverable"},
        {"settled without an outcome", 0, false, false, &LiveBus::Seen::released, ""},
    }));
    CAPTURE(row.name);
    LiveBus bus;
    fill(bus, 1);
    EngineClient client(bus.port());
    client.receiver("queue/x",
                    {.credit = 1, .is_presettled = false, .settles_second = false, .looks = false});
    REQUIRE(has_got(client, 1));
    pn_disposition_t* local = pn_delivery_local(client.received[0].delivery);
    if (row.failed) pn_disposition_set_failed(local, true);
    if (row.undeliverable) pn_disposition_set_undeliverable(local, true);
    if (row.state == PN_REJECTED) {
        pn_condition_set_name(pn_disposition_condition(local), "omsorg:ukendt");
        pn_condition_set_description(pn_disposition_condition(local), "kender ikke sagen");
    }
    client.settle(client.received[0], row.state);
    REQUIRE(client.run_until([&] { return bus.seen().*row.counter == 1; }));
    CHECK(bus.seen().last_reason == row.reason);
    if (row.state == PN_REJECTED)
        CHECK(bus.seen().last_error == "omsorg:ukendt: kender ikke sagen");
    const auto seen = bus.seen();
    CHECK(seen.accepted + seen.released + seen.rejected + seen.failed == 1);
}

TEST_CASE("outlet: a rejected copy lies among the dead letters with reason and error", "[amqp]") {
    LiveBus bus;
    fill(bus, 1);
    EngineClient client(bus.port());
    client.receiver("queue/x");
    REQUIRE(has_got(client, 1));
    client.settle(client.received[0], PN_REJECTED);
    client.receiver("queue/x/$deadletter");
    REQUIRE(has_got(client, 2));
    CHECK(client.received[1].bytes.find("x-opt-vera-dead-reason") != std::string::npos);
    CHECK(client.received[1].bytes.ends_with(text_message("hej 0")));
    client.settle(client.received[1], PN_ACCEPTED);
    CHECK(client.run_until([&] { return bus.counts("queue/x").dead == 0; }));
}

TEST_CASE("outlet: receiver-settle-mode second is settled after the outcome is durable", "[amqp]") {
    LiveBus bus;
    fill(bus, 1);
    EngineClient client(bus.port());
    client.receiver("queue/x",
                    {.credit = 1, .is_presettled = false, .settles_second = true, .looks = false});
    REQUIRE(has_got(client, 1));
    bus.engine.hold_commits(true);
    client.settle(client.received[0], PN_ACCEPTED);
    REQUIRE(client.run_until([&] { return bus.seen().accepted == 1; }));
    for (int i = 0; i < 5; ++i)
        client.step(std::chrono::milliseconds(5));
    CHECK(!pn_delivery_settled(client.received[0].delivery));
    bus.engine.hold_commits(false);
    CHECK(client.run_until([&] { return pn_delivery_settled(client.received[0].delivery); }));
}

TEST_CASE(
    "outlet: presettled where the queue allows it, unsettled elsewhere; looking takes nothing",
    "[amqp]") {
    LiveBus bus;
    fill(bus, 4);
    EngineClient client(bus.port());
    client.receiver("queue/x",
                    {.credit = 10, .is_presettled = false, .settles_second = false, .looks = true});
    REQUIRE(has_got(client, 4));
    CHECK(client.received[0].is_settled);
    CHECK(bus.counts("queue/x").ready == 4);
    client.receiver("queue/x",
                    {.credit = 10, .is_presettled = true, .settles_second = false, .looks = false});
    REQUIRE(has_got(client, 8));
    CHECK(!client.received[4].is_settled);
}

TEST_CASE("outlet: bodies that must be read from disk leave in order however late they come",
          "[amqp]") {
    LiveBus bus;
    bus.engine.make_cold(true);
    fill(bus, 40, std::string(1U << 20U, 'k'));  // more than the core keeps in memory
    bus.engine.hold_fetches(true);
    EngineClient client(bus.port());
    client.receiver(
        "queue/x", {.credit = 40, .is_presettled = false, .settles_second = false, .looks = false});
    for (int i = 0; i < 20; ++i)
        client.step(std::chrono::milliseconds(5));
    while (client.received.size() < 40) {
        bus.engine.hold_fetches(false);
        bus.engine.hold_fetches(true);
        const std::size_t before = client.received.size();
        client.run_until([&] { return client.received.size() > before; },
                         std::chrono::milliseconds(500));
    }
    bus.engine.hold_fetches(false);
    for (std::size_t i = 0; i < 40; ++i)
        CHECK(client.received[i].bytes.ends_with("k" + std::to_string(i)));
}

TEST_CASE("outlet: a body that comes back altered is never sent, it is dead with reason corrupt",
          "[amqp]") {
    LiveBus bus;
    fill(bus, 20, std::string(1U << 20U, 'k'));  // the oldest are no longer in memory
    bus.engine.damage_bodies(true);
    EngineClient client(bus.port());
    client.receiver("queue/x",
                    {.credit = 1, .is_presettled = false, .settles_second = false, .looks = false});
    REQUIRE(has_got(client, 1));
    CHECK(bus.seen().rejected >= 1);
    CHECK(bus.seen().last_reason == "corrupt");
    CHECK(client.received[0].bytes.size() > 1000);
}

TEST_CASE("outlet: a dead letter that comes back altered stays where it is and backs off",
          "[amqp]") {
    LiveBus bus;
    fill(bus, 20, std::string(1U << 20U, 'k'));  // the oldest are no longer in memory
    EngineClient client(bus.port());
    client.receiver("queue/x",
                    {.credit = 1, .is_presettled = false, .settles_second = false, .looks = false});
    REQUIRE(has_got(client, 1));
    client.settle(client.received[0], PN_REJECTED);
    REQUIRE(client.run_until([&] { return bus.counts("queue/x").dead == 1; }));
    bus.engine.damage_bodies(true);
    client.receiver("queue/x/$deadletter");
    REQUIRE(client.run_until([&] { return bus.seen().failed >= 2; }));
    CHECK(bus.seen().rejected == 1);
    CHECK(bus.counts("queue/x").dead == 1);
    CHECK(client.received.size() == 1);
}

TEST_CASE("outlet: credit that is taken back gives the copies not yet sent to others", "[amqp]") {
    LiveBus bus;
    bus.engine.make_cold(true);
    fill(bus, 40, std::string(1U << 20U, 'k'));
    bus.engine.hold_fetches(true);
    EngineClient slow(bus.port());
    pn_link_t* link = slow.receiver(
        "queue/x", {.credit = 10, .is_presettled = false, .settles_second = false, .looks = false});
    REQUIRE(eventually([&] { return bus.counts("queue/x").in_flight == 10; }));
    pn_link_drain(link, 0);
    pn_link_close(link);
    REQUIRE(slow.closed_reason(link).empty());
    bus.engine.hold_fetches(false);
    EngineClient other(bus.port());
    other.receiver("queue/x",
                   {.credit = 40, .is_presettled = false, .settles_second = false, .looks = false});
    REQUIRE(has_got(other, 40));
    CHECK(bus.seen().released == 10);
}
