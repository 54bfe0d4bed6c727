// Dynamic nodes at a live door: who may send to one, what is bounded, when it goes.
#include "bus/amqp/section_scanner.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/amqp/wire.hpp"
#include "tests/unit/amqp_door/engine_client.hpp"
#include "tests/unit/amqp_door/live_bus.hpp"
#include "tests/unit/event/sample_kuvert.hpp"

#include <proton/connection.h>
#include <proton/terminus.h>

#include <memory>
#include <string>

using namespace vera;
using namespace vera::amqp::test;

namespace {

std::unique_ptr<EngineClient> client_of(LiveBus& bus, const std::string& system) {
    return std::make_unique<EngineClient>(bus.port(),
                                          ClientOptions{.user = system,
                                                        .password = "hemmelig",
                                                        .max_frame = 65536,
                                                        .idle_ms = 0,
                                                        .reads = true});
}

/// A message with to, reply-to and correlation-id.
std::string asking(const std::string& to, const std::string& reply_to, std::string body = {}) {
    return wire::described(0x73,
                           {wire::null,
                            wire::null,
                            to.empty() ? wire::null : wire::str(to),
                            wire::null,
                            reply_to.empty() ? wire::null : wire::str(reply_to),
                            wire::str("k-1")}) +
           (body.empty() ? text_message("hvad?") : std::move(body));
}

pn_link_t* dynamic_receiver(EngineClient& client, int credit = 10) {
    pn_link_t* link = pn_receiver(client.session(), "dynamic");
    pn_terminus_set_dynamic(pn_link_source(link), true);
    pn_link_open(link);
    if (credit > 0) pn_link_flow(link, credit);
    REQUIRE(client.run_until([&] { return client.is_attached(link); }));
    return link;
}

std::string address_of(pn_link_t* receiver) {
    const char* address = pn_terminus_get_address(pn_link_remote_source(receiver));
    return address == nullptr ? "" : address;
}

std::string annotation(const EngineClient::Received& received, std::string_view key) {
    const auto sections = amqp::scan(received.bytes);
    REQUIRE(sections.has_value());
    return amqp::property_text(sections->message_annotations, key);
}

/// omsorg asks laege, which has taken the question: it may answer.
struct Asked {
    explicit Asked(LiveBus& bus, int credit = 10)
        : omsorg(client_of(bus, "omsorg")),
          laege(client_of(bus, "laege")),
          replies(dynamic_receiver(*omsorg, credit)),
          node(address_of(replies)) {
        CHECK(omsorg->outcome(omsorg->send(omsorg->sender("inbox/laege"),
                                           asking("inbox/laege", node))) == PN_ACCEPTED);
    }

    std::unique_ptr<EngineClient> omsorg;
    std::unique_ptr<EngineClient> laege;
    pn_link_t* replies;
    std::string node;
};

}  // namespace

TEST_CASE("reply node: a message for later is refused, one whose time has come is not", "[amqp]") {
    LiveBus bus;
    Asked asked(bus);
    pn_link_t* answers = asked.laege->sender(asked.node);
    struct Row {
        std::string annotation;
        std::string value;
        bool is_taken;
    };
    const auto row = GENERATE(values<Row>({
        {"x-opt-delivery-delay", wire::u8(200), false},
        {"x-opt-delivery-time", wire::timestamp(4'000'000'000'000), false},
        {"x-opt-delivery-delay", wire::str("soon"), false},
        {"x-opt-delivery-delay", wire::u8(0), true},
        {"x-opt-delivery-time", wire::timestamp(1), true},
    }));
    CAPTURE(row.annotation, row.is_taken);
    pn_delivery_t* delivery =
        asked.laege->send(answers,
                          wire::described(0x72, wire::map({wire::sym(row.annotation), row.value})) +
                              text_message("svar"));
    if (row.is_taken) {
        CHECK(asked.laege->outcome(delivery) == PN_ACCEPTED);
        CHECK(asked.omsorg->run_until([&] { return asked.omsorg->received.size() == 1; }));
        return;
    }
    CHECK(asked.laege->outcome(delivery) == PN_REJECTED);
    CHECK(EngineClient::error_name(delivery) == "amqp:invalid-field");
    CHECK(EngineClient::error_text(delivery).find(row.annotation) != std::string::npos);
    CHECK(asked.omsorg->received.empty());
}

