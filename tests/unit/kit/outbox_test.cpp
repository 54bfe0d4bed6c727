#include "adapters/kit/outbox.hpp"

#include "tests/support/catch.hpp"

using namespace vera;
using kit::Confirmation;
using kit::Outbox;
using kit::Verdict;

namespace {

std::shared_ptr<const kit::Message> message() {
    return std::make_shared<const kit::Message>();
}

Confirmation answer(std::uint64_t ticket, Verdict verdict) {
    Confirmation made;
    made.ticket = ticket;
    made.verdict = verdict;
    return made;
}

std::vector<std::uint64_t> take_all(Outbox& outbox, Millis now) {
    std::vector<std::uint64_t> tickets;
    while (const auto next = outbox.next(now))
        tickets.push_back(next->ticket);
    return tickets;
}

using Tickets = std::vector<std::uint64_t>;

}  // namespace

TEST_CASE("outbox: messages go out in ticket order and once", "[kit]") {
    Outbox outbox({});
    for (std::uint64_t ticket = 1; ticket <= 3; ++ticket)
        outbox.add(ticket, message());
    CHECK(take_all(outbox, Millis{0}) == Tickets{1, 2, 3});
    CHECK(take_all(outbox, Millis{0}).empty());
    CHECK(outbox.size() == 3);
}

TEST_CASE("outbox: after a lost connection everything without a verdict goes out again in order",
          "[kit]") {
    Outbox outbox({});
    for (std::uint64_t ticket = 1; ticket <= 4; ++ticket)
        outbox.add(ticket, message());
    CHECK(outbox.next(Millis{0})->ticket == 1);
    CHECK(outbox.next(Millis{0})->ticket == 2);
    CHECK(outbox.next(Millis{0})->ticket == 3);
    CHECK(outbox.settled(answer(2, Verdict::accepted), Millis{0}).has_value());
    CHECK_FALSE(outbox.settled(answer(3, Verdict::released), Millis{0}).has_value());
    outbox.connection_lost();
    CHECK(take_all(outbox, Millis{0}) == Tickets{1, 3, 4});
    CHECK_FALSE(outbox.next_due().has_value());
}

TEST_CASE("outbox: a released message waits twice as long each time, up to the longest", "[kit]") {
    kit::RetryOptions options;
    options.attempts = 10;
    options.first_wait = Millis{10};
    options.longest_wait = Millis{35};
    Outbox outbox(options);
    outbox.add(1, message());
    Millis now{1'000};
    for (const std::int64_t wait : {10, 20, 35, 35}) {
        REQUIRE(outbox.next(now)->ticket == 1);
        REQUIRE_FALSE(outbox.settled(answer(1, Verdict::released), now).has_value());
        REQUIRE(outbox.next_due() == now + Millis{wait});
        CHECK_FALSE(outbox.next(now + Millis{wait - 1}).has_value());
        now += Millis{wait};
    }
}

TEST_CASE("outbox: after the last attempt the verdict stands", "[kit]") {
    kit::RetryOptions options;
    options.attempts = 2;
    Outbox outbox(options);
    outbox.add(1, message());
    REQUIRE(outbox.next(Millis{0}));
    REQUIRE_FALSE(outbox.settled(answer(1, Verdict::released), Millis{0}));
    REQUIRE(outbox.next(Millis{1'000}));
    const auto last = outbox.settled(answer(1, Verdict::modified), Millis{1'000});
    REQUIRE(last);
    CHECK(last->verdict == Verdict::modified);
    CHECK(last->attempts == 2);
    CHECK(outbox.size() == 0);
}

TEST_CASE("outbox: lost connections do not use up the attempts", "[kit]") {
    kit::RetryOptions options;
    options.attempts = 2;
    options.first_wait = Millis{10};
    Outbox outbox(options);
    outbox.add(1, message());
    for (int i = 0; i < 8; ++i) {
        REQUIRE(outbox.next(Millis{0}));
        outbox.connection_lost();
    }
    REQUIRE(outbox.next(Millis{0}));
    REQUIRE_FALSE(outbox.settled(answer(1, Verdict::released), Millis{0}));
    CHECK(outbox.next_due() == Millis{10});
    REQUIRE(outbox.next(Millis{10}));
    const auto last = outbox.settled(answer(1, Verdict::released), Millis{10});
    REQUIRE(last);
    CHECK(last->attempts == 10);
}

TEST_CASE("outbox: a rejection is final at once", "[kit]") {
    Outbox outbox({});
    outbox.add(1, message());
    REQUIRE(outbox.next(Millis{0}));
    CHECK(outbox.settled(answer(1, Verdict::rejected), Millis{0}).has_value());
}

TEST_CASE("outbox: a withdrawn message neither goes out nor gets a verdict", "[kit]") {
    Outbox outbox({});
    for (std::uint64_t ticket = 1; ticket <= 3; ++ticket)
        outbox.add(ticket, message());
    REQUIRE(outbox.next(Millis{0}));
    REQUIRE_FALSE(outbox.settled(answer(1, Verdict::released), Millis{0}));
    CHECK(outbox.withdraw(1));
    CHECK(outbox.withdraw(2));
    CHECK_FALSE(outbox.withdraw(2));
    CHECK_FALSE(outbox.next_due().has_value());
    CHECK(take_all(outbox, Millis{1'000'000}) == Tickets{3});
    CHECK_FALSE(outbox.settled(answer(1, Verdict::accepted), Millis{0}));
}
