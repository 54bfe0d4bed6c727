#pragma once
// Drives a BusCore by hand: inputs in, effects out, and an engine that is the test itself.
#include "bus/flow/bus_core.hpp"
#include "tests/support/memory_store.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace vera::flow::test {

QueueSpec queue_spec(std::uint32_t id, std::string name, QueueKind kind = QueueKind::subscription);

/// Queue 1, "sub/a": waits 1 s, then 5 s, and lets a copy die after three attempts.
QueueSpec patient_queue();
inline constexpr std::uint32_t dead_queue = 1 | dead_letter_bit;

using Copies = std::vector<std::uint64_t>;
/// What this consumer was given in this step.
Copies copies_of(const Effects& out, std::uint64_t link);

/// A message for a set of queues, as if admitted.
struct Letter {
    std::uint64_t delivery = 0;
    std::vector<std::uint32_t> queues{1};
    std::uint64_t key = 0;
    std::uint64_t id = 0;  ///< 0: plain, no dedup
    std::string bytes = "x";
    Timestamp expiry{};
    std::string unrouted_reason{};
    Timestamp ready_at{};
    Timestamp virkning{};
};

class CoreDriver {
public:
    static constexpr LinkId publisher{77};

    explicit CoreDriver(std::vector<QueueSpec> queues,
                        CoreOptions options = {.hot_bytes = 1U << 20U, .admit = nullptr});
    /// Recovers from the store first. The commit of new queues is left to the test.
    CoreDriver(std::vector<QueueSpec> queues, MemoryStore& store, Timestamp time);

    /// One step with these inputs: on() each, finish(). The effects are in `out` till the next
    /// step; a commit waits in `commits`.
    Effects& step(std::vector<Input> inputs = {});
    /// The outcome of the oldest commit that has none yet.
    Effects& conclude(bool ok = true, Errc code = Errc::unavailable);
    /// The same with references of the caller's.
    Effects& conclude_with(bool ok, std::vector<BodyRef> bodies, Errc code = Errc::unavailable);
    /// Steps and concludes until there is nothing more to commit; collects deliveries and accepts.
    Effects& run(std::vector<Input> inputs = {});

    [[nodiscard]] Published publish(const Letter& letter) const;
    [[nodiscard]] static ConsumerOpened open(std::uint64_t link,
                                             std::uint32_t queue,
                                             ConsumeMode mode = ConsumeMode::take,
                                             bool is_presettled = false);
    [[nodiscard]] static Credit credit(std::uint64_t link,
                                       std::uint64_t limit,
                                       bool is_draining = false);
    [[nodiscard]] static Settled settle(std::uint64_t link,
                                        CopySeq copy,
                                        ConsumerOutcome outcome = ConsumerOutcome::accepted,
                                        bool wants_durable = false);
    [[nodiscard]] static ConsumerClosed close(std::uint64_t link, bool counts_as_failure = true);
    [[nodiscard]] Reloaded reload(std::vector<QueueSpec> queues);
    [[nodiscard]] Counts counts();
    [[nodiscard]] ScheduleList schedule(AskSchedule what = {});
    [[nodiscard]] QueueCounts counts(std::uint32_t queue);

    /// Limits of every snapshot made here.
    static constexpr Millis dedup_window{86'400'000};
    static constexpr std::uint64_t dedup_ids = 100'000;

    BusCore core;
    std::shared_ptr<Snapshot> snapshot;
    Timestamp now{1'000'000};
    Effects out;
    std::vector<Batch> commits;  ///< submitted, oldest first, without an outcome yet
    std::uint64_t last_ticket = 0;
    std::uint64_t next_body = 1;

private:
    void take_commit();
};

}  // namespace vera::flow::test
