// Attaches: what is answered to addresses and termini, at a live door.
#include "tests/support/catch.hpp"
#include "tests/unit/amqp_door/engine_client.hpp"
#include "tests/unit/amqp_door/live_bus.hpp"

#include <proton/connection.h>
#include <proton/terminus.h>

#include <string>

using namespace vera::amqp::test;

TEST_CASE("attach: a bad address is answered with a null terminus and the reason", "[amqp]") {
    struct Row {
        bool is_sender;
        std::string address, reason;
    };
    const auto row = GENERATE(values<Row>({
        {true,
         "queue/xx",
         "amqp:not-found: no address 'queue/xx', the nearest known one is 'queue/x'"},
        {true, "sub/alt", "amqp:not-allowed: "},
        {false,
         "sub/allt",
         "amqp:not-found: no address 'sub/allt', the nearest known one is 'sub/alt'"},
        {false, "events", "amqp:not-allowed: "},
        {false, "", "amqp:not-found: "},
    }));
    CAPTURE(row.address);
    LiveBus bus;
    EngineClient client(bus.port());
    pn_link_t* link = row.is_sender ? client.sender(row.address) : client.receiver(row.address);
    CHECK(client.closed_reason(link).starts_with(row.reason));
    pn_terminus_t* terminus =
        row.is_sender ? pn_link_remote_target(link) : pn_link_remote_source(link);
    CHECK(pn_terminus_get_type(terminus) == PN_UNSPECIFIED);
    // The session goes on.
    pn_link_t* good = client.sender("queue/x");
    CHECK(client.outcome(client.send(good, text_message("hej"))) == PN_ACCEPTED);
}

TEST_CASE("attach: transactions are not implemented, and a JMS client is told what to set",
          "[amqp]") {
    LiveBus bus;
    EngineClient client(bus.port());
    pn_link_t* link = pn_sender(client.session(), "odd");
    pn_terminus_set_type(pn_link_target(link), PN_COORDINATOR);
    pn_link_open(link);
    const std::string reason = client.closed_reason(link);
    CHECK(reason.starts_with("amqp:not-implemented: there are no transactions here"));
    CHECK(reason.find("createSession(false, Session.AUTO_ACKNOWLEDGE)") != std::string::npos);
}

TEST_CASE("attach: the answer says what is really given", "[amqp]") {
    LiveBus bus;
    EngineClient client(bus.port());
    CHECK(std::string(pn_connection_remote_container(client.connection())) == "vera-test");
    pn_link_t* receiver = client.receiver(
        "sub/alt", {.credit = 1, .is_presettled = true, .settles_second = false, .looks = false});
    CHECK(pn_link_remote_snd_settle_mode(receiver) == PN_SND_UNSETTLED);
    CHECK(std::string(pn_terminus_get_address(pn_link_remote_source(receiver))) == "sub/alt");
    CHECK(pn_terminus_get_distribution_mode(pn_link_remote_source(receiver)) == PN_DIST_MODE_MOVE);
    CHECK(pn_data_size(pn_terminus_outcomes(pn_link_remote_source(receiver))) > 0);
    pn_link_t* fast = client.receiver(
        "sub/hastig",
        {.credit = 1, .is_presettled = true, .settles_second = false, .looks = false});
    CHECK(pn_link_remote_snd_settle_mode(fast) == PN_SND_SETTLED);
    pn_link_t* second = client.receiver(
        "queue/x", {.credit = 1, .is_presettled = false, .settles_second = true, .looks = true});
    CHECK(pn_link_remote_rcv_settle_mode(second) == PN_RCV_SECOND);
    CHECK(pn_terminus_get_distribution_mode(pn_link_remote_source(second)) == PN_DIST_MODE_COPY);
    pn_link_t* sender = client.sender("queue/x");
    CHECK(pn_link_remote_max_message_size(sender) == 8U << 20U);
    CHECK(pn_link_credit(sender) == 1000);
}

TEST_CASE("attach: PLAIN is verified, a wrong password is told and the door closed", "[amqp]") {
    LiveBus bus;
    {
        EngineClient client(bus.port(),
                            {.user = "omsorg",
                             .password = "hemmelig",
                             .max_frame = 65536,
                             .idle_ms = 0,
                             .reads = true});
        pn_link_t* link = client.sender("queue/x");
        CHECK(client.outcome(client.send(link, text_message("hej"))) == PN_ACCEPTED);
    }
    EngineClient stranger(
        bus.port(),
        {.user = "omsorg", .password = "forkert", .max_frame = 65536, .idle_ms = 0, .reads = true});
    CHECK(stranger.is_gone());
    CHECK((pn_connection_state(stranger.connection()) & PN_REMOTE_ACTIVE) == 0);
}

TEST_CASE("attach: many links and sessions' worth of them come and go without leaving anything",
          "[amqp]") {
    LiveBus bus;
    EngineClient client(bus.port());
    for (int i = 0; i < 300; ++i) {
        pn_link_t* link = i % 2 == 0 ? client.receiver("queue/x") : client.sender("queue/x");
        REQUIRE(client.is_attached(link));
        pn_link_close(link);
        REQUIRE(client.closed_reason(link).empty());
        pn_link_free(link);
    }
    CHECK(bus.seen().consumer_opened == 150);
    CHECK(eventually(
        [&] { return bus.seen().closed_orderly == 150 && bus.seen().publisher_closed == 150; }));
}

TEST_CASE("attach: a queue that a reload takes away closes its publishers and lets consumers drain",
          "[amqp]") {
    LiveBus bus;
    EngineClient client(bus.port());
    pn_link_t* link = client.sender("queue/y");
    REQUIRE(client.outcome(client.send(link, text_message("hej"))) == PN_ACCEPTED);
    bus.reload(test_snapshot(2, true));
    client.send(link, text_message("for sent"));
    CHECK(client.closed_reason(link).starts_with("amqp:resource-deleted: "));
    client.receiver("queue/y");
    CHECK(client.run_until([&] { return client.received.size() == 1; }));
}
