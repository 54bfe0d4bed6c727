#pragma once
// What a store's records add up to, read in order: queues, events, copies in their latest state,
// and how much of each segment is still needed. Memory only.
#include "bus/flow/engine.hpp"
#include "bus/store/codec.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace vera::store {

/// What keeps a segment: kept by the journal for each live segment, a few bytes whatever the number
/// of copies.
struct SegmentUse {
    std::uint32_t number = 0;
    std::uint64_t first_event =
        0;  ///< every event of the segment is at or behind this, of earlier ones before it
    std::uint64_t live_copies = 0;  ///< not settled
    Timestamp retain_until;         ///< latest of its events
};

/// The use of the segment that holds `event`; null: an event older than all segments.
[[nodiscard]] SegmentUse* find_use(std::deque<SegmentUse>& uses, EventSeq event);

struct QueueTally {
    std::uint64_t waiting = 0;
    std::uint64_t dead = 0;
};

struct Sequences {
    EventSeq event;
    CopySeq copy;
    LeafIndex leaf;
    Timestamp stamp;
};

/// Records in the order of the log; only of whole groups. Lives for one recovery or check.
class RecoveryState {
public:
    void on_segment(std::uint32_t number);
    /// The text says what is wrong with a record whose checksum holds.
    [[nodiscard]] std::optional<std::string> on_record(std::string_view record,
                                                       std::uint64_t offset);
    void on_stamp(Timestamp stamp);

    [[nodiscard]] const std::map<QueueId, flow::QueueSpec>& queues() const { return queues_; }
    [[nodiscard]] const Sequences& last() const { return last_; }
    /// Highest of the events.
    [[nodiscard]] Generation last_generation() const { return last_generation_; }
    [[nodiscard]] std::uint64_t events() const { return events_.size(); }
    [[nodiscard]] std::uint64_t transitions() const { return transitions_; }
    [[nodiscard]] std::uint64_t leaves() const { return leaves_; }

    /// Copies that are not settled, by queue.
    [[nodiscard]] std::map<QueueId, QueueTally> tally() const;
    /// Per segment in ascending order; to be asked after the last record.
    [[nodiscard]] std::deque<SegmentUse> uses() const;
    /// Queues, then events ascending; events without copies only if dedup needs them, and then
    /// without the reason why they were unrouted.
    void hand_over(flow::RecoverySink& sink) const;

private:
    struct Event {
        EventSeq seq;
        LeafIndex leaf;
        Timestamp accepted, expiry, retain_until;
        std::uint64_t order_key, id_hash, bytes_hash;
        flow::BodyRef body;
        std::uint64_t first_copy;
        std::uint32_t copy_count;
        std::uint32_t message_bytes;
    };
    struct Copy {
        CopySeq seq;
        Timestamp due;
        QueueId queue;
        std::uint32_t version = 0;
        std::uint32_t attempts = 0;
        flow::CopyState state = flow::CopyState::waiting;
    };
    struct Death {
        Timestamp at;
        std::string reason, error;
    };
    std::optional<std::string> add(const EventView& event,
                                   std::uint64_t offset,
                                   std::uint32_t length);
    void apply(const TransitionView& transition);
    void apply(ConfigView config);

    std::map<QueueId, flow::QueueSpec> queues_;
    std::deque<Event> events_;                                   // ascending by seq
    std::deque<Copy> copies_;                                    // of the events, in their order
    std::unordered_set<std::string> reasons_;                    // few, shared by many events
    std::unordered_map<EventSeq, const std::string*> unrouted_;  // in reasons_
    std::unordered_map<CopySeq, Death> deaths_;
    std::unordered_map<CopySeq, Timestamp> scheduled_;  // ready at
    std::vector<SegmentUse> segments_;
    Sequences last_;
    Generation last_generation_;
    std::uint64_t transitions_ = 0;
    std::uint64_t leaves_ = 0;
};

}  // namespace vera::store
