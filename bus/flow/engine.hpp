#pragma once
// The port to durable storage, in promises: "these copies are durable", never storage steps. Two
// engines are meant: the journal (bus/store) and an external broker cluster (bus/upstream, later).
// The contract suite in tests/contract holds for each of them. Held deliveries are never part of
// the port: retry, parking and dead-lettering are states of a copy (Transition), which an external
// engine may carry out by re-publishing.
#include "bus/audit/record.hpp"
#include "bus/base/block.hpp"
#include "bus/base/ids.hpp"
#include "bus/base/result.hpp"
#include "bus/base/time.hpp"
#include "bus/flow/snapshot.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace vera::flow {

/// Where an engine finds a message again. Opaque to everyone else; valid until the engine has
/// retired the event.
struct BodyRef {
    std::uint64_t a = 0;
    std::uint32_t b = 0;
    std::uint32_t c = 0;
    friend bool operator==(const BodyRef&, const BodyRef&) = default;
};

struct NewCopy {
    CopySeq seq;
    QueueId queue;
    Timestamp ready_at{};  ///< scheduled: not ready before; none = as soon as it is stored
};

/// One accepted event with all its copies and its audit record: stored whole or not at all.
struct EventCommit {
    EventSeq seq;
    LeafIndex leaf;  ///< none for plain queues
    Generation generation;
    Timestamp accepted;
    Timestamp expiry;  ///< none = never
    Timestamp
        retain_until;  ///< the engine may forget the event after this, once every copy is settled
    std::uint64_t order_key = 0;
    std::uint64_t id_hash = 0;
    std::uint64_t bytes_hash = 0;
    Block message;  ///< as received
    std::vector<NewCopy> copies;
    std::string unrouted_reason;  ///< may be empty
    std::string audit_record;     ///< may be empty
    audit::Salt salt{};
};

enum class CopyState : std::uint8_t {
    waiting = 0,  ///< in its queue; with `due` in the future: backing off
    dead = 1,     ///< in the queue's dead-letter queue
    settled = 2,  ///< gone
};

/// A copy's new state. Idempotent by copy and version: the highest version wins.
struct Transition {
    CopySeq copy;
    EventSeq event;
    std::uint32_t version = 0;  ///< counts up from 1 per copy
    QueueId queue;              ///< main queue, also for dead copies
    CopyState state = CopyState::waiting;
    std::uint32_t attempts = 0;  ///< known failed attempts
    Timestamp at;
    Timestamp due;       ///< not delivered before; none = at once
    std::string reason;  ///< dead: "rejected", "max-attempts", "expired", "undeliverable"; settled:
                         ///< "expired" in `$unrouted`
    std::string error;   ///< dead: the consumer's error condition and text, at most 1 KiB
    std::string actor;   ///< system that settled it; may be empty
    bool was_acquired = false;  ///< it has been in a consumer's hands
};

/// Submitted as one: the engine reports exactly one Outcome per batch, in the order of submission.
struct Batch {
    std::uint64_t ticket = 0;  ///< counts up from 1, no gaps
    Timestamp now;             ///< VeRA time of submission, stored with the group
    std::vector<QueueSpec>
        queues;  ///< new or changed queues; durable before the copies that name them
    std::vector<EventCommit> events;
    std::vector<Transition> transitions;
    bool is_urgent = false;  ///< only transitions, but somebody waits: do not hold them back
};

/// ok: everything in the batch is durable. Otherwise nothing of it is and never will be (the
/// transitions may be submitted again).
struct Outcome {
    std::uint64_t ticket = 0;
    bool ok = false;
    Error error{};  ///< unavailable (no space; later batches may succeed) or io (the engine is
                    ///< sealed)
    std::vector<BodyRef> bodies;  ///< one per event of the batch
};

/// Called from the engine's threads; must not block and must not call back into the engine.
class EngineListener {
public:
    EngineListener() = default;
    EngineListener(const EngineListener&) = delete;
    EngineListener& operator=(const EngineListener&) = delete;
    virtual ~EngineListener() = default;
    virtual void on_outcome(Outcome outcome) = 0;
};

