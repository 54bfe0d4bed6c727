#include "tests/contract/sqlite_store.hpp"

#include <cstring>
#include <memory>
#include <random>
#include <sqlite3.h>
#include <string_view>
#include <utility>

namespace vera::flow::test {

namespace {

constexpr const char* schema = R"sql(
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value INTEGER);
CREATE TABLE IF NOT EXISTS queues (id INTEGER PRIMARY KEY, uuid BLOB, name TEXT, kind INTEGER, backoff TEXT,
                                   max_attempts INTEGER, presettled INTEGER, deleted INTEGER, most_copies INTEGER, most_bytes INTEGER,
                                   age INTEGER, overflow INTEGER, ttl INTEGER, deliver_at INTEGER, paused INTEGER,
                                   paused_by TEXT, paused_for TEXT);
CREATE TABLE IF NOT EXISTS events (seq INTEGER PRIMARY KEY, leaf INTEGER, generation INTEGER, accepted INTEGER, expiry INTEGER,
                                   retain_until INTEGER, order_key INTEGER, id_hash INTEGER, bytes_hash INTEGER, message BLOB,
                                   reason TEXT, record BLOB, salt BLOB);
CREATE TABLE IF NOT EXISTS copies (seq INTEGER PRIMARY KEY, event INTEGER, queue INTEGER, state INTEGER DEFAULT 0,
                                   version INTEGER DEFAULT 0, attempts INTEGER DEFAULT 0, due INTEGER DEFAULT 0, ready_at INTEGER,
                                   died INTEGER DEFAULT 0, reason TEXT DEFAULT '', error TEXT DEFAULT '',
                                   acquired INTEGER DEFAULT 0);
CREATE INDEX IF NOT EXISTS copies_by_event ON copies (event);
)sql";

std::int64_t to_signed(std::uint64_t value) {
    return static_cast<std::int64_t>(value);
}

/// A prepared statement: bind in order, step, read in order.
class Statement {
public:
    Statement(sqlite3* database, const char* sql) : database_(database) {
        sqlite3_stmt* made = nullptr;
        sqlite3_prepare_v2(database, sql, -1, &made, nullptr);
        statement_.reset(made);
    }
    Statement& add(std::int64_t value) {
        sqlite3_bind_int64(statement_.get(), ++bound_, value);
        return *this;
    }
    Statement& add(std::uint64_t value) { return add(to_signed(value)); }
    Statement& add(std::uint32_t value) { return add(std::int64_t{value}); }
    Statement& add(std::string_view bytes) {
        // An empty view may have no address, which would bind NULL.
        const char* from = bytes.empty() ? "" : bytes.data();
        sqlite3_bind_blob64(statement_.get(), ++bound_, from, bytes.size(), SQLITE_TRANSIENT);
        return *this;
    }
    [[nodiscard]] bool next() {
        return statement_ &&
               (last_ = sqlite3_step(statement_.get()), column_ = 0, last_ == SQLITE_ROW);
    }
    [[nodiscard]] Result<void> finish() {
        while (next()) {
        }
        if (last_ == SQLITE_DONE) return {};
        return fail(last_ == SQLITE_FULL ? Errc::unavailable : Errc::io, sqlite3_errmsg(database_));
    }
    std::int64_t number() { return sqlite3_column_int64(statement_.get(), column_++); }
    std::uint64_t unsigned_number() { return static_cast<std::uint64_t>(number()); }
    std::uint32_t small() { return static_cast<std::uint32_t>(number()); }
    std::string text() {
        const int size = sqlite3_column_bytes(statement_.get(), column_);
        const void* bytes = sqlite3_column_blob(statement_.get(), column_++);
        return bytes == nullptr
                   ? std::string()
                   : std::string(static_cast<const char*>(bytes), static_cast<std::size_t>(size));
    }

private:
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
    };
    sqlite3* database_;
    std::unique_ptr<sqlite3_stmt, Finalize> statement_;
    int bound_ = 0;
    int column_ = 0;
    int last_ = SQLITE_ERROR;
};

