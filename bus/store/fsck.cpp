#include "bus/store/fsck.hpp"

#include "bus/store/scan.hpp"

#include <algorithm>
#include <deque>

namespace vera::store {
namespace {

void list_queues(const RecoveryState& state, FsckReport& report) {
    auto tallies = state.tally();
    for (const auto& [id, queue] : state.queues()) {
        const QueueTally tally = tallies[id];
        tallies.erase(id);
        report.queues.push_back(
            {id, queue.name, queue.kind, queue.is_deleted, tally.waiting, tally.dead});
    }
    for (const auto& [id, tally] : tallies) {
        report.queues.push_back(
            {id, {}, flow::QueueKind::subscription, false, tally.waiting, tally.dead});
        report.findings.push_back(
            {true,
             report.path,
             0,
             "copies wait in queue " + std::to_string(id.value) + ", which no record declares"});
    }
    std::ranges::sort(report.queues, {}, &FsckQueue::id);
    for (const FsckQueue& queue : report.queues) {
        report.waiting += queue.waiting;
        report.dead += queue.dead;
    }
}

void list_segments(const Scan& scan,
                   const StoreNames& names,
                   const std::deque<SegmentUse>& uses,
                   FsckReport& report) {
    for (std::size_t i = 0; i < scan.segments.size(); ++i) {
        const ScannedSegment& segment = scan.segments[i];
        report.segments.push_back({segment.entry.number,
                                   names.segment(segment.entry.number),
                                   segment.file_bytes,
                                   segment.entry.end,
                                   segment.groups,
                                   segment.records,
                                   uses[i].live_copies,
                                   uses[i].retain_until,
                                   segment.entry.is_closed});
    }
}

}  // namespace

bool FsckReport::has_damage() const {
    return std::ranges::any_of(findings, &FsckFinding::is_damage);
}

Result<FsckReport> check_store(host::FileSystem& files, const std::string& path) {
    const StoreNames names{path};
    if (auto there = files.open(names.manifest(), host::OpenMode::read); !there) {
        if (there.error().code == Errc::not_found)
            return fail(Errc::not_found, "there is no store in " + path);
        return fail(there.error().code, there.error().text);
    }
    const auto lock = files.lock(names.lock());
    if (!lock && lock.error().code == Errc::refused)
        return fail(Errc::refused, in_use(path, lock.error()));
    if (!lock) return fail(lock.error().code, lock.error().text);

    RecoveryState state;
    const auto scan = scan_store(files, names, state);
    if (!scan) return fail(scan.error().code, scan.error().text);
    FsckReport report;
    report.path = path;
    report.format_version = format_version;
    report.store = scan->manifest.store;
    report.was_clean = scan->manifest.is_clean;
    report.events = state.events();
    report.transitions = state.transitions();
    report.leaves = state.leaves();
    report.last_event = state.last().event;
    report.last_copy = state.last().copy;
    report.last_leaf = state.last().leaf;
    report.last_stamp = state.last().stamp;
    for (const Finding& finding : scan->findings)
        report.findings.push_back({finding.is_damage, finding.file, finding.offset, finding.text});
    list_segments(*scan, names, state.uses(), report);
    list_queues(state, report);
    return report;
}

}  // namespace vera::store
