#pragma once
// The journal without threads, but for a start that is to be fast: an append-only log of groups in
// segments, in the order in which they were committed. JournalEngine puts threads around it.
// Format: FORMAT.md.
#include "bus/flow/engine.hpp"
#include "bus/host/file_system.hpp"
#include "bus/store/body_reader.hpp"
#include "bus/store/event_places.hpp"
#include "bus/store/group_writer.hpp"
#include "bus/store/manifest.hpp"
#include "bus/store/recovery_state.hpp"
#include "bus/store/scan.hpp"
#include "bus/store/snapshot.hpp"
#include "bus/store/spares.hpp"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace vera::store {

struct JournalOptions {
    std::string path;  ///< folder of the store; made if absent
    std::uint64_t segment_bytes =
        64U << 20U;  ///< size of a segment: 32 KiB to 1 GiB, a multiple of 4096
    std::uint64_t max_group_bytes =
        16U << 20U;  ///< batches are gathered into one write up to this; a larger batch goes alone
    IdLimits ids;    ///< what dedup needs of the ids
    /// A snapshot is asked for at the end of the segment at which the journal behind the last one
    /// has so many bytes or records. With many copies waiting: a quarter of their number.
    std::uint64_t snapshot_bytes = 1U << 30U;
    std::uint64_t snapshot_records = 250'000;
    Millis rewrite_every{600'000};  ///< how often one is asked for only because a segment is to go
    bool starts_with_two = false;   ///< while it is opened a second thread hands over the ids
};

/// Errors: bad_input, with the range.
[[nodiscard]] Result<void> check_segment_bytes(std::uint64_t bytes);

/// The snapshot job under way, from its asking to its end.
struct JournalJob {
    SnapshotJob ask;
    bool is_taken = false;
    bool has_snapshot = false;
    std::uint64_t record = 0;            // the first one behind the cut, or nearly
    std::vector<std::uint32_t> sources;  // rewritten ones; before the snapshot: possible ones
    /// Copies of events in the sources that have changed since the cut.
    std::unordered_map<CopySeq, flow::RecoveredCopy> changed;
};

/// Thread: one at a time, but bodies(). Sealed after the first failed write or sync: nothing is
/// accepted until it is opened again.
class Journal {
public:
    /// Opens or makes the store, hands over what it holds. Errors: corrupt (file and offset),
    /// refused (in use, unknown version), bad_input (options), unavailable (no space to make the
    /// first segment), io.
    [[nodiscard]] static Result<std::unique_ptr<Journal>> open(host::FileSystem& files,
                                                               JournalOptions options,
                                                               Spares& spares,
                                                               flow::RecoverySink& sink,
                                                               flow::Recovery& recovery);

    /// Makes the batches durable, in order, in as few groups as may be; reports each in order,
    /// before it returns. Outcomes: ok; unavailable (no space for a new segment); io (sealed);
    /// too_large (a batch beyond 2 GiB).
    void commit(std::span<const flow::Batch> batches,
                const std::function<void(flow::Outcome)>& report);
    /// Gives back the oldest segments of which nothing is needed at `now`; begins a new segment if
    /// one is to be rewritten, which needs a snapshot.
    void retire(Timestamp now);

    // Snapshots and rewriting: a job is taken after commit or retire, run elsewhere, and ended
    // here. There is at most one.

    /// The job that was asked for meanwhile.
    [[nodiscard]] std::optional<SnapshotJob> take_job();
    /// Makes the snapshot part of the store. The sources that are to be carried forward by slices,
    /// perhaps none; without any, or with an error, the job has ended.
    [[nodiscard]] std::vector<std::uint32_t> take_snapshot(const Result<SnapshotMade>& made);
    /// Writes the slice's events again, with their copies as they are now. unavailable: no space;
    /// io: sealed. After an error the job has ended, and the source stays as far as it is needed.
    [[nodiscard]] Result<void> carry(const CarrySlice& slice, Timestamp now);
    /// Nothing more comes of the job with this number, if it has not ended yet.
    void end_job(std::uint32_t number);
    /// Marks the end as orderly, unless sealed. After it nothing but the destructor.
    void close();

    [[nodiscard]] BodyReader& bodies() { return bodies_; }
    /// Why nothing is accepted any more; empty while all is well.
    [[nodiscard]] const std::string& seal_reason() const { return seal_reason_; }
    [[nodiscard]] std::size_t live_segments() const { return segments_.size(); }

private:
    struct Segment {
        std::uint32_t number = 0;
        std::uint64_t seed = 0;
        std::uint64_t bytes = 0;
        std::uint64_t chain_before = 0;
        std::uint64_t end = 0;
        std::uint64_t chain = 0;
        std::string path;
        std::shared_ptr<host::File> file;
    };
    using Report = std::function<void(flow::Outcome)>;

