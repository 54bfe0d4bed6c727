#pragma once
// The queues and the copies in them: which copy is next, and what happens to the order keys when
// one comes, goes or returns. Knows nothing of consumers' credit, commits or time.
#include "bus/flow/hot_window.hpp"
#include "bus/flow/key_index.hpp"
#include "bus/flow/model.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace vera::flow {

/// Thread: core.
class Shelves {
public:
    explicit Shelves(std::size_t hot_bytes) : hot_(hot_bytes) {}

    // Queues are numbered in pairs: the queue, its dead-letter queue. They are never removed.
    std::uint32_t add_queue(QueueSpec spec);
    /// no_slot if it is not known.
    [[nodiscard]] std::uint32_t find_queue(QueueId id) const;
    [[nodiscard]] std::uint32_t queue_count() const {
        return static_cast<std::uint32_t>(queues_.size());
    }
    [[nodiscard]] Queue& queue(std::uint32_t number) { return queues_[number]; }
    [[nodiscard]] const Queue& queue(std::uint32_t number) const { return queues_[number]; }
    [[nodiscard]] Copy& copy(std::uint32_t slot) { return copies_[slot]; }
    [[nodiscard]] const Copy& copy(std::uint32_t slot) const { return copies_[slot]; }
    [[nodiscard]] const Event& event(std::uint32_t slot) const { return events_[slot]; }
    [[nodiscard]] const Event& event_of(const Copy& copy) const { return events_[copy.event]; }

    /// An event that will have `event.copies` copies (at least one) by append. `hot` may be empty.
    std::uint32_t add_event(const Event& event, Block hot, const std::string& note);
    /// A copy at the end of the queue, fresh.
    std::uint32_t append(std::uint32_t queue, std::uint32_t event, CopySeq seq);

    /// A copy that is not ready before `ready_at`; make_ready() is called when it is.
    std::uint32_t schedule(std::uint32_t queue,
                           std::uint32_t event,
                           CopySeq seq,
                           Timestamp ready_at);
    /// A scheduled copy goes to the end of the queue, fresh.
    void make_ready(std::uint32_t slot);
    /// Recovery: scheduled copies of one queue that are ready by now take the places they had: in
    /// the order of ready_since() among all that came at once.
    void make_ready_late(std::uint32_t queue, std::vector<std::uint32_t> slots);

    /// The copy to deliver next, or no_slot. Copies whose key is busy are set aside on the way;
    /// each such step costs one of `budget`, and at 0 the answer is no_slot.
    [[nodiscard]] std::uint32_t next_ready(std::uint32_t queue, std::uint32_t& budget);
    /// The copy that waits longest of those that are ready but for their key, or no_slot.
    [[nodiscard]] std::uint32_t head(std::uint32_t queue);
    /// The ready copy, given by next_ready, goes into a consumer's hands and occupies its order
    /// key.
    void hold(std::uint32_t slot);
    /// From hands or delay: back to its old place in the queue, still first of its key.
    void put_back(std::uint32_t slot);
    /// From hands (or fresh, in recovery): it waits, and its key with it. False if an older copy of
    /// its key is waiting already, which only recovery can find: then it is merely behind that one.
    bool delay(std::uint32_t slot);
    /// From hands, ready or scheduled: gone. Its key goes to the next.
    void remove(std::uint32_t slot);
    /// From hands, ready or scheduled: over to the dead-letter queue. Its key goes to the next.
    void bury(std::uint32_t slot, std::shared_ptr<const Deliver::Death> death);
    /// Recovery: what is known of a copy that was appended to a dead-letter queue.
    void set_death(std::uint32_t slot, std::shared_ptr<const Deliver::Death> death);
    /// Recovery: the dead-letter queues in the order of death.
    void sort_dead_letters();

    /// The copy in a consumer's hands with this number, or no_slot.
    [[nodiscard]] std::uint32_t find_held(CopySeq seq) const { return held_.find(seq.value); }
    [[nodiscard]] std::shared_ptr<const Deliver::Death> death_of(std::uint32_t slot) const;
    [[nodiscard]] std::shared_ptr<const std::string> note_of(const Copy& copy) const;
    [[nodiscard]] Block hot_of(const Copy& copy) const;

    [[nodiscard]] std::size_t copy_count() const { return copies_.size(); }
    /// Acceptance of the queue's oldest copy, none if it is empty.
    [[nodiscard]] Timestamp oldest(std::uint32_t queue) const;
    /// Acceptance, or the time for which the copy was scheduled, whichever is later.
    [[nodiscard]] Timestamp ready_since(std::uint32_t slot) const;
    /// The look consumers' cursors move when copies come and go.
    void set_cursors(std::vector<Consumer>* consumers) { consumers_ = consumers; }

private:
    [[nodiscard]] std::uint64_t key_of(const Copy& copy) const;
    void set_place(Copy& copy, Place place);
    [[nodiscard]] std::uint32_t create(std::uint32_t queue, std::uint32_t event, CopySeq seq);
    void link(std::uint32_t slot);
    void relink(std::uint32_t queue, const std::vector<std::uint32_t>& order);
    void forget_schedule(std::uint32_t slot);
    void unlink(std::uint32_t slot);
    void push_early(std::uint32_t slot);
    void leave_place(std::uint32_t slot);
    void occupy_key(std::uint32_t slot);
    void block(std::uint32_t slot, std::uint64_t key, std::uint32_t tail);
    void free_key(std::uint32_t slot);
    void release_event(std::uint32_t event);

    Slab<Copy> copies_;
    Slab<Event> events_;
    std::deque<Queue> queues_;
    KeyIndex numbers_;  ///< queue id to queue number
    KeyIndex busy_;     ///< order key to the last copy of its ring, whose key_next is the first
    KeyIndex held_;     ///< CopySeq to slot
    HotWindow hot_;
    std::unordered_map<std::uint32_t, std::shared_ptr<const Deliver::Death>> deaths_;  ///< by copy
    std::unordered_map<std::uint32_t, std::shared_ptr<const std::string>> notes_;      ///< by event
    std::unordered_map<std::string, std::shared_ptr<const std::string>>
        distinct_notes_;                                     ///< reasons repeat
    std::unordered_map<std::uint32_t, Timestamp> ready_at_;  ///< by copy that was scheduled
    std::vector<Consumer>* consumers_ = nullptr;
};

}  // namespace vera::flow
