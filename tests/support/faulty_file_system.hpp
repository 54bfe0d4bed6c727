#pragma once
// A file system in memory that behaves like a disk on a bad day: it forgets what was not synced
// when the power goes, has as little space as the test wants, and fails the N-th call of a kind.
// The store's tests run against it through bus/host/file_system.hpp.
#include "bus/host/file_system.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace vera::test {

enum class Call : std::uint8_t {
    open,
    write,
    sync,
    read,
    create,
    rename,
    remove,
    sync_folder,
    list,
    lock
};
constexpr std::size_t call_kinds = 10;

/// What a power loss does to writes that were not synced.
enum class Loss : std::uint8_t {
    all,      ///< none of them reached the disk
    nothing,  ///< all of them did
    random,   ///< a random half of the 512-byte sectors did, and a random number of the changes to
              ///< folders, in order
};

/// Any thread. Files opened before a power loss or kill give io errors after it.
class FaultyFileSystem final : public host::FileSystem {
public:
    FaultyFileSystem();
    ~FaultyFileSystem() override;

    Result<std::unique_ptr<host::File>> open(const std::string& path, host::OpenMode mode) override;
    Result<void> rename(const std::string& from, const std::string& to) override;
    Result<void> remove(const std::string& path) override;
    Result<std::vector<std::string>> list(const std::string& folder) override;
    Result<void> make_folder(const std::string& folder) override;
    Result<std::unique_ptr<host::Folder>> open_folder(const std::string& path) override;
    Result<std::unique_ptr<host::Lock>> lock(const std::string& path) override;

    // The bad day.

    /// The power goes. What is left is what the disk had, and `loss` of the rest; locks are free
    /// again.
    void lose_power(Loss loss, std::mt19937_64& random);
    /// The process dies, the machine goes on: open files and locks are gone, everything written is
    /// still there in memory.
    void kill_process();
    /// The `nth` call of this kind from now on (1 = the next) fails with `code`, and every later
    /// one too if `forever`.
    void fail_call(Call call, std::uint64_t nth, Errc code, bool forever = false);
    /// No more planned failures.
    void heal();
    /// Bytes of all files together; a write that needs more gives unavailable.
    void set_capacity(std::uint64_t bytes);
    /// The negative control: syncs of files and folders say yes and do nothing.
    void ignore_syncs(bool ignores);
    /// How many calls of this kind there were.
    [[nodiscard]] std::uint64_t calls(Call call) const;

    // Direct access for the tests: durable and current contents alike.

    [[nodiscard]] std::vector<std::string> names() const;
    [[nodiscard]] std::string contents(const std::string& path) const;
    void put(const std::string& path, std::string bytes);
    void erase(const std::string& path);
    /// Everything as it is now, taken for durable; locks and plans left out.
    [[nodiscard]] std::map<std::string, std::string> image() const;
    void set_image(const std::map<std::string, std::string>& image);

private:
    friend class FaultyFile;
    friend class FaultyFolder;
    friend class FaultyLock;
    struct Inode;
    struct FolderChange;
    struct Plan {
        std::uint64_t count = 0;
        std::uint64_t fail_at = 0;  // 0 = never
        Errc code = Errc::io;
        bool is_forever = false;
    };
    std::optional<Failure> planned(Call call, const std::string& path);
    [[nodiscard]] std::uint64_t used() const;
    static void apply(std::map<std::string, std::shared_ptr<Inode>>& names,
                      const FolderChange& change);

    mutable std::mutex mutex_;
    std::map<std::string, std::shared_ptr<Inode>> names_;    // as processes see it
    std::map<std::string, std::shared_ptr<Inode>> durable_;  // as the disk has it
    std::vector<FolderChange> changes_;                      // the way from durable_ to names_
    std::map<std::string, std::uint64_t> locks_;
    std::uint64_t generation_ = 1;
    std::uint64_t capacity_ = UINT64_MAX;
    bool ignores_syncs_ = false;
    Plan plans_[call_kinds];
};

}  // namespace vera::test
