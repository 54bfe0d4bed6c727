#pragma once
// The thread that makes snapshots and reads what is to be carried forward. Apart from the one that
// makes spare segments: a roll must never wait for a snapshot.
#include "bus/host/file_system.hpp"
#include "bus/host/mailbox.hpp"
#include "bus/store/manifest.hpp"
#include "bus/store/snapshot.hpp"

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <thread>
#include <variant>
#include <vector>

namespace vera::store {

/// What it hands to the committing thread: a snapshot, slices one at a time, the end.
struct JobEnded {
    std::uint32_t number = 0;
};
using SnapshotStep = std::variant<Result<SnapshotMade>, CarrySlice, JobEnded>;

/// Thread: the committing one calls. `post` is called from the thread itself and must not block.
class SnapshotThread {
public:
    using Post = std::function<void(SnapshotStep)>;

    /// `carry_bytes_per_second`: how fast old segments are rewritten, at most.
    SnapshotThread(host::FileSystem& files,
                   std::string folder,
                   std::uint64_t carry_bytes_per_second)
        : files_(files),
          names_{std::move(folder)},
          bytes_per_second_(carry_bytes_per_second) {}
    ~SnapshotThread() { stop(); }

    void start(Post post);
    void give(SnapshotJob job) { jobs_.put(std::move(job)); }
    /// The snapshot was taken: these sources are to be carried forward.
    void go_on(std::vector<std::uint32_t> sources) { answers_.put({true, std::move(sources)}); }
    /// The slice was carried, or not: then the job has ended.
    void slice_done(bool is_good) { answers_.put({is_good, {}}); }
    /// Gives up what it is at. Idempotent.
    void stop();

private:
    struct Answer {
        bool is_good = false;
        std::vector<std::uint32_t> sources;
    };
    void run(const std::stop_token& stop, const Post& post);
    void do_job(const SnapshotJob& job, const std::stop_token& stop, const Post& post);
    [[nodiscard]] bool carry(const SnapshotJob& job,
                             std::uint32_t source,
                             const std::vector<flow::RecoveredEvent>& waiting,
                             const Post& post);
    /// false: stopped, or the answer is no.
    [[nodiscard]] bool hear(Answer& answer);

    host::FileSystem& files_;
    const StoreNames names_;
    const std::uint64_t bytes_per_second_;
    host::Mailbox<SnapshotJob> jobs_;
    host::Mailbox<Answer> answers_;
    std::jthread thread_;
};

}  // namespace vera::store
