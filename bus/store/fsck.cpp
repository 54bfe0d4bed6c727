#include "bus/store/fsck.hpp"

#include "bus/store/scan.hpp"
#include "bus/store/snapshot.hpp"
#include "bus/store/snapshot_file.hpp"

#include <algorithm>
#include <functional>
#include <map>

namespace vera::store {
namespace {

Failure again(const Error& error) {
    return fail(error.code, error.text);
}

/// What the events with copies add up to.
struct Totals {
    std::map<QueueId, QueueTally> queues;
    std::map<std::uint32_t, std::uint64_t> copies;  ///< by segment
    std::uint64_t digest = 0;                       ///< of every field, in order
};

void mix(std::uint64_t& digest, std::uint64_t value) {
    digest = next_chain(digest, value);
}

void mix(std::uint64_t& digest, const std::string& text) {
    mix(digest, std::hash<std::string>{}(text));
}

void count(const flow::RecoveredEvent& event, Totals& totals) {
    for (const std::uint64_t value : {event.seq.value,
                                      event.leaf.value,
                                      static_cast<std::uint64_t>(event.accepted.ms),
                                      static_cast<std::uint64_t>(event.expiry.ms),
                                      event.order_key,
                                      event.body.a,
                                      std::uint64_t{event.body.b} << 32U | event.body.c,
                                      std::uint64_t{event.message_bytes}})
        mix(totals.digest, value);
    mix(totals.digest, event.unrouted_reason);
    totals.copies[static_cast<std::uint32_t>(event.body.a >> 32U)] += event.copies.size();
    for (const flow::RecoveredCopy& copy : event.copies) {
        const bool is_dead = copy.state == flow::CopyState::dead;
        QueueTally& tally = totals.queues[copy.queue];
        ++(is_dead ? tally.dead : tally.waiting);
        for (const std::uint64_t value :
             {copy.seq.value,
              std::uint64_t{copy.queue.value} << 32U | copy.version,
              std::uint64_t{copy.attempts} << 32U | static_cast<std::uint32_t>(copy.state),
              static_cast<std::uint64_t>(copy.due.ms),
              static_cast<std::uint64_t>(copy.ready_at.ms),
              static_cast<std::uint64_t>(copy.died.ms)})
            mix(totals.digest, value);
        mix(totals.digest, copy.reason);
        mix(totals.digest, copy.error);
    }
}

Result<Totals> add_up(const RecoveryState& state, const RecoveryState::Base& base) {
    Totals totals;
    const auto done =
        state.each_event(base, [&](const flow::RecoveredEvent& event) { count(event, totals); });
    if (!done) return again(done.error());
    return totals;
}

void list_queues(const RecoveryState& state, const Totals& totals, FsckReport& report) {
    auto tallies = totals.queues;
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
                   const std::vector<SegmentUse>& uses,
                   const Totals& totals,
                   FsckReport& report) {
    for (std::size_t i = 0; i < scan.segments.size(); ++i) {
        const ScannedSegment& segment = scan.segments[i];
        const auto copies = totals.copies.find(segment.entry.number);
        report.segments.push_back({segment.entry.number,
                                   names.segment(segment.entry.number),
                                   segment.file_bytes,
                                   segment.entry.end,
                                   segment.groups,
                                   segment.records,
                                   copies == totals.copies.end() ? 0 : copies->second,
                                   uses[i].retain_until,
                                   segment.entry.is_closed});
    }
}

/// A broken snapshot is damage here, though a start would do without it.
Result<void> check_parts(host::FileSystem& files,
                         const StoreNames& names,
                         const Manifest& manifest,
                         const Totals& journal,
                         FsckReport& report) {
    for (const SnapshotFile& part : manifest.snapshot) {
        const bool is_live = part.kind == SnapshotKind::live;
        const std::string path = names.snapshot(part.kind, part.number);
        report.snapshot.push_back(
            {path, is_live ? "live" : "ids", part.first, part.last, part.bytes, part.entries});
        auto reader = SnapshotReader::open(files, names, manifest.store, part);
        const auto read = reader ? reader->verify() : again(reader.error());
        if (!read) report.findings.push_back({true, path, 0, read.error().text});
    }
    // With damage the two cannot be compared.
    if (manifest.live_file() == nullptr || report.has_damage()) return {};
    const CheckedSnapshot snapshot = check_snapshot(files, names, manifest);
    RecoveryState behind;
    behind.stand_on(snapshot.last_generation);
    const auto scan = scan_store(files, names, manifest, snapshot.end, behind);
    if (!scan) return again(scan.error());
    for (const Finding& finding : scan->findings)
        if (finding.is_damage)
            report.findings.push_back({true, finding.file, finding.offset, finding.text});
    auto base = snapshot_base(files, names, manifest);
    if (!base) return again(base.error());
    const auto totals = add_up(behind, *base);
    if (!totals) return again(totals.error());
    if (totals->digest != journal.digest)
        report.findings.push_back({true,
                                   names.snapshot(SnapshotKind::live, manifest.live_file()->number),
                                   0,
                                   "the snapshot with the journal behind it is not what the whole "
                                   "journal adds up to"});
    return {};
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
    report.instance = scan->manifest.instance;
    report.origin = scan->manifest.origin;
    report.origin_time = scan->manifest.origin_time;
    report.is_backup = scan->manifest.kind == Manifest::Kind::backup;
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
    const auto totals = add_up(state, {});
    if (!totals) return again(totals.error());
    list_segments(*scan, names, state.segments(), *totals, report);
    list_queues(state, *totals, report);
    if (auto checked = check_parts(files, names, scan->manifest, *totals, report); !checked)
        return again(checked.error());
    return report;
}

}  // namespace vera::store
