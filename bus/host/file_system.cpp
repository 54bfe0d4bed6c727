#include "bus/host/file_system.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <fcntl.h>
#include <filesystem>
#include <linux/stat.h>
#include <optional>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace vera::host {
namespace {

Failure failed(const char* call, const std::string& path, int error) {
    Errc code = Errc::io;
    // What gets better by itself, or when somebody makes room.
    for (const int passing : {ENOSPC, EDQUOT, EMFILE, ENFILE, ENOMEM})
        if (error == passing) code = Errc::unavailable;
    if (error == ENOENT) code = Errc::not_found;
    return fail(code,
                std::string(call) + " " + path + ": " + std::generic_category().message(error));
}

/// A file descriptor that closes itself.
class Descriptor {
public:
    explicit Descriptor(int number) : number_(number) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() {
        if (number_ >= 0) ::close(number_);
    }
    [[nodiscard]] int get() const { return number_; }

private:
    int number_;
};

constexpr std::size_t page_bytes = 4096;
/// What is fetched from the disk with a small read: a backlog's messages lie behind each other.
constexpr std::size_t ahead_bytes = 512U << 10U;
/// The kernel takes no more than so much as one hint, on disks that say nothing else.
constexpr std::uint64_t hint_bytes = 1U << 20U;

/// Whether whole pages may be written past the page cache. tmpfs and older kernels do not say so.
bool bears_direct(int file) {
    struct statx about {};
    if (::statx(file, "", AT_EMPTY_PATH, STATX_DIOALIGN, &about) != 0) return false;
    const auto fits = [](std::uint32_t align) { return align != 0 && page_bytes % align == 0; };
    return (about.stx_mask & STATX_DIOALIGN) != 0 && fits(about.stx_dio_mem_align) &&
           fits(about.stx_dio_offset_align);
}

/// A second descriptor of the file that is open as `file`; negative if there can be none.
int open_past_cache(int file, const std::string& path) {
    if (!bears_direct(file)) return -1;
    const int second = ::open(path.c_str(), O_RDWR | O_CLOEXEC | O_DIRECT);
    struct stat one {};
    struct stat other {};
    if (second < 0 || (::fstat(file, &one) == 0 && ::fstat(second, &other) == 0 &&
                       one.st_dev == other.st_dev && one.st_ino == other.st_ino))
        return second;
    ::close(second);  // the file has another name by now
    return -1;
}

class PosixFile final : public File {
public:
    PosixFile(int descriptor, std::string path) : file_(descriptor), path_(std::move(path)) {}

    Result<void> write(std::uint64_t offset, std::string_view bytes) override {
        while (!bytes.empty()) {
            const int file = is_in_pages(offset, bytes) ? past_cache() : file_.get();
            const ssize_t put =
                ::pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(offset));
            if (put < 0 && errno == EINTR) continue;
            if (put < 0) return failed("write to", path_, errno);
            if (put == 0) return failed("write to", path_, EIO);
            bytes.remove_prefix(static_cast<std::size_t>(put));
            offset += static_cast<std::uint64_t>(put);
        }
        return {};
    }

    Result<void> sync() override {
        if (::fdatasync(file_.get()) != 0) return failed("sync of", path_, errno);
        return {};
    }

    Result<std::size_t> read(std::uint64_t offset, std::span<char> out) override {
        // Only a hint: whatever it says, the read finds out.
        if (out.size() < ahead_bytes)
            (void)::posix_fadvise(file_.get(),
                                  static_cast<off_t>(offset),
                                  static_cast<off_t>(ahead_bytes),
                                  POSIX_FADV_WILLNEED);
        std::size_t done = 0;
        while (done < out.size()) {
            const ssize_t got = ::pread(file_.get(),
                                        out.data() + done,
                                        out.size() - done,
                                        static_cast<off_t>(offset + done));
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) return failed("read of", path_, errno);
            if (got == 0) break;
            done += static_cast<std::size_t>(got);
        }
        return done;
    }

    std::optional<Result<std::size_t>> read_now(std::uint64_t offset,
                                                std::span<char> out) override {
        iovec part{out.data(), out.size()};
        const ssize_t got =
            ::preadv2(file_.get(), &part, 1, static_cast<off_t>(offset), RWF_NOWAIT);
        // Short: the rest is not in memory (or the file ends: read() finds out). Errors are
        // read()'s to tell.
        if (got < 0 || static_cast<std::size_t>(got) < out.size()) return std::nullopt;
        return Result<std::size_t>(static_cast<std::size_t>(got));
    }

    void will_read(std::uint64_t offset, std::uint64_t bytes) override {
        for (const std::uint64_t end = offset + bytes; offset < end; offset += hint_bytes)
            (void)::posix_fadvise(file_.get(),
                                  static_cast<off_t>(offset),
                                  static_cast<off_t>(std::min(hint_bytes, end - offset)),
                                  POSIX_FADV_WILLNEED);
    }

    Result<std::uint64_t> size() override {
        struct stat about {};
        if (::fstat(file_.get(), &about) != 0) return failed("stat of", path_, errno);
        return static_cast<std::uint64_t>(about.st_size);
    }