TEST_CASE("reply node: the system that was asked answers to the address in reply-to", "[amqp]") {
    LiveBus bus;
    Asked asked(bus);
    CHECK(asked.node.starts_with("reply/"));
    pn_terminus_t* source = pn_link_remote_source(asked.replies);
    CHECK(pn_terminus_is_dynamic(source));
    CHECK(pn_data_size(pn_terminus_properties(source)) > 0);
    asked.laege->receiver("inbox/laege");
    REQUIRE(asked.laege->run_until([&] { return asked.laege->received.size() == 1; }));
    // Untouched: it is how the answer finds its way.
    CHECK(asked.laege->received[0].bytes.ends_with(asking("inbox/laege", asked.node)));
    const std::string answer = asking(asked.node, "", text_message("ja"));
    const bool is_anonymous = GENERATE(false, true);
    CAPTURE(is_anonymous);
    pn_link_t* sender = nullptr;
    if (is_anonymous) {
        sender = pn_sender(asked.laege->session(), "anonymous");
        pn_terminus_set_type(pn_link_target(sender), PN_TARGET);
        pn_link_open(sender);
        REQUIRE(asked.laege->run_until([&] { return pn_link_credit(sender) > 0; }));
    } else {
        sender = asked.laege->sender(asked.node);
    }
    CHECK(asked.laege->outcome(asked.laege->send(sender, answer)) == PN_ACCEPTED);
    REQUIRE(asked.omsorg->run_until([&] { return asked.omsorg->received.size() == 1; }));
    const auto& got = asked.omsorg->received[0];
    CHECK(got.bytes.ends_with(answer));
    CHECK(annotation(got, "x-opt-vera-sender") == "laege");
    CHECK_FALSE(amqp::scan(got.bytes)->is_durable);
    CHECK(bus.seen().published == 1);  // the core has heard of the question alone
}

TEST_CASE("reply node: nobody else sends to it, though they know the address", "[amqp]") {
    LiveBus bus;
    const auto owner = client_of(bus, "omsorg");
    const std::string node = address_of(dynamic_receiver(*owner));
    const auto laege = client_of(bus, "laege");
    const std::string refused = "amqp:unauthorized-access: this dynamic node was not given to ";
    CHECK(laege->closed_reason(laege->sender(node)).starts_with(refused + "the system 'laege'"));
    EngineClient nobody(bus.port());
    CHECK(nobody.closed_reason(nobody.sender(node)).starts_with(refused));
    pn_link_t* link = pn_sender(laege->session(), "anonymous");
    pn_terminus_set_type(pn_link_target(link), PN_TARGET);
    pn_link_open(link);
    REQUIRE(laege->run_until([&] { return pn_link_credit(link) > 0; }));
    pn_delivery_t* delivery = laege->send(link, asking(node, ""));
    CHECK(laege->outcome(delivery) == PN_REJECTED);
    CHECK(EngineClient::error_name(delivery) == "amqp:unauthorized-access");
    // Nor does a message of somebody else with that reply-to let anybody in.
    CHECK(laege->outcome(laege->send(link, asking("inbox/laege", node))) == PN_ACCEPTED);
    laege->receiver("inbox/laege");
    REQUIRE(laege->run_until([&] { return laege->received.size() == 1; }));
    delivery = laege->send(link, asking(node, ""));
    CHECK(laege->outcome(delivery) == PN_REJECTED);
}

TEST_CASE("reply node: it is nobody's source but its owner's, and a wrong secret finds nothing",
          "[amqp]") {
    LiveBus bus;
    const auto owner = client_of(bus, "omsorg");
    const std::string node = address_of(dynamic_receiver(*owner));
    const auto other = client_of(bus, "omsorg");
    CHECK(other->closed_reason(other->receiver(node)).starts_with("amqp:not-found: "));
    std::string wrong = node;
    wrong[8] = wrong[8] == '0' ? '1' : '0';
    CHECK(other->closed_reason(other->sender(wrong)).starts_with("amqp:not-found: "));
    CHECK(other->closed_reason(other->sender("reply/x")).starts_with("amqp:not-found: "));
    std::string elsewhere = node;
    elsewhere[node.find('-') + 1] = 'f';  // an I/O thread that there is not
    CHECK(other->closed_reason(other->sender(elsewhere)).starts_with("amqp:not-found: "));
    CHECK(owner->closed_reason(owner->receiver(node)).starts_with("amqp:not-allowed: "));
}

