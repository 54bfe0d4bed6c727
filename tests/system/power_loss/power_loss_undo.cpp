// Takes back what was not synced when a process under power_loss_shim was killed, as if the power
// had gone. See README.md.
//   power_loss_undo LOG_FOLDER FOLDER all
//   power_loss_undo LOG_FOLDER FOLDER random SEED
#include "tests/system/power_loss/undo_log.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <random>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace {

namespace fs = std::filesystem;
constexpr std::uint64_t sector_bytes = 512;

struct Counts {
    std::size_t writes = 0, sectors = 0, names = 0, files = 0;
};

std::string read_all(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

[[noreturn]] void die(const std::string& what) {
    std::perror(("power_loss_undo: " + what).c_str());
    std::exit(2);
}

/// Inode to path, of the files in the folder and of those kept alive.
std::map<std::pair<std::uint64_t, std::uint64_t>, fs::path> find_files(const fs::path& logs,
                                                                       const fs::path& folder) {
    std::map<std::pair<std::uint64_t, std::uint64_t>, fs::path> found;
    const auto add = [&found](const fs::path& path) {
        struct stat about {};
        if (::stat(path.c_str(), &about) == 0 && S_ISREG(about.st_mode))
            found[{about.st_dev, about.st_ino}] = path;
    };
    for (const auto& entry : fs::directory_iterator(logs))
        if (entry.path().filename().string().starts_with("kept-")) add(entry.path());
    for (const auto& entry : fs::recursive_directory_iterator(folder))
        add(entry.path());
    return found;
}

/// All sectors go back to what they were at the last sync, or a random half of them.
void undo_writes(const fs::path& log,
                 const fs::path& file,
                 bool is_random,
                 std::mt19937_64& random,
                 Counts& counts) {
    const std::string bytes = read_all(log);
    std::vector<std::pair<undo_write, std::size_t>> writes;  // with the place of the old bytes
    for (std::size_t at = 0; at + sizeof(undo_write) <= bytes.size();) {
        undo_write head{};
        std::memcpy(&head, bytes.data() + at, sizeof head);
        // Cut: the process died before it wrote the rest, and so before the write itself.
        if (head.magic != UNDO_WRITE_MAGIC || at + sizeof head + head.old_bytes > bytes.size())
            break;
        writes.emplace_back(head, at + sizeof head);
        at += sizeof head + head.old_bytes;
    }
    if (writes.empty()) return;
    ++counts.files;
    counts.writes += writes.size();
    const int fd = ::open(file.c_str(), O_RDWR | O_CLOEXEC);
    if (fd < 0) die(file.string());
    std::map<std::uint64_t, bool> goes_back;
    const bool size_goes_back = !is_random || random() % 2 == 0;
    struct stat now {};
    if (::fstat(fd, &now) != 0) die(file.string());
    std::reverse(writes.begin(), writes.end());
    for (const auto& [head, old] : writes) {
        const std::uint64_t end = head.offset + head.new_bytes;
        for (std::uint64_t at = head.offset; at < end;) {
            const std::uint64_t sector = at / sector_bytes;
            const std::uint64_t stop = std::min(end, (sector + 1) * sector_bytes);
            const auto [choice, is_new] = goes_back.try_emplace(sector, true);
            if (is_new) {
                choice->second = !is_random || random() % 2 == 0;
                if (choice->second) ++counts.sectors;
            }
            if (choice->second) {
                std::string back(stop - at, '\0');  // what was not there before reads as zeros
                const std::uint64_t begin = at - head.offset;
                if (begin < head.old_bytes)
                    bytes.copy(back.data(),
                               std::min<std::uint64_t>(back.size(), head.old_bytes - begin),
                               old + begin);
                if (::pwrite(fd, back.data(), back.size(), static_cast<off_t>(at)) < 0)
                    die(file.string());
            }
            at = stop;
        }
    }
    const std::uint64_t first_size = writes.back().first.size_before;
    const std::uint64_t size =
        size_goes_back ? first_size : static_cast<std::uint64_t>(now.st_size);
    if (::ftruncate(fd, static_cast<off_t>(size)) != 0) die(file.string());
    ::close(fd);
}

/// Names go back, newest first; in random mode a random number of the oldest changes stays.
void undo_names(const fs::path& log, bool is_random, std::mt19937_64& random, Counts& counts) {
    const std::string bytes = read_all(log);
    std::vector<undo_name> names(bytes.size() / sizeof(undo_name));
    std::memcpy(names.data(), bytes.data(), names.size() * sizeof(undo_name));
    const std::size_t kept = is_random && !names.empty() ? random() % (names.size() + 1) : 0;
    for (std::size_t i = names.size(); i-- > kept;) {
        const undo_name& name = names[i];
        if (name.magic != UNDO_NAME_MAGIC) die("names.undo is damaged");
        ++counts.names;
        // Each step may not have happened: it is written down before it is done.
        if (name.kind == UNDO_CREATED) ::unlink(name.path);
        if (name.kind == UNDO_RENAMED && ::access(name.path, F_OK) != 0) {
            ::rename(name.new_path, name.path);
            if (name.kept[0] != '\0' && ::rename(name.kept, name.new_path) != 0) die(name.kept);
        }
        if (name.kind == UNDO_REMOVED && name.kept[0] != '\0' && ::access(name.path, F_OK) != 0 &&
            ::rename(name.kept, name.path) != 0)
            die(name.kept);
    }
}

}  // namespace

int main(int argc, char** argv) {
    const std::string mode = argc > 3 ? argv[3] : "";
    if (!(mode == "all" && argc == 4) && !(mode == "random" && argc == 5)) {
        std::fprintf(stderr, "usage: power_loss_undo LOG_FOLDER FOLDER all | random SEED\n");
        return 2;
    }
    const fs::path logs = argv[1];
    const fs::path folder = argv[2];
    const bool is_random = mode == "random";
    std::mt19937_64 random(is_random ? std::strtoull(argv[4], nullptr, 10) : 0);
    Counts counts;
    const auto files = find_files(logs, folder);
    for (const auto& [inode, path] : files) {
        const fs::path log =
            logs / (std::to_string(inode.first) + "-" + std::to_string(inode.second) + ".undo");
        if (fs::exists(log)) undo_writes(log, path, is_random, random, counts);
    }
    if (fs::exists(logs / "names.undo")) undo_names(logs / "names.undo", is_random, random, counts);
    for (const auto& entry : fs::directory_iterator(logs))
        fs::remove(entry.path());
    std::printf("writes=%zu files=%zu sectors=%zu names=%zu\n",
                counts.writes,
                counts.files,
                counts.sectors,
                counts.names);
    return 0;
}
