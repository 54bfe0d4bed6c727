// What keeps the journal short: segments given back, snapshots, and old segments rewritten.
#include "bus/store/journal.hpp"

#include <algorithm>
#include <utility>

namespace vera::store {
namespace {

/// Sources of one job: so many segments are read into memory one after the other, and what waits in
/// them is held meanwhile.
constexpr std::size_t most_sources = 4;

}  // namespace

// ---- giving back
// ---------------------------------------------------------------------------------------------------------

void Journal::retire(Timestamp now) {
    if (!seal_reason_.empty()) return;
    now_ = now;
    // A job that nobody does keeps nothing.
    if (job_ && !job_->is_taken) job_.reset();
    remove_obsolete();
    give_back(now);
    if (job_ || !seal_reason_.empty() || now < next_rewrite_ || !is_rewrite_due(now)) return;
    // A snapshot ends where a segment ends.
    const auto rolled = roll(0);
    if (!rolled && rolled.error().code != Errc::unavailable) return seal(rolled.error().text);
    next_rewrite_ = now + options_.rewrite_every;
    if (rolled) ask_for_snapshot(now, true);
}

void Journal::give_back(Timestamp now) {
    std::size_t count = 0;
    while (count + 1 < segments_.size() && uses_[count].live_copies == 0 &&
           uses_[count].retain_until <= now)
        ++count;
    // A job reads the segments behind the snapshot before, and then those that it carries forward.
    if (job_) {
        std::uint32_t first =
            job_->has_snapshot ? UINT32_MAX : job_->ask.manifest.snapshot_end() + 1;
        if (!job_->sources.empty()) first = std::min(first, job_->sources.front());
        while (count > 0 && segments_[count - 1].number >= first)
            --count;
    }
    if (count == 0) return;
    // Whoever copies the files of a running store needs all of them until it is through.
    const auto hold = files_.lock(names_.hold());
    if (!hold) return;
    Manifest manifest = manifest_now(false);
    manifest.segments.erase(manifest.segments.begin(),
                            manifest.segments.begin() + static_cast<std::ptrdiff_t>(count));
    if (auto written = write_manifest(manifest); !written) {
        // No space for the manifest: the next attempt may find some.
        if (written.error().code != Errc::unavailable) seal(written.error().text);
        return;
    }
    const auto end = static_cast<std::ptrdiff_t>(count);
    const std::vector<Segment> gone(segments_.begin(), segments_.begin() + end);
    segments_.erase(segments_.begin(), segments_.begin() + end);
    uses_.erase(uses_.begin(), uses_.begin() + end);
    // One that was carried in part, and the rest of it settled.
    for (const Segment& segment : gone)
        if (const auto moves = moves_.find(segment.number); moves != moves_.end()) {
            bodies_.publish(segment.number, std::move(moves->second));
            moves_.erase(moves);
        }
    publish();
    for (const Segment& segment : gone) {
        places_.forget(segment.number);
        if (segment.number > about_.snapshot_end())
            tail_bytes_ -= std::min(tail_bytes_, segment.end);
        spares_.give(segment.path, segment.bytes);
    }
    manifest_file_.prepare();
}

// ---- snapshots
// -----------------------------------------------------------------------------------------------------------

/// Something is to go that a snapshot and rewriting would free: payload whose time has come, or
/// many segments of which nothing is needed behind one of which little is.
bool Journal::is_rewrite_due(Timestamp now) const {
    std::size_t empty = 0;
    for (const SegmentUse& use : uses_) {
        if (use.overdue_at && use.overdue_at <= now) return true;
        if (use.live_copies == 0 && use.retain_until <= now) ++empty;
    }
    return empty > 4 && empty * 2 > uses_.size();
}

/// From the oldest on, as long as there is something in them that should not be.
std::vector<std::uint32_t> Journal::rewritable(Timestamp now) const {
    std::uint32_t overdue_to = 0;
    for (const SegmentUse& use : uses_)
        if (use.overdue_at && use.overdue_at <= now) overdue_to = use.number;
    std::vector<std::uint32_t> sources;
    for (std::size_t i = 0; i + 1 < uses_.size() && sources.size() < most_sources; ++i) {
        if (uses_[i].retain_until > now && uses_[i].number > overdue_to) break;
        sources.push_back(uses_[i].number);
    }
    return sources;
}

/// At the beginning of a segment, before anything is in it: so nothing has changed since the cut.
void Journal::ask_for_snapshot(Timestamp now, bool is_wanted) {
    if (job_ || segments_.size() < 2) return;
    std::uint64_t live = 0;
    for (const SegmentUse& use : uses_)
        live += use.live_copies;
    const std::uint64_t records = position_.record_sequence - tail_record_;
    if (!is_wanted && tail_bytes_ < options_.snapshot_bytes &&
        records < std::max(options_.snapshot_records, live / 4))
        return;
    JournalJob& job = job_.emplace();
    job.ask.manifest = manifest_now(false);
    job.ask.number = about_.last_snapshot + 1;
    job.ask.cut = segments_[segments_.size() - 2].number;
    job.ask.ids = options_.ids;
    job.ask.now = now;
    job.ask.sources = rewritable(now);
    job.sources = job.ask.sources;
    job.record = position_.record_sequence;
}

/// Unless they are being copied. What cannot be removed is found and removed by the next start.
void Journal::remove_obsolete() {
    if (obsolete_.empty()) return;
    const auto hold = files_.lock(names_.hold());
    if (!hold) return;
    for (const std::string& path : obsolete_)
        (void)files_.remove(path);
    obsolete_.clear();
}

std::optional<SnapshotJob> Journal::take_job() {
    if (!job_ || std::exchange(job_->is_taken, true)) return std::nullopt;
    return job_->ask;
}

void Journal::end_job(std::uint32_t number) {
    if (job_ && job_->ask.number == number) job_.reset();
}

std::vector<std::uint32_t> Journal::take_snapshot(const Result<SnapshotMade>& made) {
    if (!job_) return {};
    const auto stop = [this]() -> std::vector<std::uint32_t> {
        job_.reset();
        return {};
    };
    if (!made || !seal_reason_.empty()) return stop();
    const Manifest before = about_;
    about_.snapshot = made->files;
    about_.last_snapshot = made->number;
    const auto written = write_manifest(manifest_now(false));
    if (!written) {
        about_ = before;
        if (written.error().code != Errc::unavailable) {
            seal(written.error().text);
            return stop();
        }
        for (const SnapshotFile& file : made->files)
            if (file.number == made->number)
                (void)files_.remove(names_.snapshot(file.kind, file.number));
        return stop();
    }
    manifest_file_.prepare();
    tail_record_ = job_->record;
    tail_bytes_ = 0;
    for (const Segment& segment : segments_)
        if (segment.number > made->cut && &segment != &segments_.back()) tail_bytes_ += segment.end;
    for (const SnapshotFile& file : before.snapshot)
        if (std::ranges::find(about_.snapshot, file) == about_.snapshot.end())
            obsolete_.push_back(names_.snapshot(file.kind, file.number));
    remove_obsolete();
    job_->sources = made->sources;
    job_->has_snapshot = true;
    if (job_->sources.empty()) return stop();
    return job_->sources;
}

// ---- carrying forward
// ----------------------------------------------------------------------------------------------------

/// The slice's events with their copies as they are now; those of which nothing is needed any more
/// are left out.
std::vector<CarriedEvent> Journal::as_they_are(const CarrySlice& slice, Timestamp now) const {
    std::vector<CarriedEvent> events;
    events.reserve(slice.events.size());
    for (CarriedEvent event : slice.events) {
        for (flow::RecoveredCopy& copy : event.copies) {
            const auto changed = job_->changed.find(copy.seq);
            if (changed == job_->changed.end() || changed->second.version <= copy.version) continue;
            const Timestamp ready_at = copy.ready_at;
            copy = changed->second;
            copy.ready_at = ready_at;
        }
        std::erase_if(event.copies, [](const flow::RecoveredCopy& copy) {
            return copy.state == flow::CopyState::settled;
        });
        if (!event.copies.empty() || event.event.retain_until > now)
            events.push_back(std::move(event));
    }
    return events;
}

Result<void> Journal::carry(const CarrySlice& slice, Timestamp now) {
    const auto stop = [this](Result<void> why) {
        job_.reset();
        return why;
    };
    now = std::max(now, last_.stamp);
    if (!job_) return fail(Errc::refused, "there is no job");
    if (!seal_reason_.empty()) return stop(fail(Errc::io, seal_reason_));
    std::vector<CarriedEvent> events = as_they_are(slice, now);
    if (!events.empty())
        if (auto written = write_carried(slice, events, now); !written) return stop(written);
    if (!slice.is_last) return {};
    bodies_.publish(slice.source, std::exchange(moves_[slice.source], {}));
    moves_.erase(slice.source);
    if (SegmentUse* use = use_of(slice.source)) {
        // Everything that is needed of it is elsewhere.
        if (use->live_copies == 0) use->retain_until = use->overdue_at = {};
    }
    std::erase(job_->sources, slice.source);
    give_back(now);
    if (!job_->sources.empty()) return {};
    job_.reset();
    next_rewrite_ = now;  // there may be more to do
    return {};
}

Result<void> Journal::write_carried(const CarrySlice& slice,
                                    std::vector<CarriedEvent>& events,
                                    Timestamp now) {
    std::uint64_t record_bytes = 0;
    for (const CarriedEvent& event : events)
        record_bytes += encoded_bytes(event.event, event.copies);
    // The reserve is for consumers: this can wait.
    const std::uint64_t bytes = segments_.back().bytes;
    if (segments_.back().end + group_bytes(record_bytes) > bytes - reserve_of(bytes)) {
        auto rolled = roll(record_bytes);
        if (!rolled && rolled.error().code != Errc::unavailable) seal(rolled.error().text);
        if (!rolled) return rolled;
    }
    Segment& active = segments_.back();
    writer_.begin(active.number, active.seed, active.end, position_, record_bytes);
    std::vector<flow::BodyRef> places;
    places.reserve(events.size());
    for (const CarriedEvent& event : events)
        places.push_back(writer_.add(event.event, event.copies, now));
    const std::string_view group = writer_.finish(last_.stamp, 0);
    auto stored = active.file->write(active.end, group);
    if (stored) stored = active.file->sync();
    if (!stored) {
        seal(stored.error().text);
        return fail(Errc::io, seal_reason_);
    }
    position_ = writer_.position();
    active.end += group.size();
    active.chain = position_.chain;
    account_carried(slice, events, places, now);
    return {};
}

void Journal::account_carried(const CarrySlice& slice,
                              const std::vector<CarriedEvent>& events,
                              const std::vector<flow::BodyRef>& places,
                              Timestamp now) {
    SegmentUse* const from = use_of(slice.source);
    SegmentUse& to = uses_.back();
    for (std::size_t i = 0; i < events.size(); ++i) {
        note_event(to, events[i].event, now);
        const std::uint64_t copies = events[i].copies.size();
        if (copies == 0) continue;
        to.live_copies += copies;
        if (from != nullptr) from->live_copies -= std::min(from->live_copies, copies);
        moves_[slice.source].push_back({static_cast<std::uint32_t>(events[i].offset), places[i]});
    }
    places_.move(events.front().event.seq, events.back().event.seq, slice.source, to.number);
}

}  // namespace vera::store
