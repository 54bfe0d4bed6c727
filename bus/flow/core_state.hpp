#pragma once
// The parts of the core and what it does with each input. Private to bus_core.cpp, delivery.cpp,
// time.cpp, limits.cpp and orders.cpp.
#include "bus/flow/bus_core.hpp"
#include "bus/flow/consumers.hpp"
#include "bus/flow/dedup_window.hpp"
#include "bus/flow/ledger.hpp"
#include "bus/flow/schedule.hpp"
#include "bus/flow/shelves.hpp"
#include "bus/flow/timers.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace vera::flow {

/// Orders that are carried out and not durable yet.
struct Orders {
    struct Cancelling {
        std::uint64_t token = 0;
        std::uint64_t copies = 0;
        std::uint64_t left = 0;  ///< not durable yet
    };
    struct Pausing {
        std::uint64_t token = 0;
        QueueId queue;
    };
    std::vector<Cancelling> cancelling;
    std::vector<Pausing> pausing;
};

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
    Schedule schedule;
    Orders orders;
    std::vector<Timers::Entry> backoffs;            ///< recovered; set going by start()
    std::vector<std::uint32_t> recovered_schedule;  ///< slots; placed by start()
    std::deque<std::uint32_t> dirty;                ///< queues to look after, each once
    CopySeq maybe_acquired;                         ///< up to this one: before this run
    bool is_stopping = false;
    bool has_refusing_queue = false;  ///< some queue refuses publishers when it is full
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
    void on(const Stopping& input, Timestamp now, Effects& out);
    void on(const Ask& input, Timestamp now, Effects& out);
    void on(Outcome&& input, Timestamp now, Effects& out);
    void refuse(DeliveryRef to, Refusal why, Effects& out);
    [[nodiscard]] bool readmit(Published& input, Effects& out);
    [[nodiscard]] bool is_repeat(const Published& input, Timestamp now, Effects& out);
    void note_arrivals(const PendingEvent& event, bool is_coming);
    void shelve(PendingEvent& event, const BodyRef& body, Timestamp now, Effects& out);
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
    void deliver_all(Timestamp now, Effects& out);
    /// False if the queue used up its turn with more to give.
    [[nodiscard]] bool serve(std::uint32_t queue, std::uint32_t& turn, Timestamp now, Effects& out);
    void give_out(std::uint32_t queue, std::uint32_t& turn, Timestamp now, Effects& out);
    void show(std::uint32_t queue, std::uint32_t& turn, Effects& out);
    void answer_drains(Queue& queue, bool is_cut_short, Effects& out);
    void close_if_done(std::uint32_t queue, Effects& out);
    void deliver(std::uint32_t consumer, std::uint32_t slot, Effects& out);
    Deliver& describe(std::uint32_t consumer, std::uint32_t slot, Effects& out);
    void leave_hands(std::uint32_t slot);
    /// Has stored that copies of the queue were in a consumer's hands, where that is not known yet.
    void store_acquisitions(std::uint32_t queue, Timestamp now);
    /// A transition of the copy, its version counted up.
    [[nodiscard]] PendingTransition transition(std::uint32_t slot,
                                               CopyState state,
                                               LinkId waits,
                                               Timestamp now);

    // time.cpp
    /// The times at which the copies become ready, in the order of the plan's queues; empty if none
    /// has one.
    [[nodiscard]] std::vector<Timestamp> ready_times(const Plan& plan) const;
    void add_scheduled(std::uint32_t slot);
    /// Recovered copies that were scheduled: those whose time has passed take their old places.
    void resume_schedule(Timestamp now);
    void run_timers(Timestamp now);
    void run_schedule(Timestamp now);
    /// When the schedule wants to be looked at; none: not before something else happens.
    [[nodiscard]] std::optional<Timestamp> schedule_wakes_at() const;
    /// When a copy that waits leaves its queue by itself; none: never.
    [[nodiscard]] Timestamp expiry_of(std::uint32_t slot) const;
    [[nodiscard]] bool is_expired(std::uint32_t slot, Timestamp now) const;
    void expire(std::uint32_t slot, Timestamp now);
    void set_expiry_timer(std::uint32_t queue);

    // limits.cpp
    /// The limit that one more copy of so many bytes would pass, or empty.
    [[nodiscard]] std::string reached_limit(std::uint32_t queue,
                                            std::uint64_t copies,
                                            std::uint64_t bytes,
                                            Timestamp oldest,
                                            Timestamp now) const;
    /// Why the publisher is to be refused, if a queue of the plan wants that.
    [[nodiscard]] std::optional<Refusal> overflow(const Published& input, Timestamp now) const;
    /// Drops the oldest ones if the queue wants that. The limit that is passed all the same, or
    /// empty.
    [[nodiscard]] std::string make_room(std::uint32_t queue, std::uint32_t bytes, Timestamp now);
    /// A stored copy comes to its queue: ready, scheduled, or dead because the queue is full.
    void place(
        std::uint32_t queue, std::uint32_t event, CopySeq seq, Timestamp ready_at, Timestamp now);

    // orders.cpp
    void carry_out(std::uint64_t token, const AskCounts& what, Timestamp now, Effects& out);
    void carry_out(std::uint64_t token, const AskSchedule& what, Timestamp now, Effects& out);
    void carry_out(std::uint64_t token, const Cancel& what, Timestamp now, Effects& out);
    void carry_out(std::uint64_t token, const SetPause& what, Timestamp now, Effects& out);
    /// True if it tells of an order, not of a consumer.
    [[nodiscard]] bool note_durable(const SettleDurable& what, Effects& out);
    void answer_orders(Effects& out);
};

}  // namespace vera::flow
