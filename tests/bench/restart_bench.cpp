// How long a store with many waiting copies takes to start, what its snapshot costs, and the memory
// of both.
//   restart_bench [copies] [settled] [bytes] [folder]
//   `settled`: so many events more, which are settled at once. Without `folder` one is made in
//   TMPDIR or /tmp, which should be on the disk that matters, and removed; with it the store in it
//   is kept, and is used again if it is there already.
#include "bus/flow/bus_core.hpp"
#include "bus/store/journal.hpp"
#include "bus/store/snapshot.hpp"

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <string>
#include <sys/resource.h>
#include <unistd.h>

namespace {

using namespace vera;

constexpr std::size_t batch_events = 1000;

double seconds_of(const std::function<void()>& work) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double resident_mb() {
    std::ifstream statm("/proc/self/statm");
    std::size_t total = 0, resident = 0;
    statm >> total >> resident;
    return static_cast<double>(resident) * 4096 / 1e6;
}

/// Of all threads.
double cpu_seconds() {
    rusage use{};
    ::getrusage(RUSAGE_SELF, &use);
    const auto of = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return of(use.ru_utime) + of(use.ru_stime);
}

/// As after the machine itself has started: nothing of the files is in memory.
void forget_files(const std::string& folder) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        const int file = ::open(entry.path().c_str(), O_RDONLY | O_CLOEXEC);
        if (file < 0) continue;
        (void)::fdatasync(file);
        (void)::posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
        ::close(file);
    }
}

[[noreturn]] void stop(const std::string& why) {
    std::fprintf(stderr, "restart_bench: %s\n", why.c_str());
    std::exit(1);
}

class TempFolder {
public:
    TempFolder() {
        path_ = (std::filesystem::temp_directory_path() / "vera-bench-XXXXXX").string();
        if (::mkdtemp(path_.data()) == nullptr) stop("no temporary folder");
    }
    TempFolder(const TempFolder&) = delete;
    TempFolder& operator=(const TempFolder&) = delete;
    ~TempFolder() { std::filesystem::remove_all(path_); }
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    std::string path_;
};

/// The store, opened into a core as the daemon does.
struct Opened {
    std::unique_ptr<store::SyncSpares> spares;
    std::unique_ptr<flow::BusCore> core;
    std::unique_ptr<store::Journal> journal;
    flow::Recovery recovery;
};

Opened open(const std::string& path) {
    Opened opened;
    store::JournalOptions options;
    options.path = path;
    options.ids = {Millis{86'400'000}, 20'000'000};
    options.starts_with_two = true;
    host::FileSystem& files = host::posix_file_system();
    opened.spares = std::make_unique<store::SyncSpares>(files, path, options.segment_bytes, 4);
    opened.core = std::make_unique<flow::BusCore>(
        flow::CoreOptions{.hot_bytes = 16U << 20U, .admit = nullptr});
    auto journal =
        store::Journal::open(files, options, *opened.spares, *opened.core, opened.recovery);
    if (!journal) stop(journal.error().text);
    opened.journal = *std::move(journal);
    return opened;
}

/// Puts events in, and makes each snapshot that is asked for on the way.
class Filler {
public:
    Filler(const std::string& path, std::size_t bytes)
        : names_{path},
          message_(Block::copy_of(std::string(bytes, 'x'))) {}

