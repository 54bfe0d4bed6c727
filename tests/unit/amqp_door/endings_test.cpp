// Ends of links, sessions, connections and of the door itself.
#include "tests/support/catch.hpp"
#include "tests/unit/amqp/wire.hpp"
#include "tests/unit/amqp_door/engine_client.hpp"
#include "tests/unit/amqp_door/live_bus.hpp"
#include "tests/unit/amqp_door/raw_client.hpp"

#include <proton/connection.h>
#include <proton/disposition.h>
#include <proton/terminus.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

using namespace vera;
using namespace vera::amqp::test;

namespace {

void fill(LiveBus& bus, int count, const std::string& text = "hej") {
    EngineClient client(bus.port());
    pn_link_t* link = client.sender("queue/x");
    pn_delivery_t* last = nullptr;
    for (int i = 0; i < count; ++i)
        last = client.send(link, text_message(text));
    REQUIRE(client.outcome(last) == PN_ACCEPTED);
}

}  // namespace

TEST_CASE("endings: what a consumer held comes back, as failed if its connection was lost",
          "[amqp]") {
    enum class How { detach, end, close, cut };
    const auto how = GENERATE(How::detach, How::end, How::close, How::cut);
    CAPTURE(static_cast<int>(how));
    LiveBus bus;
    fill(bus, 3);
    EngineClient client(bus.port());
    pn_link_t* link = client.receiver("queue/x");
    REQUIRE(client.run_until([&] { return client.received.size() == 3; }));
    if (how == How::detach) pn_link_close(link);
    if (how == How::end) pn_session_close(client.session());
    if (how == How::close) pn_connection_close(client.connection());
    if (how == How::cut) client.cut();
    if (how != How::cut)
        client.run_until([&] { return bus.seen().closed_orderly == 1; });
    else
        REQUIRE(eventually([&] { return bus.seen().closed_failed == 1; }));
    CHECK(bus.seen().closed_orderly == (how == How::cut ? 0 : 1));
    CHECK(eventually([&] { return bus.counts("queue/x").ready == 3; }));
    EngineClient next(bus.port());
    next.receiver("queue/x");
    REQUIRE(next.run_until([&] { return next.received.size() == 3; }));
}

TEST_CASE("endings: a publisher that leaves before the answer does no harm", "[amqp]") {
    LiveBus bus;
    bus.engine.hold_commits(true);
    {
        EngineClient client(bus.port());
        pn_link_t* link = client.sender("queue/x");
        for (int i = 0; i < 50; ++i)
            client.send(link, text_message("hej"));
        REQUIRE(client.run_until([&] { return bus.seen().published == 50; }));
        client.cut();
    }
    REQUIRE(eventually([&] { return bus.seen().publisher_closed == 1; }));
    bus.engine.hold_commits(false);
    CHECK(eventually([&] { return bus.counts("queue/x").ready == 50; }));
}

TEST_CASE("endings: a silent stranger is gone after the handshake time", "[amqp]") {
    auto options = test_options();
    options.handshake_timeout = Millis{100};
    LiveBus bus(options);
    const std::string said = GENERATE(
        std::string{}, wire::sasl_header, wire::sasl_header + wire::sasl_init("ANONYMOUS"));
    RawClient client(bus.port());
    client.send(said);
    CHECK(client.expect_end());
    CHECK(bus.door->counters().handshake_timeouts == 1);
}

TEST_CASE("endings: a peer that falls silent is closed, one that is kept alive stays", "[amqp]") {
    auto options = test_options();
    options.idle_timeout = Millis{400};
    LiveBus bus(options);
    EngineClient good(
        bus.port(),
        {.user = {}, .password = {}, .max_frame = 65536, .idle_ms = 2000, .reads = true});
    RawClient silent(bus.port());
    REQUIRE(silent.open());
    CHECK(good.run_until([&] { return silent.expect_end(std::chrono::milliseconds(10)); }));
    CHECK(!good.is_gone());
    CHECK(silent.input.find("amqp:resource-limit-exceeded") != std::string::npos);
    CHECK(bus.door->counters().idle_timeouts == 1);
}

