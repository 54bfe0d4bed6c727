#include "bus/store/journal.hpp"

#include "bus/base/check.hpp"
#include "bus/host/random.hpp"
#include "bus/store/snapshot_file.hpp"

#include <algorithm>
#include <utility>

namespace vera::store {
namespace {

constexpr std::uint64_t least_segment_bytes = 32U << 10U;
constexpr std::uint64_t most_segment_bytes = 1U << 30U;
constexpr std::uint64_t most_batch_bytes = 2ULL << 30U;

std::uint64_t encoded_bytes_of(const flow::Batch& batch) {
    std::uint64_t bytes = batch.queues.empty() ? 0 : encoded_bytes(std::span(batch.queues));
    for (const flow::EventCommit& event : batch.events)
        bytes += encoded_bytes(event);
    for (const flow::Transition& transition : batch.transitions)
        bytes += encoded_bytes(transition);
    return bytes;
}

flow::Outcome refusal(const flow::Batch& batch, Errc code, std::string text) {
    flow::Outcome outcome;
    outcome.ticket = batch.ticket;
    outcome.error = {code, std::move(text)};
    return outcome;
}

Failure again(const Error& error) {
    return fail(error.code, error.text);
}

}  // namespace

Result<void> check_segment_bytes(std::uint64_t bytes) {
    if (bytes < least_segment_bytes || bytes > most_segment_bytes || bytes % page_bytes != 0)
        return fail(Errc::bad_input,
                    "segment_bytes must be a multiple of 4096 from 32 KiB to 1 GiB");
    return {};
}

Journal::Journal(host::FileSystem& files,
                 JournalOptions options,
                 Spares& spares,
                 std::unique_ptr<host::Lock> lock,
                 std::unique_ptr<host::Folder> folder)
    : files_(files),
      options_(std::move(options)),
      names_{options_.path},
      spares_(spares),
      lock_(std::move(lock)),
      folder_(std::move(folder)),
      manifest_file_(files, names_, *folder_) {}

Result<std::unique_ptr<Journal>> Journal::open(host::FileSystem& files,
                                               JournalOptions options,
                                               Spares& spares,
                                               flow::RecoverySink& sink,
                                               flow::Recovery& recovery) {
    if (auto good = check_segment_bytes(options.segment_bytes); !good) return again(good.error());
    const StoreNames names{options.path};
    if (auto made = files.make_folder(options.path); !made) return again(made.error());
    auto lock = files.lock(names.lock());
    if (!lock && lock.error().code == Errc::refused)
        return fail(Errc::refused, in_use(options.path, lock.error()));
    if (!lock) return again(lock.error());
    auto folder = files.open_folder(options.path);
    if (!folder) return again(folder.error());
    std::unique_ptr<Journal> journal(
        new Journal(files, std::move(options), spares, *std::move(lock), *std::move(folder)));

    if (auto recovered = journal->recover(sink, recovery); !recovered)
        return again(recovered.error());
    return journal;
}

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

void Journal::commit(std::span<const flow::Batch> batches, const Report& report) {
    while (!batches.empty())
        batches = batches.subspan(commit_some(batches, report));
}

/// One group, or one refusal; gives how many batches that was. 0: a new segment was begun.
std::size_t Journal::commit_some(std::span<const flow::Batch> batches, const Report& report) {
    if (!seal_reason_.empty()) {
        for (const flow::Batch& batch : batches)
            report(refusal(batch, Errc::io, seal_reason_));
        return batches.size();
    }
    const std::uint64_t bytes = segments_.back().bytes;
    Gathered group = gather(batches, bytes - reserve_of(bytes), true);
    if (group.batches != 0) {
        write_group(batches.first(group.batches), group.record_bytes, report);
        return group.batches;
    }

    const flow::Batch& first = batches.front();
    const std::uint64_t record_bytes = encoded_bytes_of(first);
    if (record_bytes > most_batch_bytes) {
        report(refusal(first, Errc::too_large, "a batch of more than 2 GiB"));
        return 1;
    }
    const auto rolled = roll(record_bytes);
    if (rolled) return 0;
    if (rolled.error().code != Errc::unavailable) {
        seal(rolled.error().text);
        return 0;
    }
    // No space for a new segment: consumers may go on settling in the reserve.
    group = gather(batches, bytes, false);
    if (group.batches != 0) {
        write_group(batches.first(group.batches), group.record_bytes, report);
        return group.batches;
    }
    report(refusal(first, Errc::unavailable, "no space for a new segment: " + rolled.error().text));
    return 1;
}

Journal::Gathered Journal::gather(std::span<const flow::Batch> batches,
                                  std::uint64_t limit,
                                  bool allows_events) const {
    const std::uint64_t begin = segments_.back().end;
    Gathered group;
    for (const flow::Batch& batch : batches) {
        if (!allows_events && !batch.events.empty()) break;
        const std::uint64_t with = group.record_bytes + encoded_bytes_of(batch);
        if (begin + group_bytes(with) > limit) break;
        if (group.batches != 0 && with > options_.max_group_bytes) break;
        group.record_bytes = with;
        ++group.batches;
    }
    return group;
}

void Journal::encode_group(std::span<const flow::Batch> batches,
                           std::uint64_t record_bytes,
                           std::vector<flow::Outcome>& outcomes) {
    const Segment& active = segments_.back();
    writer_.begin(active.number, active.seed, active.end, position_, record_bytes);
    for (const flow::Batch& batch : batches) {
        flow::Outcome& outcome = outcomes.emplace_back();
        outcome.ticket = batch.ticket;
        outcome.ok = true;
        if (!batch.queues.empty())
            writer_.add(ConfigHead{last_.event, last_.copy, last_.leaf, last_.stamp, false},
                        batch.queues);
        outcome.bodies.reserve(batch.events.size());
        for (const flow::EventCommit& event : batch.events)
            outcome.bodies.push_back(writer_.add(event));
        for (const flow::Transition& transition : batch.transitions)
            writer_.add(transition);
    }
}

void Journal::write_group(std::span<const flow::Batch> batches,
                          std::uint64_t record_bytes,
                          const Report& report) {
    std::vector<flow::Outcome> outcomes;
    outcomes.reserve(batches.size());
    if (record_bytes != 0) {
        encode_group(batches, record_bytes, outcomes);
        Timestamp stamp = last_.stamp;
        for (const flow::Batch& batch : batches)
            stamp = std::max(stamp, batch.now);
        const std::string_view group = writer_.finish(stamp, batches.back().ticket);
        Segment& active = segments_.back();
        auto stored = active.file->write(active.end, group);
        if (stored) stored = active.file->sync();
        if (!stored) {
            seal(stored.error().text);
            for (const flow::Batch& batch : batches)
                report(refusal(batch, Errc::io, seal_reason_));
            return;
        }
        position_ = writer_.position();
        active.end += group.size();
        active.chain = position_.chain;
        last_.stamp = stamp;
        for (const flow::Batch& batch : batches)
            account(batch);
    } else {
        // Nothing to store is stored.
        for (const flow::Batch& batch : batches)
            outcomes.push_back({batch.ticket, true, {}, {}});
    }
    for (flow::Outcome& outcome : outcomes)
        report(std::move(outcome));
}

void Journal::account(const flow::Batch& batch) {
    for (const flow::QueueSpec& queue : batch.queues)
        queues_.insert_or_assign(queue.id, queue);
    SegmentUse& use = uses_.back();
    for (const flow::EventCommit& event : batch.events) {
        VERA_CHECK(event.seq > last_.event);
        last_.event = event.seq;
        last_.leaf = std::max(last_.leaf, event.leaf);
        for (const flow::NewCopy& copy : event.copies)
            last_.copy = std::max(last_.copy, copy.seq);
        use.live_copies += event.copies.size();
        use.retain_until = std::max(use.retain_until, event.retain_until);
        const Timestamp overdue = overdue_at(event.accepted, event.retain_until, {});
        if (overdue && (!use.overdue_at || overdue < use.overdue_at)) use.overdue_at = overdue;
    }
    for (const flow::Transition& transition : batch.transitions)
        note_transition(transition);
}

void Journal::note_transition(const flow::Transition& transition) {
    SegmentUse* const of = find_use(transition.event);
    if (of == nullptr) return;
    if (transition.state == flow::CopyState::settled && of->live_copies > 0) --of->live_copies;
    if (!job_ || std::ranges::find(job_->sources, of->number) == job_->sources.end()) return;
    flow::RecoveredCopy& copy = job_->changed[transition.copy];
    if (transition.version <= copy.version) return;
    const bool is_dead = transition.state == flow::CopyState::dead;
    copy.seq = transition.copy;
    copy.queue = transition.queue;
    copy.state = transition.state;
    copy.version = transition.version;
    copy.attempts = transition.attempts;
    copy.due = transition.due;
    copy.died = is_dead ? transition.at : Timestamp{};
    copy.reason = is_dead ? transition.reason : std::string();
    copy.error = is_dead ? transition.error : std::string();
}

SegmentUse* Journal::use_of(std::uint32_t segment) {
    if (segment == 0 || uses_.empty() || segment < uses_.front().number ||
        segment > uses_.back().number)
        return nullptr;
    return &uses_[segment - uses_.front().number];
}

SegmentUse* Journal::find_use(EventSeq event) {
    return use_of(places_.find(event));
}

std::vector<flow::QueueSpec> Journal::queue_table() const {
    std::vector<flow::QueueSpec> table;
    table.reserve(queues_.size());
    for (const auto& [id, queue] : queues_)
        table.push_back(queue);
    return table;
}

/// Begins a segment with room for a group of `record_bytes`. unavailable: no space, nothing has
/// changed. All else: seal.
Result<void> Journal::roll(std::uint64_t record_bytes) {
    const std::vector<flow::QueueSpec> queues = queue_table();
    const std::uint64_t opening = group_bytes(encoded_bytes(queues));
    const std::uint64_t needed =
        page_bytes + opening + group_bytes(record_bytes) + reserve_of(options_.segment_bytes);
    auto spare = spares_.take(std::max(options_.segment_bytes, needed));
    if (!spare) return again(spare.error());

    const std::uint32_t number = last_number_ + 1;
    Segment segment{number,
                    segment_seed(store_, number),
                    spare->bytes,
                    position_.chain,
                    page_bytes + opening,
                    0,
                    names_.segment(number),
                    spare->file};
    std::string page(page_bytes, '\0');
    encode_superblock(page, store_, number, spare->bytes, position_);
    writer_.begin(number, segment.seed, page_bytes, position_, encoded_bytes(queues));
    writer_.add(ConfigHead{last_.event, last_.copy, last_.leaf, last_.stamp, true}, queues);
    const std::string_view group = writer_.finish(last_.stamp, 0);
    segment.chain = writer_.position().chain;

    Manifest manifest = manifest_now(false);
    if (!manifest.segments.empty()) manifest.segments.back().is_closed = true;
    manifest.segments.push_back(
        {number, false, segment.chain_before, segment.end, segment.chain, {}, {}});
    manifest.last_number = number;
    if (!uses_.empty()) {
        ManifestEntry& closed = manifest.segments[manifest.segments.size() - 2];
        closed.retain_until = uses_.back().retain_until;
        closed.overdue_at = uses_.back().overdue_at;
    }
    if (auto written = manifest_file_.write_next(manifest); !written) {
        spares_.put_back(*std::move(spare));
        return written;
    }
    if (auto stored = store_segment(*spare, segment, page, group); !stored)
        return fail(Errc::io, stored.error().text);
    if (auto replaced = manifest_file_.replace(); !replaced)
        return fail(Errc::io, replaced.error().text);

    // Opened under its new name, so that errors name that.
    if (auto file = files_.open(segment.path, host::OpenMode::write))
        segment.file = *std::move(file);
    // The one before is only read from now on, by one descriptor instead of two.
    if (!segments_.empty())
        if (auto file = files_.open(segments_.back().path, host::OpenMode::read))
            segments_.back().file = *std::move(file);
    position_ = writer_.position();
    manifest_sequence_ = manifest.sequence;
    last_number_ = number;
    if (!segments_.empty()) tail_bytes_ += segments_.back().end;
    segments_.push_back(std::move(segment));
    uses_.push_back({number, 0, {}, {}});
    places_.begin(EventSeq{last_.event.value + 1}, number);
    publish();
    manifest_file_.prepare();
    ask_for_snapshot(std::max(last_.stamp, now_), false);
    return {};
}

/// Superblock and first group go into the spare, then it gets its name: a segment with a name is
/// whole.
Result<void> Journal::store_segment(const Spare& spare,
                                    const Segment& segment,
                                    std::string_view page,
                                    std::string_view group) {
    if (auto written = spare.file->write(0, page); !written) return written;
    if (auto written = spare.file->write(page_bytes, group); !written) return written;
    if (auto synced = spare.file->sync(); !synced) return synced;
    if (auto renamed = files_.rename(spare.path, segment.path); !renamed) return renamed;
    return folder_->sync();
}

void Journal::close() {
    if (!seal_reason_.empty()) return;
    if (auto written = write_manifest(manifest_now(true)); !written) seal(written.error().text);
}

Manifest Journal::manifest_now(bool is_clean) const {
    Manifest manifest = about_;
    manifest.store = store_;
    manifest.sequence = manifest_sequence_ + 1;
    manifest.is_clean = is_clean;
    manifest.last_number = last_number_;
    manifest.segments.reserve(segments_.size() + 1);
    for (std::size_t i = 0; i < segments_.size(); ++i) {
        const Segment& segment = segments_[i];
        ManifestEntry& entry = manifest.segments.emplace_back();
        entry.number = segment.number;
        entry.is_closed = i + 1 != segments_.size();
        entry.chain_before = segment.chain_before;
        entry.end = segment.end;
        entry.chain = segment.chain;
        if (!entry.is_closed) continue;
        entry.retain_until = uses_[i].retain_until;
        entry.overdue_at = uses_[i].overdue_at;
    }
    return manifest;
}

/// unavailable: no space, the old manifest stands.
Result<void> Journal::write_manifest(const Manifest& manifest) {
    if (auto written = manifest_file_.write_next(manifest); !written) return written;
    if (auto replaced = manifest_file_.replace(); !replaced)
        return fail(Errc::io, replaced.error().text);
    manifest_sequence_ = manifest.sequence;
    return {};
}

void Journal::publish() {
    std::vector<ReadableSegment> readable;
    readable.reserve(segments_.size());
    for (const Segment& segment : segments_)
        readable.push_back({segment.number, segment.seed, segment.path, segment.file});
    bodies_.publish(std::move(readable));
}

void Journal::seal(const std::string& reason) {
    if (seal_reason_.empty()) seal_reason_ = "the store is sealed: " + reason;
}

}  // namespace vera::store
