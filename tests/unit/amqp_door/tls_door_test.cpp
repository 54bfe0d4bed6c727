// The door over TLS: real sockets, a TLS client in memory on each.
#include "tests/support/catch.hpp"
#include "tests/support/test_pki.hpp"
#include "tests/support/tls_client.hpp"
#include "tests/unit/amqp/wire.hpp"
#include "tests/unit/amqp_door/engine_client.hpp"
#include "tests/unit/amqp_door/live_bus.hpp"
#include "tests/unit/amqp_door/raw_client.hpp"

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>

using namespace vera;
using namespace vera::amqp;
using namespace vera::amqp::test;
using namespace std::string_literals;

namespace {

const vera::test::TestAuthority& authority() {
    static const vera::test::TestAuthority one("Test CA");
    return one;
}

std::shared_ptr<const TlsContext> context(const std::string& name) {
    TlsMaterial material;
    vera::test::CertificateWish wish;
    wish.subject = {{"CN", name}};
    material.certificates = {authority().issue(wish)};
    material.client_ca = authority().pem();
    return *TlsContext::make(material);
}

DoorOptions tls_options(Millis handshake_timeout = Millis{5000}) {
    DoorOptions options = test_options();
    options.listeners.front().tls = context("first");
    options.handshake_timeout = handshake_timeout;
    return options;
}

vera::test::TlsClientOptions with_certificate(const std::string& name) {
    vera::test::TlsClientOptions options;
    vera::test::CertificateWish wish;
    wish.subject = {{"CN", name}};
    options.pair = authority().issue(wish);
    return options;
}

/// A RawClient within TLS.
struct SecureClient {
    explicit SecureClient(std::uint16_t port, const vera::test::TlsClientOptions& options = {})
        : socket(port),
          tls(options) {}

    void move() {
        const std::string out = tls.take_output();
        if (!out.empty()) socket.send(out);
        const std::size_t before = socket.input.size();
        if (!socket.is_ended()) socket.read(std::chrono::milliseconds(5));
        tls.receive(std::string_view(socket.input).substr(before));
    }
    bool run_until(const std::function<bool()>& holds) {
        return eventually([&] {
            move();
            return holds();
        });
    }
    bool handshake() {
        return run_until([&] { return tls.is_open(); });
    }
    bool expect(std::string_view part) {
        return run_until([&] { return tls.input.find(part) != std::string::npos; });
    }

    RawClient socket;
    vera::test::TlsClient tls;
};

const std::string outcome_ok = "\x00\x53\x44\xc0\x03\x01\x50\x00"s;
const std::string outcome_auth = "\x00\x53\x44\xc0\x03\x01\x50\x01"s;
const std::string open_of_bus = "\x00\x53\x10"s;
const std::string begin_of_bus = "\x00\x53\x11"s;

std::string hello(std::string_view mechanism, std::string_view response) {
    return wire::sasl_header + wire::sasl_init(mechanism, response) + wire::amqp_header +
           wire::open() + wire::begin();
}

}  // namespace

TEST_CASE("tls door: EXTERNAL lets in whose certificate is known, and nobody else", "[amqp]") {
    struct Row {
        std::string name, common_name, wanted;
        bool is_let_in;
    };
    const auto row = GENERATE(values<Row>({{"known", "omsorg", "", true},
                                           {"known, by its name", "omsorg", "omsorg", true},
                                           {"known, as another", "omsorg", "sager", false},
                                           {"unknown subject", "fremmed", "", false}}));
    CAPTURE(row.name);
    LiveBus bus(tls_options());
    SecureClient client(bus.port(), with_certificate(row.common_name));
    REQUIRE(client.handshake());
    client.tls.write(hello("EXTERNAL", row.wanted));
    CHECK(client.expect(row.is_let_in ? outcome_ok : outcome_auth));
    if (row.is_let_in) {
        CHECK(client.expect(begin_of_bus));
        CHECK(bus.door->counters().tls_handshakes == 1);
    } else {
        CHECK(client.run_until([&] { return client.socket.is_ended(); }));
        CHECK(client.tls.is_ended);
        CHECK(client.tls.input.find(open_of_bus) == std::string::npos);
    }
    CHECK(bus.door->counters().tls_failures == 0);
}

TEST_CASE("tls door: without a certificate EXTERNAL is neither offered nor taken", "[amqp]") {
    LiveBus bus(tls_options());
    SecureClient client(bus.port());
    REQUIRE(client.handshake());
    client.tls.write(hello("EXTERNAL", ""));
    CHECK(client.expect(outcome_auth));
    CHECK(client.tls.input.find("EXTERNAL") == std::string::npos);

    SecureClient plain(bus.port());
    REQUIRE(plain.handshake());
    plain.tls.write(hello("PLAIN", "\0omsorg\0hemmelig"s));
    CHECK(plain.expect(outcome_ok));
    CHECK(plain.expect(begin_of_bus));
}