    Journal(host::FileSystem& files,
            JournalOptions options,
            Spares& spares,
            std::unique_ptr<host::Lock> lock,
            std::unique_ptr<host::Folder> folder);
    [[nodiscard]] Result<void> create();
    [[nodiscard]] Result<void> recover(flow::RecoverySink& sink, flow::Recovery& recovery);
    /// What was read, and which part of it was of no use.
    struct Reading {
        RecoveryState state;
        Scan scan;
        bool has_snapshot = false;
        std::string snapshot_error;
    };
    [[nodiscard]] Result<void> read(Reading& reading,
                                    const Manifest& manifest,
                                    flow::RecoverySink& sink);
    [[nodiscard]] Result<void> hand_over(const RecoveryState& state,
                                         const RecoveryState::Base& base,
                                         flow::RecoverySink& sink);
    [[nodiscard]] Result<void> take_over(const Scan& scan, const RecoveryState& state);
    [[nodiscard]] Result<void> mend(const Scan& scan);

    [[nodiscard]] std::size_t commit_some(std::span<const flow::Batch> batches,
                                          const Report& report);
    struct Gathered {
        std::size_t batches = 0;
        std::uint64_t record_bytes = 0;
    };
    /// How many of the first batches go into one group of the last segment that ends at `limit`.
    [[nodiscard]] Gathered gather(std::span<const flow::Batch> batches,
                                  std::uint64_t limit,
                                  bool allows_events) const;
    void write_group(std::span<const flow::Batch> batches,
                     std::uint64_t record_bytes,
                     const Report& report);
    void encode_group(std::span<const flow::Batch> batches,
                      std::uint64_t record_bytes,
                      std::vector<flow::Outcome>& outcomes);
    void account(const flow::Batch& batch);
    void note_transition(const flow::Transition& transition);
    [[nodiscard]] SegmentUse* find_use(EventSeq event);
    [[nodiscard]] SegmentUse* use_of(std::uint32_t segment);
    void give_back(Timestamp now);
    void remove_obsolete();
    [[nodiscard]] bool is_rewrite_due(Timestamp now) const;
    void ask_for_snapshot(Timestamp now, bool is_wanted);
    [[nodiscard]] std::vector<std::uint32_t> rewritable(Timestamp now) const;
    [[nodiscard]] Result<void> write_carried(const CarrySlice& slice,
                                             std::vector<CarriedEvent>& events,
                                             Timestamp now);
    void account_carried(const CarrySlice& slice,
                         const std::vector<CarriedEvent>& events,
                         const std::vector<flow::BodyRef>& places,
                         Timestamp now);
    [[nodiscard]] std::vector<CarriedEvent> as_they_are(const CarrySlice& slice,
                                                        Timestamp now) const;
    [[nodiscard]] Result<void> roll(std::uint64_t record_bytes);
    [[nodiscard]] Result<void> store_segment(const Spare& spare,
                                             const Segment& segment,
                                             std::string_view page,
                                             std::string_view group);
    [[nodiscard]] Manifest manifest_now(bool is_clean) const;
    [[nodiscard]] Result<void> write_manifest(const Manifest& manifest);
    void publish();
    void seal(const std::string& reason);
    /// Kept free at the end of a segment of `bytes`, which need not have the configured size.
    [[nodiscard]] std::uint64_t reserve_of(std::uint64_t bytes) const {
        return round_to_page(std::min(options_.segment_bytes, bytes) / 16);
    }
    [[nodiscard]] std::vector<flow::QueueSpec> queue_table() const;

    host::FileSystem& files_;
    JournalOptions options_;
    StoreNames names_;
    Spares& spares_;
    std::unique_ptr<host::Lock> lock_;
    std::unique_ptr<host::Folder> folder_;
    ManifestFile manifest_file_;
    GroupWriter writer_;
    BodyReader bodies_;

    Uuid store_;
    Manifest about_;  // what of the manifest changes seldom; its segments are empty
    std::uint64_t manifest_sequence_ = 0;
    std::uint32_t last_number_ = 0;
    std::deque<Segment> segments_;  // the last one is being written
    std::deque<SegmentUse> uses_;   // of the same segments
    EventPlaces places_;

    std::optional<JournalJob> job_;
    /// Out of segments of which not everything is carried yet, perhaps by jobs that have ended.
    std::map<std::uint32_t, Moves> moves_;
    std::vector<std::string> obsolete_;  // paths of parts of snapshots before
    std::uint64_t tail_bytes_ = 0;       // of closed segments behind the snapshot
    std::uint64_t tail_record_ = 1;      // first record behind the snapshot
    Timestamp next_rewrite_;
    Timestamp now_;  // of the last retire
    std::map<QueueId, flow::QueueSpec> queues_;
    Sequences last_;
    LogPosition position_;
    std::string seal_reason_;
};

}  // namespace vera::store
