#include "bus/store/journal.hpp"

#include "bus/base/check.hpp"

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
    copy.was_acquired = transition.was_acquired;
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
