#pragma once
// What goes into the core and what comes out of it: values and integer tokens only.
#include "bus/base/refusal.hpp"
#include "bus/flow/engine.hpp"
#include "bus/flow/plan.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace vera::flow {

/// A publisher's delivery, as the inlet knows it.
struct DeliveryRef {
    LinkId link;
    std::uint64_t delivery = 0;  ///< the inlet's own number
};

// ---- inputs
// ------------------------------------------------------------------------------------------------------------

/// A delivery that admit() let through. `raw` is kept for a second admit if the generation has
/// changed meanwhile.
struct Published {
    DeliveryRef from;
    event::RawEvent raw;
    Plan plan;
    bool is_plain = false;  ///< target queue/<name> or inbox/<system>: plan.queues has that one
};

enum class ConsumeMode : std::uint8_t {
    take,  ///< distribution-mode move: each copy to one consumer
    look,  ///< distribution-mode copy: looks at all copies in the queue in order, whatever their
           ///< state, and takes none
};

struct ConsumerOpened {
    LinkId consumer;
    QueueId queue;  ///< with dead_letter_bit for …/$deadletter
    ConsumeMode mode = ConsumeMode::take;
    bool is_presettled = false;  ///< its copies are sent settled: once one is really sent, the
                                 ///< outlet posts Settled{accepted} for it
    std::string system;          ///< who
};

/// The consumer's link state after a flow: it may have been sent `limit` deliveries in all since it
/// opened (delivery-count + credit).
struct Credit {
    LinkId consumer;
    std::uint64_t limit = 0;
    bool is_draining = false;  ///< answer with Drained once nothing more can be delivered now
};

enum class ConsumerOutcome : std::uint8_t { accepted, released, failed, rejected };
// released: back, no count. failed = modified(delivery-failed): back with backoff. rejected,
// modified(undeliverable-here): dead letter now.

struct Settled {
    LinkId consumer;
    CopySeq copy;
    ConsumerOutcome outcome = ConsumerOutcome::accepted;
    std::string reason;  ///< rejected: "rejected" or "undeliverable"
    std::string error;   ///< "condition: description" as given by the consumer
    bool wants_durable =
        false;  ///< receiver-settle-mode second: answer with SettleDurable after the sync
};

/// The link, its session or its connection is gone: what it held goes back; attempts + 1 for what
/// was sent and not settled. What a presettled consumer holds was not sent: it never counts.
struct ConsumerClosed {
    LinkId consumer;
    bool counts_as_failure = true;  ///< false for an orderly detach
};

struct PublisherClosed {
    LinkId publisher;
};

/// A new configuration generation.
struct Reloaded {
    std::shared_ptr<const Snapshot> snapshot;
};

/// Time has passed: the shell sends one at or after Effects::wake_at.
struct Tick {};

/// The run ends in order: nothing is delivered any more. What the store does not know of the copies
/// and should is told to it; behind this come outcomes and ticks alone.
struct Stopping {};

struct AskCounts {};

/// The scheduled copies, earliest first.
struct AskSchedule {
    QueueId queue;         ///< none: all queues
    CopySeq copy;          ///< none: all copies
    std::size_t skip = 0;  ///< so many of the earliest
    std::size_t most = 100;
};

/// Scheduled copies that shall never become ready: one, or all of one event.
struct Cancel {
    CopySeq copy;
    EventSeq event;  ///< if no copy is given
    std::string actor, reason;
};

struct SetPause {
    QueueId queue;
    bool is_paused = true;
    std::string actor, reason;
};

/// An operator asks or orders; the Answer has the same token. What is ordered is answered when it
/// is durable.
struct Ask {
    std::uint64_t token = 0;
    std::variant<AskCounts, AskSchedule, Cancel, SetPause> what{};
};

using Input = std::variant<Published,
                           ConsumerOpened,
                           Credit,
                           Settled,
                           ConsumerClosed,
                           PublisherClosed,
                           Reloaded,
                           Tick,
                           Stopping,
                           Ask,
                           Outcome>;

