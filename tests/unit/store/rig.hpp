#pragma once
// What the store's tests share: batches to store, the state that a store shows from outside, and a
// journal over files in memory.
#include "bus/flow/engine.hpp"
#include "bus/store/journal.hpp"
#include "tests/support/faulty_file_system.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace vera::test {

inline const std::string store_path = "store";

/// One copy as recovery tells it.
struct CopyShown {
    QueueId queue;
    flow::CopyState state = flow::CopyState::waiting;
    std::uint32_t version = 0, attempts = 0;
    Timestamp due, ready_at, died;
    std::string reason, error;
    bool was_acquired = false;
    friend bool operator==(const CopyShown&, const CopyShown&) = default;
};

/// One event with copies as recovery tells it, with the message fetched.
struct EventShown {
    LeafIndex leaf;
    Timestamp accepted, expiry;
    std::uint64_t order_key = 0;
    std::string unrouted_reason;
    std::string message;
    std::map<std::uint64_t, CopyShown> copies;
    friend bool operator==(const EventShown&, const EventShown&) = default;
};

/// Everything that a store shows from outside.
struct Shown {
    std::map<std::uint32_t, std::string> queues;  ///< name and the rest of the spec as text
    std::map<std::uint64_t, EventShown> events;
    std::map<std::uint64_t, std::pair<std::uint64_t, Timestamp>> ids;
    friend bool operator==(const Shown&, const Shown&) = default;
};

class Collector final : public flow::RecoverySink {
public:
    void on_queue(flow::QueueSpec queue) override;
    void on_ids(std::span<const flow::RecoveredId> some) override;
    void on_event(const flow::RecoveredEvent& event) override;
    void start_over() override;
    std::vector<flow::QueueSpec> queues;
    std::vector<flow::RecoveredId> ids;
    std::vector<flow::RecoveredEvent> events;
};

[[nodiscard]] std::string to_text(const flow::QueueSpec& queue);
[[nodiscard]] flow::QueueSpec make_queue(std::uint32_t id, const std::string& name);

/// What should be there: batches are applied when they are accepted.
class Model {
public:
    void apply(const flow::Batch& batch);
    [[nodiscard]] const Shown& shown() const { return shown_; }
    /// Ids of events that may be gone (retention passed at `now`) are left out.
    [[nodiscard]] static Shown without_retired(Shown shown,
                                               const std::map<std::uint64_t, Timestamp>& retain,
                                               Timestamp now);
    /// By id.
    [[nodiscard]] const std::map<std::uint64_t, Timestamp>& retain() const { return retain_; }
    [[nodiscard]] std::uint64_t last_event() const { return last_event_; }
    [[nodiscard]] std::uint64_t events() const { return events_; }
    [[nodiscard]] std::uint64_t leaves() const { return leaves_; }

private:
    Shown shown_;
    std::map<std::uint64_t, Timestamp> retain_;
    std::uint64_t last_event_ = 0, events_ = 0, leaves_ = 0;
};

/// Makes batches as the core would: sequences rise, transitions are of copies that are there.
class Traffic {
public:
    explicit Traffic(std::uint64_t seed) : random_(seed) {}
    [[nodiscard]] flow::Batch queues_batch(std::uint32_t count);
    [[nodiscard]] flow::EventCommit event(std::size_t message_bytes, std::uint32_t copies);
    [[nodiscard]] flow::Batch batch(std::size_t events,
                                    std::size_t most_message_bytes,
                                    std::size_t transitions);
    /// Settles everything that waits or is dead.
    [[nodiscard]] flow::Batch settle_all();
    /// All but about every tenth.
    [[nodiscard]] flow::Batch settle_most();
    /// The batch was not stored: its transitions may come again.
    void take_back(const flow::Batch& batch);
    void stored(const flow::Batch& batch);
    std::mt19937_64& random() { return random_; }
    void advance(Millis by) { now_ = now_ + by; }
    [[nodiscard]] Timestamp now() const { return now_; }
    Millis retention{3'600'000};

private:
    struct Copy {
        EventSeq event;
        QueueId queue;
        std::uint32_t version = 0, attempts = 0;
    };
    [[nodiscard]] flow::Transition transition_of(std::uint64_t copy, bool settles);

    std::mt19937_64 random_;
    std::map<std::uint64_t, Copy> copies_;  // stored, not settled
    std::uint64_t ticket_ = 0, event_ = 0, copy_ = 0, leaf_ = 0;
    std::uint32_t queues_ = 0;
    Timestamp now_{1'795'000'000'000};
};

struct Opened {
    std::unique_ptr<store::SyncSpares> spares;
    std::unique_ptr<store::Journal> journal;
    flow::Recovery recovery;
    Shown shown;
    std::map<std::uint64_t, flow::BodyRef> bodies;  ///< by event
};

/// Opens the store and reads everything that it hands over.
[[nodiscard]] Result<Opened> open_store(host::FileSystem& files,
                                        std::uint64_t segment_bytes = 64U << 10U,
                                        std::uint64_t max_group_bytes = 16U << 20U,
                                        std::uint32_t recycle = 2);

[[nodiscard]] Result<Opened> open_store(host::FileSystem& files,
                                        const store::JournalOptions& options,
                                        std::uint32_t recycle = 2);
/// Options of a journal that makes a snapshot at the end of nearly every segment, and rewrites
/// whenever that helps.
[[nodiscard]] store::JournalOptions busy_options(std::uint64_t segment_bytes = 32U << 10U);

/// Does the job that the journal has asked for, if any, as the snapshot thread does; `between` is
/// called when other things may happen: after the snapshot was made, and after each slice. Empty,
/// or why it was not done.
[[nodiscard]] std::string do_job(
    host::FileSystem& files,
    store::Journal& journal,
    Timestamp now,
    const std::function<void()>& between = [] {},
    std::uint64_t slice_bytes = 8192);

/// Commits and gives the outcomes.
[[nodiscard]] std::vector<flow::Outcome> commit(store::Journal& journal,
                                                const std::vector<flow::Batch>& batches);

}  // namespace vera::test