std::string text_of(const std::vector<Millis>& durations) {
    std::string text;
    for (const Millis duration : durations)
        text += std::to_string(duration.count()) + ' ';
    return text;
}

std::vector<Millis> durations_of(const std::string& text) {
    std::vector<Millis> durations;
    for (std::size_t at = 0; at < text.size(); at = text.find(' ', at) + 1)
        durations.emplace_back(std::stoll(text.substr(at)));
    return durations;
}

std::string_view view(const auto& bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

SqliteStore::~SqliteStore() {
    sqlite3_close(database_);
}

Result<void> SqliteStore::run(const char* sql) {
    const int code = sqlite3_exec(database_, sql, nullptr, nullptr, nullptr);
    if (code == SQLITE_OK) return {};
    return fail(code == SQLITE_FULL ? Errc::unavailable : Errc::io, sqlite3_errmsg(database_));
}

std::int64_t SqliteStore::meta(const char* name) {
    Statement get(database_, "SELECT value FROM meta WHERE name = ?");
    return get.add(std::string_view(name)).next() ? get.number() : 0;
}

Result<void> SqliteStore::set_meta(const char* name, std::int64_t value) {
    return Statement(database_, "INSERT OR REPLACE INTO meta VALUES (?, ?)")
        .add(std::string_view(name))
        .add(value)
        .finish();
}

// ---- recovery
// ----------------------------------------------------------------------------------------------------------

Result<Recovery> SqliteStore::recover(RecoverySink& sink) {
    if (sqlite3_open(file_.c_str(), &database_) != SQLITE_OK)
        return fail(Errc::io, "opening " + file_);
    if (auto made = run(schema); !made) return fail(made.error().code, made.error().text);
    if (meta("seed") == 0) {
        std::random_device random;
        for (const char* name : {"seed", "uuid"})
            if (auto set = set_meta(name, (std::int64_t{random()} << 31U) | random() | 1); !set)
                return fail(Errc::io, set.error().text);
        if (auto set = set_meta("clean", 1); !set) return fail(Errc::io, set.error().text);
    }
    recover_queues(sink);
    recover_events(sink);
    Recovery recovery;
    recovery.hash_seed = static_cast<std::uint64_t>(meta("seed"));
    const std::int64_t uuid = meta("uuid");
    std::memcpy(recovery.store.bytes.data(), &uuid, sizeof uuid);
    recovery.last_event.value = static_cast<std::uint64_t>(meta("last_event"));
    recovery.last_copy.value = static_cast<std::uint64_t>(meta("last_copy"));
    recovery.last_leaf.value = static_cast<std::uint64_t>(meta("last_leaf"));
    recovery.last_stamp.ms = meta("last_stamp");
    Statement highest(database_, "SELECT coalesce(max(generation), 0) FROM events");
    if (highest.next()) recovery.last_generation.value = highest.unsigned_number();
    recovery.was_clean = meta("clean") != 0;
    recovery.maybe_acquired.value = static_cast<std::uint64_t>(meta("maybe_acquired"));
    if (!recovery.was_clean) {
        recovery.maybe_acquired = recovery.last_copy;
        if (auto set = set_meta("maybe_acquired", meta("last_copy")); !set)
            return fail(Errc::io, set.error().text);
    }
    if (auto set = set_meta("clean", 0); !set) return fail(Errc::io, set.error().text);
    return recovery;
}

void SqliteStore::recover_queues(RecoverySink& sink) {
    Statement all(database_,
                  "SELECT id, uuid, name, kind, backoff, max_attempts, presettled, deleted, "
                  "most_copies, most_bytes, age, overflow, ttl, deliver_at, paused, paused_by, "
                  "paused_for FROM queues ORDER BY id");
    while (all.next()) {
        QueueSpec queue;
        queue.id.value = all.small();
        const std::string uuid = all.text();
        std::memcpy(queue.uuid.bytes.data(), uuid.data(), queue.uuid.bytes.size());
        queue.name = all.text();
        queue.kind = static_cast<QueueKind>(all.small());
        queue.retry.backoff = durations_of(all.text());
        queue.retry.max_attempts = all.small();
        queue.allows_presettled = all.small() != 0;
        queue.is_deleted = all.small() != 0;
        queue.limits.count = all.unsigned_number();
        queue.limits.bytes = all.unsigned_number();
        queue.limits.age = Millis{all.number()};
        queue.limits.overflow = static_cast<Overflow>(all.small());
        queue.ttl = Millis{all.number()};
        queue.deliver_at = static_cast<DeliverAt>(all.small());
        queue.pause.since.ms = all.number();
        queue.pause.actor = all.text();
        queue.pause.reason = all.text();
        sink.on_queue(std::move(queue));
    }
}

void SqliteStore::recover_events(RecoverySink& sink) {
    Statement events(database_,
                     "SELECT seq, leaf, accepted, expiry, order_key, id_hash, bytes_hash, "
                     "length(message), reason FROM events ORDER BY seq");
    Statement copies(
        database_,
        "SELECT event, seq, queue, state, version, attempts, due, ready_at, died, reason, error, "
        "acquired FROM copies WHERE state <> 2 "
        "ORDER BY event, seq");
    bool has_copy = copies.next();
    std::uint64_t copy_event = has_copy ? copies.unsigned_number() : 0;
    while (events.next()) {
        RecoveredEvent event;
        event.seq.value = events.unsigned_number();
        event.leaf.value = events.unsigned_number();
        event.accepted.ms = events.number();
        event.expiry.ms = events.number();
        event.order_key = events.unsigned_number();
        event.id_hash = events.unsigned_number();
        event.bytes_hash = events.unsigned_number();
        event.message_bytes = events.small();
        event.unrouted_reason = events.text();
        event.body.a = event.seq.value;
        while (has_copy && copy_event == event.seq.value) {
            RecoveredCopy copy;
            copy.seq.value = copies.unsigned_number();
            copy.queue.value = copies.small();
            copy.state = static_cast<CopyState>(copies.small());
            copy.version = copies.small();
            copy.attempts = copies.small();
            copy.due.ms = copies.number();
            copy.ready_at.ms = copies.number();
            copy.died.ms = copies.number();
            copy.reason = copies.text();
            copy.error = copies.text();
            copy.was_acquired = copies.small() != 0;
            event.copies.push_back(std::move(copy));
            has_copy = copies.next();
            copy_event = has_copy ? copies.unsigned_number() : 0;
        }
        sink.on_event(std::move(event));
    }
}

// ---- writing
// -----------------------------------------------------------------------------------------------------------

Outcome SqliteStore::apply(const Batch& batch) {
    Outcome outcome;
    outcome.ticket = batch.ticket;
    Result<void> done = run("BEGIN IMMEDIATE");
    if (done) done = store(batch, outcome.bodies);
    if (done) done = run("COMMIT");
    if (!done) {
        outcome.error = done.error();
        outcome.bodies.clear();
        // A commit that failed has rolled itself back already.
        (void)run("ROLLBACK");
    }
    outcome.ok = done.has_value();
    return outcome;
}

Result<void> SqliteStore::store(const Batch& batch, std::vector<BodyRef>& bodies) {
    for (const QueueSpec& queue : batch.queues) {
        auto stored = Statement(database_,
                                "INSERT OR REPLACE INTO queues VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, "
                                "?, ?, ?, ?, ?, ?, ?, ?)")
                          .add(queue.id.value)
                          .add(view(queue.uuid.bytes))
                          .add(std::string_view(queue.name))
                          .add(static_cast<std::uint32_t>(queue.kind))
                          .add(std::string_view(text_of(queue.retry.backoff)))
                          .add(queue.retry.max_attempts)
                          .add(std::uint32_t{queue.allows_presettled})
                          .add(std::uint32_t{queue.is_deleted})
                          .add(queue.limits.count)
                          .add(queue.limits.bytes)
                          .add(std::int64_t{queue.limits.age.count()})
                          .add(static_cast<std::uint32_t>(queue.limits.overflow))
                          .add(std::int64_t{queue.ttl.count()})
                          .add(static_cast<std::uint32_t>(queue.deliver_at))
                          .add(queue.pause.since.ms)
                          .add(std::string_view(queue.pause.actor))
                          .add(std::string_view(queue.pause.reason))
                          .finish();
        if (!stored) return stored;
    }
    for (const EventCommit& event : batch.events) {
        if (auto stored = store(event); !stored) return stored;
        bodies.push_back({event.seq.value, 0, 0});
    }
    for (const Transition& change : batch.transitions)
        if (auto stored = store(change); !stored) return stored;
    if (batch.now.ms > meta("last_stamp")) return set_meta("last_stamp", batch.now.ms);
    return {};
}

Result<void> SqliteStore::store(const EventCommit& event) {
    auto stored =
        Statement(database_, "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
            .add(event.seq.value)
            .add(event.leaf.value)
            .add(event.generation.value)
            .add(event.accepted.ms)
            .add(event.expiry.ms)
            .add(event.retain_until.ms)
            .add(event.order_key)
            .add(event.id_hash)
            .add(event.bytes_hash)
            .add(event.message.view())
            .add(std::string_view(event.unrouted_reason))
            .add(std::string_view(event.audit_record))
            .add(view(event.salt))
            .finish();
    if (stored) stored = set_meta("last_event", to_signed(event.seq.value));
    if (stored && event.leaf) stored = set_meta("last_leaf", to_signed(event.leaf.value));
    for (const NewCopy& copy : event.copies) {
        if (stored) {
            stored =
                Statement(database_,
                          "INSERT INTO copies (seq, event, queue, ready_at) VALUES (?, ?, ?, ?)")
                    .add(copy.seq.value)
                    .add(event.seq.value)
                    .add(copy.queue.value)
                    .add(copy.ready_at.ms)
                    .finish();
        }
        if (stored) stored = set_meta("last_copy", to_signed(copy.seq.value));
    }
    return stored;
}

Result<void> SqliteStore::store(const Transition& change) {
    const bool is_dead = change.state == CopyState::dead;
    return Statement(database_,
                     "UPDATE copies SET state = ?2, version = ?3, attempts = ?4, due = ?5, died = "
                     "?6, reason = ?7, error = ?8, acquired = ?9 "
                     "WHERE seq = ?1 AND version < ?3")
        .add(change.copy.value)
        .add(static_cast<std::uint32_t>(change.state))
        .add(change.version)
        .add(change.attempts)
        .add(change.due.ms)
        .add(is_dead ? change.at.ms : 0)
        .add(std::string_view(change.reason))
        .add(std::string_view(change.error))
        .add(static_cast<std::uint32_t>(change.was_acquired ? 1 : 0))
        .finish();
}

Result<Body> SqliteStore::fetch(const BodyRef& ref) {
    Statement get(database_, "SELECT message FROM events WHERE seq = ?");
    if (!get.add(ref.a).next()) return fail(Errc::corrupt, "no such message");
    const std::string message = get.text();
    return Body{Block::copy_of(message), 0, static_cast<std::uint32_t>(message.size())};
}

void SqliteStore::retire(Timestamp now) {
    (void)run("BEGIN IMMEDIATE");
    (void)Statement(database_,
                    "DELETE FROM events WHERE retain_until <= ? AND NOT EXISTS "
                    "(SELECT 1 FROM copies WHERE copies.event = events.seq AND state <> 2)")
        .add(now.ms)
        .finish();
    (void)run("DELETE FROM copies WHERE event NOT IN (SELECT seq FROM events)");
    (void)run("COMMIT");
}

void SqliteStore::mark_clean() {
    (void)set_meta("clean", 1);
}

}  // namespace vera::flow::test
