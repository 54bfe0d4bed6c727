#pragma once
// What a store's records add up to, read in order: queues, events, copies in their latest state,
// and what keeps each segment. The journal is read from its first segment, or from where a snapshot
// ends; then the snapshot's events are the base. Memory only.
#include "bus/flow/engine.hpp"
#include "bus/store/codec.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
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
    std::uint64_t live_copies = 0;  ///< not settled
    Timestamp retain_until;         ///< latest of its events
    Timestamp overdue_at;  ///< from then on it may hold payload that should be gone; none: it holds
                           ///< nothing with a clock of its own
};

/// When a segment with the event should have been looked at for payload that is to go. An event
/// without retention of its own (accepted = retain_until) goes with its segment: none.
[[nodiscard]] Timestamp overdue_at(Timestamp accepted, Timestamp retain_until, Timestamp carried);
/// Takes the event into account.
void note_event(SegmentUse& use, const EventView& event, Timestamp carried);

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

/// Which ids matter: those accepted within the window before the last stamp, the newest so many.
struct IdLimits {
    Millis window = Millis::max();
    std::uint64_t count = std::numeric_limits<std::uint64_t>::max();
};

/// Records in the order of the log; only of whole groups. Lives for one recovery, snapshot or
/// check.
class RecoveryState {
public:
    /// The next event of the base, ascending, into the argument; false: there is none.
    using Base = std::function<Result<bool>(flow::RecoveredEvent&)>;
    using Visit = std::function<void(const flow::RecoveredEvent&)>;

    explicit RecoveryState(IdLimits ids = {}) : id_limits_(ids) {}

    /// The events of what was read before come from a snapshot.
    void stand_on(Generation last_generation);
    /// The records that follow are of this segment.
    void on_segment(std::uint32_t number);
    /// A segment that is not read: what the manifest knows of it.
    void on_known_segment(const SegmentUse& use) { segments_.push_back(use); }
    /// The text says what is wrong with a record whose checksum holds.
    [[nodiscard]] std::optional<std::string> on_record(std::string_view record,
                                                       std::uint64_t offset);
    void on_stamp(Timestamp stamp);
    /// After the last record.
    void finish();

    [[nodiscard]] const std::map<QueueId, flow::QueueSpec>& queues() const { return queues_; }
    [[nodiscard]] const Sequences& last() const { return last_; }
    /// Highest of the events.
    [[nodiscard]] Generation last_generation() const { return last_generation_; }
    /// Records of each kind that were read; carried ones of events whose first record is gone count
    /// as events.
    [[nodiscard]] std::uint64_t events() const { return events_.size() + moved_.size(); }
    [[nodiscard]] std::uint64_t transitions() const { return transitions_; }
    [[nodiscard]] std::uint64_t leaves() const { return leaves_; }
    [[nodiscard]] const std::deque<flow::RecoveredId>& ids() const { return ids_; }
    /// Per segment, ascending; live_copies are each_event's to count.
    [[nodiscard]] const std::vector<SegmentUse>& segments() const { return segments_; }

    /// Every event with copies that are not settled, ascending; an object that is used again.
    /// Errors: those of `base`, which may be empty.
    [[nodiscard]] Result<void> each_event(const Base& base, const Visit& visit) const;

private:
    struct Event {
        EventSeq seq;
        LeafIndex leaf;
        Timestamp accepted, expiry;
        std::uint64_t order_key;
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
        bool was_acquired = false;
    };
    struct Death {
        Timestamp at;
        std::string reason, error;
    };
    /// A transition of a copy whose event was not read.
    struct Change {
        EventSeq event;
        Copy copy;
    };
    struct Moved {
        Event event;
        std::vector<flow::RecoveredCopy> copies;
        std::string unrouted_reason;
    };
    [[nodiscard]] std::optional<std::string> add(const EventView& event,
                                                 std::uint64_t offset,
                                                 std::uint32_t length);
    [[nodiscard]] std::optional<std::string> add(CarriedView carried,
                                                 std::uint64_t offset,
                                                 std::uint32_t length);
    void apply(const TransitionView& transition);
    void apply(ConfigView config);
    void apply(
        Copy& to, const Copy& from, Timestamp at, std::string_view reason, std::string_view error);
    [[nodiscard]] Event* find(EventSeq seq);
    [[nodiscard]] Event as_event(const EventView& event,
                                 std::uint64_t offset,
                                 std::uint32_t length) const;
    void note_id(const EventView& event);
    void keep_death(CopySeq copy, Timestamp at, std::string_view reason, std::string_view error);
    void spell_out(const Event& event, flow::RecoveredEvent& out) const;
    void spell_out(const Copy& copy, flow::RecoveredCopy& out) const;
    void fill(const Event& event, flow::RecoveredEvent& out) const;
    void change(flow::RecoveredEvent& event, std::vector<Change>::const_iterator& at) const;

    IdLimits id_limits_;
    bool has_base_ = false;
    std::map<QueueId, flow::QueueSpec> queues_;
    std::deque<Event> events_;                                   // ascending by seq
    std::deque<Copy> copies_;                                    // of the events, in their order
    std::vector<Moved> moved_;                                   // ascending by seq, once finished
    std::vector<Change> changes_;                                // by event and copy, then
    std::deque<flow::RecoveredId> ids_;                          // in the order of acceptance
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
