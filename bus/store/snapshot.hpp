#pragma once
// The work of the snapshot thread: all events that wait and all ids up to the end of a segment,
// made from the snapshot before and the segments behind it, and what of old segments must be
// carried forward so that they can be given back. Reads closed files, writes new ones; decides
// nothing about the running journal.
#include "bus/base/block.hpp"
#include "bus/flow/engine.hpp"
#include "bus/host/file_system.hpp"
#include "bus/store/codec.hpp"
#include "bus/store/manifest.hpp"
#include "bus/store/recovery_state.hpp"
#include "bus/store/snapshot_file.hpp"

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

namespace vera::store {

/// What the journal asks for when it has begun a new segment.
struct SnapshotJob {
    Manifest manifest;  ///< as it is then
    std::uint32_t number = 0;
    std::uint32_t cut = 0;  ///< the last segment that is to be covered
    IdLimits ids;
    Timestamp now;
    std::vector<std::uint32_t> sources;  ///< from the oldest on: segments that may be rewritten
};

struct SnapshotMade {
    std::uint32_t number = 0;
    std::uint32_t cut = 0;
    std::vector<SnapshotFile> files;  ///< all parts: new ones, and those before that still count
    std::uint64_t events = 0;
    std::uint64_t bytes_written = 0;
    std::string base_error;  ///< why the snapshot before was of no use; empty: it was used
    std::vector<std::uint32_t> sources;  ///< those that are worth rewriting
    /// Per source what waits in it, ascending, as it was at the cut.
    std::vector<std::vector<flow::RecoveredEvent>> waiting;
};

/// Errors: io, unavailable, corrupt (a segment), refused (stopped). No new file is left behind
/// then, as far as they can be removed.
[[nodiscard]] Result<SnapshotMade> make_snapshot(host::FileSystem& files,
                                                 const StoreNames& names,
                                                 const SnapshotJob& job,
                                                 const std::stop_token& stop = {});

/// One event of an old segment that is still needed.
struct CarriedEvent {
    std::uint64_t offset = 0;                 ///< of its record there
    EventView event;                          ///< into `bytes` of its slice
    std::vector<flow::RecoveredCopy> copies;  ///< empty: only its retention has not passed
};

/// Some of a segment's, ascending by sequence.
struct CarrySlice {
    std::uint32_t source = 0;
    bool is_last = false;
    std::shared_ptr<const std::string> bytes;  ///< of the whole segment
    std::vector<CarriedEvent> events;
};

/// What of the segment is needed at `now`: the events that wait, and those whose retention has not
/// passed; in slices of about `slice_bytes`. Errors: io, corrupt.
[[nodiscard]] Result<std::vector<CarrySlice>> slices_of(
    host::FileSystem& files,
    const StoreNames& names,
    const Manifest& manifest,
    std::uint32_t source,
    const std::vector<flow::RecoveredEvent>& waiting,
    Timestamp now,
    std::uint64_t slice_bytes);

/// A snapshot whose every byte was checked, or none.
struct CheckedSnapshot {
    std::uint32_t end = 0;  ///< last segment that it covers; 0: there is none
    Generation last_generation;
    std::string error;  ///< why one that the manifest lists is of no use
};
[[nodiscard]] CheckedSnapshot check_snapshot(host::FileSystem& files,
                                             const StoreNames& names,
                                             const Manifest& manifest);
/// A snapshot whose parts are there. Its bytes are checked as they are read: whoever reads it to
/// the end has a whole one, and an error on the way means that it is of no use.
struct OpenSnapshot {
    std::uint32_t end = 0;  ///< last segment that it covers; 0: there is none
    Generation last_generation;
    std::vector<SnapshotReader> ids;  ///< oldest first
    RecoveryState::Base events;
};
/// Errors: as of SnapshotReader.
[[nodiscard]] Result<OpenSnapshot> open_snapshot(host::FileSystem& files,
                                                 const StoreNames& names,
                                                 const Manifest& manifest);
/// The events of the manifest's live file, for RecoveryState::each_event; without those in segments
/// that were given back since: they were settled, or are carried elsewhere.
[[nodiscard]] Result<RecoveryState::Base> snapshot_base(host::FileSystem& files,
                                                        const StoreNames& names,
                                                        const Manifest& manifest);

}  // namespace vera::store