    void fill(store::Journal& journal, std::uint64_t events, bool settles) {
        for (std::uint64_t done = 0; done < events; done += batch_events) {
            commit(journal, settles);
            if (const auto job = journal.take_job()) make(journal, *job);
        }
    }
    double snapshot_seconds = 0;
    std::uint64_t snapshots = 0, snapshot_bytes = 0;

private:
    void commit(store::Journal& journal, bool settles) {
        flow::Batch batch;
        batch.ticket = ++ticket_;
        batch.now = Timestamp{1'795'000'000'000 + static_cast<std::int64_t>(ticket_)};
        if (ticket_ == 1) {
            flow::QueueSpec& queue = batch.queues.emplace_back();
            queue.id = QueueId{1};
            queue.name = "sub/en";
        }
        batch.events.resize(batch_events);
        for (flow::EventCommit& event : batch.events) {
            event.seq.value = ++seq_;
            event.accepted = batch.now;
            event.retain_until = batch.now;
            event.order_key = seq_ * 0x9E3779B97F4A7C15ULL % 100'000 + 1;
            event.id_hash = seq_ * 0xD6E8FEB86659FD93ULL | 1U;
            event.bytes_hash = seq_;
            event.message = message_;
            event.copies.push_back({CopySeq{seq_}, QueueId{1}});
            if (!settles) continue;
            flow::Transition& done = batch.transitions.emplace_back();
            done.copy.value = done.event.value = seq_;
            done.version = 1;
            done.queue = QueueId{1};
            done.state = flow::CopyState::settled;
        }
        journal.commit({&batch, 1}, [](const flow::Outcome& outcome) {
            if (!outcome.ok) stop(outcome.error.text);
        });
    }

    void make(store::Journal& journal, const store::SnapshotJob& job) {
        snapshot_seconds += seconds_of([&] {
            const auto made = store::make_snapshot(host::posix_file_system(), names_, job);
            if (!made) stop(made.error().text);
            snapshot_bytes += made->bytes_written;
            ++snapshots;
            (void)journal.take_snapshot(made);
        });
    }

    store::StoreNames names_;
    Block message_;
    std::uint64_t ticket_ = 0, seq_ = 0;
};

enum class End : std::uint8_t { orderly, crash };

void measure_start(const std::string& path, bool is_cold, End end) {
    if (is_cold) forget_files(path);
    Opened opened;
    const double before = resident_mb(), cpu_before = cpu_seconds();
    const double taken = seconds_of([&] { opened = open(path); });
    auto snapshot = std::make_shared<flow::Snapshot>();
    snapshot->generation = Generation{1};
    snapshot->queues = opened.core->known_queues();
    flow::Effects out;
    const double started = seconds_of(
        [&] { opened.core->start(snapshot, opened.recovery, opened.recovery.last_stamp, out); });
    std::printf(
        "after a %-11s files %-10s %6.2f s to recover, %6.2f s until it serves, %6.2f s of CPU; "
        "%.0f MB resident before, %.0f after\n",
        opened.recovery.was_clean ? "clean stop," : "crash,",
        is_cold ? "on disk:" : "in memory:",
        taken,
        taken + started,
        cpu_seconds() - cpu_before,
        before,
        resident_mb());
    for (const std::string& note : opened.recovery.notes)
        std::printf("  note: %s\n", note.c_str());
    std::fflush(stdout);
    if (end == End::orderly) opened.journal->close();
}

void fill(const std::string& path, std::uint64_t copies, std::uint64_t settled, std::size_t bytes) {
    Filler filler(path, bytes);
    Opened opened = open(path);
    opened.core.reset();
    const double taken = seconds_of([&] {
        filler.fill(*opened.journal, copies, false);
        filler.fill(*opened.journal, settled, true);
    });
    std::printf(
        "%llu waiting, %llu settled, %zu bytes each, in %.1f s; %llu snapshots, %.1f s, "
        "%.0f MB written; %zu segments\n",
        static_cast<unsigned long long>(copies),
        static_cast<unsigned long long>(settled),
        bytes,
        taken,
        static_cast<unsigned long long>(filler.snapshots),
        filler.snapshot_seconds,
        static_cast<double>(filler.snapshot_bytes) / 1e6,
        opened.journal->live_segments());
    std::fflush(stdout);
    // Not closed: as after a crash.
}

}  // namespace

int main(int argc, char** argv) {
    const std::uint64_t copies = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 10'000'000;
    const std::uint64_t settled = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 0;
    const std::size_t bytes = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 256;
    std::optional<TempFolder> made;
    if (argc <= 4) made.emplace();
    const std::string path = made ? made->path() : argv[4];
    if (!std::filesystem::exists(path + "/MANIFEST")) fill(path, copies, settled, bytes);
    for (const bool is_cold : {true, false}) {
        measure_start(path, is_cold, End::orderly);
        measure_start(path, is_cold, End::crash);
    }
    return 0;
}
