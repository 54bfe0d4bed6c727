// What a hostile client can send, each against a live door while a second, good connection keeps
// getting its deliveries.
#include "tests/support/catch.hpp"
#include "tests/unit/amqp/wire.hpp"
#include "tests/unit/amqp_door/engine_client.hpp"
#include "tests/unit/amqp_door/live_bus.hpp"
#include "tests/unit/amqp_door/raw_client.hpp"

#include <proton/disposition.h>

#include <memory>
#include <string>
#include <vector>

using namespace vera;
using namespace vera::amqp::test;
using namespace std::string_literals;

namespace {

// Sends and receives one message through the door.
class GoodClient {
public:
    explicit GoodClient(std::uint16_t port) : client_(port), sender_(client_.sender("queue/y")) {
        client_.receiver(
            "queue/y",
            {.credit = 1000, .is_presettled = false, .settles_second = false, .looks = false});
    }
    bool round_trip() {
        const std::size_t before = client_.received.size();
        if (client_.outcome(client_.send(sender_, text_message("god"))) != PN_ACCEPTED)
            return false;
        if (!client_.run_until([&] { return client_.received.size() == before + 1; })) return false;
        client_.settle(client_.received.back(), PN_ACCEPTED);
        return true;
    }

private:
    EngineClient client_;
    pn_link_t* sender_;
};

const std::string hello = wire::sasl_header + wire::sasl_init("ANONYMOUS") + wire::amqp_header +
                          wire::open() + wire::begin();
const std::string publishing = hello + wire::attach_sender("s", 0, "queue/x");

struct Row {
    std::string name;
    std::string bytes;
    bool is_ended;  ///< the door closes the connection
};

std::vector<Row> rows() {
    std::vector<Row> all{
        {"P1: a transfer without delivery-id",
         publishing +
             wire::frame(
                 wire::described(
                     0x14,
                     {wire::u32(0), wire::null, wire::null, wire::null, wire::null, wire::yes}) +
                 "x"),
         true},
        {"P2: an empty transfer", publishing + wire::transfer(0, 0, "t", false, ""), false},
        {"P3: a detach with an error",
         publishing +
             wire::frame(wire::described(
                 0x16,
                 {wire::u32(0),
                  wire::yes,
                  wire::described(0x1d, {wire::sym("amqp:internal-error"), wire::str("x")})})),
         false},
        {"P3: an end with an error",
         publishing + wire::frame(wire::described(
                          0x17, {wire::described(0x1d, {wire::sym("amqp:internal-error")})})),
         false},
        {"P3: a close with an error",
         publishing + wire::frame(wire::described(
                          0x18, {wire::described(0x1d, {wire::sym("amqp:internal-error")})})),
         true},
        {"P6: garbage as a message",
         publishing + wire::transfer(0, 0, "t", false, "\xff\xff\xff\xff\xff\xff"),
         false},
        {"P6: a truncated section",
         publishing + wire::transfer(0, 0, "t", false, "\x00\x53\x75\xb0\x00\x00\xff\xff\x41"s),
         false},
        {"P8: a coordinator",
         hello + wire::frame(wire::described(0x12,
                                             {wire::str("c"),
                                              wire::u32(0),
                                              wire::no,
                                              wire::null,
                                              wire::null,
                                              wire::null,
                                              wire::described(0x30, {}),
                                              wire::null,
                                              wire::null,
                                              wire::u32(0)})),
         false},
        {"P10: a symbolic descriptor",
         wire::sasl_header +
             wire::sasl_frame(wire::byte(0) + wire::sym("amqp:sasl-init:list") +
                              wire::list({wire::sym("ANONYMOUS")})) +
             wire::amqp_header + wire::open() + wire::begin(),
         true},
        {"P11: a mechanism that is not offered",
         wire::sasl_header + wire::sasl_init("EXTERNAL", ""),
         true},
        {"P12: begin that answers nothing, then ends",
         hello + wire::attach_sender("s", 0, "queue/x") +
             wire::frame(
                 wire::described(0x11, {wire::u16(0), wire::u32(0), wire::u32(10), wire::u32(10)}),
                 1) +
             wire::end(1) + wire::end(0),
         true},
        {"P13: an AMQP frame during SASL", wire::sasl_header + wire::open(), true},
        {"P15: two sasl-init",
         wire::sasl_header + wire::sasl_init("ANONYMOUS") + wire::sasl_init("ANONYMOUS"),
         true},
        {"an unknown delivery-id in a disposition",
         hello + wire::attach_receiver("r", 0, "queue/x") + wire::flow(0, 5) +
             wire::disposition(true, 900, 950, true, wire::accepted),
         false},
        {"an attach with an absurd handle",
         hello + wire::attach_sender("s", 4000000000U, "queue/x"),
         true},
        {"a frame of absurd size", hello + "\xff\xff\xff\xf0\x02\x00\x00\x00"s, true},
        {"a frame shorter than its header", hello + "\x00\x00\x00\x04\x02\x00\x00\x00"s, true},
        {"no AMQP at all", "GET / HTTP/1.1\r\nHost: bus\r\n\r\n", true},
        {"AMQP 0-9-1", "AMQP\x00\x00\x09\x01"s, true},
        {"a transfer on a link that was never attached",
         hello + wire::transfer(7, 0, "t", false, "x"),
         true},
        {"bytes behind close", hello + wire::close() + "mere", true},
    };
    std::string many;
    for (unsigned i = 0; i < 3000; ++i)
        many += wire::begin(1) + wire::end(1);
    all.push_back({"P14: thousands of sessions at once", hello + many, false});
    const std::string small_hello =
        wire::sasl_header + wire::sasl_init("ANONYMOUS") + wire::amqp_header +
        wire::frame(wire::described(0x10, {wire::str("c"), wire::null, wire::u32(512)})) +
        wire::begin();
    all.push_back(
        {"P14: thousands of sessions at once, answers in small frames", small_hello + many, false});
    std::string visits = publishing;
    for (int i = 0; i < 100; ++i)
        visits += wire::disposition(false, 0, 60000, true, wire::accepted);
    all.push_back({"P16: dispositions over and over", visits, false});
    std::string nested;
    for (int i = 0; i < 2000; ++i)
        nested += "\xc0\xff\x01"s;
    all.push_back({"endless nesting in open",
                   wire::sasl_header + wire::sasl_init("ANONYMOUS") + wire::amqp_header +
                       wire::frame("\x00\x53\x10"s + nested),
                   true});
    return all;
}

}  // namespace

