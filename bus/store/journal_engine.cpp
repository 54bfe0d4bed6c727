#include "bus/store/journal_engine.hpp"

#include "bus/base/check.hpp"
#include "bus/host/log.hpp"
#include "bus/host/mailbox.hpp"
#include "bus/store/journal.hpp"
#include "bus/store/snapshot_thread.hpp"
#include "bus/store/spare_maker.hpp"

#include <array>
#include <atomic>
#include <functional>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

namespace vera::store {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds for_long{60'000};
constexpr std::size_t readers = 2;

struct Retire {
    Timestamp now;
};
struct Stop {
    bool is_orderly = true;
};
using Job = std::variant<flow::Batch, Retire, Stop, SnapshotStep>;

struct Fetch {
    flow::BodyRef ref;
    std::function<void(Result<Body>)> done;
};

/// Somebody waits for it, or later batches build on it.
bool is_pressing(const flow::Batch& batch) {
    return batch.is_urgent || !batch.events.empty() || !batch.queues.empty();
}

/// A thread that reads bodies which are not in memory.
class Reader {
public:
    void start(const BodyReader& bodies) {
        thread_ = std::jthread([this, &bodies] { run(bodies); });
    }
    void fetch(Fetch what) { wanted_.put(std::move(what)); }
    /// After what is wanted has been fetched.
    void stop() {
        wanted_.close();
        if (thread_.joinable()) thread_.join();
    }

private:
    void run(const BodyReader& bodies) {
        std::vector<Fetch> batch;
        while (wanted_.take(batch, for_long))
            for (Fetch& fetch : batch)
                fetch.done(bodies.fetch(fetch.ref));
    }

    host::Mailbox<Fetch> wanted_;
    std::jthread thread_;
};

class JournalEngine final : public flow::Engine {
public:
    JournalEngine(host::FileSystem& files, StoreOptions options)
        : files_(files),
          options_(std::move(options)),
          spares_(files, options_.path, options_.segment_bytes, options_.recycle),
          snapshots_(files, options_.path, options_.rewrite_bytes_per_second) {}
    ~JournalEngine() override { end(false); }

    Result<flow::Recovery> recover(flow::RecoverySink& sink) override {
        VERA_CHECK(!journal_);
        flow::Recovery recovery;
        JournalOptions journal;
        journal.path = options_.path;
        journal.segment_bytes = options_.segment_bytes;
        journal.max_group_bytes = options_.max_group_bytes;
        journal.ids = {options_.dedup_window, options_.dedup_ids};
        journal.snapshot_bytes = options_.snapshot_bytes;
        journal.snapshot_records = options_.snapshot_records;
        journal.rewrite_every = options_.rewrite_every;
        journal.starts_with_two = true;
        auto opened = Journal::open(files_, std::move(journal), spares_, sink, recovery);
        if (!opened) return fail(opened.error().code, opened.error().text);
        journal_ = *std::move(opened);
        return recovery;
    }

    void start(flow::EngineListener& listener) override {
        VERA_CHECK(journal_ && !committer_.joinable());
        spares_.start();
        snapshots_.start([this](SnapshotStep step) { jobs_.put(std::move(step)); });
        for (Reader& reader : readers_)
            reader.start(journal_->bodies());
        committer_ = std::jthread([this, &listener] { run(listener); });
    }

    void submit(flow::Batch batch) override { jobs_.put(std::move(batch)); }
    void retire(Timestamp now) override { jobs_.put(Retire{now}); }
    std::optional<Result<Body>> fetch_now(const flow::BodyRef& ref) override {
        return journal_->bodies().fetch_now(ref);
    }
    void fetch(const flow::BodyRef& ref, std::function<void(Result<Body>)> done) override {
        readers_[next_reader_.fetch_add(1, std::memory_order_relaxed) % readers].fetch(
            {ref, std::move(done)});
    }
    void stop() override { end(true); }

private:
    void end(bool is_orderly) {
        snapshots_.stop();
        if (committer_.joinable()) {
            jobs_.put(Stop{is_orderly});
            committer_.join();
        }
        for (Reader& reader : readers_)
            reader.stop();
        spares_.stop();
        journal_.reset();
    }

    /// Thread: commit. While one group is being synced the next one gathers in the mailbox.
    void run(flow::EngineListener& listener) {
        const auto report = [&listener](flow::Outcome outcome) {
            listener.on_outcome(std::move(outcome));
        };
        std::vector<Job> jobs;
        while (!stop_) {
            jobs_.take(jobs, wait());
            for (Job& job : jobs)
                std::visit([this](auto& what) { hear(what); }, job);
            if (stop_ && !stop_->is_orderly) return;
            if (!pending_.empty() && (is_pressing_ || stop_ || wait() <= milliseconds{0})) {
                journal_->commit(pending_, report);
                pending_.clear();
                is_pressing_ = false;
                note_seal();
            }
            if (retire_at_) give_back(*std::exchange(retire_at_, std::nullopt));
            if (auto job = journal_->take_job()) snapshots_.give(*std::move(job));
        }
        journal_->close();
        note_seal();
    }

    void hear(flow::Batch& batch) {
        if (pending_.empty()) pending_since_ = steady_clock::now();
        is_pressing_ = is_pressing_ || is_pressing(batch);
        pending_.push_back(std::move(batch));
    }
    void hear(const Retire& retire) { retire_at_ = retire.now; }
    void give_back(Timestamp now) {
        now_ = now;
        journal_->retire(now);
        note_seal();
    }
    void hear(SnapshotStep& step) {
        if (auto* made = std::get_if<Result<SnapshotMade>>(&step)) {
            snapshots_.go_on(journal_->take_snapshot(*made));
        } else if (auto* slice = std::get_if<CarrySlice>(&step)) {
            snapshots_.slice_done(journal_->carry(*slice, now_).has_value());
        } else {
            journal_->end_job(std::get<JobEnded>(step).number);
        }
        note_seal();
    }
    void hear(const Stop& stop) { stop_ = stop; }

    [[nodiscard]] milliseconds wait() const {
        if (pending_.empty()) return for_long;
        const auto waited =
            std::chrono::duration_cast<milliseconds>(steady_clock::now() - pending_since_);
        return options_.settle_delay - waited;
    }

    void note_seal() {
        if (journal_->seal_reason().empty() || std::exchange(is_seal_noted_, true)) return;
        host::log::error("store sealed",
                         {{"store", options_.path}, {"reason", journal_->seal_reason()}});
    }

    host::FileSystem& files_;
    const StoreOptions options_;
    SpareMaker spares_;
    SnapshotThread snapshots_;
    std::unique_ptr<Journal> journal_;
    host::Mailbox<Job> jobs_;
    std::array<Reader, readers> readers_;
    std::atomic<std::size_t> next_reader_{0};

    // The commit thread's.
    std::vector<flow::Batch> pending_;
    bool is_pressing_ = false;
    steady_clock::time_point pending_since_;
    std::optional<Timestamp> retire_at_;
    Timestamp now_;  ///< of the last retire
    std::optional<Stop> stop_;
    bool is_seal_noted_ = false;

    std::jthread committer_;
};

}  // namespace

Result<std::unique_ptr<flow::Engine>> open_journal(host::FileSystem& files, StoreOptions options) {
    if (options.path.empty()) return fail(Errc::bad_input, "the store needs a path");
    if (auto good = check_segment_bytes(options.segment_bytes); !good)
        return fail(good.error().code, good.error().text);
    return std::unique_ptr<flow::Engine>(
        std::make_unique<JournalEngine>(files, std::move(options)));
}

}  // namespace vera::store
