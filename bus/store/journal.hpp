#pragma once
// The journal without threads: an append-only log of groups in segments, in the order in which they
// were committed. JournalEngine puts threads around it. Format: FORMAT.md.
#include "bus/flow/engine.hpp"
#include "bus/host/file_system.hpp"
#include "bus/store/body_reader.hpp"
#include "bus/store/group_writer.hpp"
#include "bus/store/manifest.hpp"
#include "bus/store/recovery_state.hpp"
#include "bus/store/scan.hpp"
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
#include <vector>

namespace vera::store {

struct JournalOptions {
    std::string path;  ///< folder of the store; made if absent
    std::uint64_t segment_bytes =
        64U << 20U;  ///< size of a segment: 32 KiB to 1 GiB, a multiple of 4096
    std::uint64_t max_group_bytes =
        16U << 20U;  ///< batches are gathered into one write up to this; a larger batch goes alone
};

/// Errors: bad_input, with the range.
[[nodiscard]] Result<void> check_segment_bytes(std::uint64_t bytes);

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
    /// Gives back the oldest segments of which nothing is needed at `now`.
    void retire(Timestamp now);
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
    std::uint64_t hash_seed_ = 0;
    std::uint64_t manifest_sequence_ = 0;
    std::uint32_t last_number_ = 0;
    std::deque<Segment> segments_;  // the last one is being written
    std::deque<SegmentUse> uses_;   // of the same segments
    std::map<QueueId, flow::QueueSpec> queues_;
    Sequences last_;
    LogPosition position_;
    std::string seal_reason_;
};

}  // namespace vera::store