TEST_CASE("hostile: no bytes harm the door or the next connection", "[amqp]") {
    LiveBus bus;
    GoodClient good(bus.port());
    REQUIRE(good.round_trip());
    for (const Row& row : rows()) {
        CAPTURE(row.name);
        {
            RawClient bad(bus.port());
            bad.send(row.bytes);
            if (row.is_ended) {
                CHECK(bad.expect_end());
            } else {
                // Still served: another session is begun.
                bad.send(wire::begin(5));
                CHECK(bad.expect("\x00\x53\x11"s));
            }
            CHECK(good.round_trip());
        }
        CHECK(good.round_trip());
    }
    CHECK(bus.counts("queue/x").ready == 0);
}

TEST_CASE("hostile: the same bytes in pieces of any size end the same", "[amqp]") {
    LiveBus bus;
    GoodClient good(bus.port());
    for (const std::size_t piece : {1U, 3U, 7U, 50U}) {
        RawClient client(bus.port());
        const std::string bytes =
            publishing + wire::transfer(0, 0, "t", false, text_message("stykvis"));
        for (std::size_t at = 0; at < bytes.size(); at += piece)
            REQUIRE(client.send(std::string_view(bytes).substr(at, piece)));
        CHECK(client.expect("\x00\x53\x24"s));
        CHECK(good.round_trip());
    }
    CHECK(eventually([&] { return bus.counts("queue/x").ready == 4; }));
}

