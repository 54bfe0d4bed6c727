#pragma once
// Checks a stopped store from its files alone and says what it holds. Changes nothing but the lock
// it takes meanwhile.
#include "bus/base/result.hpp"
#include "bus/base/time.hpp"
#include "bus/base/uuid.hpp"
#include "bus/flow/snapshot.hpp"
#include "bus/host/file_system.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace vera::store {

struct FsckFinding {
    bool is_damage = true;  ///< false: a trace of an unclean end that the next start mends
    std::string file;
    std::uint64_t offset = 0;
    std::string text;
};

struct FsckSegment {
    std::uint32_t number = 0;
    std::string file;
    std::uint64_t file_bytes = 0;
    std::uint64_t used_bytes = 0;  ///< up to the end of the last group
    std::uint64_t groups = 0;
    std::uint64_t records = 0;      ///< without commit records
    std::uint64_t live_copies = 0;  ///< not settled, of events that are in it now
    Timestamp retain_until;         ///< latest of its events
    bool is_closed = false;
};

struct FsckQueue {
    QueueId id;
    std::string name;  ///< empty if copies name a queue that the store does not know
    flow::QueueKind kind = flow::QueueKind::subscription;
    bool is_deleted = false;
    std::uint64_t waiting = 0;
    std::uint64_t dead = 0;
};

/// A part of a snapshot.
struct FsckPart {
    std::string file;
    std::string kind;                   ///< "live" or "ids"
    std::uint32_t first = 0, last = 0;  ///< segments
    std::uint64_t bytes = 0;
    std::uint64_t entries = 0;
};

struct FsckReport {
    std::string path;
    std::uint32_t format_version = 0;
    Uuid store;
    Uuid instance;          ///< of this folder; another one than `store`: it was restored
    Uuid origin;            ///< the instance that it is a copy of; zero: of none
    Timestamp origin_time;  ///< when that copy was taken
    bool is_backup = false;
    bool was_clean = false;
    std::vector<FsckSegment> segments;
    std::vector<FsckPart> snapshot;  ///< empty: there is none
    std::vector<FsckQueue> queues;   ///< ascending by id
    std::uint64_t events = 0;        ///< retained
    std::uint64_t transitions = 0;
    std::uint64_t leaves = 0;  ///< audit leaves of the events retained
    std::uint64_t waiting = 0, dead = 0;
    EventSeq last_event;
    CopySeq last_copy;
    LeafIndex last_leaf;
    Timestamp last_stamp;
    std::vector<FsckFinding> findings;

    [[nodiscard]] bool has_damage() const;
};

/// Reads everything, and compares what the snapshot and the journal behind it add up to with what
/// the whole journal adds up to. Errors: not_found (no store there), refused (in use, or of an
/// unknown version), corrupt (the manifest itself), io; damage to segments is in the findings, and
/// the figures are then those of what could be read.
[[nodiscard]] Result<FsckReport> check_store(host::FileSystem& files, const std::string& path);

}  // namespace vera::store