// ---- effects
// -----------------------------------------------------------------------------------------------------------

struct Accept {
    DeliveryRef to;
    bool is_duplicate = false;
};

/// condition `unavailable`: outcome released; everything else: rejected.
struct Refuse {
    DeliveryRef to;
    Refusal why;
};

/// Send this copy to the consumer, which holds it until Settled or ConsumerClosed; a presettled one
/// too. In `look` mode it is sent settled, is in nobody's hands and needs no Settled.
struct Deliver {
    LinkId consumer;
    CopySeq copy;
    EventSeq event;
    LeafIndex leaf;
    QueueId queue;
    BodyRef body;
    Block hot;  ///< the message if it is still in memory, else empty: fetch `body`
    Timestamp accepted;
    Timestamp expiry;            ///< none = never; ttl to forward is expiry - now
    std::uint32_t attempts = 0;  ///< header.delivery-count
    bool is_first_acquirer = true;
    bool is_presettled = false;  ///< to be sent settled; then Settled{accepted}, except in `look`
    std::shared_ptr<const std::string> note;  ///< unrouted reason, on `$unrouted`
    struct Death {
        std::string reason, error;
        Timestamp at;
    };
    std::shared_ptr<const Death> death;  ///< on dead-letter queues
};

struct Drained {
    LinkId consumer;
};

struct SettleDurable {
    LinkId consumer;
    CopySeq copy;
};

/// Close the link with this condition (its queue was deleted, or it is unknown).
struct CloseLink {
    LinkId link;
    Condition condition = Condition::not_found;
    std::string text;
};

struct QueueCounts {
    QueueId queue;
    std::string name;
    std::uint64_t ready = 0, in_flight = 0, delayed = 0,
                  blocked = 0;    ///< delayed: backing off; blocked: behind its order key
    std::uint64_t scheduled = 0;  ///< not ready before their time
    std::uint64_t bytes = 0;      ///< of the messages of all these
    std::uint64_t dead = 0;
    std::uint32_t consumers = 0;
    std::uint64_t enqueued = 0, settled = 0, redelivered = 0;  ///< since start
    std::uint64_t expired = 0, limited = 0;  ///< since start: left for the dead-letter queue
    Pause pause;
    Timestamp oldest;  ///< acceptance of the oldest copy, none if empty
    bool is_deleted = false;
};

struct Counts {
    std::vector<QueueCounts> queues;
    std::uint64_t accepted = 0, duplicates = 0, refused = 0, released = 0;  ///< since start
    std::uint64_t dedup_ids = 0;
    Generation generation;
    bool is_sealed = false;
    std::string seal_reason;
};

struct ScheduledCopy {
    CopySeq copy;
    EventSeq event;
    QueueId queue;
    std::string queue_name;
    Timestamp ready_at, accepted, expiry;
    std::uint32_t bytes = 0;  ///< of the message
};

struct ScheduleList {
    std::vector<ScheduledCopy> copies;
    std::uint64_t total = 0;  ///< without `skip` and `most`
};

/// What became of an order. `error`: not_found, or unavailable (the store is sealed).
struct OrderDone {
    std::uint64_t copies = 0;  ///< so many were cancelled
    std::optional<Error> error;
};

struct Answer {
    std::uint64_t token = 0;
    std::variant<Counts, ScheduleList, OrderDone> what;
};

/// Everything one step of the core wants done. The shell clears and reuses it.
struct Effects {
    Batch commit;  ///< submit if not empty; ticket already set
    std::vector<Accept> accepts;
    std::vector<Refuse> refusals;
    std::vector<Deliver> deliveries;  ///< per consumer in the order to send
    std::vector<Drained> drained;
    std::vector<SettleDurable> durable;
    std::vector<CloseLink> closes;
    std::vector<Answer> answers;
    std::optional<Timestamp> wake_at;  ///< earliest time something is due; none = nothing

    [[nodiscard]] bool has_commit() const {
        return !commit.events.empty() || !commit.transitions.empty() || !commit.queues.empty();
    }
    void clear();
};

}  // namespace vera::flow