TEST_CASE("tls door: messages larger than all buffers come in whole and go out whole", "[amqp]") {
    LiveBus bus(tls_options());
    SecureClient client(bus.port());
    REQUIRE(client.handshake());
    client.tls.write(hello("ANONYMOUS", ""));
    REQUIRE(client.expect(begin_of_bus));
    client.tls.write(wire::attach_sender("s", 0, "queue/x"));
    REQUIRE(client.expect("\x00\x53\x13"s));
    const std::string message = data_message(std::string(3'000'000, 'm'));
    constexpr std::size_t part = 60'000;
    for (std::size_t at = 0; at < message.size(); at += part)
        client.tls.write(wire::transfer(
            0, 0, "t", at + part < message.size(), std::string_view(message).substr(at, part)));
    REQUIRE(client.expect("\x00\x53\x15"s));  // disposition
    CHECK(bus.counts("queue/x").ready == 1);
    client.tls.input.clear();
    client.tls.write(wire::attach_receiver("r", 1, "queue/x") + wire::flow(1, 1));
    CHECK(client.run_until([&] { return client.tls.input.size() > message.size(); }));
    CHECK(std::ranges::count(client.tls.input, 'm') >= 3'000'000);
}

TEST_CASE("tls door: a failed handshake closes that connection alone and is counted", "[amqp]") {
    LiveBus bus(tls_options());
    SecureClient good(bus.port(), with_certificate("omsorg"));
    REQUIRE(good.handshake());
    RawClient noise(bus.port());
    noise.send("GET / HTTP/1.1\r\n\r\n");
    CHECK(noise.expect_end());
    RawClient amqp(bus.port());
    amqp.send(wire::sasl_header);
    CHECK(amqp.expect_end());
    CHECK(amqp.input == "AMQP\x02\x01\x00\x00"s);
    CHECK(eventually([&] { return bus.door->counters().tls_failures == 2; }));
    good.tls.write(hello("EXTERNAL", ""));
    CHECK(good.expect(begin_of_bus));
}

TEST_CASE("tls door: a handshake is bounded in time and bytes", "[amqp]") {
    SECTION("time") {
        LiveBus bus(tls_options(Millis{200}));
        RawClient half(bus.port());
        half.send("\x16\x03\x01\x02\x00"s);
        CHECK(half.expect_end());
        CHECK(bus.door->counters().handshake_timeouts == 1);
        SecureClient silent(bus.port());
        REQUIRE(silent.handshake());
        CHECK(silent.run_until([&] { return silent.socket.is_ended(); }));
        CHECK(bus.door->counters().handshake_timeouts == 2);
    }
    SECTION("time, with a turn for every byte") {
        LiveBus bus(tls_options(Millis{200}));
        RawClient slow(bus.port());
        slow.send("\x16\x03\x01\x40\x00"s);
        constexpr int record = 16000;
        int sent = 0;
        while (sent < record && slow.send("x") && slow.read(std::chrono::milliseconds(1)))
            ++sent;
        CHECK(sent < record);
        CHECK(eventually([&] { return bus.door->counters().handshake_timeouts == 1; }));
    }
    SECTION("bytes") {
        LiveBus bus(tls_options());
        RawClient big(bus.port());
        // A handshake message of 128 KiB in records of 1 KiB.
        std::string bytes = "\x16\x03\x01\x04\x04\x01\x02\x00\x00"s + std::string(1024, 'x');
        for (int i = 0; i < 100; ++i)
            bytes += "\x16\x03\x01\x04\x00"s + std::string(1024, 'x');
        big.send(bytes);
        CHECK(big.expect_end());
        CHECK(bus.door->counters().tls_failures == 1);
        CHECK(bus.door->counters().bytes_in <= 16384);
    }
}

TEST_CASE("tls door: new certificates are for new connections, the old ones go on", "[amqp]") {
    LiveBus bus(tls_options());
    SecureClient before(bus.port(), with_certificate("omsorg"));
    REQUIRE(before.handshake());
    CHECK(before.tls.server() == "first");
    bus.door->replace_tls({context("second")});
    SecureClient after(bus.port(), with_certificate("omsorg"));
    REQUIRE(after.handshake());
    CHECK(after.tls.server() == "second");
    for (SecureClient* client : {&before, &after}) {
        client->tls.write(hello("EXTERNAL", ""));
        CHECK(client->expect(begin_of_bus));
    }
    // What was made with TLS stays with it.
    bus.door->replace_tls({nullptr});
    SecureClient last(bus.port());
    REQUIRE(last.handshake());
    CHECK(last.tls.server() == "second");
}

TEST_CASE("tls door: PLAIN beyond loopback needs TLS", "[amqp]") {
    DoorOptions options = test_options();
    options.listeners.push_back({.address = "0.0.0.0", .port = 0});
    LiveBus bus;  // a bus to stand in for what is behind
    FrontDoor door(options, bus, bus.engine, {}, {});
    const auto opened = door.open();
    REQUIRE_FALSE(opened.has_value());
    CHECK(opened.error().code == Errc::refused);
    CHECK(opened.error().text == "listening on 0.0.0.0:0: PLAIN beyond loopback needs TLS");
}
