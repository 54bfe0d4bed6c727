#pragma once
// The embedded engine behind flow::Engine: a journal in one folder with its threads. Ask
// open_journal for one, then recover(), start() and so on as bus/flow/engine.hpp says.
//
//   auto engine = store::open_journal(host::posix_file_system(), {.path = "/var/lib/vera/store"});
//
// Outcomes that are not ok: unavailable while there is no space for a new segment (batches without
// events still go into a reserve, and everything goes on by itself within about a second of space
// being back); io once a write or sync has failed: the engine is sealed until the process starts
// again. What was in hand when it was sealed may or may not be there then, as after a power loss.
#include "bus/base/result.hpp"
#include "bus/flow/engine.hpp"
#include "bus/host/file_system.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace vera::store {

struct StoreOptions {
    std::string path;                          ///< folder; made if absent (0700)
    std::uint64_t segment_bytes = 64U << 20U;  ///< 32 KiB to 1 GiB, multiple of 4096
    std::uint32_t recycle =
        4;  ///< segments kept as spares instead of removed; at least one is kept ready
    std::uint64_t max_group_bytes =
        16U << 20U;  ///< most that goes into one write and sync; a larger batch goes alone
    std::chrono::milliseconds settle_delay{
        10};                             ///< how long batches without events may wait for one with
    Millis dedup_window{Millis::max()};  ///< ids older than this need not be handed over
    std::uint64_t dedup_ids = UINT64_MAX;  ///< nor more than so many of them
    /// A snapshot is made when the journal behind the last one has grown by so much, or so many
    /// records: the longer, the longer a start takes.
    std::uint64_t snapshot_bytes = 1U << 30U;
    std::uint64_t snapshot_records = 250'000;
    Millis rewrite_every{600'000};  ///< how often old segments are looked at for rewriting
    std::uint64_t rewrite_bytes_per_second = 16U << 20U;  ///< at most
};

/// Touches nothing yet: that is recover()'s. Errors: bad_input (options). `files` outlives the
/// engine. recover() errors: corrupt, io, refused, and unavailable if there is no space for a first
/// segment.
[[nodiscard]] Result<std::unique_ptr<flow::Engine>> open_journal(host::FileSystem& files,
                                                                 StoreOptions options);

}  // namespace vera::store
