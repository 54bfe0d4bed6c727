// Requests to `$management` and their replies.
#include "tests/support/catch.hpp"
#include "tests/unit/amqp/wire.hpp"
#include "tests/unit/amqp_door/engine_client.hpp"
#include "tests/unit/amqp_door/live_bus.hpp"

#include <proton/disposition.h>
#include <proton/message.h>
#include <proton/terminus.h>

#include <memory>
#include <string>

using namespace vera::amqp::test;
namespace wire = vera::wire;

namespace {

std::string request(const std::string& operation,
                    const std::string& reply_to,
                    const std::string& body) {
    const std::string properties = wire::described(0x73,
                                                   {wire::str("forespoergsel-1"),
                                                    wire::null,
                                                    wire::str("$management"),
                                                    wire::null,
                                                    wire::str(reply_to)});
    const std::string application = wire::described(0x74,
                                                    wire::map({wire::str("operation"),
                                                               wire::str(operation),
                                                               wire::str("type"),
                                                               wire::str("vera.queue")}));
    return properties + application + wire::described(0x77, body);
}

struct Reply {
    int status = 0;
    std::string description, correlation;
    std::string body;
};

Reply read_reply(const std::string& bytes) {
    Reply reply;
    const std::unique_ptr<pn_message_t, void (*)(pn_message_t*)> message(pn_message(),
                                                                         pn_message_free);
    REQUIRE(pn_message_decode(message.get(), bytes.data(), bytes.size()) == 0);
    const pn_atom_t id = pn_message_get_correlation_id(message.get());
    if (id.type == PN_STRING) reply.correlation.assign(id.u.as_bytes.start, id.u.as_bytes.size);
    pn_data_t* properties = pn_message_properties(message.get());
    pn_data_rewind(properties);
    pn_data_next(properties);
    pn_data_enter(properties);
    while (pn_data_next(properties)) {
        const pn_bytes_t key = pn_data_get_string(properties);
        const std::string name(key.start, key.size);
        pn_data_next(properties);
        if (name == "statusCode") reply.status = pn_data_get_int(properties);
        if (name == "statusDescription") {
            const pn_bytes_t text = pn_data_get_string(properties);
            reply.description.assign(text.start, text.size);
        }
    }
    char text[4096];
    std::size_t size = sizeof text;
    pn_data_format(pn_message_body(message.get()), text, &size);
    reply.body.assign(text, size);
    return reply;
}

pn_link_t* replies_to(EngineClient& client, const std::string& target) {
    pn_link_t* link = pn_receiver(client.session(), "svar");
    pn_terminus_set_address(pn_link_source(link), "$management");
    pn_terminus_set_address(pn_link_target(link), target.c_str());
    pn_link_open(link);
    pn_link_flow(link, 10);
    client.run_until([&] { return client.is_attached(link); });
    return link;
}

}  // namespace

TEST_CASE("management: a request is answered on the link that reply-to names", "[amqp]") {
    LiveBus bus;
    EngineClient client(bus.port());
    pn_link_t* link = client.sender("$management");
    replies_to(client, "svar-her");
    const std::string body = wire::map({wire::str("navn"),
                                        wire::str("l\xc3\xa6s\xc3\xb8"),
                                        wire::str("tal"),
                                        wire::list({wire::u32(1), wire::yes, wire::null})});
    CHECK(client.outcome(client.send(link, request("ECHO", "svar-her", body))) == PN_ACCEPTED);
    REQUIRE(client.run_until([&] { return client.received.size() == 1; }));
    const Reply reply = read_reply(client.received[0].bytes);
    CHECK(reply.status == 200);
    CHECK(reply.correlation == "forespoergsel-1");
    CHECK(reply.body.find("\"tal\"=[1, true, null]") != std::string::npos);
}

TEST_CASE("management: a dynamic reply address is private to its connection", "[amqp]") {
    LiveBus bus;
    EngineClient client(bus.port());
    pn_link_t* link = client.sender("$management");
    pn_link_t* replies = pn_receiver(client.session(), "dyn");
    pn_terminus_set_dynamic(pn_link_source(replies), true);
    pn_link_open(replies);
    pn_link_flow(replies, 5);
    REQUIRE(client.run_until([&] { return client.is_attached(replies); }));
    const char* given = pn_terminus_get_address(pn_link_remote_source(replies));
    REQUIRE(given != nullptr);
    const std::string address = given;
    CHECK(client.outcome(client.send(link, request("UKENDT", address, wire::map({})))) ==
          PN_ACCEPTED);
    REQUIRE(client.run_until([&] { return client.received.size() == 1; }));
    CHECK(read_reply(client.received[0].bytes).status == 501);

    EngineClient stranger(bus.port());
    pn_link_t* other = stranger.sender("$management");
    pn_delivery_t* delivery = stranger.send(other, request("ECHO", address, wire::map({})));
    CHECK(stranger.outcome(delivery) == PN_REJECTED);
    CHECK(EngineClient::error_name(delivery) == "amqp:precondition-failed");
}

TEST_CASE("management: a request without operation is a bad request, garbage is rejected",
          "[amqp]") {
    LiveBus bus;
    EngineClient client(bus.port());
    pn_link_t* link = client.sender("$management");
    replies_to(client, "svar-her");
    const std::string no_operation =
        wire::described(
            0x73, {wire::str("id"), wire::null, wire::null, wire::null, wire::str("svar-her")}) +
        text_message("x");
    CHECK(client.outcome(client.send(link, no_operation)) == PN_ACCEPTED);
    REQUIRE(client.run_until([&] { return client.received.size() == 1; }));
    CHECK(read_reply(client.received[0].bytes).status == 400);
    CHECK(client.outcome(client.send(link, "\xff\xff")) == PN_REJECTED);
    for (int i = 0; i < 100; ++i) {
        REQUIRE(client.run_until([&] { return pn_link_credit(link) > 0; }));
        client.send(link, request("ECHO", "svar-her", wire::map({})));
        if (i % 8 == 7) pn_link_flow(client.received[0].link, 8);
    }
    CHECK(client.run_until([&] { return client.received.size() >= 50; }));
}

TEST_CASE("management: a request without a body is a request", "[amqp]") {
    LiveBus bus;
    EngineClient client(bus.port());
    replies_to(client, "svar-her");
    pn_link_t* sender = client.sender("$management");
    std::string bare = request("ECHO", "svar-her", wire::null);
    bare.resize(bare.size() - wire::described(0x77, wire::null).size());
    CHECK(client.outcome(client.send(sender, bare)) == PN_ACCEPTED);
    REQUIRE(client.run_until([&] { return client.received.size() == 1; }));
    CHECK(read_reply(client.received[0].bytes).status == 200);
}

TEST_CASE("management: replies that nobody takes stop further requests", "[amqp]") {
    LiveBus bus;
    EngineClient client(bus.port());
    pn_link_t* receiver = replies_to(client, "svar-her");
    pn_link_t* sender = client.sender("$management");
    const int credit = pn_link_credit(sender);
    for (int i = 0; i < credit; ++i)
        client.send(sender, request("ECHO", "svar-her", wire::str("hej")));
    // Ten replies have credit.
    REQUIRE(client.run_until(
        [&] { return client.received.size() == 10 && pn_link_credit(sender) == 10; }));
    for (int i = 0; i < 5; ++i)
        client.step(std::chrono::milliseconds(5));
    CHECK(pn_link_credit(sender) == 10);
    pn_link_flow(receiver, 10);
    CHECK(client.run_until([&] { return pn_link_credit(sender) == credit; }));
    CHECK(client.received.size() == static_cast<std::size_t>(credit));
}
