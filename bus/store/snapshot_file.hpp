#pragma once
// The two kinds of files that a snapshot consists of, as streams: events with copies that wait, and
// ids. Written once, never changed. Format: FORMAT.md.
#include "bus/base/result.hpp"
#include "bus/flow/engine.hpp"
#include "bus/host/file_system.hpp"
#include "bus/store/manifest.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace vera::store {

/// Writes a file from front to back; the first page comes last. A file that is not finished means
/// nothing.
class SnapshotWriter {
public:
    /// Errors: unavailable (no space), io.
    [[nodiscard]] static Result<SnapshotWriter> make(host::FileSystem& files,
                                                     const StoreNames& names,
                                                     const Uuid& store,
                                                     SnapshotKind kind,
                                                     std::uint32_t number);
    [[nodiscard]] Result<void> add(const flow::RecoveredEvent& event);
    [[nodiscard]] Result<void> add(const flow::RecoveredId& id);
    /// Synced; its name is not durable yet. `file` tells which segments it covers.
    [[nodiscard]] Result<SnapshotFile> finish(SnapshotFile file, Generation last_generation);
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    SnapshotWriter() = default;
    [[nodiscard]] Result<void> close_chunk();
    char* grow(std::size_t bytes);

    Uuid store_;
    std::string path_;
    std::unique_ptr<host::File> file_;
    std::uint64_t seed_ = 0;
    std::uint64_t end_ = 0;
    std::uint64_t synced_ = 0;
    std::uint64_t entries_ = 0;
    std::uint64_t hash_ = 0;
    Timestamp until_;
    std::string chunk_;
    std::uint32_t chunk_entries_ = 0;
};

/// Reads one; each chunk is checked before anything of it is given.
class SnapshotReader {
public:
    /// Checks the first page against `file`. Errors: corrupt, refused (version), io, not_found;
    /// all name the path.
    [[nodiscard]] static Result<SnapshotReader> open(host::FileSystem& files,
                                                     const StoreNames& names,
                                                     const Uuid& store,
                                                     const SnapshotFile& file);
    /// Reads all of it: every checksum, the number of entries, the hash. Then next begins in front.
    [[nodiscard]] Result<void> verify();
    /// The next event into `event`; false at the end.
    [[nodiscard]] Result<bool> next(flow::RecoveredEvent& event);
    /// The next ids; empty at the end. Valid until the next call.
    [[nodiscard]] Result<std::span<const flow::RecoveredId>> next_ids();
    [[nodiscard]] Generation last_generation() const { return last_generation_; }

private:
    SnapshotReader() = default;
    [[nodiscard]] Result<bool> load_chunk();
    [[nodiscard]] Failure corrupt(std::uint64_t offset, const std::string& what) const;
    [[nodiscard]] bool take(flow::RecoveredEvent& event);
    [[nodiscard]] bool take_time(bool is_there, Timestamp& time);
    void read_ahead();

    SnapshotFile about_;
    std::string path_;
    std::unique_ptr<host::File> file_;
    std::uint64_t seed_ = 0;
    std::uint64_t at_ = 0;        ///< of the next chunk
    std::uint64_t chunk_at_ = 0;  ///< of the one in `chunk_`
    std::uint64_t asked_to_ = 0;  ///< so far the file is on its way to memory
    std::uint64_t entries_ = 0;
    std::uint64_t hash_ = 0;
    Generation last_generation_;
    std::string buffer_;
    std::string_view rest_;   ///< of the chunk, not yet given
    std::uint32_t left_ = 0;  ///< entries in it
    std::vector<flow::RecoveredId> ids_;
};

}  // namespace vera::store
