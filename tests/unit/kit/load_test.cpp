#include "adapters/kit/load_generator.hpp"
#include "adapters/kit/load_message.hpp"
#include "adapters/kit/process_facts.hpp"
#include "bus/base/uuid.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/kit/peer.hpp"

#include <set>
#include <string>
#include <unistd.h>

using namespace vera;

namespace {

kit::EventTemplate event_template() {
    kit::EventTemplate event;
    event.body = "<0b5e1c70-aaaa-4aaa-8aaa-0000000000aa|0b5e1c70-bbbb-4bbb-8bbb-0000000000bb>";
    event.id_at = {1};
    event.object_at = {38};
    event.objects = 3;
    return event;
}

}  // namespace

TEST_CASE("load: a plain message carries its stamp, whatever is around the body", "[kit]") {
    kit::LoadOptions options;
    options.body_bytes = GENERATE(8U, 255U, 256U, 70'000U);
    options.is_rich = GENERATE(false, true);
    options.is_durable = GENERATE(false, true);
    kit::LoadMessage message(options, 1);
    const auto body = kit::body_of(message.stamped(7, 123'456'789));
    CHECK(body.size() == options.body_bytes);
    CHECK(kit::stamp_of(body, std::string_view::npos) == 123'456'789);
}

TEST_CASE("load: an event gets an id of its own that carries the stamp, and one of the objects",
          "[kit]") {
    kit::LoadOptions options;
    options.event = event_template();
    kit::LoadMessage message(options, 0xabcde);
    std::set<std::string> ids;
    std::set<std::string> objects;
    for (std::uint64_t number = 0; number < 10; ++number) {
        const std::string body(kit::body_of(message.stamped(number, 1'000'000'007 * number)));
        REQUIRE(body.size() == options.event.body.size());
        CHECK(parse_uuid(body.substr(1, 36)).has_value());
        CHECK(parse_uuid(body.substr(38, 36)).has_value());
        CHECK(kit::stamp_of(body, 1) == 1'000'000'007 * number);
        ids.insert(body.substr(1, 36));
        objects.insert(body.substr(38, 36));
    }
    CHECK(ids.size() == 10);
    CHECK(objects.size() == 3);
}

TEST_CASE("load: bytes that are no message have no body", "[kit]") {
    kit::LoadOptions options;
    options.is_rich = true;
    kit::LoadMessage message(options, 1);
    const std::string whole(message.stamped(1, 1));
    // Cut anywhere before its end, the message has no whole data section.
    for (std::size_t size = 0; size < whole.size(); ++size)
        CHECK(kit::body_of(std::string_view(whole).substr(0, size)).empty());
    CHECK(kit::body_of("hello, world").empty());
    CHECK(kit::body_of(std::string("\x00\x53\x75\xb0\xff\xff\xff\xff", 8)).empty());
    CHECK(kit::stamp_of("short", std::string_view::npos) == 0);
    CHECK(kit::stamp_of("short", 1) == 0);
}

TEST_CASE("load: everything sent is settled and counted", "[kit]") {
    test::Peer peer({});
    kit::LoadOptions options;
    options.port = peer.url().substr(peer.url().rfind(':') + 1);
    options.send_to = {"a", "b"};
    options.count = 501;
    options.window = 5;
    options.timeout = Millis{20'000};
    options.broker_pid = ::getpid();
    const auto report = kit::generate_load(options);
    REQUIRE(report);
    CHECK(report->error.empty());
    CHECK_FALSE(report->is_timed_out);
    CHECK(report->sent == 501);
    CHECK(report->settled == 501);
    CHECK(report->not_accepted == 0);
    CHECK(report->broker_rss_mib > 0);
    CHECK(peer.bodies(501).size() == 501);
}

TEST_CASE("load: refusals are counted and the first is told", "[kit]") {
    test::PeerScript script;
    script.answer = [](std::uint64_t number, const std::string&) {
        return number % 2 == 0
                   ? test::PeerAnswer{test::PeerAnswer::Kind::reject, "vera:too-large", "1 byte"}
                   : test::PeerAnswer{};
    };
    test::Peer peer(script);
    kit::LoadOptions options;
    options.port = peer.url().substr(peer.url().rfind(':') + 1);
    options.send_to = {"a"};
    options.count = 10;
    options.timeout = Millis{20'000};
    const auto report = kit::generate_load(options);
    REQUIRE(report);
    CHECK(report->not_accepted == 5);
    CHECK(report->first_refusal == "vera:too-large: 1 byte");
}

TEST_CASE("load: a link that is refused ends the run with the reason", "[kit]") {
    test::Peer peer({});
    kit::LoadOptions options;
    options.port = peer.url().substr(peer.url().rfind(':') + 1);
    options.send_to = {"nowhere"};
    options.timeout = Millis{20'000};
    const auto report = kit::generate_load(options);
    REQUIRE(report);
    CHECK(report->error.find("amqp:not-found") != std::string::npos);
}

TEST_CASE("load: options that make no sense are refused", "[kit]") {
    kit::LoadOptions options;
    CHECK_FALSE(kit::generate_load(options));
    options.send_to = {"a"};
    options.body_bytes = 7;
    CHECK_FALSE(kit::generate_load(options));
    options.body_bytes = 8;
    options.window = 0;
    CHECK_FALSE(kit::generate_load(options));
    CHECK_FALSE(kit::read_process(-1));
}
