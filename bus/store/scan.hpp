#pragma once
// Reads a whole store and says what it holds and what is wrong with it: recovery stops at the first
// damage, fsck lists all of it. Changes nothing.
#include "bus/host/file_system.hpp"
#include "bus/store/manifest.hpp"
#include "bus/store/recovery_state.hpp"
#include "bus/store/segment_reader.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace vera::store {

struct Finding {
    bool is_damage = true;  ///< false: a note, repaired by the next start
    Errc code = Errc::corrupt;
    std::string file;  ///< path
    std::uint64_t offset = 0;
    std::string text;

    [[nodiscard]] std::string to_text() const;
};

struct ScannedSegment {
    ManifestEntry entry;  ///< end and chain as found
    std::uint64_t file_bytes = 0;
    std::uint64_t groups = 0;
    std::uint64_t records = 0;  ///< without commit records
};

struct Scan {
    Manifest manifest;
    std::vector<ScannedSegment> segments;
    LogPosition position;  ///< behind the last group
    GroupInfo last_group;  ///< of the last segment; its bytes are in last_group_bytes
    std::string last_group_bytes;
    std::uint64_t dirty_end = 0;  ///< behind the last segment's end there is something up to here
    std::vector<std::string> leftovers;  ///< paths to remove
    std::vector<Finding> findings;

    [[nodiscard]] const Finding* first_damage() const;
};

/// Reads the whole journal. Errors: not_found (no store there), io, refused and corrupt for the
/// manifest itself; all else is in the findings.
[[nodiscard]] Result<Scan> scan_store(host::FileSystem& files,
                                      const StoreNames& names,
                                      RecoveryState& state);
/// Of segments up to number `known` only the two ends are looked at: a snapshot tells what is in
/// them.
[[nodiscard]] Result<Scan> scan_store(host::FileSystem& files,
                                      const StoreNames& names,
                                      Manifest manifest,
                                      std::uint32_t known,
                                      RecoveryState& state);
/// Reads the closed segments of the manifest from `first` to `last`, so much of one at a time (more
/// where a group is longer), at least a page; the state is not finished by it. Errors: the first
/// damage.
[[nodiscard]] Result<void> read_segments(host::FileSystem& files,
                                         const StoreNames& names,
                                         const Manifest& manifest,
                                         std::uint32_t first,
                                         std::uint32_t last,
                                         RecoveryState& state,
                                         std::uint64_t part_bytes = 4U << 20U);
/// Whole file. Errors: not_found, io.
[[nodiscard]] Result<void> load_file(host::FileSystem& files,
                                     const std::string& path,
                                     std::string& bytes);
[[nodiscard]] Result<void> load_file(host::File& file, std::string& bytes);

}  // namespace vera::store