TEST_CASE("reply node: it goes with its link, and whoever answers then is told", "[amqp]") {
    LiveBus bus;
    Asked asked(bus);
    pn_link_t* sender = asked.laege->sender(asked.node);
    CHECK(asked.laege->outcome(asked.laege->send(sender, text_message("ja"))) == PN_ACCEPTED);
    pn_link_close(asked.replies);
    REQUIRE(asked.omsorg->closed_reason(asked.replies).empty());
    pn_delivery_t* late = asked.laege->send(sender, text_message("ja"));
    CHECK(asked.laege->outcome(late) == PN_REJECTED);
    CHECK(EngineClient::error_name(late) == "amqp:not-found");
    CHECK(EngineClient::error_text(late).find("reply/") == std::string::npos);
}

TEST_CASE("reply node: an owner that is cut off takes it along", "[amqp]") {
    LiveBus bus;
    Asked asked(bus, 0);
    pn_link_t* sender = asked.laege->sender(asked.node);
    CHECK(asked.laege->outcome(asked.laege->send(sender, text_message("ja"))) == PN_ACCEPTED);
    asked.omsorg->cut();
    REQUIRE(eventually([&] {
        pn_delivery_t* late = asked.laege->send(sender, text_message("ja"));
        return asked.laege->outcome(late) == PN_REJECTED;
    }));
}

TEST_CASE("reply node: messages wait for credit, so many and so large and no more", "[amqp]") {
    auto options = test_options();
    options.reply_messages = 5;
    options.reply_bytes = 10000;
    LiveBus bus(options);
    Asked asked(bus, 0);
    pn_link_t* sender = asked.laege->sender(asked.node);
    const auto send = [&](const std::string& message) {
        return asked.laege->send(sender, message);
    };
    pn_delivery_t* large = send(data_message(std::string(10001, 'x')));
    CHECK(asked.laege->outcome(large) == PN_REJECTED);
    CHECK(EngineClient::error_name(large) == "amqp:resource-limit-exceeded");
    for (int i = 0; i < 5; ++i)
        CHECK(asked.laege->outcome(send(text_message(std::to_string(i)))) == PN_ACCEPTED);
    pn_delivery_t* sixth = send(text_message("5"));
    CHECK(asked.laege->outcome(sixth) == PN_REJECTED);
    CHECK(EngineClient::error_text(sixth).find("does not keep up") != std::string::npos);
    pn_link_flow(asked.replies, 3);
    REQUIRE(asked.omsorg->run_until([&] { return asked.omsorg->received.size() == 3; }));
    for (int i = 0; i < 3; ++i)
        CHECK(asked.omsorg->received[static_cast<std::size_t>(i)].bytes.ends_with(
            text_message(std::to_string(i))));
    CHECK(asked.laege->outcome(send(text_message("6"))) == PN_ACCEPTED);
}

TEST_CASE("reply node: what has expired is not delivered any more", "[amqp]") {
    LiveBus bus;
    Asked asked(bus, 0);
    pn_link_t* sender = asked.laege->sender(asked.node);
    const std::string gone = wire::described(0x73,
                                             {wire::null,
                                              wire::null,
                                              wire::null,
                                              wire::null,
                                              wire::null,
                                              wire::null,
                                              wire::null,
                                              wire::null,
                                              wire::timestamp(1000)}) +
                             text_message("for sent");
    const std::string brief =
        wire::described(0x70, {wire::no, wire::null, wire::u32(60000)}) + text_message("i tide");
    CHECK(asked.laege->outcome(asked.laege->send(sender, gone)) == PN_ACCEPTED);
    CHECK(asked.laege->outcome(asked.laege->send(sender, brief)) == PN_ACCEPTED);
    pn_link_flow(asked.replies, 5);
    REQUIRE(asked.omsorg->run_until([&] { return !asked.omsorg->received.empty(); }));
    CHECK(asked.omsorg->received[0].bytes.ends_with(text_message("i tide")));
    const auto sections = amqp::scan(asked.omsorg->received[0].bytes);
    CHECK(sections->ttl_ms > 0);
    CHECK(sections->ttl_ms <= 60000);
}

TEST_CASE("reply node: a drain is answered when nothing waits", "[amqp]") {
    LiveBus bus;
    const auto owner = client_of(bus, "omsorg");
    pn_link_t* link = dynamic_receiver(*owner, 0);
    pn_link_drain(link, 5);
    CHECK(owner->run_until([&] { return pn_link_credit(link) == 0; }));
}

