#pragma once
// Strong identifiers. A value of one kind never passes for another; 0 is "none" everywhere.
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace vera {

template <class Tag, class Int = std::uint64_t>
struct Id {
    Int value = 0;

    explicit operator bool() const noexcept { return value != 0; }
    friend auto operator<=>(const Id&, const Id&) = default;
};

/// Position of an event in the order of acceptance; rises by one per accepted event of a store,
/// never reused.
using EventSeq = Id<struct EventSeqTag>;
/// One copy of an event in one queue. Rises with commit order; never reused. A copy keeps it when
/// it is dead-lettered.
using CopySeq = Id<struct CopySeqTag>;
/// Index of a leaf in the audit log; the commit assigns it. Leaves are numbered from 1 (0 is
/// "none").
using LeafIndex = Id<struct LeafIndexTag>;
/// A queue of this store. The high bit marks the dead-letter queue of the queue with the other bits
/// (see dead_letter_of).
using QueueId = Id<struct QueueIdTag, std::uint32_t>;
/// A link (publisher or consumer) of the front door: I/O thread (8 bits) | connection (32) | link
/// (24). Never reused while the process lives, so a token of a closed link is merely unknown.
using LinkId = Id<struct LinkIdTag>;
/// A configuration generation, counted up from 1 by each applied (re)load.
using Generation = Id<struct GenerationTag>;

constexpr std::uint32_t dead_letter_bit = 0x80000000U;
constexpr QueueId dead_letter_of(QueueId queue) noexcept {
    return QueueId{queue.value | dead_letter_bit};
}
constexpr QueueId main_queue_of(QueueId queue) noexcept {
    return QueueId{queue.value & ~dead_letter_bit};
}
constexpr bool is_dead_letter(QueueId queue) noexcept {
    return (queue.value & dead_letter_bit) != 0;
}

}  // namespace vera

template <class Tag, class Int>
struct std::hash<vera::Id<Tag, Int>> {
    std::size_t operator()(const vera::Id<Tag, Int>& id) const noexcept {
        return std::hash<Int>{}(id.value);
    }
};