struct RecoveredCopy {
    CopySeq seq;
    QueueId queue;
    CopyState state = CopyState::waiting;  ///< never settled
    std::uint32_t version = 0;
    std::uint32_t attempts = 0;
    Timestamp due;
    Timestamp ready_at;  ///< as it was stored: copies are in order of the later of this and the
                         ///< event's acceptance
    Timestamp died;      ///< dead only
    std::string reason;  ///< dead only
    std::string error;   ///< dead only
    bool was_acquired = false;
};

/// The id of an accepted event, for dedup.
struct RecoveredId {
    std::uint64_t id_hash = 0;
    std::uint64_t bytes_hash = 0;
    Timestamp accepted;
};

/// An event that the engine still knows: with no copies left it matters to dedup alone.
struct RecoveredEvent {
    EventSeq seq;
    LeafIndex leaf;
    Timestamp accepted;
    Timestamp expiry;
    std::uint64_t order_key = 0;
    std::uint64_t id_hash = 0;  ///< 0: none, or handed over by on_ids
    std::uint64_t bytes_hash = 0;
    BodyRef body;
    std::uint32_t message_bytes = 0;
    std::string unrouted_reason;
    std::vector<RecoveredCopy> copies;  ///< not settled ones, ascending
};

/// What is handed over once at start: queues, ids by acceptance, events ascending by seq. Queues
/// come before events. The sink copies what it keeps: millions are handed over in objects that are
/// used again. Thread: one; but on_ids may be called by another one beside the rest, if no event
/// carries an id.
class RecoverySink {
public:
    RecoverySink() = default;
    RecoverySink(const RecoverySink&) = delete;
    RecoverySink& operator=(const RecoverySink&) = delete;
    virtual ~RecoverySink() = default;
    virtual void on_queue(QueueSpec queue) = 0;
    /// Any number of times.
    virtual void on_ids(std::span<const RecoveredId> ids) = 0;
    virtual void on_event(const RecoveredEvent& event) = 0;
    /// Part of what it was made of is broken: everything that was handed over is to be forgotten,
    /// and all of it comes again.
    virtual void start_over() = 0;
};

struct Recovery {
    Uuid store;
    std::uint64_t hash_seed = 0;  ///< secret drawn when the store was made
    EventSeq last_event;
    CopySeq last_copy;
    LeafIndex last_leaf;
    Timestamp last_stamp;        ///< greatest Batch::now that is durable
    Generation last_generation;  ///< highest of the events that are still there; 0 = none
    bool was_clean = true;       ///< the last run ended in order
    CopySeq maybe_acquired;      ///< copies up to this one may have been in a consumer's hands with
                                 ///< nothing to tell of it: some run did not end in order
    std::vector<std::string>
        notes;  ///< what recovery dropped or repaired, for the log: file, offset, bytes
};

/// Thread: submit and retire from one thread at a time (the core's); fetch_now and fetch from any,
/// at any time between start and stop.
class Engine {
public:
    Engine() = default;
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;
    virtual ~Engine() = default;

    /// Once, before anything else. Errors: corrupt (names file and offset), io, refused (in use,
    /// unknown version).
    [[nodiscard]] virtual Result<Recovery> recover(RecoverySink& sink) = 0;
    /// After recover, before submit. The listener outlives the engine's stop().
    virtual void start(EngineListener& listener) = 0;
    /// Takes the batch; never blocks on disk. The outcome comes by on_outcome.
    virtual void submit(Batch batch) = 0;
    /// The body at once if that needs no waiting for a disk (checksum verified), else nothing.
    /// Errors: corrupt, io.
    [[nodiscard]] virtual std::optional<Result<Body>> fetch_now(const BodyRef& ref) = 0;
    /// As fetch_now, but may wait for a disk; `done` is called once, from a thread of the engine or
    /// at once, and must not block.
    virtual void fetch(const BodyRef& ref, std::function<void(Result<Body>)> done) = 0;
    /// Forgets what may be forgotten at `now`; in the background.
    virtual void retire(Timestamp now) = 0;
    /// Finishes what was submitted, reports it, marks the end as orderly. After it no call but the
    /// destructor.
    virtual void stop() = 0;
};

}  // namespace vera::flow
