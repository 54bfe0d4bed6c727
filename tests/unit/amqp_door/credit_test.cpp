// What a consumer's credit, drain and limits mean to the core, at a live door.
#include "tests/support/catch.hpp"
#include "tests/unit/amqp/wire.hpp"
#include "tests/unit/amqp_door/engine_client.hpp"
#include "tests/unit/amqp_door/live_bus.hpp"
#include "tests/unit/amqp_door/raw_client.hpp"

#include <proton/disposition.h>

#include <string>

using namespace vera;
using namespace vera::amqp::test;

namespace {

void fill(LiveBus& bus, int count, const std::string& text, const std::string& queue = "queue/x") {
    EngineClient client(bus.port());
    pn_link_t* link = client.sender(queue);
    pn_delivery_t* last = nullptr;
    for (int i = 0; i < count; ++i) {
        REQUIRE(client.run_until([&] { return pn_link_credit(link) > 0; }));
        last = client.send(link, text_message(text));
    }
    REQUIRE(client.outcome(last) == PN_ACCEPTED);
    REQUIRE(eventually(
        [&] { return bus.counts(queue).enqueued >= static_cast<std::uint64_t>(count); }));
}

ReceiverOptions with_credit(int credit) {
    return {.credit = credit, .is_presettled = false, .settles_second = false, .looks = false};
}

}  // namespace

TEST_CASE("outlet: the same credit as was drained counts anew", "[amqp]") {
    LiveBus bus;
    EngineClient client(bus.port());
    pn_link_t* link = client.receiver("queue/x", with_credit(0));
    pn_link_drain(link, 10);
    REQUIRE(client.run_until([&] { return !pn_link_draining(link); }));
    pn_link_set_drain(link, false);
    pn_link_flow(link, 10);
    client.step(std::chrono::milliseconds(5));
    fill(bus, 10, "hej");
    CHECK(client.run_until([&] { return client.received.size() == 10; }));
}

TEST_CASE("outlet: a large drain is answered only when the queue is empty", "[amqp]") {
    LiveBus bus;
    fill(bus, 2500, "hej");
    EngineClient client(bus.port());
    pn_link_t* link = client.receiver("queue/x", with_credit(0));
    pn_link_drain(link, 5000);
    const bool is_drained = client.run_until([&] { return !pn_link_draining(link); });
    CHECK(client.received.size() == 2500);
    CHECK(pn_link_credit(link) == 0);
    CHECK(is_drained);
}

TEST_CASE("outlet: a drain that is taken back leaves the credit in force", "[amqp]") {
    LiveBus bus;
    EngineClient client(bus.port());
    pn_link_t* link = client.receiver("queue/x", with_credit(5));
    for (int i = 0; i < 20; ++i) {
        pn_link_drain(link, 1);
        client.step(std::chrono::milliseconds(0));
        pn_link_set_drain(link, false);
        client.step(std::chrono::milliseconds(0));
    }
    pn_link_flow(link, 100);
    client.step(std::chrono::milliseconds(5));
    fill(bus, 10, "hej");
    CHECK(client.run_until([&] { return client.received.size() == 10; }));
}

