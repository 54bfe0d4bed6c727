#pragma once
// The parts of the core and what it does with each input. Private to bus_core.cpp and delivery.cpp.
#include "bus/flow/bus_core.hpp"
#include "bus/flow/consumers.hpp"
#include "bus/flow/dedup_window.hpp"
#include "bus/flow/ledger.hpp"
#include "bus/flow/shelves.hpp"
#include "bus/flow/timers.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace vera::flow {

struct BusCore::State {
    explicit State(CoreOptions given)
        : options(given),
          shelves(given.hot_bytes),
          consumers(shelves) {}

    CoreOptions options;
    std::shared_ptr<const Snapshot> snapshot;
    Shelves shelves;
    Consumers consumers;
    Ledger ledger;
    DedupWindow dedup;
    Timers timers;
    std::vector<Timers::Entry> backoffs;  ///< recovered; set going by start()
    std::deque<std::uint32_t> dirty;      ///< queues to look after, each once
    bool was_clean = true;
    std::uint64_t accepted = 0, duplicates = 0, refused = 0, released = 0;

    // bus_core.cpp
    void apply(std::shared_ptr<const Snapshot> next);
    void recover(const RecoveredCopy& copy, std::uint32_t event);
    void resume_backoffs();
    void on(Published&& input, Timestamp now, Effects& out);
    void on(const ConsumerOpened& input, Timestamp now, Effects& out);
    void on(const Credit& input, Timestamp now, Effects& out);
    void on(Settled&& input, Timestamp now, Effects& out);
    void on(const ConsumerClosed& input, Timestamp now, Effects& out);
    void on(const PublisherClosed& input, Timestamp now, Effects& out);
    void on(Reloaded&& input, Timestamp now, Effects& out);
    void on(const Tick& input, Timestamp now, Effects& out);
    void on(const Ask& input, Timestamp now, Effects& out);
    void on(Outcome&& input, Timestamp now, Effects& out);
    void refuse(DeliveryRef to, Refusal why, Effects& out);
    [[nodiscard]] bool readmit(Published& input, Effects& out);
    [[nodiscard]] bool is_repeat(const Published& input, Timestamp now, Effects& out);
    void shelve(PendingEvent& event, const BodyRef& body, Effects& out);
    void give_up(const PendingEvent& event, Effects& out);
    void count(Counts& counts) const;

    // delivery.cpp
    void mark(std::uint32_t queue);
    /// What a held copy's consumer said. False if that leaves nothing to store.
    [[nodiscard]] bool settle(std::uint32_t slot, Settled& input, Timestamp now);
    /// Back with one more failed attempt, or dead if that was the last one.
    void fail_attempt(
        std::uint32_t slot, bool backs_off, std::string error, LinkId waits, Timestamp now);
    void die(
        std::uint32_t slot, std::string reason, std::string error, LinkId waits, Timestamp now);
    void put_back(std::uint32_t slot);
    void put_back_later(std::uint32_t slot, Timestamp due);
    void close_consumer(std::uint32_t slot, bool counts_as_failure, Timestamp now);
    void run_timers(Timestamp now);
    void deliver_all(Timestamp now, Effects& out);
    /// False if the queue used up its turn with more to give.
    [[nodiscard]] bool serve(std::uint32_t queue, std::uint32_t& turn, Timestamp now, Effects& out);
    void give_out(std::uint32_t queue, std::uint32_t& turn, Timestamp now, Effects& out);
    void show(std::uint32_t queue, std::uint32_t& turn, Effects& out);
    void answer_drains(Queue& queue, bool is_cut_short, Effects& out);
    void set_expiry_timer(std::uint32_t queue);
    void close_if_done(std::uint32_t queue, Effects& out);
    void deliver(std::uint32_t consumer, std::uint32_t slot, Effects& out);
    Deliver& describe(std::uint32_t consumer, std::uint32_t slot, Effects& out);
    /// When a copy that waits leaves its queue by itself; none: never.
    [[nodiscard]] Timestamp expiry_of(std::uint32_t slot) const;
    [[nodiscard]] bool is_expired(std::uint32_t slot, Timestamp now) const;
    void expire(std::uint32_t slot, Timestamp now);
    void leave_hands(std::uint32_t slot);
    /// A transition of the copy, its version counted up.
    [[nodiscard]] PendingTransition transition(std::uint32_t slot,
                                               CopyState state,
                                               LinkId waits,
                                               Timestamp now);
};

}  // namespace vera::flow
