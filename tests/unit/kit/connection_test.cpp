#include "adapters/kit/connection.hpp"

#include "bus/host/clock.hpp"
#include "bus/host/random.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/kit/peer.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <filesystem>
#include <fstream>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

using namespace vera;
using test::Peer;
using test::PeerAnswer;
using test::PeerOutcome;
using test::PeerScript;

namespace {

kit::Connection open(const Peer& peer) {
    kit::ConnectOptions options;
    options.url = peer.url();
    options.reconnect.first_wait = Millis{5};
    auto connection = kit::Connection::open(options);
    REQUIRE(connection);
    return *connection;
}

kit::Publisher publisher(kit::Connection& connection, kit::PublisherOptions options = {}) {
    if (options.address.empty()) options.address = "events";
    options.retry.first_wait = Millis{1};
    auto made = connection.publisher(options);
    REQUIRE(made);
    return std::move(*made);
}

kit::Message message(const std::string& body) {
    kit::Message made;
    made.body = body;
    return made;
}

PeerScript answering(std::function<PeerAnswer(std::uint64_t, const std::string&)> answer) {
    PeerScript script;
    script.answer = std::move(answer);
    return script;
}

}  // namespace

TEST_CASE("kit: a published message arrives as it was made and is confirmed", "[kit]") {
    Peer peer({});
    auto connection = open(peer);
    auto events = publisher(connection);
    kit::Message sent = message(std::string("\x00\x01hej", 5));
    sent.content_type = "application/protobuf";
    sent.id = "b1";
    sent.ttl = Millis{90'000};
    sent.properties["kommune"] = "0810";
    const auto confirmation = events.publish(sent);
    REQUIRE(confirmation);
    CHECK(confirmation->verdict == kit::Verdict::accepted);
    CHECK(confirmation->attempts == 1);
    CHECK(peer.bodies(1) == std::vector<std::string>{sent.body});
    const auto facts = peer.facts();
    CHECK(facts.at("content_type") == "application/protobuf");
    CHECK(facts.at("durable") == "true");
    CHECK(facts.at("data") == "true");
    CHECK(facts.at("id") == "b1");
    CHECK(facts.at("ttl") == "90000");
    CHECK(facts.at("kommune") == "0810");
}

TEST_CASE("kit: a rejection carries the peer's condition and text", "[kit]") {
    Peer peer(answering([](std::uint64_t, const std::string&) {
        return PeerAnswer{PeerAnswer::Kind::reject, "vera:schema-invalid", "Beskedtype: missing"};
    }));
    auto connection = open(peer);
    auto events = publisher(connection);
    const auto confirmation = events.publish(message("x"));
    REQUIRE(confirmation);
    CHECK(confirmation->verdict == kit::Verdict::rejected);
    CHECK(confirmation->condition == "vera:schema-invalid");
    CHECK(confirmation->text == "Beskedtype: missing");
}

TEST_CASE("kit: a released message is sent again until it is accepted", "[kit]") {
    Peer peer(answering([](std::uint64_t number, const std::string&) {
        return PeerAnswer{number == 1   ? PeerAnswer::Kind::release
                          : number == 2 ? PeerAnswer::Kind::modify
                                        : PeerAnswer::Kind::accept,
                          {},
                          {}};
    }));
    auto connection = open(peer);
    auto events = publisher(connection);
    const auto confirmation = events.publish(message("x"));
    REQUIRE(confirmation);
    CHECK(confirmation->verdict == kit::Verdict::accepted);
    CHECK(confirmation->attempts == 3);
    CHECK(peer.bodies(3) == std::vector<std::string>{"x", "x", "x"});
}

TEST_CASE("kit: a released message is sent again though another one was due before it", "[kit]") {
    Peer peer(answering([](std::uint64_t number, const std::string&) {
        return PeerAnswer{
            number < 3 ? PeerAnswer::Kind::release : PeerAnswer::Kind::accept, {}, {}};
    }));
    auto connection = open(peer);
    const auto made = [&](Millis first_wait) {
        kit::PublisherOptions options;
        options.address = "events";
        options.retry.first_wait = first_wait;
        auto one = connection.publisher(options);
        REQUIRE(one);
        return std::move(*one);
    };
    auto late = made(Millis{400});
    auto early = made(Millis{20});
    REQUIRE(late.send(message("late")));
    REQUIRE(peer.bodies(1).size() == 1);
    REQUIRE(early.send(message("early")));
    for (kit::Publisher* one : {&early, &late}) {
        std::vector<kit::Confirmation> batch;
        REQUIRE(one->confirmations(batch, Millis{5'000}));
        REQUIRE(batch.size() == 1);
        CHECK(batch.front().verdict == kit::Verdict::accepted);
        CHECK(batch.front().attempts == 2);
    }
    CHECK(peer.bodies(4) == std::vector<std::string>{"late", "early", "early", "late"});
}

TEST_CASE("kit: a message that is always released is given up after the attempts", "[kit]") {
    Peer peer(answering([](std::uint64_t, const std::string&) {
        return PeerAnswer{PeerAnswer::Kind::release, {}, {}};
    }));
    auto connection = open(peer);
    kit::PublisherOptions options;
    options.retry.attempts = 3;
    auto events = publisher(connection, options);
    const auto confirmation = events.publish(message("x"));
    REQUIRE(confirmation);
    CHECK(confirmation->verdict == kit::Verdict::released);
    CHECK(confirmation->attempts == 3);
}

TEST_CASE("kit: what had no verdict when the connection broke is sent again in order", "[kit]") {
    Peer peer(answering([](std::uint64_t number, const std::string&) {
        if (number == 1) return PeerAnswer{};
        if (number < 4) return PeerAnswer{PeerAnswer::Kind::nothing, {}, {}};
        if (number == 4) return PeerAnswer{PeerAnswer::Kind::break_off, {}, {}};
        return PeerAnswer{};
    }));
    auto connection = open(peer);
    auto events = publisher(connection);
    for (const char* body : {"1", "2", "3", "4", "5"})
        REQUIRE(events.send(message(body)));
    std::vector<std::uint64_t> confirmed;
    const Millis deadline = host::system_clock().boot() + Millis{10'000};
    while (confirmed.size() < 5 && host::system_clock().boot() < deadline) {
        std::vector<kit::Confirmation> batch;
        REQUIRE(events.confirmations(batch, Millis{100}));
        for (const kit::Confirmation& one : batch) {
            CHECK(one.verdict == kit::Verdict::accepted);
            confirmed.push_back(one.ticket);
        }
    }
    std::ranges::sort(confirmed);  // verdicts come in any order
    CHECK(confirmed == std::vector<std::uint64_t>{1, 2, 3, 4, 5});
    CHECK(connection.reconnects() == 1);
    CHECK(peer.bodies(8) == std::vector<std::string>{"1", "2", "3", "4", "2", "3", "4", "5"});
}

TEST_CASE("kit: more messages than the window are all confirmed once", "[kit]") {
    Peer peer({});
    auto connection = open(peer);
    kit::PublisherOptions options;
    options.window = 4;
    auto events = publisher(connection, options);
    std::vector<std::uint64_t> confirmed;
    std::vector<kit::Confirmation> batch;
    for (int i = 0; i < 100; ++i)
        REQUIRE(events.send(message(std::to_string(i))));
    while (events.pending() > 0) {
        REQUIRE(events.confirmations(batch, Millis{5'000}));
        REQUIRE_FALSE(batch.empty());
        for (const kit::Confirmation& one : batch)
            confirmed.push_back(one.ticket);
    }
    REQUIRE(confirmed.size() == 100);
    std::ranges::sort(confirmed);
    for (std::size_t i = 0; i < confirmed.size(); ++i)
        CHECK(confirmed[i] == i + 1);
}

TEST_CASE("kit: publish gives up after its time and says that nothing is known", "[kit]") {
    Peer peer(answering([](std::uint64_t number, const std::string&) {
        return PeerAnswer{
            number == 1 ? PeerAnswer::Kind::nothing : PeerAnswer::Kind::accept, {}, {}};
    }));
    auto connection = open(peer);
    kit::PublisherOptions options;
    options.confirm_timeout = Millis{50};
    auto events = publisher(connection, options);
    const auto first = events.publish(message("1"));
    REQUIRE_FALSE(first);
    CHECK(first.error().code == Errc::unavailable);
    CHECK(first.error().text.find("not known") != std::string::npos);
    CHECK(events.pending() == 0);
    REQUIRE(events.send(message("2")));
    std::vector<kit::Confirmation> batch;
    REQUIRE(events.confirmations(batch, Millis{5'000}));
    REQUIRE(batch.size() == 1);
    CHECK(batch.front().ticket == 2);
    CHECK(events.pending() == 0);
}

TEST_CASE("kit: a consumer's outcomes reach the peer as AMQP outcomes", "[kit]") {
    PeerScript script;
    script.outgoing = {"1", "2", "3", "4"};
    Peer peer(script);
    auto connection = open(peer);
    kit::SubscriberOptions options;
    options.address = "sub/alle";
    options.total = 4;
    auto subscriber = connection.subscriber(options);
    REQUIRE(subscriber);
    std::vector<std::uint64_t> sequences;
    const Millis deadline = host::system_clock().boot() + Millis{10'000};
    const auto ended = subscriber->run(
        [&](const kit::Received& received) {
            sequences.push_back(received.sequence());
            CHECK(received.body == std::to_string(received.sequence()));
            CHECK(received.subscription() == "alle");
            CHECK(received.content_type == "text/plain");
            CHECK(received.delivery_count == 2);
            CHECK(received.is_data);
            switch (received.sequence()) {
                case 1:
                    return kit::Settlement{kit::Outcome::accept, {}};
                case 2:
                    return kit::Settlement{kit::Outcome::release, {}};
                case 3:
                    return kit::Settlement{kit::Outcome::retry, {}};
                default:
                    return kit::Settlement{kit::Outcome::dead_letter, "unknown municipality"};
            }
        },
        [&] { return host::system_clock().boot() < deadline; });
    REQUIRE(ended);
    CHECK(sequences == std::vector<std::uint64_t>{1, 2, 3, 4});
    auto outcomes = peer.outcomes(4);
    REQUIRE(outcomes.size() == 4);
    std::ranges::sort(outcomes, {}, &PeerOutcome::number);
    CHECK(outcomes[0] == PeerOutcome{1, "accepted", false, {}, {}});
    CHECK(outcomes[1] == PeerOutcome{2, "released", false, {}, {}});
    CHECK(outcomes[2] == PeerOutcome{3, "modified", true, {}, {}});
    CHECK(outcomes[3] ==
          PeerOutcome{4, "rejected", false, "vera:dead-letter", "unknown municipality"});
}

TEST_CASE("kit: a subscriber that goes away gives back what it has not settled", "[kit]") {
    PeerScript script;
    script.outgoing = {"1", "2"};
    Peer peer(script);
    auto connection = open(peer);
    {
        kit::SubscriberOptions options;
        options.address = "sub/alle";
        auto subscriber = connection.subscriber(options);
        REQUIRE(subscriber);
        const auto first = subscriber->next(Millis{10'000});
        REQUIRE(first);
        REQUIRE(first->has_value());
        subscriber->settle(**first, {});
        REQUIRE(peer.outcomes(1).size() == 1);
        const auto second = subscriber->next(Millis{10'000});
        REQUIRE(second);
        REQUIRE(second->has_value());
    }
    const auto outcomes = peer.outcomes(2);
    REQUIRE(outcomes.size() == 2);
    CHECK(outcomes[1] == PeerOutcome{2, "released", false, {}, {}});
}

TEST_CASE("kit: browsing takes nothing and ends when all was seen", "[kit]") {
    PeerScript script;
    for (int i = 1; i <= 25; ++i)
        script.outgoing.push_back(std::to_string(i));
    Peer peer(script);
    auto connection = open(peer);
    kit::SubscriberOptions options;
    options.address = "sub/alle";
    options.is_browsing = true;
    options.credit = 4;
    options.link_properties = {{"vera:reason", "support case"}};
    auto subscriber = connection.subscriber(options);
    REQUIRE(subscriber);
    subscriber->drain();
    std::size_t seen = 0;
    const Millis deadline = host::system_clock().boot() + Millis{10'000};
    while (!subscriber->is_drained() && host::system_clock().boot() < deadline) {
        const auto received = subscriber->next(Millis{100});
        REQUIRE(received);
        if (!received->has_value()) continue;
        ++seen;
        CHECK((*received)->is_settled);
        CHECK((*received)->body == std::to_string(seen));
    }
    CHECK(subscriber->is_drained());
    CHECK(seen == 25);
    CHECK(peer.facts().at("copy") == "true");
    CHECK(peer.facts().at("reason") == "support case");
    CHECK(peer.outcomes(0).empty());
}

TEST_CASE("kit: an unknown address is refused as not found", "[kit]") {
    Peer peer({});
    auto connection = open(peer);
    kit::PublisherOptions to;
    to.address = "nowhere";
    const auto sender = connection.publisher(to);
    REQUIRE_FALSE(sender);
    CHECK(sender.error().code == Errc::not_found);
    CHECK(sender.error().text == "'nowhere': amqp:not-found: no such address");
    kit::SubscriberOptions from;
    from.address = "nowhere";
    const auto receiver = connection.subscriber(from);
    REQUIRE_FALSE(receiver);
    CHECK(receiver.error().code == Errc::not_found);
    CHECK(publisher(connection).publish(message("still here")));
}

TEST_CASE("kit: a management request gets its own answer", "[kit]") {
    Peer peer({});
    auto connection = open(peer);
    const auto reply =
        connection.manage("READ", {{"type", "bus"}, {"name", "self"}}, nlohmann::json::object());
    REQUIRE(reply);
    CHECK(reply->status == 200);
    CHECK(reply->description == "as you wish");
    CHECK(reply->properties["pilot"] == true);
    CHECK(reply->body["operation"] == "READ");
    CHECK(reply->body["list"] == nlohmann::json::array({1, 2}));
    const auto refused = connection.manage("DELETE", {}, {});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().text == "$management: DELETE: 501 as you wish");
}

TEST_CASE("kit: a peer that is not there is an error, not a wait", "[kit]") {
    kit::ConnectOptions options;
    options.url = "amqp://127.0.0.1:1";
    const auto connection = kit::Connection::open(options);
    REQUIRE_FALSE(connection);
    CHECK(connection.error().code == Errc::unavailable);
}

TEST_CASE("kit: a peer that says nothing is given up after the connect timeout", "[kit]") {
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): the sockets API
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    REQUIRE(::bind(listener, generic, size) == 0);
    REQUIRE(::listen(listener, 1) == 0);
    REQUIRE(::getsockname(listener, generic, &size) == 0);
    kit::ConnectOptions options;
    options.url = "amqp://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    options.connect_timeout = Millis{100};
    const auto connection = kit::Connection::open(options);
    ::close(listener);
    REQUIRE_FALSE(connection);
    CHECK(connection.error().code == Errc::unavailable);
    CHECK(connection.error().text.find("100ms") != std::string::npos);
}

TEST_CASE("kit: urls are completed or refused", "[kit]") {
    struct Row {
        std::string in, want;
    };
    const auto row = GENERATE(values<Row>({{"amqp://h:1", "amqp://h:1"},
                                           {"h", "amqp://h:5672"},
                                           {"h:1/", "amqp://h:1"},
                                           {"amqp://[::1]", "amqp://[::1]:5672"},
                                           {"[::1]:7", "amqp://[::1]:7"},
                                           {"amqps://h", "amqps://h:5671"},
                                           {"amqps://h:1", "amqps://h:1"},
                                           {"amqps://", ""},
                                           {"http://h", ""},
                                           {"amqp://u:p@h", ""},
                                           {"amqp://", ""},
                                           {"h:0", ""},
                                           {"h:65536", ""},
                                           {"h:x", ""},
                                           {"h/path", ""}}));
    CAPTURE(row.in);
    const auto url = kit::complete_url(row.in);
    CHECK(url.has_value() == !row.want.empty());
    if (url) CHECK(*url == row.want);
}

TEST_CASE("kit: TLS files are looked at before anything is connected", "[kit]") {
    const std::string folder =
        std::filesystem::temp_directory_path() / ("vera-kit-" + to_text(host::random_uuid()));
    std::filesystem::create_directory(folder);
    const std::string certificate = folder + "/certificate", key = folder + "/key";
    for (const std::string& file : {certificate, key})
        std::ofstream(file) << "-";
    const auto mode = [&](int bits) {
        std::filesystem::permissions(key, static_cast<std::filesystem::perms>(bits));
    };
    kit::ConnectOptions options;
    options.url = "amqps://127.0.0.1:1";
    options.tls = {.ca = certificate, .certificate = certificate, .key = key};
    const auto error = [&] {
        const auto opened = kit::Connection::open(options);
        REQUIRE_FALSE(opened);
        return opened.error();
    };
    mode(0644);
    CHECK(error().code == Errc::refused);
    CHECK(error().text == "client key '" + key + "': others can read it; chmod 0600 it first");
    mode(0640);
    CHECK(kit::check_tls_files(options.tls).has_value());
    options.tls.key.clear();
    CHECK(error().text == "a client certificate needs its key");
    options.tls = {.ca = folder + "/none", .certificate = {}, .key = {}};
    CHECK(error().code == Errc::io);
    CHECK(error().text.find(folder + "/none") != std::string::npos);
    options.url = "amqp://127.0.0.1:1";
    CHECK(error().code == Errc::bad_input);
    std::filesystem::remove_all(folder);
}

TEST_CASE("kit: no secret goes beyond this machine without TLS", "[kit]") {
    kit::ConnectOptions options;
    options.user = "omsorg";
    options.secret = "hemmelig";
    options.url = "amqp://bus.example:5672";
    const auto opened = kit::Connection::open(options);
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == Errc::refused);
    CHECK(opened.error().text.find("amqps://") != std::string::npos);
    for (const std::string url : {"amqp://localhost:1", "amqp://127.0.0.1:1", "amqp://[::1]:1"})
        CHECK(kit::is_loopback_url(url));
    CHECK_FALSE(kit::is_loopback_url("amqp://localhost.example:1"));
    CHECK_FALSE(kit::is_loopback_url("amqp://12.7.0.1:1"));
    CHECK_FALSE(kit::is_loopback_url("amqp://127.0.0.1.example:1"));
}
