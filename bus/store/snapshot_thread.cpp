#include "bus/store/snapshot_thread.hpp"

#include "bus/host/log.hpp"
#include "bus/host/memory.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace vera::store {
namespace {

constexpr std::chrono::milliseconds for_long{60'000};
constexpr std::uint64_t slice_bytes = 1U << 20U;

}  // namespace

void SnapshotThread::start(Post post) {
    if (!thread_.joinable())
        thread_ = std::jthread(
            [this, post = std::move(post)](const std::stop_token& stop) { run(stop, post); });
}

void SnapshotThread::stop() {
    thread_.request_stop();
    jobs_.close();
    answers_.close();
    if (thread_.joinable()) thread_.join();
}

void SnapshotThread::run(const std::stop_token& stop, const Post& post) {
    host::ApartMemory memory;
    std::vector<SnapshotJob> jobs;
    while (jobs_.take(jobs, for_long))
        for (const SnapshotJob& job : jobs) {
            do_job(job, stop, post);
            post(JobEnded{job.number});
            memory.give_back();
        }
}

bool SnapshotThread::hear(Answer& answer) {
    std::vector<Answer> heard;
    while (heard.empty())
        if (!answers_.take(heard, for_long)) return false;
    answer = std::move(heard.front());
    return answer.is_good;
}

void SnapshotThread::do_job(const SnapshotJob& job, const std::stop_token& stop, const Post& post) {
    const auto begin = std::chrono::steady_clock::now();
    auto made = make_snapshot(files_, names_, job, stop);
    if (stop.stop_requested()) return;
    if (!made) {
        host::log::error("no snapshot", {{"store", names_.folder}, {"error", made.error().text}});
        return;
    }
    if (!made->base_error.empty())
        host::log::error("the snapshot before was of no use",
                         {{"store", names_.folder}, {"error", made->base_error}});
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - begin);
    host::log::info("snapshot made",
                    {{"store", names_.folder},
                     {"segment", std::to_string(made->cut)},
                     {"events", std::to_string(made->events)},
                     {"bytes", std::to_string(made->bytes_written)},
                     {"ms", std::to_string(took.count())}});
    const auto sources = made->sources;
    const auto waiting = std::move(made->waiting);
    post(std::move(made));
    Answer answer;
    if (!hear(answer)) return;
    for (std::size_t i = 0; i < sources.size(); ++i) {
        if (std::ranges::find(answer.sources, sources[i]) == answer.sources.end()) continue;
        if (!carry(job, sources[i], waiting[i], post)) return;
    }
}

bool SnapshotThread::carry(const SnapshotJob& job,
                           std::uint32_t source,
                           const std::vector<flow::RecoveredEvent>& waiting,
                           const Post& post) {
    auto slices = slices_of(files_, names_, job.manifest, source, waiting, job.now, slice_bytes);
    if (!slices) {
        host::log::error("a segment cannot be rewritten",
                         {{"store", names_.folder}, {"error", slices.error().text}});
        return false;
    }
    // A slice is written at most so often that others hardly notice.
    const std::chrono::milliseconds pause{static_cast<std::int64_t>(
        slice_bytes * 1000 / std::max<std::uint64_t>(1, bytes_per_second_))};
    std::size_t events = 0;
    for (CarrySlice& slice : *slices) {
        events += slice.events.size();
        post(slice);
        Answer answer;
        if (!hear(answer)) return false;
        if (slice.is_last) break;
        // Nothing but stop() comes here while a job is under way.
        std::vector<SnapshotJob> none;
        if (!jobs_.take(none, pause)) return false;
    }
    host::log::info("segment rewritten",
                    {{"store", names_.folder},
                     {"segment", std::to_string(source)},
                     {"events", std::to_string(events)}});
    return true;
}

}  // namespace vera::store
