#include "bus/ops/bus.hpp"

#include "bus/event/catalogue.hpp"
#include "bus/ops/generation.hpp"
#include "tests/support/captured_stderr.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

using namespace vera;
using namespace vera::ops;
using namespace std::chrono_literals;

namespace {

constexpr Millis deadline{20'000};

/// Keeps what is submitted; the test says when it is durable.
class FakeEngine final : public flow::Engine {
public:
    Result<flow::Recovery> recover(flow::RecoverySink&) override { return flow::Recovery{}; }
    void start(flow::EngineListener&) override {}
    void submit(flow::Batch batch) override { submitted.put(std::move(batch)); }
    std::optional<Result<Body>> fetch_now(const flow::BodyRef&) override { return std::nullopt; }
    void fetch(const flow::BodyRef&, std::function<void(Result<Body>)> done) override {
        done(fail(Errc::io, "no disk"));
    }
    void retire(Timestamp) override {}
    void stop() override {}

    host::Mailbox<flow::Batch> submitted;
};

class FakeClock final : public host::Clock {
public:
    Timestamp wall() override { return Timestamp{1'800'000'000'000}; }
    Millis boot() override { return Millis{boot_ms.load()}; }
    std::atomic<std::int64_t> boot_ms{0};
};

std::size_t lines_with(const std::string& text, const std::string& words) {
    std::size_t count = 0;
    for (std::size_t at = text.find(words); at != std::string::npos; at = text.find(words, at + 1))
        ++count;
    return count;
}

/// A message for the plain queue, as if admitted.
flow::Published letter(const flow::Snapshot& snapshot) {
    flow::Published input;
    input.is_plain = true;
    input.plan.generation = snapshot.generation;
    input.plan.queues = {snapshot.find("queue/lager")->id};
    input.raw.message = Block::copy_of("x");
    return input;
}

/// A bus whose runs are done by the test, or by threads of it.
struct Bench {
    Bench() {
        config.queues = {{"lager", {}, false}};
        config.catalogue = event::Catalogue::built_in();
    }
    void start() { bus.start(make_snapshot(config, core.known_queues(), Generation{1}, base), {}); }
    /// Does what was asked of the outside; how many jobs there were.
    std::size_t run_jobs(Millis wait = 0ms) {
        std::vector<std::function<void()>> batch;
        jobs.take(batch, wait);
        for (const auto& job : batch)
            job();
        return batch.size();
    }
    /// Waits for a batch: a run that lasts too long is gone on with by way of the timer.
    std::vector<flow::Batch> submitted() {
        const auto until = std::chrono::steady_clock::now() + deadline;
        std::vector<flow::Batch> batches;
        for (;;) {
            engine.submitted.take(batches, 0ms);
            if (!batches.empty() || std::chrono::steady_clock::now() > until) return batches;
            run_jobs(5ms);
        }
    }

    Config config;
    GenerationBase base;
    FakeClock clock;
    host::VeraClock vera_clock{clock, clock.wall()};
    FakeEngine engine;
    flow::BusCore core{flow::CoreOptions{}};
    host::Mailbox<std::function<void()>> jobs;
    std::vector<std::string> sealed;
    Bus bus{core,
            engine,
            vera_clock,
            BusOutside{[this](std::function<void()> job) { jobs.put(std::move(job)); },
                       [](flow::Effects&) {},
                       [this](std::string reason) { sealed.push_back(std::move(reason)); }}};
};

}  // namespace

TEST_CASE("bus: the queues of the first generation are committed, and finish waits for that",
          "[ops]") {
    Bench bench;
    bench.start();
    auto batches = bench.submitted();
    REQUIRE(batches.size() == 1);
    CHECK(batches[0].queues.size() == 2);
    CHECK_FALSE(bench.bus.finish(20ms));
    flow::Outcome outcome;
    outcome.ticket = batches[0].ticket;
    outcome.ok = true;
    bench.bus.on_outcome(outcome);
    CHECK(bench.bus.finish(deadline));
}

TEST_CASE("bus: while a run is asked for, further posts ask for none", "[ops]") {
    Bench bench;
    bench.start();
    int answers = 0;
    for (int i = 0; i < 10; ++i)
        bench.bus.ask([&](const flow::Counts&) { ++answers; });
    CHECK(answers == 0);
    CHECK(bench.run_jobs() == 1);
    CHECK(answers == 10);
    CHECK(bench.run_jobs() == 0);
    bench.bus.ask([&](const flow::Counts& counts) {
        ++answers;
        CHECK(counts.queues.size() == 2);
    });
    CHECK(bench.run_jobs() == 1);
    CHECK(answers == 11);
}

TEST_CASE("bus: doors see a new generation only once the core has it", "[ops]") {
    Bench bench;
    bench.start();
    const auto first = bench.bus.snapshot();
    REQUIRE(first != nullptr);
    bench.config.queues.push_back({"andet", {}, false});
    std::vector<flow::Input> inputs;
    inputs.emplace_back(
        flow::Reloaded{make_snapshot(bench.config, first->queues, Generation{2}, bench.base)});
    bench.bus.post(std::move(inputs));
    CHECK(bench.bus.snapshot()->generation == Generation{1});
    CHECK(bench.run_jobs() == 1);
    CHECK(bench.bus.snapshot()->generation == Generation{2});
    const auto batches = bench.submitted();
    REQUIRE(batches.size() == 2);
    CHECK(std::ranges::count(batches[1].queues, "queue/andet", &flow::QueueSpec::name) == 1);
}

TEST_CASE("bus: a store that seals itself is told of once", "[ops]") {
    Bench bench;
    bench.start();
    auto batches = bench.submitted();
    REQUIRE(batches.size() == 1);
    flow::Outcome outcome;
    outcome.ticket = batches[0].ticket;
    outcome.error = {Errc::io, "sync of journal-1 failed"};
    bench.bus.on_outcome(outcome);
    CHECK(bench.run_jobs() == 1);
    CHECK(bench.sealed == std::vector<std::string>{"sync of journal-1 failed"});
    bench.bus.ask([](const flow::Counts& counts) { CHECK(counts.is_sealed); });
    CHECK(bench.run_jobs() == 1);
    CHECK(bench.sealed.size() == 1);
}

TEST_CASE("bus: no room in the store does not end it", "[ops]") {
    Bench bench;
    bench.start();
    auto batches = bench.submitted();
    REQUIRE(batches.size() == 1);
    flow::Outcome outcome;
    outcome.ticket = batches[0].ticket;
    outcome.error = {Errc::unavailable, "no space left"};
    bench.bus.on_outcome(outcome);
    CHECK(bench.run_jobs() == 1);
    CHECK(bench.sealed.empty());
}

TEST_CASE("bus: finish waits for what is held back while there is no room", "[ops]") {
    const bool has_room_again = GENERATE(true, false);
    CAPTURE(has_room_again);
    Bench bench;
    bench.start();
    auto batches = bench.submitted();
    REQUIRE(batches.size() == 1);
    flow::Outcome outcome;
    outcome.ticket = batches[0].ticket;
    outcome.error = {Errc::unavailable, "no space left"};
    bench.bus.on_outcome(outcome);
    CHECK_FALSE(bench.bus.finish(20ms));  // the queues of the generation are not stored
    if (!has_room_again) return;
    bench.clock.boot_ms = 60'000;
    std::jthread disk([&] {
        std::vector<flow::Batch> again;
        bench.engine.submitted.take(again, deadline);
        for (const flow::Batch& batch : again) {
            flow::Outcome stored;
            stored.ticket = batch.ticket;
            stored.ok = true;
            bench.bus.on_outcome(stored);
        }
    });
    CHECK(bench.bus.finish(deadline));
}

TEST_CASE("bus: the store has room again only when it has taken an event", "[ops]") {
    Bench bench;
    bench.start();
    const auto conclude = [&](bool ok, std::size_t bodies) {
        auto batches = bench.submitted();
        REQUIRE(batches.size() == 1);
        flow::Outcome outcome;
        outcome.ticket = batches[0].ticket;
        outcome.ok = ok;
        if (!ok) outcome.error = {Errc::unavailable, "no space left"};
        outcome.bodies.resize(bodies);
        bench.bus.on_outcome(outcome);
        bench.run_jobs();
    };
    const auto publish = [&] {
        std::vector<flow::Input> inputs;
        inputs.emplace_back(letter(*bench.bus.snapshot()));
        bench.bus.post(std::move(inputs));
        bench.run_jobs();
    };
    const auto add_queue = [&] {
        bench.config.queues.push_back({"andet", {}, false});
        std::vector<flow::Input> inputs;
        inputs.emplace_back(flow::Reloaded{
            make_snapshot(bench.config, bench.bus.snapshot()->queues, Generation{2}, bench.base)});
        bench.bus.post(std::move(inputs));
        bench.run_jobs();
    };
    conclude(true, 0);
    const std::string said = vera::test::stderr_of([&] {
        publish();
        conclude(false, 0);
        bench.clock.boot_ms += 10'000;
        add_queue();
        conclude(true, 0);  // a queue, no event
        publish();
        conclude(false, 0);
    });
    CHECK(lines_with(said, "store has no room") == 1);
    CHECK(lines_with(said, "store has room again") == 0);
    const std::string later = vera::test::stderr_of([&] {
        publish();
        conclude(true, 1);
    });
    CHECK(lines_with(later, "store has room again") == 1);
}

TEST_CASE("bus: from many threads every question is answered once", "[ops]") {
    Bench bench;
    bench.start();
    constexpr int askers = 4;
    constexpr int each = 500;
    std::atomic<int> answers{0};
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < askers; ++i)
            threads.emplace_back([&] {
                for (int n = 0; n < each; ++n)
                    bench.bus.ask([&](const flow::Counts&) { ++answers; });
            });
        const auto until = std::chrono::steady_clock::now() + deadline;
        while (answers < askers * each && std::chrono::steady_clock::now() < until)
            bench.run_jobs(10ms);
    }
    CHECK(answers == askers * each);
}
