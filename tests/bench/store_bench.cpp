// Commits per second and CPU of the journal on a real disk: events of one kilobyte with their
// settlements, in groups.
//   store_bench [--benchmark_filter=…]      the folder is TMPDIR or /tmp; it should be on the disk
//   that matters
#include "bus/store/journal.hpp"
#include "bus/store/journal_engine.hpp"

#include <benchmark/benchmark.h>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <string>
#include <sys/resource.h>
#include <vector>

namespace {

using namespace vera;

class TempFolder {
public:
    TempFolder() {
        path_ = (std::filesystem::temp_directory_path() / "vera-bench-XXXXXX").string();
        if (::mkdtemp(path_.data()) == nullptr) std::abort();
    }
    TempFolder(const TempFolder&) = delete;
    TempFolder& operator=(const TempFolder&) = delete;
    ~TempFolder() { std::filesystem::remove_all(path_); }
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    std::string path_;
};

class Nobody final : public flow::RecoverySink {
public:
    void on_queue(flow::QueueSpec) override {}
    void on_ids(std::span<const flow::RecoveredId>) override {}
    void on_event(const flow::RecoveredEvent&) override {}
    void start_over() override {}
};

double cpu_seconds() {
    rusage use{};
    getrusage(RUSAGE_SELF, &use);
    const auto seconds = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    };
    return seconds(use.ru_utime) + seconds(use.ru_stime);
}

/// A batch of `count` events of `bytes`, which also settles the copies of the batch before it.
flow::Batch make_batch(std::uint64_t ticket, std::size_t count, const Block& message) {
    flow::Batch batch;
    batch.ticket = ticket;
    batch.now = Timestamp{1'795'000'000'000 + static_cast<std::int64_t>(ticket)};
    batch.events.resize(count);
    batch.transitions.resize(ticket == 1 ? 0 : count);
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint64_t seq = (ticket - 1) * count + i + 1;
        flow::EventCommit& event = batch.events[i];
        event.seq.value = seq;
        event.accepted = batch.now;
        event.retain_until = batch.now;
        event.message = message;
        event.copies.push_back({CopySeq{seq}, QueueId{1}});
        if (ticket == 1) continue;
        flow::Transition& settled = batch.transitions[i];
        settled.copy.value = settled.event.value = seq - count;
        settled.version = 1;
        settled.queue = QueueId{1};
        settled.state = flow::CopyState::settled;
        settled.at = batch.now;
    }
    return batch;
}

class Waiter final : public flow::EngineListener {
public:
    void on_outcome(flow::Outcome outcome) override {
        const std::lock_guard lock(mutex_);
        done_ = outcome.ticket;
        is_ok_ = is_ok_ && outcome.ok;
        changed_.notify_all();
    }
    bool wait_for(std::uint64_t ticket) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return done_ >= ticket; });
        return is_ok_;
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::uint64_t done_ = 0;
    bool is_ok_ = true;
};

/// Engine with all its threads; `in_flight` batches at a time, so that groups gather by themselves.
void engine_commits(benchmark::State& state) {
    const auto count = static_cast<std::size_t>(state.range(0));
    const auto bytes = static_cast<std::size_t>(state.range(1));
    const auto in_flight = static_cast<std::uint64_t>(state.range(2));
    TempFolder folder;
    auto made = store::open_journal(host::posix_file_system(), {.path = folder.path()});
    Nobody nobody;
    if (!made || !(*made)->recover(nobody)) return state.SkipWithError("the store does not open");
    flow::Engine& engine = **made;
    Waiter waiter;
    engine.start(waiter);
    const Block message = Block::copy_of(std::string(bytes, 'x'));
    std::uint64_t ticket = 0;
    const double cpu_before = cpu_seconds();
    for (auto _ : state) {
        ++ticket;
        engine.submit(make_batch(ticket, count, message));
        if (ticket % 256 == 0) engine.retire(Timestamp{1'796'000'000'000});
        if (ticket > in_flight && !waiter.wait_for(ticket - in_flight))
            return state.SkipWithError("a commit failed");
    }
    if (!waiter.wait_for(ticket)) return state.SkipWithError("a commit failed");
    const double cpu = cpu_seconds() - cpu_before;
    const double events = static_cast<double>(ticket) * static_cast<double>(count);
    engine.stop();
    state.counters["events/s"] = benchmark::Counter(events, benchmark::Counter::kIsRate);
    state.counters["cpu_s/100k"] = cpu / events * 1e5;
}

/// Reads of messages that are in the page cache.
void fetches(benchmark::State& state) {
    TempFolder folder;
    auto made = store::open_journal(host::posix_file_system(), {.path = folder.path()});
    Nobody nobody;
    if (!made || !(*made)->recover(nobody)) return state.SkipWithError("the store does not open");
    class Keeper final : public flow::EngineListener {
    public:
        void on_outcome(flow::Outcome outcome) override {
            bodies = std::move(outcome.bodies);
            waiter.on_outcome({outcome.ticket, outcome.ok, {}, {}});
        }
        Waiter waiter;
        std::vector<flow::BodyRef> bodies;
    } keeper;
    (*made)->start(keeper);
    (*made)->submit(make_batch(
        1, 1000, Block::copy_of(std::string(static_cast<std::size_t>(state.range(0)), 'x'))));
    if (!keeper.waiter.wait_for(1)) return state.SkipWithError("a commit failed");
    std::size_t at = 0;
    for (auto _ : state) {
        auto body = (*made)->fetch_now(keeper.bodies[at++ % keeper.bodies.size()]);
        if (!body || !*body) return state.SkipWithError("a fetch failed");
        benchmark::DoNotOptimize(body);
    }
    (*made)->stop();
}

BENCHMARK(engine_commits)
    ->ArgNames({"group", "bytes", "in_flight"})
    ->Args({1, 1024, 0})
    ->Args({100, 1024, 0})
    ->Args({1000, 1024, 0})
    ->Args({100, 1024, 8})
    ->Args({100, 256, 8})
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);
BENCHMARK(fetches)->ArgName("bytes")->Arg(256)->Arg(1024)->Arg(65536);

}  // namespace

BENCHMARK_MAIN();