TEST_CASE("hostile: P5, a delivery that never ends is stopped at the limit", "[amqp]") {
    LiveBus bus;
    GoodClient good(bus.port());
    RawClient bad(bus.port());
    REQUIRE(bad.send(publishing));
    REQUIRE(bad.expect("\x00\x53\x12"s));
    REQUIRE(bad.send(wire::transfer(0, 0, "t", true, std::string(60000, 'x'))));
    const std::string more = wire::frame(
        wire::described(0x14,
                        {wire::u32(0), wire::null, wire::null, wire::null, wire::null, wire::yes}) +
        std::string(60000, 'x'));
    std::uint64_t sent = 0;
    while (sent < (200U << 20U) && bad.send(more))
        sent += more.size();
    CHECK(sent < (100U << 20U));
    CHECK(bad.expect_end());
    CHECK(good.round_trip());
}

TEST_CASE("hostile: unfinished deliveries of many connections together are bounded", "[amqp]") {
    auto options = test_options();
    options.in_flight_bytes = 4U << 20U;
    LiveBus bus(options);
    GoodClient good(bus.port());
    std::vector<std::unique_ptr<RawClient>> bad;
    std::size_t ended = 0;
    for (int i = 0; i < 30; ++i) {
        bad.push_back(std::make_unique<RawClient>(bus.port()));
        bad.back()->send(publishing);
        if (!bad.back()->expect("\x00\x53\x12"s)) continue;
        bad.back()->send(wire::transfer(0, 0, "t", true, std::string(60000, 'x')));
        for (int k = 0; k < 10; ++k)
            bad.back()->send(wire::frame(
                wire::described(
                    0x14,
                    {wire::u32(0), wire::null, wire::null, wire::null, wire::null, wire::yes}) +
                std::string(60000, 'x')));
    }
    for (const auto& client : bad)
        if (client->expect_end(std::chrono::milliseconds(200))) ++ended;
    CHECK(ended >= 15);
    CHECK(good.round_trip());
}

TEST_CASE("hostile: a delivery that comes drop by drop is not waited for", "[amqp]") {
    auto options = test_options();
    options.idle_timeout = Millis{300};
    LiveBus bus(options);
    RawClient bad(bus.port());
    REQUIRE(bad.send(publishing));
    REQUIRE(bad.expect("\x00\x53\x12"s));
    REQUIRE(bad.send(wire::transfer(0, 0, "t", true, "x")));
    const std::string more = wire::frame(
        wire::described(0x14,
                        {wire::u32(0), wire::null, wire::null, wire::null, wire::null, wire::yes}) +
        "x");
    CHECK(eventually(
        [&] { return !bad.send(more) || bad.expect_end(std::chrono::milliseconds(5)); }));
    CHECK(bad.input.find("does not come to its end") != std::string::npos);
}

TEST_CASE("hostile: a message-format other than 0 is rejected, the next message is taken",
          "[amqp]") {
    LiveBus bus;
    RawClient client(bus.port());
    client.send(publishing);
    REQUIRE(client.expect("\x00\x53\x12"s));
    const auto transfer = [](std::uint64_t id, unsigned format) {
        return wire::frame(wire::described(0x14,
                                           {wire::u32(0),
                                            wire::u32(id),
                                            wire::bin("t" + std::to_string(id)),
                                            wire::u32(format)}) +
                           text_message("hej"));
    };
    client.send(transfer(0, 0) + transfer(1, 7) + transfer(2, 0));
    CHECK(client.expect("amqp:not-implemented"));
    CHECK(eventually([&] { return bus.counts("queue/x").ready == 2; }));
}

TEST_CASE("hostile: transfers without credit end their link", "[amqp]") {
    auto options = test_options();
    options.publisher_credit = 4;
    LiveBus bus(options);
    bus.engine.hold_commits(true);
    RawClient client(bus.port());
    client.send(publishing);
    REQUIRE(client.expect("\x00\x53\x12"s));
    std::string flood;
    for (unsigned i = 0; i < 10; ++i)
        flood += wire::transfer(0, i, "t" + std::to_string(i), false, text_message("hej"));
    client.send(flood);
    CHECK(client.expect("amqp:link:transfer-limit-exceeded"));
    bus.engine.hold_commits(false);
    CHECK(eventually([&] { return bus.counts("queue/x").ready == 4; }));
}
