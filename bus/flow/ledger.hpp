#pragma once
// What is to be made durable and what is on its way there: the numbers of events, copies and
// leaves, the batches and their outcomes.
//
// At most one batch with events is on its way; while it is, the next one gathers here. So numbers
// are given at submission, an event that could not be stored gives its numbers back, and neither
// the order of acceptance nor the audit log ever has a gap. Batches of transitions alone may be on
// their way beside it.
//
// An engine without space refuses batches with events whole, but may have a reserve for others. So
// while space is short transitions have batches of their own, in turn with the events, until a
// batch with events succeeds again: publishers that go on trying do not keep consumers from
// settling.
#include "bus/flow/key_index.hpp"
#include "bus/flow/messages.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace vera::flow {

/// A publisher that repeated an event which is not committed yet.
struct Waiter {
    DeliveryRef to;
    bool has_same_bytes = true;
};

/// An event between its publisher and the disk.
struct PendingEvent {
    DeliveryRef from;
    Plan plan;
    Block message;
    std::vector<Timestamp> ready_at;  ///< one per queue of the plan, or none at all
    Timestamp accepted;
    EventSeq seq;        ///< none until it is submitted
    CopySeq first_copy;  ///< of plan.queues.size()
    LeafIndex leaf;
    std::vector<Waiter> waiters;

    /// When the copy for `plan.queues[index]` becomes ready; none: as soon as it is stored.
    [[nodiscard]] Timestamp ready_at_of(std::size_t index) const {
        if (ready_at.empty() || ready_at[index] <= accepted) return Timestamp{};
        return ready_at[index];
    }
};

/// A Transition without its texts.
struct PendingTransition {
    CopySeq copy;
    EventSeq event;
    std::uint32_t version = 0;
    QueueId queue;
    std::uint32_t attempts = 0;
    std::uint32_t actor = 0;
    CopyState state = CopyState::waiting;
    bool was_acquired = false;
    Timestamp at;
    Timestamp due;
    LinkId waits;  ///< the consumer that is told when it is durable; none: nobody
    std::shared_ptr<const Deliver::Death> death;  ///< why, if there is a reason to be stored
};

/// What an outcome was about.
struct Concluded {
    bool ok = false;
    Error error{};
    std::vector<PendingEvent> events;
    std::vector<BodyRef> bodies;  ///< ok: one per event
    std::vector<SettleDurable> durable;
    std::vector<PendingEvent> given_up;  ///< gathered behind it, and never to be submitted
};

/// Thread: core.
class Ledger {
public:
    void start(const Recovery& recovery);
    void set_limits(const Limits& limits) { limits_ = limits; }

    /// Numbers the name; 0 is nobody.
    [[nodiscard]] std::uint32_t actor(const std::string& system);

    void add_event(PendingEvent event);
    /// The event with this id that is not committed yet, or null.
    [[nodiscard]] PendingEvent* find_pending(std::uint64_t id_hash);
    void add_transition(PendingTransition transition);
    /// A new or changed queue: submitted with the next batch, and with every later one that has
    /// events, until it is durable.
    void add_queue(const QueueSpec& spec);

    /// Fills `batch` with what may be submitted now; leaves it alone if there is nothing.
    void close_batch(Timestamp now, Batch& batch);
    /// Takes apart what the outcome was about. On Errc::io the ledger is sealed: what was gathered
    /// fails with it.
    [[nodiscard]] Concluded conclude(Outcome outcome, Timestamp now);

    [[nodiscard]] bool is_sealed() const { return is_sealed_; }
    [[nodiscard]] const std::string& seal_reason() const { return seal_reason_; }
    /// Something is gathered that no batch has carried yet; never once sealed.
    [[nodiscard]] bool has_unsubmitted() const;
    /// Acceptance of the events that are on their way; none: no event is.
    [[nodiscard]] Timestamp accepted_under_way() const {
        return on_their_way_ == 0 ? Timestamp{} : events_.front().accepted;
    }
    /// What was last said about the queue is not durable yet.
    [[nodiscard]] bool is_under_way(QueueId queue) const { return queues_.contains(queue); }
    /// When what could not be stored is to be tried again.
    [[nodiscard]] std::optional<Timestamp> retry_at() const;

private:
    /// What the next batch carries.
    struct Load {
        bool has_events = false;
        bool has_queues = false;
        std::size_t transitions = 0;
    };
    struct Submitted {
        std::uint64_t ticket = 0;
        std::size_t events = 0;
        std::vector<PendingTransition> transitions;
        std::vector<QueueSpec> queues;
    };
    void submit_events(Timestamp now, Batch& batch);
    void submit_event(PendingEvent& event, Timestamp now, Batch& batch) const;
    void submit_transitions(std::size_t count, Submitted& submitted, Batch& batch);
    [[nodiscard]] Load next_load(Timestamp now) const;
    [[nodiscard]] std::size_t waiting_transitions() const {
        return transitions_.size() - first_transition_;
    }
    void take_oldest(std::size_t count, std::vector<PendingTransition>& to);
    void take_back(std::vector<PendingTransition>& refused);
    [[nodiscard]] PendingEvent take_front();
    void note_success(const Submitted& submitted, Concluded& done);
    void seal(const std::string& reason, Concluded& done);
    [[nodiscard]] Transition spell_out(const PendingTransition& pending) const;

    Limits limits_;
    EventSeq last_event_;
    CopySeq last_copy_;
    LeafIndex last_leaf_;
    std::uint64_t last_ticket_ = 0;

    std::deque<PendingEvent> events_;  ///< the first `on_their_way_` are in a submitted batch
    std::size_t on_their_way_ = 0;
    std::uint32_t first_number_ = 0;              ///< of the front of `events_`
    KeyIndex pending_ids_;                        ///< id hash to number
    std::vector<PendingTransition> transitions_;  ///< oldest first, from `first_transition_` on
    std::size_t first_transition_ = 0;
    std::size_t refused_transitions_ = 0;  ///< so many of the oldest were refused before
    std::map<QueueId, QueueSpec> queues_;  ///< not durable yet
    bool has_new_queues_ = false;
    std::deque<Submitted> submitted_;
    std::vector<std::vector<PendingTransition>> spare_;
    bool is_short_ = false;  ///< of space: something was refused, no batch with events taken since
    bool is_events_turn_ = false;  ///< while space is short
    /// While space is short: fewer after each refusal, more after each success.
    std::size_t short_batch_transitions_ = 1;
    Timestamp hold_until_;  ///< transitions alone were refused: they wait till then, or for the
                            ///< next success

    std::vector<std::string> actors_{""};
    std::unordered_map<std::string, std::uint32_t> actor_numbers_;
    bool is_sealed_ = false;
    std::string seal_reason_;
};

}  // namespace vera::flow
