// Messages from system to system at a live door: inboxes, and the anonymous terminus.
#include "bus/amqp/section_scanner.hpp"
#include "tests/support/captured_stderr.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/amqp/wire.hpp"
#include "tests/unit/amqp_door/engine_client.hpp"
#include "tests/unit/amqp_door/live_bus.hpp"
#include "tests/unit/event/sample_kuvert.hpp"

#include <proton/connection.h>
#include <proton/terminus.h>

#include <string>

using namespace vera;
using namespace vera::amqp::test;

namespace {

ClientOptions as(const std::string& system) {
    return {
        .user = system, .password = "hemmelig", .max_frame = 65536, .idle_ms = 0, .reads = true};
}

/// properties with message-id, to, reply-to and correlation-id.
std::string properties(const std::string& to) {
    return wire::described(0x73,
                           {wire::str("m-1"),
                            wire::null,
                            to.empty() ? wire::null : wire::str(to),
                            wire::null,
                            wire::str("queue/svar"),
                            wire::u64(77)});
}

std::string addressed(const std::string& to, std::string_view body = "hej") {
    return properties(to) + data_message(body);
}

std::string annotation(const EngineClient::Received& received, std::string_view key) {
    const auto sections = amqp::scan(received.bytes);
    REQUIRE(sections.has_value());
    return amqp::property_text(sections->message_annotations, key);
}

pn_link_t* anonymous_sender(EngineClient& client, bool is_presettled = false) {
    pn_link_t* link = pn_sender(client.session(), "anonymous");
    pn_terminus_set_type(pn_link_target(link), PN_TARGET);
    if (is_presettled) pn_link_set_snd_settle_mode(link, PN_SND_SETTLED);
    pn_link_open(link);
    REQUIRE(client.run_until([&] { return pn_link_credit(link) > 0; }));
    return link;
}

}  // namespace

TEST_CASE("messages: what is sent to an inbox comes to its system, with the sender's name",
          "[amqp]") {
    LiveBus bus;
    EngineClient sender(bus.port(), as("omsorg"));
    EngineClient receiver(bus.port(), as("laege"));
    receiver.receiver("inbox/laege");
    // The peer's own idea of who sent it is dropped, in both kinds of annotations.
    const std::string bare = addressed("inbox/laege");
    const std::string message = wire::described(0x71,
                                                wire::map({wire::sym("x-opt-vera-sender"),
                                                           wire::str("borgmester"),
                                                           wire::sym("sender"),
                                                           wire::str("borgmester")})) +
                                wire::described(0x72,
                                                wire::map({wire::sym("x-opt-vera-sender"),
                                                           wire::str("borgmester"),
                                                           wire::sym("x-opt-farve"),
                                                           wire::str("blaa")})) +
                                bare;
    CHECK(sender.outcome(sender.send(sender.sender("inbox/laege"), message)) == PN_ACCEPTED);
    REQUIRE(receiver.run_until([&] { return receiver.received.size() == 1; }));
    const auto& got = receiver.received[0];
    CHECK(annotation(got, "x-opt-vera-sender") == "omsorg");
    CHECK(annotation(got, "x-opt-vera-sender-authority") == "29189420");
    CHECK(annotation(got, "x-opt-vera-leaf") == "1");
    CHECK(annotation(got, "x-opt-farve") == "blaa");
    CHECK(got.bytes.find("borgmester") == std::string::npos);
    CHECK(amqp::scan(got.bytes)->delivery_annotations.empty());
    CHECK(got.bytes.ends_with(bare));
    receiver.settle(got, PN_ACCEPTED);
    CHECK(receiver.run_until([&] { return bus.counts("inbox/laege").settled == 1; }));
}

TEST_CASE("messages: a message is accepted after the commit and not before", "[amqp]") {
    LiveBus bus;
    bus.engine.hold_commits(true);
    EngineClient client(bus.port(), as("omsorg"));
    pn_delivery_t* delivery = client.send(client.sender("inbox/laege"), text_message("hej"));
    REQUIRE(client.run_until([&] { return bus.seen().published == 1; }));
    client.step(std::chrono::milliseconds(20));
    CHECK(pn_delivery_remote_state(delivery) == 0);
    bus.engine.hold_commits(false);
    CHECK(client.outcome(delivery) == PN_ACCEPTED);
}

TEST_CASE("messages: only the system itself receives from its inbox and its dead letters",
          "[amqp]") {
    LiveBus bus;
    EngineClient owner(bus.port(), as("laege"));
    EngineClient other(bus.port(), as("omsorg"));
    EngineClient nobody(bus.port());
    const std::string refused = "amqp:unauthorized-access: ";
    const ReceiverOptions looks{
        .credit = 1, .is_presettled = false, .settles_second = false, .looks = true};
    for (EngineClient* client : {&other, &nobody}) {
        CHECK(client->closed_reason(client->receiver("inbox/laege")).starts_with(refused));
        CHECK(client->closed_reason(client->receiver("inbox/laege", looks)).starts_with(refused));
        CHECK(client->closed_reason(client->receiver("inbox/laege/$deadletter"))
                  .starts_with(refused));
    }
    CHECK(bus.door->counters().refused_links == 6);
    CHECK(other.outcome(other.send(other.sender("inbox/laege"), text_message("hej"))) ==
          PN_ACCEPTED);
    owner.receiver("inbox/laege");
    REQUIRE(owner.run_until([&] { return owner.received.size() == 1; }));
    owner.settle(owner.received[0], PN_REJECTED);
    owner.receiver("inbox/laege/$deadletter");
    REQUIRE(owner.run_until([&] { return owner.received.size() == 2; }));
    CHECK(annotation(owner.received[1], "x-opt-vera-sender") == "omsorg");
    CHECK(annotation(owner.received[1], "x-opt-vera-dead-reason") == "rejected");
}

