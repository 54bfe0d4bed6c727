// What the journal does with the files that it finds when it is opened.
#include "bus/store/journal.hpp"

#include "bus/host/random.hpp"
#include "bus/store/snapshot_file.hpp"

#include <utility>

namespace vera::store {
namespace {

Failure again(const Error& error) {
    return fail(error.code, error.text);
}

}  // namespace

/// The snapshot, if it is whole, and the journal behind it; else the journal alone.
Result<void> Journal::recover(flow::RecoverySink& sink, flow::Recovery& recovery) {
    auto manifest = read_manifest(files_, names_);
    const bool is_new = !manifest && manifest.error().code == Errc::not_found;
    if (is_new) {
        if (auto made = create(); !made) return made;
        manifest = read_manifest(files_, names_);
    }
    if (!manifest) return again(manifest.error());
    if (manifest->kind == Manifest::Kind::backup)
        return fail(Errc::refused,
                    options_.path +
                        " holds a backup, which is not run itself: make a store of it "
                        "with `vera store restore`");
    const CheckedSnapshot snapshot = check_snapshot(files_, names_, *manifest);
    RecoveryState state(options_.ids);
    if (snapshot.end != 0) state.stand_on(snapshot.last_generation);
    const auto scan = scan_store(files_, names_, *manifest, snapshot.end, state);
    if (!scan) return again(scan.error());
    if (const Finding* damage = scan->first_damage()) return fail(damage->code, damage->to_text());
    uses_.assign(state.segments().begin(), state.segments().end());
    const bool has_snapshot = snapshot.end != 0;
    if (auto handed = hand_over(*manifest, state, has_snapshot, sink); !handed) return handed;
    if (!has_snapshot) manifest->snapshot.clear();
    about_ = *manifest;
    about_.segments.clear();
    about_.kind = Manifest::Kind::store;
    if (auto taken = take_over(*scan, state); !taken) return taken;

    recovery.store = about_.instance;
    recovery.hash_seed = about_.hash_seed;
    recovery.last_event = last_.event;
    recovery.last_copy = last_.copy;
    recovery.last_leaf = last_.leaf;
    recovery.last_stamp = last_.stamp;
    recovery.last_generation = state.last_generation();
    // Of a restored copy nobody knows what its original has delivered since.
    const bool is_restored = manifest->kind == Manifest::Kind::restored;
    recovery.was_clean = is_new || (manifest->is_clean && !is_restored);
    if (is_restored)
        recovery.notes.push_back("first start of a store that was restored from a backup of " +
                                 to_rfc3339(manifest->origin_time) + ", of instance " +
                                 to_text(manifest->origin));
    if (!snapshot.error.empty())
        recovery.notes.push_back("the snapshot is of no use, the whole journal was read: " +
                                 snapshot.error);
    for (const Finding& finding : scan->findings)
        recovery.notes.push_back(finding.to_text());
    return {};
}

/// Everything that is known of events goes to the sink, and counts for its segment on the way.
Result<void> Journal::hand_over(const Manifest& manifest,
                                const RecoveryState& state,
                                bool has_snapshot,
                                flow::RecoverySink& sink) {
    for (const auto& [id, queue] : state.queues())
        sink.on_queue(queue);
    RecoveryState::Base base;
    if (has_snapshot) {
        for (const SnapshotFile& file : manifest.snapshot) {
            if (file.kind != SnapshotKind::ids) continue;
            auto reader = SnapshotReader::open(files_, names_, manifest.store, file);
            if (!reader) return again(reader.error());
            for (auto ids = reader->next_ids(); !ids || !ids->empty(); ids = reader->next_ids()) {
                if (!ids) return again(ids.error());
                sink.on_ids(*ids);
            }
        }
        auto opened = snapshot_base(files_, names_, manifest);
        if (!opened) return again(opened.error());
        base = *std::move(opened);
    }
    const std::vector<flow::RecoveredId> ids(state.ids().begin(), state.ids().end());
    if (!ids.empty()) sink.on_ids(ids);
    std::uint32_t place = 0;
    SegmentUse* use = nullptr;
    return state.each_event(base, [&](const flow::RecoveredEvent& event) {
        const auto segment = static_cast<std::uint32_t>(event.body.a >> 32U);
        if (segment != place || use == nullptr) {
            place = segment;
            places_.begin(event.seq, place);
            use = use_of(place);
        }
        if (use != nullptr) use->live_copies += event.copies.size();
        sink.on_event(event);
    });
}

/// A store is its manifest: with an empty one it is there, and the first segment is made as any
/// other.
Result<void> Journal::create() {
    const auto found = files_.list(options_.path);
    if (!found) return again(found.error());
    for (const std::string& name : *found)
        if (StoreNames::segment_number(name))
            return fail(Errc::corrupt,
                        names_.manifest() +
                            " is missing, and there are segments: " + options_.path + "/" + name);
    Manifest manifest;
    manifest.store = host::random_uuid();
    manifest.instance = manifest.store;
    manifest.hash_seed = host::random_u64();
    manifest.sequence = 1;
    return write_manifest(manifest);
}

Result<void> Journal::take_over(const Scan& scan, const RecoveryState& state) {
    store_ = scan.manifest.store;
    manifest_sequence_ = scan.manifest.sequence;
    last_number_ = scan.manifest.last_number;
    queues_ = state.queues();
    last_ = state.last();
    position_ = scan.position;
    places_.begin(EventSeq{last_.event.value + 1}, last_number_);
    tail_record_ = position_.record_sequence;
    const std::uint32_t snapshot_end = about_.snapshot_end();
    for (const ScannedSegment& segment : scan.segments) {
        if (segment.entry.number > snapshot_end) {
            tail_record_ -= segment.records + segment.groups;
            if (segment.entry.is_closed) tail_bytes_ += segment.entry.end;
        }
        const std::string path = names_.segment(segment.entry.number);
        const auto mode = segment.entry.is_closed ? host::OpenMode::read : host::OpenMode::write;
        auto file = files_.open(path, mode);
        if (!file) return again(file.error());
        segments_.push_back({segment.entry.number,
                             segment_seed(store_, segment.entry.number),
                             segment.file_bytes,
                             segment.entry.chain_before,
                             segment.entry.end,
                             segment.entry.chain,
                             path,
                             *std::move(file)});
    }
    for (const std::string& path : scan.leftovers)
        if (auto removed = files_.remove(path); !removed) return again(removed.error());
    if (segments_.empty()) {
        if (auto rolled = roll(0); !rolled) return rolled;
    } else {
        if (auto mended = mend(scan); !mended) return mended;
        if (auto written = write_manifest(manifest_now(false)); !written) return written;
    }
    publish();
    manifest_file_.prepare();
    return {};
}

/// The last group is written again: it may be in memory only, and after a failed sync of an earlier
/// run the system holds it for written when it is not. What is left of a torn group becomes zeros,
/// so that the next end can be told.
Result<void> Journal::mend(const Scan& scan) {
    if (scan.manifest.is_clean && scan.dirty_end <= segments_.back().end) return {};
    host::File& file = *segments_.back().file;
    if (auto written = file.write(scan.last_group.offset, scan.last_group_bytes); !written)
        return written;
    const std::uint64_t end = segments_.back().end;
    if (scan.dirty_end > end)
        if (auto zeroed = file.write(end, std::string(scan.dirty_end - end, '\0')); !zeroed)
            return zeroed;
    return file.sync();
}

}  // namespace vera::store
