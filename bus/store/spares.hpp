#pragma once
// Files of zeros that become segments, and what becomes of segments that were given back.
#include "bus/base/result.hpp"
#include "bus/host/file_system.hpp"
#include "bus/store/manifest.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace vera::store {

/// A file of zeros, synced, open for writing. Its name is not durable yet.
struct Spare {
    std::string path;
    std::shared_ptr<host::File> file;
    std::uint64_t bytes = 0;
};

/// Makes a spare at `path`, from the file there if it has the size, else new. A failed attempt
/// leaves no file behind. Errors: unavailable (no space), io. Blocks: writes all of it.
[[nodiscard]] Result<Spare> make_spare(host::FileSystem& files,
                                       const std::string& path,
                                       std::uint64_t bytes);

/// Where the journal gets its segments. Two users: SyncSpares makes them on the spot (tests,
/// creation), the engine's files thread makes them ahead.
class Spares {
public:
    Spares() = default;
    Spares(const Spares&) = delete;
    Spares& operator=(const Spares&) = delete;
    virtual ~Spares() = default;
    /// A spare of at least `bytes`. Errors: unavailable (no space for it now), io.
    [[nodiscard]] virtual Result<Spare> take(std::uint64_t bytes) = 0;
    /// A spare that was taken and not used.
    virtual void put_back(Spare spare) = 0;
    /// A file that is no longer a segment: to be used again or removed.
    virtual void give(const std::string& path, std::uint64_t bytes) = 0;
};

/// Makes and removes on the caller's thread.
class SyncSpares final : public Spares {
public:
    SyncSpares(host::FileSystem& files,
               std::string folder,
               std::uint64_t bytes,
               std::uint32_t recycle)
        : files_(files),
          names_{std::move(folder)},
          bytes_(bytes),
          recycle_(recycle) {}
    Result<Spare> take(std::uint64_t bytes) override;
    void put_back(Spare spare) override;
    void give(const std::string& path, std::uint64_t bytes) override;

private:
    host::FileSystem& files_;
    StoreNames names_;
    std::uint64_t bytes_;
    std::uint32_t recycle_;
    std::uint64_t next_number_ = 1;
    std::vector<std::string> old_;  // paths of files to be zeroed
    std::optional<Spare> unused_;
};

}  // namespace vera::store