private:
    static bool is_in_pages(std::uint64_t offset, std::string_view bytes) {
        return offset % page_bytes == 0 && bytes.size() % page_bytes == 0 &&
               reinterpret_cast<std::uintptr_t>(bytes.data()) % page_bytes == 0;
    }

    int past_cache() {
        if (!direct_) direct_.emplace(open_past_cache(file_.get(), path_));
        return direct_->get() >= 0 ? direct_->get() : file_.get();
    }

    Descriptor file_;
    std::string path_;
    std::optional<Descriptor> direct_;  // negative: there can be none
};

class PosixLock final : public Lock {
public:
    explicit PosixLock(int descriptor) : file_(descriptor) {}

private:
    Descriptor file_;
};

class PosixFolder final : public Folder {
public:
    PosixFolder(int descriptor, std::string path) : file_(descriptor), path_(std::move(path)) {}

    Result<void> sync() override {
        if (::fsync(file_.get()) != 0) return failed("sync of folder", path_, errno);
        return {};
    }

private:
    Descriptor file_;
    std::string path_;
};

class PosixFileSystem final : public FileSystem {
public:
    Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override {
        int flags = O_CLOEXEC;
        switch (mode) {
            case OpenMode::read:
                flags |= O_RDONLY;
                break;
            case OpenMode::write:
                flags |= O_RDWR;
                break;
            case OpenMode::create:
                flags |= O_RDWR | O_CREAT | O_TRUNC;
                break;
        }
        const int descriptor = ::open(path.c_str(), flags, 0600);
        if (descriptor < 0) return failed("open", path, errno);
        return std::unique_ptr<File>(std::make_unique<PosixFile>(descriptor, path));
    }

    Result<void> rename(const std::string& from, const std::string& to) override {
        if (::rename(from.c_str(), to.c_str()) != 0)
            return failed("rename", from + " to " + to, errno);
        return {};
    }

    Result<void> remove(const std::string& path) override {
        if (::unlink(path.c_str()) != 0) return failed("remove", path, errno);
        return {};
    }

    Result<std::vector<std::string>> list(const std::string& folder) override {
        std::vector<std::string> names;
        std::error_code error;
        std::filesystem::directory_iterator at(folder, error);
        while (!error && at != std::filesystem::directory_iterator()) {
            if (!at->is_directory(error)) names.push_back(at->path().filename().string());
            if (!error) at.increment(error);
        }
        if (error) return failed("list", folder, error.value());
        std::ranges::sort(names);
        return names;
    }

    Result<void> make_folder(const std::string& folder) override {
        std::string path = folder;
        while (path.size() > 1 && path.back() == '/')
            path.pop_back();
        // The last one is taken even if it is there: its name must outlive a power loss too.
        std::vector<std::filesystem::path> wanted{path};
        std::error_code error;
        for (auto at = wanted.front().parent_path(); !at.empty(); at = at.parent_path()) {
            if (std::filesystem::exists(at, error)) break;
            if (error) return failed("look at", at.string(), error.value());
            wanted.push_back(at);
        }
        for (auto at = wanted.rbegin(); at != wanted.rend(); ++at)
            if (auto made = make_one_folder(*at); !made) return made;
        return {};
    }

    Result<std::unique_ptr<Folder>> open_folder(const std::string& path) override {
        const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (descriptor < 0) return failed("open folder", path, errno);
        return std::unique_ptr<Folder>(std::make_unique<PosixFolder>(descriptor, path));
    }

    Result<std::unique_ptr<Lock>> lock(const std::string& path) override {
        const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (descriptor < 0) return failed("open", path, errno);
        auto held = std::make_unique<PosixLock>(descriptor);
        if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) {
            tell_holder(descriptor);
            return std::unique_ptr<Lock>(std::move(held));
        }
        if (errno == EWOULDBLOCK)
            return fail(Errc::refused, path + " is locked by " + holder(descriptor));
        return failed("lock", path, errno);
    }

private:
    /// For people alone: the lock itself is the kernel's.
    static void tell_holder(int descriptor) {
        const std::string pid = std::to_string(::getpid()) + "\n";
        if (::ftruncate(descriptor, 0) == 0) (void)!::pwrite(descriptor, pid.data(), pid.size(), 0);
    }
    static std::string holder(int descriptor) {
        std::array<char, 32> text{};
        const ssize_t got = ::pread(descriptor, text.data(), text.size() - 1, 0);
        const std::string pid(text.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
        const std::size_t end = pid.find_first_not_of("0123456789");
        return end == 0 || end == std::string::npos ? "another process"
                                                    : "process " + pid.substr(0, end);
    }
    Result<void> make_one_folder(const std::filesystem::path& path) {
        if (::mkdir(path.c_str(), 0700) != 0) {
            if (errno != EEXIST) return failed("make folder", path.string(), errno);
            std::error_code error;
            if (!std::filesystem::is_directory(path, error))
                return failed("make folder", path.string(), ENOTDIR);
        }
        const std::string parent = path.parent_path().string();
        auto opened = open_folder(parent.empty() ? "." : parent);
        if (!opened) return fail(opened.error().code, opened.error().text);
        return (*opened)->sync();
    }
};

}  // namespace

FileSystem& posix_file_system() {
    static PosixFileSystem files;
    return files;
}

}  // namespace vera::host
