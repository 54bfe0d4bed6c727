#pragma once
// What the core remembers about events, copies, queues and consumers: small plain values that refer
// to each other by slot.
#include "bus/flow/messages.hpp"
#include "bus/flow/slab.hpp"

#include <array>
#include <cstdint>
#include <vector>

namespace vera::flow {

/// An event with copies that are not settled. 64 bytes. Its times have 48 bits, which last until
/// the year 10889, so that there is room for its size.
class Event {
public:
    std::uint64_t seq = 0;
    std::uint64_t leaf = 0;
    BodyRef body;
    std::uint64_t order_key = 0;
    std::uint32_t copies = 0;
    std::uint32_t hot = no_slot;  ///< place in the hot window

    [[nodiscard]] Timestamp accepted() const {
        return Timestamp{static_cast<std::int64_t>(accepted_)};
    }
    [[nodiscard]] Timestamp expiry() const { return Timestamp{static_cast<std::int64_t>(expiry_)}; }
    /// Of the message.
    [[nodiscard]] std::uint32_t bytes() const {
        return static_cast<std::uint32_t>(bytes_high_) << 16U |
               static_cast<std::uint32_t>(bytes_low_);
    }
    /// A time before 1970 becomes the first one after it.
    void set_times(Timestamp accepted, Timestamp expiry) {
        accepted_ = packed(accepted) & last_time;
        expiry_ = packed(expiry) & last_time;
    }
    void set_bytes(std::uint32_t bytes) {
        bytes_low_ = bytes & 0xFFFFU;
        bytes_high_ = static_cast<std::uint16_t>(bytes >> 16U);
    }

private:
    static constexpr std::uint64_t last_time = (std::uint64_t{1} << 48U) - 1;
    static std::uint64_t packed(Timestamp time) {
        if (!time) return 0;
        const auto ms = static_cast<std::uint64_t>(time.ms < 1 ? 1 : time.ms);
        return (ms < last_time ? ms : last_time) & last_time;
    }

    std::uint64_t accepted_ : 48 = 0;
    std::uint64_t bytes_low_ : 16 = 0;
    std::uint64_t expiry_ : 48 = 0;
    std::uint64_t bytes_high_ : 16 = 0;
};
static_assert(sizeof(Event) == 64);

/// Where a copy is within its queue.
enum class Place : std::uint8_t {
    fresh,    ///< behind the queue's `fresh` mark: not looked at yet
    early,    ///< ready, and older than all fresh ones: came back, or its order key has become free
    held,     ///< in a consumer's hands
    delayed,  ///< backing off
    blocked,  ///< behind an older copy of its order key
    scheduled,  ///< not ready before its time: in the schedule, and in no order of the queue yet
};
inline constexpr std::size_t place_count = 6;

/// 56 bytes.
struct Copy {
    std::uint64_t seq = 0;
    std::uint32_t event = no_slot;
    std::uint32_t queue = no_slot;
    std::uint32_t next = no_slot;  ///< copies of the queue, in the order in which they were ready
    std::uint32_t prev = no_slot;
    std::uint32_t key_next =
        no_slot;  ///< ring of the copies of one busy order key; no_slot: not in one
    std::uint32_t held_next = no_slot;  ///< copies in the hands of one consumer
    std::uint32_t held_prev = no_slot;
    std::uint32_t holder = no_slot;  ///< consumer
    std::uint32_t version = 0;
    std::uint32_t attempts = 0;
    std::uint32_t order = 0;  ///< counts up within the queue as copies become ready; goes round
    Place place = Place::fresh;
    bool was_acquired = false;
    bool is_acquisition_stored = false;  ///< or on its way there
    bool was_scheduled = false;          ///< its time is in the shelves' `ready_at_`
};
static_assert(sizeof(Copy) == 56);

struct Consumer {
    LinkId id;
    std::uint32_t queue = no_slot;
    std::uint32_t actor = 0;  ///< who, as numbered by the ledger
    ConsumeMode mode = ConsumeMode::take;
    bool is_presettled = false;
    bool is_draining = false;
    bool is_hungry = false;  ///< takes, has credit: linked into its queue's ring
    std::uint64_t limit = 0;
    std::uint64_t delivered = 0;
    std::uint32_t held_first = no_slot;
    std::uint32_t held_last = no_slot;
    std::uint32_t hungry_next = no_slot;
    std::uint32_t hungry_prev = no_slot;
    std::uint32_t cursor = no_slot;    ///< look: the next copy to show
    std::uint32_t position = no_slot;  ///< in its queue's `consumers`

    [[nodiscard]] bool has_credit() const { return delivered < limit; }
};

/// A queue or a dead-letter queue: they come in pairs, 2n and 2n + 1.
struct Queue {
    struct Early {
        std::uint32_t order = 0;
        std::uint32_t copy = no_slot;
    };

    QueueSpec spec;
    bool is_dead_letter = false;
    bool is_dirty = false;  ///< on the list of those to look after in finish()

    std::uint32_t first = no_slot;
    std::uint32_t last = no_slot;
    std::uint32_t fresh = no_slot;  ///< the oldest copy that is still fresh; all behind it are
    std::vector<Early> early;       ///< min-heap by order
    std::uint32_t next_order = 0;
    std::array<std::uint64_t, place_count> counts{};
    std::uint64_t size = 0;            ///< copies, scheduled ones too
    std::uint64_t bytes = 0;           ///< of their messages
    std::uint64_t arriving = 0;        ///< copies in commits that are not done
    std::uint64_t arriving_bytes = 0;  ///< of their messages

    std::uint32_t hungry_first = no_slot;
    std::uint32_t hungry_last = no_slot;
    std::vector<std::uint32_t> consumers;
    std::vector<std::uint32_t> lookers;
    std::vector<std::uint32_t> draining;

    Timestamp expiry_timer;  ///< when the head's expiry will be looked at; none: no timer is set
    std::uint64_t unstored_acquisitions = 0;  ///< of its copies
    std::uint64_t enqueued = 0, settled = 0, redelivered = 0, expired = 0, limited = 0;

    [[nodiscard]] QueueId id() const { return is_dead_letter ? dead_letter_of(spec.id) : spec.id; }
    [[nodiscard]] std::uint64_t in(Place place) const {
        return counts[static_cast<std::size_t>(place)];
    }
    [[nodiscard]] bool is_paused() const {
        return !is_dead_letter && static_cast<bool>(spec.pause.since);
    }
    /// Copies can leave it for a dead-letter queue. From `$unrouted` and from a dead-letter queue
    /// there is nowhere to go.
    [[nodiscard]] bool has_dead_letters() const {
        return !is_dead_letter && spec.kind != QueueKind::unrouted;
    }
};

}  // namespace vera::flow
