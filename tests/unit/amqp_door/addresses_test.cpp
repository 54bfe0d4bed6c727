#include "bus/amqp/addresses.hpp"

#include "tests/support/catch.hpp"
#include "tests/unit/amqp_door/live_bus.hpp"

#include <string>
#include <variant>

using namespace vera;
using namespace vera::amqp;

namespace {

const event::Identity omsorg{.system = "omsorg", .authority = "29189420", .mechanism = "PLAIN"};

const Refusal* refusal(const std::variant<Address, Refusal>& resolved) {
    return std::get_if<Refusal>(&resolved);
}

}  // namespace

TEST_CASE("addresses: a source names a queue or its dead letters", "[amqp]") {
    struct Row {
        std::string address;
        std::uint32_t queue;
    };
    const auto row = GENERATE(values<Row>({{"sub/alt", 2},
                                           {"queue/x", 4},
                                           {"$unrouted", 1},
                                           {"sub/alt/$deadletter", 2 | dead_letter_bit},
                                           {"queue/x/$deadletter", 4 | dead_letter_bit},
                                           {"inbox/omsorg", 6},
                                           {"inbox/omsorg/$deadletter", 6 | dead_letter_bit}}));
    CAPTURE(row.address);
    const auto resolved = resolve_source(*test::test_snapshot(), row.address, omsorg);
    REQUIRE(refusal(resolved) == nullptr);
    CHECK(std::get_if<Address>(&resolved)->queue.value == row.queue);
}

TEST_CASE("addresses: what cannot be attached is refused with the reason", "[amqp]") {
    struct Row {
        bool is_target;
        std::string address, condition, part;
    };
    const auto row = GENERATE(values<Row>({
        {true, "event", "amqp:not-found", "'events'"},
        {true, "sub/alt", "amqp:not-allowed", "only be received from"},
        {true, "$unrouted", "amqp:not-allowed", "only be received from"},
        {true, "sub/alt/$deadletter", "amqp:not-allowed", "only be received from"},
        {true, "queue/z", "amqp:not-found", "'queue/x'"},
        {true, "", "amqp:not-found", "no address ''"},
        {true, "inbox/læge", "amqp:not-found", "'inbox/laege'"},
        {true, "inbox/omsorg/$deadletter", "amqp:not-allowed", "only be received from"},
        {false, "inbox/laege", "amqp:unauthorized-access", "by the system 'laege'"},
        {false, "inbox/laege/$deadletter", "amqp:unauthorized-access", "by the system 'laege'"},
        {false, "inbox/ukendt", "amqp:not-found", "no address 'inbox/ukendt'"},
        {false, "events", "amqp:not-allowed", "only be sent to"},
        {false, "sub/alf", "amqp:not-found", "'sub/alt'"},
        {false, "sub/alt/$deadletters", "amqp:not-found", "no address"},
        {false, "$unrouted/$deadletter", "amqp:not-found", "no address"},
        {false, "alt", "amqp:not-found", "no address 'alt'"},
    }));
    CAPTURE(row.address);
    const auto snapshot = test::test_snapshot();
    const auto resolved = row.is_target ? resolve_target(*snapshot, row.address)
                                        : resolve_source(*snapshot, row.address, omsorg);
    REQUIRE(refusal(resolved) != nullptr);
    CHECK(symbol(refusal(resolved)->condition) == row.condition);
    CAPTURE(refusal(resolved)->text);
    CHECK(refusal(resolved)->text.find(row.part) != std::string::npos);
}

TEST_CASE("addresses: a deleted queue takes nothing new, but can be drained", "[amqp]") {
    const auto snapshot = test::test_snapshot(2, true);
    CHECK(refusal(resolve_target(*snapshot, "queue/y")) != nullptr);
    CHECK(refusal(resolve_source(*snapshot, "queue/y", omsorg)) == nullptr);
}

TEST_CASE("addresses: a hostile address is quoted harmlessly and shortened", "[amqp]") {
    CHECK(amqp::quoted("l\xc3\xa6s\xc3\xb8") == "l\xc3\xa6s\xc3\xb8");
    CHECK(amqp::quoted("a\nb\x7f\xff\xc3") == "a?b???");
    CHECK(amqp::quoted(std::string(5000, 'a')).size() < 140);
}

TEST_CASE("addresses: a message says where it goes, and is told if that is nowhere", "[amqp]") {
    const auto snapshot = test::test_snapshot();
    const auto use_of = [&](std::string_view to) {
        const auto resolved = resolve_to(*snapshot, to);
        REQUIRE(refusal(resolved) == nullptr);
        return std::get_if<Address>(&resolved)->use;
    };
    CHECK(use_of("events") == AddressUse::events);
    CHECK(use_of("queue/x") == AddressUse::queue);
    CHECK(use_of("inbox/laege") == AddressUse::inbox);
    struct Row {
        std::string to, condition, part;
    };
    const auto row = GENERATE(values<Row>({
        {"", "amqp:precondition-failed", "properties.to is missing"},
        {"queue/z", "amqp:not-found", "properties.to: no address 'queue/z'"},
        {"sub/alt", "amqp:not-allowed", "properties.to: 'sub/alt' can only be received from"},
        {"$management", "amqp:not-allowed", "link of its own"},
    }));
    CAPTURE(row.to);
    const auto resolved = resolve_to(*snapshot, row.to);
    REQUIRE(refusal(resolved) != nullptr);
    CHECK(symbol(refusal(resolved)->condition) == row.condition);
    CHECK(refusal(resolved)->text.find(row.part) != std::string::npos);
}