TEST_CASE("endings: the peer's idle time-out is kept with empty frames", "[amqp]") {
    LiveBus bus;
    RawClient client(bus.port());
    REQUIRE(client.send(wire::sasl_header + wire::sasl_init("ANONYMOUS") + wire::amqp_header));
    REQUIRE(client.send(wire::frame(wire::described(
        0x10, {wire::str("c"), wire::null, wire::null, wire::null, wire::u32(1000)}))));
    using namespace std::string_literals;
    CHECK(client.expect("\x00\x00\x00\x08\x02\x00\x00\x00"s));
}

TEST_CASE("endings: a peer that never reads costs bounded memory and is cut off", "[amqp]") {
    auto options = test_options();
    options.write_stall_timeout = Millis{500};
    LiveBus bus(options);
    fill(bus, 30, std::string(1U << 20U, 'x'));
    EngineClient deaf(
        bus.port(), {.user = {}, .password = {}, .max_frame = 65536, .idle_ms = 0, .reads = false});
    pn_link_t* link = pn_receiver(deaf.session(), "deaf");
    pn_terminus_set_address(pn_link_source(link), "queue/x");
    pn_link_open(link);
    pn_link_flow(link, 1000);
    for (int i = 0; i < 5; ++i)
        deaf.step(std::chrono::milliseconds(5));
    EngineClient good(bus.port());
    CHECK(eventually([&] { return bus.seen().closed_failed == 1; }));
    // What was not sent has not failed, and somebody else gets all of it.
    CHECK(bus.door->counters().deliveries_out < 20);
    good.receiver("queue/x",
                  {.credit = 100, .is_presettled = false, .settles_second = false, .looks = false});
    CHECK(good.run_until([&] { return good.received.size() == 30; }));
}

TEST_CASE("endings: the door closes with a word to its clients, after their outcomes", "[amqp]") {
    LiveBus bus;
    EngineClient client(bus.port());
    pn_link_t* link = client.sender("queue/x");
    bus.engine.hold_commits(true);
    pn_delivery_t* delivery = client.send(link, text_message("hej"));
    REQUIRE(client.run_until([&] { return bus.seen().published == 1; }));
    std::jthread closer([&] { bus.door->close(Millis{10000}); });
    client.step(std::chrono::milliseconds(20));
    CHECK(!client.is_gone());
    bus.engine.hold_commits(false);
    CHECK(client.outcome(delivery) == PN_ACCEPTED);
    CHECK(client.connection_reason() == "amqp:connection:forced");
    pn_connection_close(client.connection());
    client.run_until([&] { return client.is_gone(); }, std::chrono::milliseconds(1000));
}

TEST_CASE("endings: a door that closes waits for consumers to settle", "[amqp]") {
    LiveBus bus;
    fill(bus, 3);
    EngineClient client(bus.port());
    client.receiver("queue/x",
                    {.credit = 2, .is_presettled = false, .settles_second = false, .looks = false});
    REQUIRE(client.run_until([&] { return client.received.size() == 2; }));
    std::jthread closer([&] { bus.door->close(Millis{20000}); });
    client.settle(client.received[0], PN_ACCEPTED);
    REQUIRE(client.run_until([&] { return bus.seen().accepted == 1; }));
    CHECK(!client.is_gone());
    client.settle(client.received[1], PN_ACCEPTED);
    CHECK(client.connection_reason() == "amqp:connection:forced");
    CHECK(bus.seen().accepted == 2);
    CHECK(bus.counts("queue/x").ready == 1);
    pn_connection_close(client.connection());
    client.run_until([&] { return client.is_gone(); }, std::chrono::milliseconds(1000));
}

TEST_CASE("endings: a full house takes nobody more and goes on with who is there", "[amqp]") {
    auto options = test_options();
    options.max_connections = 3;
    LiveBus bus(options);
    EngineClient good(bus.port());
    RawClient second(bus.port());
    RawClient third(bus.port());
    REQUIRE(eventually([&] { return bus.door->counters().connections_total == 3; }));
    RawClient fourth(bus.port());
    CHECK(fourth.expect_end());
    pn_link_t* link = good.sender("queue/x");
    CHECK(good.outcome(good.send(link, text_message("hej"))) == PN_ACCEPTED);
}
