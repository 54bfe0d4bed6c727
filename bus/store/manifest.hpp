#pragma once
// The manifest: which segments a store consists of, and how each of them ends. Value, codec, and
// the file that is replaced whole. Also the names of the store's files: made here and nowhere else.
#include "bus/base/ids.hpp"
#include "bus/base/result.hpp"
#include "bus/base/time.hpp"
#include "bus/base/uuid.hpp"
#include "bus/host/file_system.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vera::store {

/// What a part of a snapshot holds.
enum class SnapshotKind : std::uint32_t {
    live = 1,  ///< events with copies that are not settled, as they were at the end of a segment
    ids = 2,   ///< ids of the events of some segments
};

/// Paths inside one store folder.
struct StoreNames {
    std::string folder;

    [[nodiscard]] std::string lock() const { return folder + "/LOCK"; }
    [[nodiscard]] std::string manifest() const { return folder + "/MANIFEST"; }
    [[nodiscard]] std::string next_manifest() const { return folder + "/MANIFEST.next"; }
    [[nodiscard]] std::string segment(std::uint32_t number) const;
    [[nodiscard]] std::string spare(std::uint64_t number) const;
    [[nodiscard]] std::string snapshot(SnapshotKind kind, std::uint32_t number) const;
    /// Held by whoever copies files of a store that may be running: none of them goes meanwhile.
    [[nodiscard]] std::string hold() const { return folder + "/HOLD"; }
    /// The number in a segment's name (without folder); nothing if it is not one.
    [[nodiscard]] static std::optional<std::uint32_t> segment_number(std::string_view name);
    [[nodiscard]] static bool is_spare(std::string_view name);
    [[nodiscard]] static bool is_snapshot(std::string_view name);
};

/// What to tell whoever finds LOCK held; `held` is the lock's error.
[[nodiscard]] std::string in_use(const std::string& folder, const Error& held);

struct ManifestEntry {
    std::uint32_t number = 0;
    bool is_closed = false;
    std::uint64_t chain_before = 0;
    std::uint64_t end =
        0;  ///< of the active segment of a store not stopped in order: a point certainly reached
    std::uint64_t chain = 0;  ///< at `end`
    // Of a closed one, as SegmentUse.
    Timestamp retain_until;
    Timestamp overdue_at;
    friend bool operator==(const ManifestEntry&, const ManifestEntry&) = default;
};

/// A part of a snapshot.
struct SnapshotFile {
    SnapshotKind kind = SnapshotKind::live;
    std::uint32_t number = 0;
    std::uint32_t first = 0;  ///< of the segments that it covers
    std::uint32_t last = 0;
    std::uint64_t bytes = 0;
    std::uint64_t entries = 0;
    std::uint64_t hash = 0;  ///< of its chunks
    Timestamp until;         ///< newest of its ids
    friend bool operator==(const SnapshotFile&, const SnapshotFile&) = default;
};

struct Manifest {
    enum class Kind : std::uint32_t {
        store = 0,
        backup = 1,    ///< a copy that no daemon runs
        restored = 2,  ///< a store made of one, not yet started
    };

    Uuid store;  ///< goes into every checksum; a restored copy has its original's
    std::uint64_t hash_seed = 0;
    std::uint64_t sequence = 0;
    bool is_clean = false;
    std::uint32_t last_number = 0;
    std::uint32_t last_snapshot = 0;  ///< number of the newest ever made
    Kind kind = Kind::store;
    Uuid instance;           ///< of this folder alone: a restored copy gets one of its own
    Uuid origin;             ///< the instance that it is a copy of; zero: of none
    Timestamp origin_time;   ///< when that copy was taken
    CopySeq maybe_acquired;  ///< as flow::Recovery's, of the runs before this one
    std::vector<ManifestEntry> segments;
    std::vector<SnapshotFile> snapshot;  ///< one live file, or none; ids files, oldest first
    friend bool operator==(const Manifest&, const Manifest&) = default;

    [[nodiscard]] const SnapshotFile* live_file() const;
    /// Number of the last segment that the snapshot covers; 0: there is none.
    [[nodiscard]] std::uint32_t snapshot_end() const;
};

/// At least `file_bytes` long, always whole pages.
[[nodiscard]] std::string encode(const Manifest& manifest, std::uint64_t file_bytes);
/// Errors: corrupt, refused (unknown version); texts begin with `path` and name the offset.
[[nodiscard]] Result<Manifest> decode_manifest(std::string_view bytes, const std::string& path);

/// Errors: not_found, corrupt, refused, io.
[[nodiscard]] Result<Manifest> read_manifest(host::FileSystem& files, const StoreNames& names);

/// Replaces the manifest in two steps, so that only the first can run out of space. Thread: commit.
class ManifestFile {
public:
    /// `folder` is the store's, and outlives it.
    ManifestFile(host::FileSystem& files, StoreNames names, host::Folder& folder)
        : files_(files),
          names_(std::move(names)),
          folder_(folder) {}
    /// Writes and syncs MANIFEST.next. unavailable: no space, nothing has changed. io: write or
    /// sync failed.
    [[nodiscard]] Result<void> write_next(const Manifest& manifest);
    /// MANIFEST.next becomes MANIFEST, durably.
    [[nodiscard]] Result<void> replace();
    /// Makes the file for the write_next after this, as far as there is space: giving segments back
    /// must work on a full disk.
    void prepare();

private:
    host::FileSystem& files_;
    StoreNames names_;
    host::Folder& folder_;
    std::unique_ptr<host::File> next_;
    std::uint64_t file_bytes_ = 0;
};

}  // namespace vera::store
