// The engine with its threads, through the port.
#include "bus/host/clock.hpp"
#include "bus/store/journal_engine.hpp"
#include "tests/unit/store/filled_store.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <fcntl.h>
#include <filesystem>
#include <mutex>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>

using namespace vera;
using namespace vera::test;
using namespace std::chrono_literals;

namespace {

/// Keeps outcomes; waits for them with a deadline.
class Listener final : public flow::EngineListener {
public:
    void on_outcome(flow::Outcome outcome) override {
        const std::lock_guard lock(mutex_);
        outcomes_.push_back(std::move(outcome));
        changed_.notify_all();
    }
    std::vector<flow::Outcome> wait_for(std::size_t count) {
        std::unique_lock lock(mutex_);
        REQUIRE(changed_.wait_for(lock, 20s, [&] { return outcomes_.size() >= count; }));
        return outcomes_;
    }
    void clear() {
        const std::lock_guard lock(mutex_);
        outcomes_.clear();
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<flow::Outcome> outcomes_;
};

struct Running {
    std::unique_ptr<flow::Engine> engine;
    Listener listener;
    Collector collector;
    flow::Recovery recovery;

    Running(host::FileSystem& files, const store::StoreOptions& options) {
        auto made = store::open_journal(files, options);
        REQUIRE(made);
        engine = *std::move(made);
        auto recovered = engine->recover(collector);
        if (!recovered) FAIL(recovered.error().text);
        recovery = *recovered;
        engine->start(listener);
    }
};

store::StoreOptions small_options(const std::string& path = store_path) {
    store::StoreOptions options;
    options.path = path;
    options.segment_bytes = 64U << 10U;
    options.recycle = 2;
    return options;
}

Result<Body> fetch(flow::Engine& engine, const flow::BodyRef& ref) {
    std::mutex mutex;
    std::condition_variable done;
    std::optional<Result<Body>> answer;
    engine.fetch(ref, [&](Result<Body> body) {
        const std::lock_guard lock(mutex);
        answer = std::move(body);
        done.notify_all();
    });
    std::unique_lock lock(mutex);
    REQUIRE(done.wait_for(lock, 20s, [&] { return answer.has_value(); }));
    return *std::move(answer);
}

/// While it lives no file can be opened. Nothing may be checked meanwhile: a sanitizer may need a
/// descriptor for the first look at a type.
class NoFiles {
public:
    NoFiles() {
        (void)host::system_clock().wall();  // as a line of the log will
        (void)::getrlimit(RLIMIT_NOFILE, &before_);
        const rlimit few{64, before_.rlim_max};
        (void)::setrlimit(RLIMIT_NOFILE, &few);
        for (int one = 0; (one = ::open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0;)
            taken_.push_back(one);
    }
    ~NoFiles() {
        for (const int one : taken_)
            ::close(one);
        (void)::setrlimit(RLIMIT_NOFILE, &before_);
    }
    NoFiles(const NoFiles&) = delete;
    NoFiles& operator=(const NoFiles&) = delete;

private:
    rlimit before_{};
    std::vector<int> taken_;
};

/// The files thread has made the segment to come, and does nothing more by itself.
void wait_for_spare(const FaultyFileSystem& files) {
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    for (bool is_there = false; !is_there; std::this_thread::yield()) {
        REQUIRE(std::chrono::steady_clock::now() < deadline);
        for (const std::string& name : files.names())
            is_there = is_there || (name.find("spare-") != std::string::npos &&
                                    files.contents(name).size() == (64U << 10U));
    }
}

/// A folder that goes with the test.
struct TempFolder {
    std::string path;
    TempFolder() {
        std::string name = (std::filesystem::temp_directory_path() / "vera-store-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        path = name;
    }
    TempFolder(const TempFolder&) = delete;
    TempFolder& operator=(const TempFolder&) = delete;
    ~TempFolder() { std::filesystem::remove_all(path); }
};

}  // namespace

TEST_CASE("engine: outcomes come in the order of submission, and all of it is there again",
          "[store]") {
    TempFolder folder;
    host::FileSystem& files = host::posix_file_system();
    FilledStore store;
    std::size_t count = 0;
    {
        Running run(files, small_options(folder.path + "/store"));
        run.engine->submit(store.traffic.queues_batch(4));
        ++count;
        std::vector<flow::Batch> batches;
        for (int i = 0; i < 300; ++i) {
            batches.push_back(store.traffic.batch(1 + static_cast<std::size_t>(i % 3), 2000, 2));
            store.model.apply(batches.back());
            store.traffic.stored(batches.back());
            run.engine->submit(batches.back());
            ++count;
        }
        const auto outcomes = run.listener.wait_for(count);
        REQUIRE(outcomes.size() == count);
        for (std::size_t i = 0; i < count; ++i) {
            REQUIRE(outcomes[i].ok);
            REQUIRE(outcomes[i].ticket == i + 1);
        }
        for (std::size_t i = 0; i < batches.size(); ++i) {
            for (std::size_t e = 0; e < batches[i].events.size(); ++e) {
                const flow::BodyRef& ref = outcomes[i + 1].bodies.at(e);
                const auto body = fetch(*run.engine, ref);
                REQUIRE(body);
                REQUIRE(body->view() == batches[i].events[e].message.view());
                const auto now = run.engine->fetch_now(ref);
                if (now) {
                    REQUIRE(*now);
                    REQUIRE((*now)->view() == body->view());
                }
            }
        }
        run.engine->stop();
    }
    Running again(files, small_options(folder.path + "/store"));
    CHECK(again.recovery.was_clean);
    CHECK(again.recovery.notes.empty());
    CHECK(again.collector.queues.size() == 4);
    REQUIRE(again.collector.events.size() == store.model.shown().events.size());
    for (const flow::RecoveredEvent& event : again.collector.events) {
        const EventShown& want = store.model.shown().events.at(event.seq.value);
        CHECK(event.copies.size() == want.copies.size());
        const auto body = fetch(*again.engine, event.body);
        REQUIRE(body);
        CHECK(body->view() == want.message);
    }
}

TEST_CASE("engine: batches without events wait for one with, at most the delay, unless urgent",
          "[store]") {
    FaultyFileSystem files;
    store::StoreOptions options = small_options();
    options.settle_delay = 60'000ms;
    FilledStore store;
    Running run(files, options);
    run.engine->submit(store.traffic.queues_batch(2));
    const flow::Batch first = store.traffic.batch(4, 100, 0);
    store.traffic.stored(first);
    run.engine->submit(first);
    run.listener.wait_for(2);
    const flow::Batch quiet = store.traffic.batch(0, 0, 1);
    const flow::Batch quiet2 = store.traffic.batch(0, 0, 1);
    run.engine->submit(quiet);
    run.engine->submit(quiet2);
    CHECK(run.listener.wait_for(2).size() == 2);
    SECTION("an event takes them along") {
        run.engine->submit(store.traffic.batch(1, 100, 0));
        CHECK(run.listener.wait_for(5).size() == 5);
    }
    SECTION("an urgent one takes them along") {
        flow::Batch urgent = store.traffic.batch(0, 0, 1);
        urgent.is_urgent = true;
        run.engine->submit(urgent);
        CHECK(run.listener.wait_for(5).size() == 5);
    }
    SECTION("an orderly stop takes them along") {
        run.engine->stop();
        CHECK(run.listener.wait_for(4).size() == 4);
    }
}

TEST_CASE("engine: batches without events are stored after the delay", "[store]") {
    FaultyFileSystem files;
    FilledStore store;
    Running run(files, small_options());
    run.engine->submit(store.traffic.queues_batch(2));
    const flow::Batch first = store.traffic.batch(4, 100, 0);
    store.traffic.stored(first);
    run.engine->submit(first);
    run.engine->submit(store.traffic.batch(0, 0, 2));
    const auto outcomes = run.listener.wait_for(3);
    CHECK(outcomes[2].ok);
}

TEST_CASE("engine: a full disk refuses events, takes settlements, and goes on when there is space",
          "[store]") {
    FaultyFileSystem files;
    FilledStore store;
    Running run(files, small_options());
    std::size_t count = 0;
    const auto submit = [&](const flow::Batch& batch) {
        run.engine->submit(batch);
        return run.listener.wait_for(++count).back();
    };
    const flow::Batch queues = store.traffic.queues_batch(2);
    REQUIRE(submit(queues).ok);
    store.model.apply(queues);
    files.set_capacity(300U << 10U);
    flow::Outcome last;
    std::size_t accepted = 0;
    for (int i = 0; i < 400; ++i) {
        flow::Batch batch = store.traffic.batch(0, 0, 0);
        batch.events.push_back(store.traffic.event(2000, 1));
        last = submit(batch);
        if (!last.ok) break;
        store.traffic.stored(batch);
        store.model.apply(batch);
        ++accepted;
    }
    REQUIRE_FALSE(last.ok);
    CHECK(last.error.code == Errc::unavailable);
    CHECK(accepted > 20);
    flow::Batch settle = store.traffic.batch(0, 0, 0);
    settle = store.traffic.settle_all();
    settle.transitions.resize(10);
    settle.is_urgent = true;
    const flow::Outcome settled = submit(settle);
    CHECK(settled.ok);
    if (settled.ok) store.model.apply(settle);

    files.set_capacity(UINT64_MAX);
    const auto deadline = std::chrono::steady_clock::now() + 5s;
    bool has_resumed = false;
    while (!has_resumed && std::chrono::steady_clock::now() < deadline) {
        flow::Batch batch = store.traffic.batch(0, 0, 0);
        batch.events.push_back(store.traffic.event(2000, 1));
        has_resumed = submit(batch).ok;
        if (has_resumed) store.model.apply(batch);
        if (!has_resumed) std::this_thread::yield();
    }
    CHECK(has_resumed);
    run.engine->stop();
    auto again = open_store(files);
    REQUIRE(again);
    CHECK(again->shown == store.model.shown());
}

TEST_CASE("engine: without file descriptors events are refused, and it goes on when there are some",
          "[store]") {
    TempFolder folder;
    FilledStore store;
    Running run(host::posix_file_system(), small_options(folder.path + "/store"));
    std::size_t count = 0;
    const auto submit = [&](const flow::Batch& batch) {
        run.engine->submit(batch);
        const flow::Outcome outcome = run.listener.wait_for(++count).back();
        if (outcome.ok) {
            store.traffic.stored(batch);
            store.model.apply(batch);
        }
        return outcome;
    };
    const auto event = [&] {
        flow::Batch batch = store.traffic.batch(0, 0, 0);
        batch.events.push_back(store.traffic.event(2000, 1));
        return batch;
    };
    REQUIRE(submit(store.traffic.queues_batch(2)).ok);
    for (int i = 0; i < 100; ++i)
        REQUIRE(submit(event()).ok);
    flow::Outcome last;
    {
        const NoFiles none;
        for (int i = 0; i < 400; ++i) {
            last = submit(event());
            if (!last.ok) break;
            run.engine->retire(store.traffic.now());
        }
    }
    REQUIRE_FALSE(last.ok);
    CAPTURE(last.error.text);
    REQUIRE(last.error.code == Errc::unavailable);
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    do
        last = submit(event());
    while (!last.ok && std::chrono::steady_clock::now() < deadline);
    CHECK(last.ok);
    run.engine->stop();
    Running again(host::posix_file_system(), small_options(folder.path + "/store"));
    CHECK(again.recovery.was_clean);
    std::vector<std::uint64_t> found, wanted;
    for (const flow::RecoveredEvent& one : again.collector.events)
        found.push_back(one.seq.value);
    for (const auto& [seq, shown] : store.model.shown().events)
        wanted.push_back(seq);
    CHECK(found == wanted);
}

TEST_CASE("engine: a failed sync seals it, and no sync is tried again", "[store]") {
    FaultyFileSystem files;
    FilledStore store;
    Running run(files, small_options());
    run.engine->submit(store.traffic.queues_batch(2));
    const flow::Batch first = store.traffic.batch(4, 100, 0);
    store.model.apply(first);
    run.engine->submit(first);
    run.listener.wait_for(2);
    wait_for_spare(files);
    files.fail_call(Call::sync, 1, Errc::io);
    run.engine->submit(store.traffic.batch(1, 100, 0));
    const flow::Outcome failed = run.listener.wait_for(3).back();
    REQUIRE_FALSE(failed.ok);
    CHECK(failed.error.code == Errc::io);
    CHECK(failed.error.text.find("planned failure of sync store/segment-0000000001.vlog") !=
          std::string::npos);
    const std::uint64_t syncs = files.calls(Call::sync);
    const std::uint64_t writes = files.calls(Call::write);
    run.engine->submit(store.traffic.batch(1, 100, 0));
    CHECK_FALSE(run.listener.wait_for(4).back().ok);
    run.engine->retire(store.traffic.now());
    run.engine->stop();
    CHECK(files.calls(Call::sync) == syncs);
    CHECK(files.calls(Call::write) == writes);
}

TEST_CASE("engine: a store in use is refused to a second engine", "[store]") {
    TempFolder folder;
    Running first(host::posix_file_system(), small_options(folder.path));
    auto second = store::open_journal(host::posix_file_system(), small_options(folder.path));
    REQUIRE(second);
    Collector collector;
    const auto recovered = (*second)->recover(collector);
    REQUIRE_FALSE(recovered);
    CHECK(recovered.error().code == Errc::refused);
}

TEST_CASE("engine: retired segments are used again while traffic goes on", "[store]") {
    TempFolder folder;
    FilledStore store;
    store.traffic.retention = Millis{0};
    Running run(host::posix_file_system(), small_options(folder.path));
    std::size_t count = 1;
    run.engine->submit(store.traffic.queues_batch(2));
    for (int round = 0; round < 40; ++round) {
        for (int i = 0; i < 5; ++i) {
            const flow::Batch batch = store.traffic.batch(4, 3000, 0);
            store.traffic.stored(batch);
            run.engine->submit(batch);
        }
        const flow::Batch settle = store.traffic.settle_all();
        store.traffic.stored(settle);
        run.engine->submit(settle);
        store.traffic.advance(Millis{1000});
        run.engine->retire(store.traffic.now());
        count += 6;
        for (const flow::Outcome& outcome : run.listener.wait_for(count))
            REQUIRE(outcome.ok);
    }
    run.engine->stop();
    std::uintmax_t bytes = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder.path))
        bytes += entry.file_size();
    CHECK(bytes < 20U * (64U << 10U));  // of some 1.2 MB written
}
