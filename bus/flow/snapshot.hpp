#pragma once
// One configuration generation as the flow sees it: an immutable value that admit() works on. Built
// by ops from the configuration.
#include "bus/base/ids.hpp"
#include "bus/base/time.hpp"
#include "bus/base/uuid.hpp"
#include "bus/event/catalogue.hpp"
#include "bus/route/routing_table.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace vera::flow {

struct Outgoing;

enum class QueueKind : std::uint8_t {
    subscription,  ///< "sub/<name>": copies of matching events; has a dead-letter queue
                   ///< "sub/<name>/$deadletter"
    plain,  ///< "queue/<name>": opaque FIFO; has a dead-letter queue "queue/<name>/$deadletter" too
    unrouted,  ///< "$unrouted": events that no subscription matched, for operators, for
               ///< Limits::unrouted_retention
    inbox,     ///< "inbox/<system>": messages to that system, which alone may consume them; has a
               ///< dead-letter queue "inbox/<system>/$deadletter" too
};

/// What the address of an inbox begins with; the system's name follows.
inline constexpr std::string_view inbox_prefix = "inbox/";

/// When and how often a copy is tried again after modified(delivery-failed) or a consumer's death.
struct RetryPolicy {
    std::vector<Millis> backoff{Millis{1000},
                                Millis{5000},
                                Millis{30000},
                                Millis{300000}};  ///< wait before attempt 2, 3, …; the last repeats
    std::uint32_t max_attempts = 10;  ///< failed attempts after which a copy is dead-lettered
    friend bool operator==(const RetryPolicy&, const RetryPolicy&) = default;
};

/// What becomes of a copy that comes to a full queue.
enum class Overflow : std::uint8_t {
    dead_letter,  ///< it is dead-lettered with reason "limit"
    refuse,       ///< its event is refused to the publisher, for all queues
    drop_oldest,  ///< the oldest ones that are ready and in nobody's hands are dead-lettered with
                  ///< reason "limit" until it fits
};

/// When a queue is full: as soon as one of them is reached. 0 = no limit.
struct QueueLimits {
    std::uint64_t count = 0;  ///< copies that are not dead, whatever their state
    std::uint64_t bytes = 0;  ///< of their messages
    Millis age{0};            ///< since the oldest of them was accepted
    Overflow overflow = Overflow::dead_letter;
    [[nodiscard]] bool is_none() const { return count == 0 && bytes == 0 && age.count() == 0; }
    friend bool operator==(const QueueLimits&, const QueueLimits&) = default;
};

/// When the copies of a subscription become ready.
enum class DeliverAt : std::uint8_t {
    once,      ///< when they are stored
    virkning,  ///< when the registration that the event tells about takes effect
};

/// An operator's word: the queue takes copies and delivers none. The core's to keep; it is stored
/// with the queue, and no configuration has it.
struct Pause {
    Timestamp since;  ///< none: not paused
    std::string actor, reason;
    friend bool operator==(const Pause&, const Pause&) = default;
};

struct QueueSpec {
    QueueId id;
    Uuid uuid;  ///< identity across renames
    std::string
        name;  ///< the address it is consumed from: "sub/x", "queue/y", "inbox/z", "$unrouted"
    QueueKind kind = QueueKind::subscription;
    RetryPolicy retry;
    bool allows_presettled = false;
    bool is_deleted = false;  ///< takes nothing new, drains
    QueueLimits limits;
    Millis ttl{0};  ///< a copy that has been ready for so long expires; 0 = never
    DeliverAt deliver_at = DeliverAt::once;
    std::vector<std::string> accepts;  ///< an inbox: the types of the kuverts that it takes, see
                                       ///< route::covers; empty: any message, which nobody reads
    Pause pause;
    friend bool operator==(const QueueSpec&, const QueueSpec&) = default;
};

struct Limits {
    std::uint64_t max_event_bytes = 1U << 20U;     ///< whole message, target `events`
    std::uint64_t max_message_bytes = 16U << 20U;  ///< whole message, target `queue/<name>` or
                                                   ///< `inbox/<system>`
    Millis dedup_window{86'400'000};
    std::uint64_t dedup_ids = 20'000'000;
    Millis retention{30LL * 86'400'000};  ///< of events after acceptance; never before every copy
                                          ///< is settled
    Millis sensitive_retention{7LL * 86'400'000};  ///< the same for events of foelsomhed 3 and 4,
                                                   ///< if it is shorter
    Millis unrouted_retention{30LL * 86'400'000};  ///< after it a copy in `$unrouted` is settled
    Millis longest_schedule{366LL * 86'400'000};   ///< a publisher may ask for so much, no more
};

struct Snapshot {
    Generation generation;
    std::shared_ptr<const event::Catalogue> catalogue;
    std::shared_ptr<const route::RoutingTable> routes;
    std::vector<QueueSpec> queues;  ///< all, ascending by id; the deleted ones too
    std::unordered_map<std::string, std::size_t>
        by_address;                    ///< index into `queues`; not the deleted ones
    std::vector<QueueId> at_virkning;  ///< queues that deliver at the virkning, ascending
    /// Who gets addresses that a person's address protection covers: these systems, from these
    /// subscriptions. Both ascending.
    std::vector<std::string> systems_with_protected_addresses;
    std::vector<QueueId> queues_with_protected_addresses;
    /// What the copies of these queues become on their way out, ascending; others go as they came.
    std::vector<std::pair<QueueId, std::shared_ptr<const Outgoing>>> outgoing;
    QueueId unrouted;
    Limits limits;
    std::uint64_t hash_seed = 0;  ///< secret of this store: key of order, id and byte hashes

    [[nodiscard]] const QueueSpec* find(std::string_view address) const {
        const auto at = by_address.find(std::string(address));
        return at == by_address.end() ? nullptr : &queues[at->second];
    }
    /// Of a queue or its dead-letter queue; nullptr: its copies go as they came.
    [[nodiscard]] const Outgoing* outgoing_of(QueueId id) const {
        const auto at =
            std::ranges::lower_bound(outgoing,
                                     main_queue_of(id),
                                     {},
                                     &std::pair<QueueId, std::shared_ptr<const Outgoing>>::first);
        return at == outgoing.end() || at->first != main_queue_of(id) ? nullptr : at->second.get();
    }
    [[nodiscard]] const QueueSpec* find(QueueId id) const {
        const auto at = std::ranges::lower_bound(queues, main_queue_of(id), {}, &QueueSpec::id);
        return at == queues.end() || at->id != main_queue_of(id) ? nullptr : &*at;
    }
};

}  // namespace vera::flow