TEST_CASE("outlet: a boundless credit is served to the end", "[amqp]") {
    LiveBus bus;
    EngineClient client(bus.port());
    client.receiver("queue/x", with_credit(2'000'000'000));
    fill(bus, 2500, "hej");
    CHECK(client.run_until([&] { return client.received.size() == 2500; }));
}

TEST_CASE("outlet: a boundless credit without room does not draw the whole queue", "[amqp]") {
    LiveBus bus;
    fill(bus, 2500, std::string(10000, 'k'));
    RawClient client(bus.port());
    // One frame may come, however much credit there is.
    client.send(wire::sasl_header + wire::sasl_init("ANONYMOUS") + wire::amqp_header +
                wire::open() +
                wire::frame(wire::described(
                    0x11, {wire::null, wire::u32(0), wire::u32(1), wire::u32(2048)})) +
                wire::attach_receiver("r", 0, "queue/x") +
                wire::frame(wire::described(0x13,
                                            {wire::u32(0),
                                             wire::u32(1),
                                             wire::u32(0),
                                             wire::u32(2048),
                                             wire::u32(0),
                                             wire::u32(0),
                                             wire::u32(0x7fffffff)})));
    REQUIRE(eventually([&] { return bus.counts("queue/x").in_flight >= 1000; }));
    REQUIRE(client.expect("kkkk"));
    CHECK(bus.counts("queue/x").in_flight < 1500);
}

TEST_CASE("outlet: credit taken back below what is under way gives nothing more", "[amqp]") {
    LiveBus bus;
    fill(bus, 10, "hej");
    RawClient client(bus.port());
    const auto flow = [](std::uint64_t next, std::uint64_t window, std::uint64_t credit) {
        return wire::frame(wire::described(0x13,
                                           {wire::u32(next),
                                            wire::u32(window),
                                            wire::u32(0),
                                            wire::u32(2048),
                                            wire::u32(0),
                                            wire::u32(0),
                                            wire::u32(credit)}));
    };
    const auto count = [&] {
        std::size_t seen = 0;
        for (std::size_t at = client.input.find("hej"); at != std::string::npos;
             at = client.input.find("hej", at + 1))
            ++seen;
        return seen;
    };
    client.send(wire::sasl_header + wire::sasl_init("ANONYMOUS") + wire::amqp_header +
                wire::open() +
                wire::frame(wire::described(
                    0x11, {wire::null, wire::u32(0), wire::u32(3), wire::u32(2048)})) +
                wire::attach_receiver("r", 0, "queue/x") + flow(0, 3, 10));
    REQUIRE(eventually([&] {
        static_cast<void>(client.expect("hej", std::chrono::milliseconds(1)));
        return count() == 3;
    }));
    // Three have come, more wait for the window; told from the count before any came, none is
    // wanted.
    client.send(flow(3, 2048, 1) + wire::attach_receiver("s", 1, "queue/y"));
    REQUIRE(client.expect("queue/y"));
    CHECK(count() == 3);
    client.send(flow(3, 2048, 5));
    REQUIRE(eventually([&] {
        static_cast<void>(client.expect("?", std::chrono::milliseconds(1)));
        return count() >= 5;
    }));
    CHECK(count() == 5);
}

TEST_CASE("outlet: a presettled copy is settled when it is on its way", "[amqp]") {
    LiveBus bus;
    fill(bus, 5, "hej", "queue/y");
    EngineClient client(bus.port());
    client.receiver("queue/y",
                    {.credit = 3, .is_presettled = true, .settles_second = false, .looks = false});
    REQUIRE(client.run_until([&] { return client.received.size() == 3; }));
    CHECK(client.received[0].is_settled);
    CHECK(eventually([&] { return bus.seen().accepted == 3; }));
    CHECK(eventually([&] { return bus.counts("queue/y").ready == 2; }));
}

TEST_CASE("outlet: presettled copies that were not sent go back", "[amqp]") {
    LiveBus bus;
    bus.engine.make_cold(true);
    fill(bus, 40, std::string(1U << 20U, 'k'), "queue/y");
    bus.engine.hold_fetches(true);
    EngineClient client(bus.port());
    client.receiver("queue/y",
                    {.credit = 10, .is_presettled = true, .settles_second = false, .looks = false});
    client.cut();
    CHECK(eventually([&] { return bus.seen().released == 10; }));
    CHECK(bus.seen().accepted == 0);
    bus.engine.hold_fetches(false);
}

TEST_CASE("outlet: a copy above the consumer's max-message-size is dead with reason too-large",
          "[amqp]") {
    LiveBus bus;
    fill(bus, 1, std::string(5000, 'k'));
    fill(bus, 1, "hej");
    EngineClient client(bus.port());
    pn_link_t* link = pn_receiver(client.session(), "lille");
    pn_terminus_set_address(pn_link_source(link), "queue/x");
    pn_link_set_max_message_size(link, 1000);
    pn_link_open(link);
    pn_link_flow(link, 1);
    REQUIRE(client.run_until([&] { return client.received.size() == 1; }));
    CHECK(client.received[0].bytes.ends_with(text_message("hej")));
    CHECK(bus.seen().last_reason == "too-large");
    CHECK(bus.counts("queue/x").dead == 1);
}

TEST_CASE("outlet: what a detached link left unsent takes no room from the others", "[amqp]") {
    LiveBus bus;
    fill(bus, 400, std::string(10000, 'k'));
    RawClient client(bus.port());
    const auto flow = [](std::uint64_t next, std::uint64_t window, std::uint64_t handle) {
        return wire::frame(wire::described(0x13,
                                           {wire::u32(next),
                                            wire::u32(window),
                                            wire::u32(0),
                                            wire::u32(2048),
                                            wire::u32(handle),
                                            wire::u32(0),
                                            wire::u32(1000)}));
    };
    client.send(wire::sasl_header + wire::sasl_init("ANONYMOUS") + wire::amqp_header +
                wire::open() +
                wire::frame(wire::described(
                    0x11, {wire::null, wire::u32(0), wire::u32(1), wire::u32(2048)})) +
                wire::attach_receiver("r", 0, "queue/x") + flow(0, 1, 0));
    REQUIRE(client.expect("kkkk"));
    REQUIRE(eventually([&] { return bus.counts("queue/x").in_flight == 400; }));
    client.send(wire::detach(0));
    REQUIRE(eventually([&] { return bus.seen().closed_orderly == 1; }));
    fill(bus, 1, "goddag", "queue/y");
    client.send(wire::attach_receiver("s", 1, "queue/y") + flow(1, 2048, 1));
    CHECK(client.expect("goddag"));
}

// AMQP 1.0 §2.7.4: whoever gets a flow with echo answers with its own state.
TEST_CASE("flow: an echo that is asked for comes once, with the link's and the session's state",
          "[amqp]") {
    LiveBus bus;
    fill(bus, 3, "hej");
    RawClient client(bus.port());
    const auto asking = [](const std::string& handle, unsigned count, unsigned credit) {
        return wire::frame(wire::described(0x13,
                                           {wire::u32(0),
                                            wire::u32(2048),
                                            wire::u32(40),
                                            wire::u32(2048),
                                            handle,
                                            wire::u32(count),
                                            wire::u32(credit),
                                            wire::null,
                                            wire::null,
                                            wire::yes}));
    };
    client.send(wire::sasl_header + wire::sasl_init("ANONYMOUS") + wire::amqp_header +
                wire::open() +
                wire::frame(wire::described(
                    0x11, {wire::null, wire::u32(40), wire::u32(2048), wire::u32(2048)})) +
                wire::attach_sender("s", 9, "queue/y") + wire::attach_receiver("r", 4, "queue/x"));
    // Ours are 0 and 1, in their order. 3 are sent, 7 of the credit are left.
    client.send(wire::flow(4, 10));
    REQUIRE(client.expect("hej"));
    client.input.clear();
    const auto told = [](std::uint64_t next,
                         std::uint64_t sent,
                         std::uint64_t handle,
                         std::uint64_t count,
                         std::uint64_t credit) {
        const auto number = [](std::uint64_t value) {
            return wire::byte(0x70) + wire::be(value, 4);
        };
        return std::pair(
            wire::byte(0x13) + wire::byte(0xc0) + wire::byte(0x27) + wire::byte(10) + number(next),
            number(sent) + number(0x7fffffff) + number(handle) + number(count) + number(credit) +
                wire::null + wire::no + wire::null);
    };
    REQUIRE(eventually([&] { return bus.counts("queue/x").in_flight == 3; }));
    SECTION("of a consumer's link") {
        client.send(asking(wire::u32(4), 0, 10));
        const auto [session, link] = told(40, 3, 1, 3, 7);
        CHECK(client.expect(link));
        CHECK(client.input.find(session) != std::string::npos);
    }
    SECTION("of a publisher's link") {
        const unsigned full = test_options().publisher_credit;
        client.send(wire::transfer(9, 0, "t", false, text_message("goddag")) +
                    asking(wire::u32(9), 1, full - 1));
        const auto [session, link] = told(41, 3, 0, 1, full - 1);
        CHECK(client.expect(link));
        CHECK(client.input.find(session) != std::string::npos);
    }
    SECTION("of the session") {
        client.send(asking(wire::null, 0, 0));
        CHECK(client.expect(wire::be(0x7fffffff, 4) + wire::null + wire::null + wire::null));
    }
}
