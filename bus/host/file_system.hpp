#pragma once
// The file seam: all that the store asks of the operating system. Tests put a file system in memory
// behind it that loses unsynced sectors and fails calls on demand
// (tests/support/faulty_file_system.hpp).
//
// Errors everywhere: unavailable = no space left, or no memory or descriptor for now; not_found;
// refused = a lock that somebody else holds; io = everything else. Texts name the call, the path
// and the system's reason.
#include "bus/base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vera::host {

/// An open file; closed by the destructor. Reads from any thread, also beside a write; write and
/// sync from one thread at a time.
class File {
public:
    File() = default;
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    virtual ~File() = default;

    /// Writes all of `bytes` at `offset`; the file grows where needed. After an error the contents
    /// are unknown. Whole pages of 4096 bytes from memory aligned to that go past the page cache
    /// where the file system bears it: no copy, and no memory that nobody asked for.
    [[nodiscard]] virtual Result<void> write(std::uint64_t offset, std::string_view bytes) = 0;
    /// Everything written is on stable storage, with the size needed to read it. After an error
    /// never call it again: the kernel has dropped the pages and would say yes.
    [[nodiscard]] virtual Result<void> sync() = 0;
    /// Fills `out` from `offset`; gives fewer bytes only at the end of the file. What follows is
    /// likely to be in memory soon.
    [[nodiscard]] virtual Result<std::size_t> read(std::uint64_t offset, std::span<char> out) = 0;
    /// As read, but nothing if it would have to wait for a disk.
    [[nodiscard]] virtual std::optional<Result<std::size_t>> read_now(std::uint64_t offset,
                                                                      std::span<char> out) = 0;
    /// So many bytes will be read from `offset` on, soon and in order: a hint, and it does not
    /// wait.
    virtual void will_read(std::uint64_t /*offset*/, std::uint64_t /*bytes*/) {}
    [[nodiscard]] virtual Result<std::uint64_t> size() = 0;
};

/// An open folder. Held, so that a sync needs no new descriptor when there may be none.
class Folder {
public:
    Folder() = default;
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    virtual ~Folder() = default;
    /// Makes created, renamed and removed names of the folder durable.
    [[nodiscard]] virtual Result<void> sync() = 0;
};

/// Held until destroyed.
class Lock {
public:
    Lock() = default;
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;
    virtual ~Lock() = default;
};

enum class OpenMode : std::uint8_t {
    read,    ///< existing file
    write,   ///< existing file, read and write
    create,  ///< read and write; made if absent, emptied if there
};

/// Any thread. Paths are as given; nothing is made durable but by sync.
class FileSystem {
public:
    FileSystem() = default;
    FileSystem(const FileSystem&) = delete;
    FileSystem& operator=(const FileSystem&) = delete;
    virtual ~FileSystem() = default;

    [[nodiscard]] virtual Result<std::unique_ptr<File>> open(const std::string& path,
                                                             OpenMode mode) = 0;
    /// Replaces `to` if it is there.
    [[nodiscard]] virtual Result<void> rename(const std::string& from, const std::string& to) = 0;
    [[nodiscard]] virtual Result<void> remove(const std::string& path) = 0;
    /// Names of the files in a folder, sorted; without folders.
    [[nodiscard]] virtual Result<std::vector<std::string>> list(const std::string& folder) = 0;
    /// Makes the folder and the parents that are missing, for their owner alone (0700), each
    /// durably; fine if it is there, which leaves its permissions alone.
    [[nodiscard]] virtual Result<void> make_folder(const std::string& folder) = 0;
    [[nodiscard]] virtual Result<std::unique_ptr<Folder>> open_folder(const std::string& path) = 0;
    /// Takes an exclusive lock on the file at `path`, which is made if absent. refused: held, in
    /// this process or another; the text names the holder if it can.
    [[nodiscard]] virtual Result<std::unique_ptr<Lock>> lock(const std::string& path) = 0;
};

/// The machine's files.
[[nodiscard]] FileSystem& posix_file_system();

}  // namespace vera::host
