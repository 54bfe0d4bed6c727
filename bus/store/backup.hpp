#pragma once
// Copies of a store: taken from the files of one that may be running, made into a store again. The
// running process knows nothing of it but HOLD, which keeps its files where they are meanwhile.
#include "bus/base/result.hpp"
#include "bus/base/time.hpp"
#include "bus/base/uuid.hpp"
#include "bus/host/file_system.hpp"

#include <cstdint>
#include <functional>
#include <string>

namespace vera::store {

/// Told after each file, and within large ones.
struct CopyProgress {
    std::string file;  ///< the one being copied
    std::uint64_t done_bytes = 0;
    std::uint64_t total_bytes = 0;
};

struct CopyReport {
    std::string from, to;
    Uuid store;
    Uuid instance;  ///< of the copy
    Uuid origin;    ///< of what it is a copy of
    Timestamp taken;
    std::uint32_t segments = 0;
    std::uint64_t bytes = 0;
};

using OnProgress = std::function<void(const CopyProgress&)>;

/// Copies the store in `from` into the new folder `to`: everything that was accepted before the
/// call, and perhaps some of what came after. `from` may be in use. `taken` is told by the copy.
/// The copy is a backup: a daemon refuses it, restore_store makes a store of it. Errors: refused
/// (`to` is not empty; another copy is being taken), not_found (no store in `from`), corrupt (names
/// file and offset), unavailable (no space), io.
[[nodiscard]] Result<CopyReport> backup_store(host::FileSystem& files,
                                              const std::string& from,
                                              const std::string& to,
                                              Timestamp taken,
                                              const OnProgress& progress = {});

/// Makes a store in the new folder `to` of the backup in `from`. It has the events, ids and secrets
/// of the original, and an identity of its own (`instance`), so that the two are told apart.
/// Errors: as above; refused too if `from` is a store and no backup.
[[nodiscard]] Result<CopyReport> restore_store(host::FileSystem& files,
                                               const std::string& from,
                                               const std::string& to,
                                               const Uuid& instance,
                                               const OnProgress& progress = {});

}  // namespace vera::store