TEST_CASE("messages: an attempt at another's inbox is told, without what others wrote", "[amqp]") {
    LiveBus bus;
    const std::string told = test::stderr_of([&] {
        EngineClient other(bus.port(), as("omsorg"));
        CHECK(other.closed_reason(other.receiver("inbox/nobody-0101010000"))
                  .starts_with("amqp:not-found: "));
        CHECK(other.closed_reason(other.receiver("inbox/laege"))
                  .starts_with("amqp:unauthorized-access: "));
        CHECK(other.closed_reason(other.receiver("inbox/laege"))
                  .starts_with("amqp:unauthorized-access: "));
        CHECK(bus.door->counters().refused_links == 3);
    });
    CHECK(
        told.find(R"(level=info msg="access refused" system=omsorg reason="'inbox/laege' can only )"
                  R"(be received from by the system 'laege'" times=1)") != std::string::npos);
    CHECK(told.find("nobody") == std::string::npos);
}

TEST_CASE("messages: there is no inbox of a system that is not configured", "[amqp]") {
    LiveBus bus;
    EngineClient client(bus.port(), as("omsorg"));
    CHECK(client.closed_reason(client.sender("inbox/tandlaege")).starts_with("amqp:not-found: "));
}

TEST_CASE("messages: on the anonymous terminus each message goes where it says", "[amqp]") {
    LiveBus bus;
    EngineClient client(bus.port(), as("omsorg"));
    pn_link_t* link = anonymous_sender(client);
    CHECK(pn_terminus_get_address(pn_link_remote_target(link)) == nullptr);
    CHECK(pn_link_remote_max_message_size(link) == 8U << 20U);
    const std::string event =
        properties("events") + data_message(event::test::sample_kuvert().SerializeAsString());
    CHECK(client.outcome(client.send(link, event)) == PN_ACCEPTED);
    CHECK(client.outcome(client.send(link, addressed("queue/x"))) == PN_ACCEPTED);
    CHECK(client.outcome(client.send(link, addressed("inbox/laege"))) == PN_ACCEPTED);
    CHECK(bus.counts("sub/alt").ready == 1);
    CHECK(bus.counts("queue/x").ready == 1);
    CHECK(bus.counts("inbox/laege").ready == 1);
    struct Row {
        std::string to, condition, part;
    };
    for (const auto& row : {Row{"", "amqp:precondition-failed", "properties.to is missing"},
                            Row{"queue/xx", "amqp:not-found", "nearest known one is 'queue/x'"},
                            Row{"inbox/ukendt", "amqp:not-found", "'inbox/ukendt'"},
                            Row{"$unrouted", "amqp:not-allowed", "only be received from"}}) {
        CAPTURE(row.to);
        pn_delivery_t* delivery = client.send(link, addressed(row.to));
        CHECK(client.outcome(delivery) == PN_REJECTED);
        CHECK(EngineClient::error_name(delivery) == row.condition);
        CHECK(EngineClient::error_text(delivery).find(row.part) != std::string::npos);
    }
    pn_delivery_t* large =
        client.send(link, addressed("events", std::string((1U << 20U) + 1, 'x')));
    CHECK(client.outcome(large) == PN_REJECTED);
    CHECK(EngineClient::error_name(large) == "vera:too-large");
    CHECK(client.outcome(client.send(link, addressed("queue/x"))) == PN_ACCEPTED);
}

TEST_CASE("messages: a presettled one that goes nowhere ends the anonymous link", "[amqp]") {
    LiveBus bus;
    EngineClient client(bus.port(), as("omsorg"));
    pn_link_t* link = anonymous_sender(client, true);
    client.send(link, addressed("queue/intet"));
    CHECK(client.closed_reason(link).starts_with("amqp:not-found: properties.to: "));
}

TEST_CASE("messages: the anonymous terminus is offered in the open frame", "[amqp]") {
    LiveBus bus;
    EngineClient client(bus.port());
    pn_data_t* offered = pn_connection_remote_offered_capabilities(client.connection());
    pn_data_rewind(offered);
    REQUIRE(pn_data_next(offered));
    REQUIRE(pn_data_get_array(offered) == 1);
    pn_data_enter(offered);
    REQUIRE(pn_data_next(offered));
    const pn_bytes_t name = pn_data_get_symbol(offered);
    CHECK(std::string(name.start, name.size) == "ANONYMOUS-RELAY");
}

TEST_CASE("messages: after a reload a queue on the anonymous terminus is not found", "[amqp]") {
    LiveBus bus;
    EngineClient client(bus.port());
    pn_link_t* link = anonymous_sender(client);
    CHECK(client.outcome(client.send(link, addressed("queue/y"))) == PN_ACCEPTED);
    bus.reload(test_snapshot(2, true));
    pn_delivery_t* delivery = client.send(link, addressed("queue/y"));
    CHECK(client.outcome(delivery) == PN_REJECTED);
    CHECK(EngineClient::error_name(delivery) == "amqp:not-found");
}
