#pragma once
// The manifest: which segments a store consists of, and how each of them ends. Value, codec, and
// the file that is replaced whole. Also the names of the store's files: made here and nowhere else.
#include "bus/base/result.hpp"
#include "bus/base/uuid.hpp"
#include "bus/host/file_system.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vera::store {

/// Paths inside one store folder.
struct StoreNames {
    std::string folder;

    [[nodiscard]] std::string lock() const { return folder + "/LOCK"; }
    [[nodiscard]] std::string manifest() const { return folder + "/MANIFEST"; }
    [[nodiscard]] std::string next_manifest() const { return folder + "/MANIFEST.next"; }
    [[nodiscard]] std::string segment(std::uint32_t number) const;
    [[nodiscard]] std::string spare(std::uint64_t number) const;
    /// The number in a segment's name (without folder); nothing if it is not one.
    [[nodiscard]] static std::optional<std::uint32_t> segment_number(std::string_view name);
    [[nodiscard]] static bool is_spare(std::string_view name);
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
    friend bool operator==(const ManifestEntry&, const ManifestEntry&) = default;
};

struct Manifest {
    Uuid store;
    std::uint64_t hash_seed = 0;
    std::uint64_t sequence = 0;
    bool is_clean = false;
    std::uint32_t last_number = 0;
    std::vector<ManifestEntry> segments;
    friend bool operator==(const Manifest&, const Manifest&) = default;
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
