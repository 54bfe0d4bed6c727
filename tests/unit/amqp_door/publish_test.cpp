// A publisher's deliveries and what becomes of them, at a live door.
#include "tests/support/catch.hpp"
#include "tests/unit/amqp/wire.hpp"
#include "tests/unit/amqp_door/engine_client.hpp"
#include "tests/unit/amqp_door/live_bus.hpp"
#include "tests/unit/event/sample_kuvert.hpp"

#include <proton/condition.h>
#include <proton/disposition.h>

#include <string>
#include <vector>

using namespace vera;
using namespace vera::amqp::test;

namespace {

std::string event_message(const std::string& id) {
    auto kuvert = event::test::sample_kuvert();
    kuvert.mutable_besked_id()->set_uuid_identifikator(id);
    return data_message(kuvert.SerializeAsString());
}

}  // namespace

TEST_CASE("inlet: a message is accepted after the commit and not before", "[amqp]") {
    LiveBus bus;
    bus.engine.hold_commits(true);
    EngineClient client(bus.port());
    pn_link_t* link = client.sender("queue/x");
    pn_delivery_t* delivery = client.send(link, text_message("hej"));
    REQUIRE(client.run_until([&] { return bus.seen().published == 1; }));
    client.step(std::chrono::milliseconds(20));
    CHECK(pn_delivery_remote_state(delivery) == 0);
    bus.engine.hold_commits(false);
    CHECK(client.outcome(delivery) == PN_ACCEPTED);
    CHECK(bus.counts("queue/x").ready == 1);
}

TEST_CASE("inlet: a delivery that comes in many pieces is put together as it was", "[amqp]") {
    LiveBus bus;
    EngineClient client(bus.port());
    pn_link_t* link = client.sender("queue/x");
    std::string text(3U << 20U, ' ');
    for (std::size_t i = 0; i < text.size(); ++i)
        text[i] = static_cast<char>('a' + (i * 7 + i / 65521) % 26);
    for (const std::string& body : {text, std::string("kort"), text.substr(1)})
        REQUIRE(client.outcome(client.send(link, text_message(body))) == PN_ACCEPTED);
    client.receiver("queue/x",
                    {.credit = 3, .is_presettled = false, .settles_second = false, .looks = false});
    REQUIRE(client.run_until([&] { return client.received.size() == 3; }));
    CHECK(client.received[0].bytes.ends_with(text_message(text)));
    CHECK(client.received[1].bytes.ends_with(text_message("kort")));
    CHECK(client.received[2].bytes.ends_with(text_message(text.substr(1))));
}

TEST_CASE("inlet: a batch of deliveries reaches the core in one piece", "[amqp]") {
    LiveBus bus;
    EngineClient client(bus.port());
    pn_link_t* link = client.sender("queue/x");
    const auto before = bus.seen().posts;
    pn_delivery_t* last = nullptr;
    for (int i = 0; i < 200; ++i)
        last = client.send(link, text_message("hej"));
    CHECK(client.outcome(last) == PN_ACCEPTED);
    // Outcomes of commits are posts too: far fewer than one per message is what matters.
    CHECK(bus.seen().posts - before < 60);
}

TEST_CASE("inlet: credit is topped up for as long as the publisher goes on", "[amqp]") {
    auto options = test_options();
    options.publisher_credit = 8;
    LiveBus bus(options);
    EngineClient client(bus.port());
    pn_link_t* link = client.sender("queue/x");
    CHECK(pn_link_credit(link) == 8);
    for (int i = 0; i < 100; ++i) {
        REQUIRE(client.run_until([&] { return pn_link_credit(link) > 0; }));
        pn_delivery_t* delivery = client.send(link, text_message("hej"));
        if (i % 10 == 9) REQUIRE(client.outcome(delivery) == PN_ACCEPTED);
    }
    CHECK(eventually([&] { return bus.counts("queue/x").ready == 100; }));
}

TEST_CASE("inlet: a message of 5 MiB in many frames leaves as it came", "[amqp]") {
    LiveBus bus;
    EngineClient client(
        bus.port(), {.user = {}, .password = {}, .max_frame = 4096, .idle_ms = 0, .reads = true});
    pn_link_t* sender = client.sender("queue/x");
    std::string body(5U << 20U, 'x');
    for (std::size_t i = 0; i < body.size(); i += 997)
        body[i] = static_cast<char>(i % 251);
    const std::string message = data_message(body);
    CHECK(client.outcome(client.send(sender, message)) == PN_ACCEPTED);
    client.receiver("queue/x");
    REQUIRE(client.run_until([&] { return client.received.size() == 1; }));
    CHECK(client.received[0].bytes.ends_with(message));
    client.settle(client.received[0], PN_ACCEPTED);
    CHECK(client.run_until([&] { return bus.seen().accepted == 1; }));
}

TEST_CASE("inlet: a message larger than the usual session window is taken whole", "[amqp]") {
    auto options = test_options();
    options.publisher_credit = 4;
    options.max_frame_bytes = 4096;
    LiveBus bus(options);
    EngineClient client(bus.port());
    pn_link_t* sender = client.sender("queue/x");
    CHECK(client.outcome(client.send(sender, data_message(std::string(5U << 20U, 'x')))) ==
          PN_ACCEPTED);
}