TEST_CASE("reply node: whoever takes an event or a message of a queue may answer", "[amqp]") {
    LiveBus bus;
    const auto owner = client_of(bus, "omsorg");
    const std::string node = address_of(dynamic_receiver(*owner));
    struct Way {
        std::string target, source;
    };
    const auto way = GENERATE(values<Way>({{"queue/x", "queue/x"}, {"events", "sub/alt"}}));
    CAPTURE(way.target);
    const std::string body = way.target == "events"
                                 ? data_message(event::test::sample_kuvert().SerializeAsString())
                                 : text_message("hvem?");
    CHECK(owner->outcome(owner->send(owner->sender(way.target), asking("", node, body))) ==
          PN_ACCEPTED);
    const auto laege = client_of(bus, "laege");
    // Looking is not receiving.
    laege->receiver(way.source,
                    {.credit = 10, .is_presettled = false, .settles_second = false, .looks = true});
    REQUIRE(laege->run_until([&] { return laege->received.size() == 1; }));
    CHECK(laege->closed_reason(laege->sender(node)).starts_with("amqp:unauthorized-access"));
    laege->receiver(way.source);
    REQUIRE(laege->run_until([&] { return laege->received.size() == 2; }));
    CHECK(laege->outcome(laege->send(laege->sender(node), text_message("mig"))) == PN_ACCEPTED);
    CHECK(owner->run_until([&] { return owner->received.size() == 1; }));
}

TEST_CASE("reply node: an answer may ask back", "[amqp]") {
    LiveBus bus;
    Asked asked(bus);
    const std::string back = address_of(dynamic_receiver(*asked.laege));
    CHECK(asked.laege->outcome(
              asked.laege->send(asked.laege->sender(asked.node), asking("", back))) == PN_ACCEPTED);
    REQUIRE(asked.omsorg->run_until([&] { return asked.omsorg->received.size() == 1; }));
    CHECK(asked.omsorg->outcome(asked.omsorg->send(asked.omsorg->sender(back),
                                                   text_message("derfor"))) == PN_ACCEPTED);
    CHECK(asked.laege->run_until([&] { return asked.laege->received.size() == 1; }));
}

TEST_CASE("reply node: a dynamic target makes one that another link receives from, as JMS does",
          "[amqp]") {
    LiveBus bus;
    const auto owner = client_of(bus, "omsorg");
    pn_link_t* anchor = pn_sender(owner->session(), "temporary-queue");
    pn_terminus_set_dynamic(pn_link_target(anchor), true);
    pn_link_open(anchor);
    REQUIRE(owner->run_until([&] { return owner->is_attached(anchor); }));
    const char* given = pn_terminus_get_address(pn_link_remote_target(anchor));
    REQUIRE(given != nullptr);
    const std::string node = given;
    CHECK(owner->outcome(owner->send(owner->sender("inbox/laege"), asking("", node))) ==
          PN_ACCEPTED);
    const auto laege = client_of(bus, "laege");
    CHECK(laege->outcome(laege->send(laege->sender(node), text_message("ja"))) == PN_ACCEPTED);
    pn_link_t* receiver = owner->receiver(node);
    REQUIRE(owner->run_until([&] { return owner->received.size() == 1; }));
    // Receivers come and go, the node stays; it goes with the link that made it.
    pn_link_close(receiver);
    REQUIRE(owner->closed_reason(receiver).empty());
    CHECK(laege->outcome(laege->send(laege->sender(node), text_message("og"))) == PN_ACCEPTED);
    receiver = owner->receiver(node);
    REQUIRE(owner->run_until([&] { return owner->received.size() == 2; }));
    pn_link_close(anchor);
    CHECK(owner->closed_reason(receiver).starts_with("amqp:resource-deleted: "));
    CHECK(laege->closed_reason(laege->sender(node)).starts_with("amqp:not-found: "));
}

TEST_CASE("reply node: a message that its receiver cannot take is refused", "[amqp]") {
    LiveBus bus;
    const auto owner = client_of(bus, "omsorg");
    pn_link_t* link = pn_receiver(owner->session(), "narrow");
    pn_terminus_set_dynamic(pn_link_source(link), true);
    pn_link_set_max_message_size(link, 2000);
    pn_link_open(link);
    pn_link_flow(link, 5);
    REQUIRE(owner->run_until([&] { return owner->is_attached(link); }));
    CHECK(owner->outcome(owner->send(owner->sender("inbox/laege"), asking("", address_of(link)))) ==
          PN_ACCEPTED);
    const auto laege = client_of(bus, "laege");
    pn_link_t* sender = laege->sender(address_of(link));
    pn_delivery_t* delivery = laege->send(sender, data_message(std::string(2000, 'x')));
    CHECK(laege->outcome(delivery) == PN_REJECTED);
    CHECK(EngineClient::error_name(delivery) == "vera:too-large");
    CHECK(laege->outcome(laege->send(sender, text_message("kort"))) == PN_ACCEPTED);
}
