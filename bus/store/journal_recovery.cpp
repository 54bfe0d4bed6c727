// What the journal does with the files that it finds when it is opened.
#include "bus/host/mailbox.hpp"
#include "bus/host/random.hpp"
#include "bus/store/journal.hpp"
#include "bus/store/snapshot_file.hpp"

#include <chrono>
#include <stop_token>
#include <thread>
#include <utility>

namespace vera::store {
namespace {

Failure again(const Error& error) {
    return fail(error.code, error.text);
}

/// Hands over the ids of a snapshot, then those of the journal behind it; if there is a thread for
/// it, beside everything else, for it is about as much work. Lives for one reading.
class IdFeed {
public:
    using Ids = std::vector<flow::RecoveredId>;

    IdFeed(std::vector<SnapshotReader> files, flow::RecoverySink& sink, bool has_thread)
        : files_(std::move(files)),
          sink_(sink) {
        if (has_thread) thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
    }
    IdFeed(const IdFeed&) = delete;
    IdFeed& operator=(const IdFeed&) = delete;
    ~IdFeed() {
        thread_.request_stop();
        rest_.close();
    }

    /// Once: those behind the snapshot.
    void put(Ids rest) {
        rest_.put(std::move(rest));
        rest_.close();
        if (!thread_.joinable()) run({});
    }
    /// After put: all are handed over. Errors: those of the files.
    [[nodiscard]] Result<void> finish() {
        if (thread_.joinable()) thread_.join();
        return result_;
    }

private:
    void run(const std::stop_token& stop) {
        for (SnapshotReader& file : files_)
            if (result_ = hand_over(file, stop); !result_) return;
        std::vector<Ids> rest;
        while (rest_.take(rest, std::chrono::minutes{1}))
            for (const Ids& ids : rest)
                if (!ids.empty() && !stop.stop_requested()) sink_.on_ids(ids);
    }
    [[nodiscard]] Result<void> hand_over(SnapshotReader& file, const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            const auto ids = file.next_ids();
            if (!ids) return again(ids.error());
            if (ids->empty()) break;
            sink_.on_ids(*ids);
        }
        return {};
    }

    std::vector<SnapshotReader> files_;
    flow::RecoverySink& sink_;
    host::Mailbox<Ids> rest_;
    Result<void> result_;
    std::jthread thread_;
};

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
    Reading reading{RecoveryState(options_.ids), {}, manifest->snapshot_end() != 0, {}};
    auto done = read(reading, *manifest, sink);
    if (!done && !reading.snapshot_error.empty()) {
        reading = {RecoveryState(options_.ids), {}, false, std::move(reading.snapshot_error)};
        uses_.clear();
        places_ = {};
        sink.start_over();
        done = read(reading, *manifest, sink);
    }
    if (!done) return done;
    const RecoveryState& state = reading.state;
    if (!reading.has_snapshot) manifest->snapshot.clear();
    about_ = *manifest;
    about_.segments.clear();
    about_.kind = Manifest::Kind::store;
    // Of a restored copy nobody knows what its original has delivered since.
    const bool is_restored = manifest->kind == Manifest::Kind::restored;
    recovery.was_clean = is_new || (manifest->is_clean && !is_restored);
    if (!recovery.was_clean) about_.maybe_acquired = state.last().copy;
    if (auto taken = take_over(reading.scan, state); !taken) return taken;

    recovery.store = about_.instance;
    recovery.hash_seed = about_.hash_seed;
    recovery.last_event = last_.event;
    recovery.last_copy = last_.copy;
    recovery.last_leaf = last_.leaf;
    recovery.last_stamp = last_.stamp;
    recovery.last_generation = state.last_generation();
    recovery.maybe_acquired = about_.maybe_acquired;
    if (is_restored)
        recovery.notes.push_back("first start of a store that was restored from a backup of " +
                                 to_rfc3339(manifest->origin_time) + ", of instance " +
                                 to_text(manifest->origin));
    if (!reading.snapshot_error.empty())
        recovery.notes.push_back("the snapshot is of no use, the whole journal was read: " +
                                 reading.snapshot_error);
    for (const Finding& finding : reading.scan.findings)
        recovery.notes.push_back(finding.to_text());
    return {};
}

/// Reads all there is, the snapshot instead of what it covers if that is wanted. With a
/// `snapshot_error` that was in vain.
Result<void> Journal::read(Reading& reading, const Manifest& manifest, flow::RecoverySink& sink) {
    const auto of_no_use = [&](const Error& error) {
        reading.snapshot_error = error.text;
        return again(error);
    };
    OpenSnapshot snapshot;
    if (reading.has_snapshot) {
        auto opened = open_snapshot(files_, names_, manifest);
        if (!opened) return of_no_use(opened.error());
        snapshot = *std::move(opened);
        reading.state.stand_on(snapshot.last_generation);
    }
    IdFeed ids(std::move(snapshot.ids), sink, options_.starts_with_two);
    auto scan = scan_store(files_, names_, manifest, snapshot.end, reading.state);
    if (!scan) return again(scan.error());
    reading.scan = *std::move(scan);
    if (const Finding* damage = reading.scan.first_damage())
        return fail(damage->code, damage->to_text());
    uses_.assign(reading.state.segments().begin(), reading.state.segments().end());
    ids.put({reading.state.ids().begin(), reading.state.ids().end()});
    // All that goes wrong from here on goes wrong in the snapshot.
    if (auto handed = hand_over(reading.state, snapshot.events, sink); !handed)
        return of_no_use(handed.error());
    if (auto handed = ids.finish(); !handed) return of_no_use(handed.error());
    return {};
}

/// The queues and events go to the sink, and count for their segments on the way.
Result<void> Journal::hand_over(const RecoveryState& state,
                                const RecoveryState::Base& base,
                                flow::RecoverySink& sink) {
    for (const auto& [id, queue] : state.queues())
        sink.on_queue(queue);
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