TEST_CASE("inlet: what is refused at the door is counted", "[amqp]") {
    LiveBus bus;
    EngineClient client(bus.port());
    pn_link_t* sender = client.sender("events");
    CHECK(client.outcome(client.send(sender, data_message("ingen hændelse"))) == PN_REJECTED);
    CHECK(bus.door->counters().refused == 1);
}

TEST_CASE("inlet: what does not scan is rejected and never stored", "[amqp]") {
    using namespace std::string_literals;
    const std::string garbage = GENERATE("\xff\xff\xff\xff\xff\xff"s,
                                         "\x00\x53\x75\xb0\x00\x00\xff\xff\x41"s,
                                         ""s,
                                         wire::described(0x77, wire::null) + "x"s);
    LiveBus bus;
    EngineClient client(bus.port());
    pn_link_t* link = client.sender("queue/x");
    pn_delivery_t* delivery = client.send(link, garbage);
    CHECK(client.outcome(delivery) == PN_REJECTED);
    CHECK(EngineClient::error_name(delivery) == "amqp:decode-error");
    CHECK(client.outcome(client.send(link, text_message("efter"))) == PN_ACCEPTED);
    CHECK(bus.counts("queue/x").ready == 1);
}

TEST_CASE("inlet: a message above the limit is rejected, an absurd one ends the connection",
          "[amqp]") {
    LiveBus bus;
    EngineClient client(bus.port());
    pn_link_t* link = client.sender("events");
    CHECK(pn_link_remote_max_message_size(link) == 1U << 20U);
    pn_delivery_t* delivery = client.send(link, data_message(std::string((1U << 20U) + 1, 'x')));
    CHECK(client.outcome(delivery) == PN_REJECTED);
    CHECK(EngineClient::error_name(delivery) == "vera:too-large");
    client.send(link, data_message(std::string(4U << 20U, 'x')));
    CHECK(client.connection_reason() == "amqp:link:message-size-exceeded");
}

TEST_CASE("inlet: an event is admitted, routed and accepted; a bad one is rejected by name",
          "[amqp]") {
    LiveBus bus;
    EngineClient client(bus.port());
    pn_link_t* link = client.sender("events");
    CHECK(client.outcome(client.send(
              link, event_message("11111111-1111-4111-8111-111111111111"))) == PN_ACCEPTED);
    CHECK(bus.counts("sub/alt").ready == 1);
    pn_delivery_t* bad = client.send(link, data_message("ikke en kuvert"));
    CHECK(client.outcome(bad) == PN_REJECTED);
    CHECK(!EngineClient::error_name(bad).empty());
    CHECK(!EngineClient::error_text(bad).empty());
}

TEST_CASE("inlet: when storage fails the publisher is told to try again", "[amqp]") {
    LiveBus bus;
    bus.engine.fail_commits(true);
    EngineClient client(bus.port());
    pn_link_t* link = client.sender("queue/x");
    CHECK(client.outcome(client.send(link, text_message("hej"))) == PN_RELEASED);
    bus.engine.fail_commits(false);
    CHECK(client.outcome(client.send(link, text_message("hej"))) == PN_ACCEPTED);
}

TEST_CASE("inlet: presettled messages are taken, a refused one ends its link with the tag",
          "[amqp]") {
    LiveBus bus;
    EngineClient client(bus.port());
    pn_link_t* link = client.sender("queue/x", true);
    client.send(link, text_message("hej"));
    REQUIRE(client.run_until([&] { return bus.counts("queue/x").ready == 1; }));
    client.send(link, "\xff\xff");
    const std::string reason = client.closed_reason(link);
    CHECK(reason.starts_with("amqp:decode-error"));
    pn_data_t* info = pn_condition_info(pn_link_remote_condition(link));
    pn_data_rewind(info);
    REQUIRE(pn_data_next(info));
    REQUIRE(pn_data_get_map(info) == 2);
    pn_data_enter(info);
    pn_data_next(info);
    const pn_bytes_t key = pn_data_get_symbol(info);
    CHECK(std::string(key.start, key.size) == "delivery-tag");
    pn_data_next(info);
    CHECK(pn_data_get_binary(info).size == 8);
    CHECK(bus.seen().publisher_closed == 1);
}

TEST_CASE("inlet: the process-wide budget stops reading and lets it go on", "[amqp]") {
    auto options = test_options();
    options.in_flight_bytes = 200000;
    LiveBus bus(options);
    bus.engine.hold_commits(true);
    EngineClient client(bus.port());
    pn_link_t* link = client.sender("queue/x");
    std::vector<pn_delivery_t*> deliveries;
    for (int i = 0; i < 100; ++i)
        deliveries.push_back(client.send(link, data_message(std::string(50000, 'x'))));
    REQUIRE(client.run_until([&] { return bus.seen().published >= 4; }));
    for (int i = 0; i < 20; ++i)
        client.step(std::chrono::milliseconds(5));
    CHECK(bus.seen().published < 20);
    bus.engine.hold_commits(false);
    CHECK(client.outcome(deliveries.back()) == PN_ACCEPTED);
}
