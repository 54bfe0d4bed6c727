#include "bus/store/snapshot.hpp"

#include "bus/store/scan.hpp"
#include "bus/store/segment_reader.hpp"
#include "bus/store/snapshot_file.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

namespace vera::store {
namespace {

/// What waits in the segments that are rewritten is in memory until they are: beyond so many events
/// the next segment is left to the next job.
constexpr std::uint64_t most_carried_events = 100'000;

Failure again(const Error& error) {
    return fail(error.code, error.text);
}

std::uint32_t segment_of(const flow::BodyRef& body) {
    return static_cast<std::uint32_t>(body.a >> 32U);
}

/// One job. Lives for make_snapshot.
class Maker {
public:
    Maker(host::FileSystem& files,
          const StoreNames& names,
          const SnapshotJob& job,
          const std::stop_token& stop)
        : files_(files),
          names_(names),
          job_(job),
          stop_(stop) {}

    Result<SnapshotMade> run() {
        made_.number = job_.number;
        made_.cut = job_.cut;
        auto done = make();
        if (done && stop_.stop_requested()) done = fail(Errc::refused, "the store is stopping");
        if (done) return std::move(made_);
        for (const SnapshotKind kind : {SnapshotKind::live, SnapshotKind::ids})
            (void)files_.remove(names_.snapshot(kind, job_.number));
        return again(done.error());
    }

private:
    Result<void> make() {
        const Manifest& manifest = job_.manifest;
        const CheckedSnapshot base = check_snapshot(files_, names_, manifest);
        made_.base_error = base.error;
        RecoveryState state;
        if (base.end != 0) state.stand_on(base.last_generation);
        for (const ManifestEntry& entry : manifest.segments) {
            if (entry.number <= base.end || entry.number > job_.cut) continue;
            if (stop_.stop_requested()) return {};
            if (auto read =
                    read_segments(files_, names_, manifest, entry.number, entry.number, state);
                !read)
                return read;
        }
        state.finish();
        if (auto written = write_live(base, state); !written) return written;
        if (auto written = write_ids(base, state); !written) return written;
        choose();
        if (auto collected = collect(base, state); !collected) return collected;
        auto folder = files_.open_folder(names_.folder);
        if (!folder) return again(folder.error());
        return (*folder)->sync();
    }

    /// Until `visit` fails.
    Result<void> each_event(const CheckedSnapshot& base,
                            const RecoveryState& state,
                            const std::function<Result<void>(const flow::RecoveredEvent&)>& visit) {
        RecoveryState::Base events;
        if (base.end != 0) {
            auto opened = snapshot_base(files_, names_, job_.manifest);
            if (!opened) return again(opened.error());
            events = *std::move(opened);
        }
        Result<void> visited;
        auto merged = state.each_event(
            [&](flow::RecoveredEvent& event) -> Result<bool> {
                if (!visited) return again(visited.error());
                if (!events || stop_.stop_requested()) return false;
                return events(event);
            },
            [&](const flow::RecoveredEvent& event) {
                if (visited) visited = visit(event);
            });
        return visited ? merged : visited;
    }

    Result<void> write_live(const CheckedSnapshot& base, const RecoveryState& state) {
        auto writer = SnapshotWriter::make(
            files_, names_, job_.manifest.store, SnapshotKind::live, job_.number);
        if (!writer) return again(writer.error());
        const auto written = each_event(base, state, [&](const flow::RecoveredEvent& event) {
            ++made_.events;
            Use& use = uses_[segment_of(event.body)];
            ++use.events;
            use.bytes += event.body.b;
            return writer->add(event);
        });
        if (!written) return written;
        return finish(*writer,
                      {SnapshotKind::live,
                       job_.number,
                       job_.manifest.segments.front().number,
                       job_.cut,
                       0,
                       0,
                       0,
                       {}},
                      state.last_generation());
    }

    Result<void> finish(SnapshotWriter& writer, const SnapshotFile& about, Generation generation) {
        auto file = writer.finish(about, generation);
        if (!file) return again(file.error());
        made_.bytes_written += file->bytes;
        made_.files.push_back(*std::move(file));
        return {};
    }

    /// The ids of the segments that were read, in a file with those of the files before that are no
    /// larger: so there are few files, and an id is seldom written again.
    Result<void> write_ids(const CheckedSnapshot& base, const RecoveryState& state) {
        std::vector<SnapshotFile> before;
        if (base.end != 0)
            for (const SnapshotFile& file : job_.manifest.snapshot)
                if (file.kind == SnapshotKind::ids && file.entries != 0 &&
                    job_.now - file.until < job_.ids.window)
                    before.push_back(file);
        std::uint64_t entries = state.ids().size();
        std::uint64_t newer = entries;
        std::size_t kept = before.size();
        while (kept > 0 && before[kept - 1].entries <= 2 * entries)
            entries += before[--kept].entries;
        std::uint32_t first = base.end + 1;
        if (kept < before.size()) first = before[kept].first;
        auto writer = SnapshotWriter::make(
            files_, names_, job_.manifest.store, SnapshotKind::ids, job_.number);
        if (!writer) return again(writer.error());
        for (std::size_t i = kept; i < before.size(); ++i)
            if (auto copied = copy_ids(before[i], *writer); !copied) return copied;
        for (const flow::RecoveredId& id : state.ids())
            if (auto added = writer->add(id); !added) return added;
        // Of those that stay, whole files beyond the limit are forgotten.
        std::size_t oldest = kept;
        for (newer = entries; oldest > 0 && newer < job_.ids.count; --oldest)
            newer += before[oldest - 1].entries;
        for (std::size_t i = oldest; i < kept; ++i)
            made_.files.push_back(before[i]);
        return finish(*writer,
                      {SnapshotKind::ids, job_.number, first, job_.cut, 0, 0, 0, {}},
                      state.last_generation());
    }

    Result<void> copy_ids(const SnapshotFile& from, SnapshotWriter& to) {
        auto reader = SnapshotReader::open(files_, names_, job_.manifest.store, from);
        if (!reader) return again(reader.error());
        for (;;) {
            const auto ids = reader->next_ids();
            if (!ids) return again(ids.error());
            if (ids->empty() || stop_.stop_requested()) return {};
            for (const flow::RecoveredId& id : *ids)
                if (job_.now - id.accepted < job_.ids.window)
                    if (auto added = to.add(id); !added) return added;
        }
    }

    /// Rewriting pays if it frees at least as much as it writes, counted from the oldest segment
    /// on: a full one in front of empty ones goes with them. What should be gone goes in any case.
    void choose() {
        std::uint64_t needed = 0, all = 0;
        std::uint32_t pays_to = 0, must_to = 0;
        for (const ManifestEntry& entry : job_.manifest.segments) {
            if (entry.number > job_.cut) break;
            const bool is_retained = entry.retain_until > job_.now;
            needed += is_retained ? entry.end : uses_[entry.number].bytes;
            all += entry.end;
            if (needed * 2 <= all) pays_to = entry.number;
            if (entry.overdue_at && entry.overdue_at <= job_.now) must_to = entry.number;
        }
        std::uint64_t events = 0;
        for (const std::uint32_t source : job_.sources) {
            if (source > std::max(pays_to, must_to) || events > most_carried_events) break;
            made_.sources.push_back(source);
            events += uses_[source].events;
        }
    }

    /// What waits in the segments that are to be rewritten.
    Result<void> collect(const CheckedSnapshot& base, const RecoveryState& state) {
        made_.waiting.resize(made_.sources.size());
        if (made_.sources.empty()) return {};
        return each_event(base, state, [this](const flow::RecoveredEvent& event) -> Result<void> {
            const auto source = std::ranges::find(made_.sources, segment_of(event.body));
            if (source != made_.sources.end())
                made_.waiting[static_cast<std::size_t>(source - made_.sources.begin())].push_back(
                    event);
            return {};
        });
    }

    host::FileSystem& files_;
    const StoreNames& names_;
    const SnapshotJob& job_;
    const std::stop_token& stop_;
    SnapshotMade made_;
    struct Use {
        std::uint64_t events = 0, bytes = 0;
    };
    std::map<std::uint32_t, Use> uses_;  // with copies that are not settled, by segment
};

}  // namespace

Result<SnapshotMade> make_snapshot(host::FileSystem& files,
                                   const StoreNames& names,
                                   const SnapshotJob& job,
                                   const std::stop_token& stop) {
    return Maker(files, names, job, stop).run();
}

namespace {

/// Without the events of segments that were given back.
RecoveryState::Base base_of(SnapshotReader&& live, const Manifest& manifest) {
    auto reader = std::make_shared<SnapshotReader>(std::move(live));
    const std::uint32_t first =
        manifest.segments.empty() ? UINT32_MAX : manifest.segments.front().number;
    return [reader, first](flow::RecoveredEvent& event) {
        auto has_more = reader->next(event);
        while (has_more && *has_more && segment_of(event.body) < first)
            has_more = reader->next(event);
        return has_more;
    };
}

}  // namespace

CheckedSnapshot check_snapshot(host::FileSystem& files,
                               const StoreNames& names,
                               const Manifest& manifest) {
    CheckedSnapshot checked;
    checked.end = manifest.snapshot_end();
    for (const SnapshotFile& file : manifest.snapshot) {
        auto reader = SnapshotReader::open(files, names, manifest.store, file);
        auto verified = reader ? reader->verify() : again(reader.error());
        if (!verified) {
            checked = {};
            checked.error = verified.error().text;
            return checked;
        }
        if (file.kind == SnapshotKind::live) checked.last_generation = reader->last_generation();
    }
    return checked;
}

Result<OpenSnapshot> open_snapshot(host::FileSystem& files,
                                   const StoreNames& names,
                                   const Manifest& manifest) {
    OpenSnapshot snapshot;
    snapshot.end = manifest.snapshot_end();
    for (const SnapshotFile& file : manifest.snapshot) {
        auto reader = SnapshotReader::open(files, names, manifest.store, file);
        if (!reader) return again(reader.error());
        if (file.kind == SnapshotKind::live) {
            snapshot.last_generation = reader->last_generation();
            snapshot.events = base_of(*std::move(reader), manifest);
        } else {
            snapshot.ids.push_back(*std::move(reader));
        }
    }
    return snapshot;
}

Result<RecoveryState::Base> snapshot_base(host::FileSystem& files,
                                          const StoreNames& names,
                                          const Manifest& manifest) {
    const SnapshotFile* live = manifest.live_file();
    if (live == nullptr) return RecoveryState::Base();
    auto opened = SnapshotReader::open(files, names, manifest.store, *live);
    if (!opened) return again(opened.error());
    return base_of(*std::move(opened), manifest);
}

// ---- carrying forward
// ----------------------------------------------------------------------------------------------------

namespace {

/// The event of a record, if it has one.
std::optional<EventView> event_of(std::string_view record) {
    if (type_of(record) == RecordType::event) return decode_event(record);
    if (type_of(record) != RecordType::carried) return std::nullopt;
    const auto carried = decode_carried(record);
    return carried ? std::optional(carried->event) : std::nullopt;
}

}  // namespace

Result<std::vector<CarrySlice>> slices_of(host::FileSystem& files,
                                          const StoreNames& names,
                                          const Manifest& manifest,
                                          std::uint32_t source,
                                          const std::vector<flow::RecoveredEvent>& waiting,
                                          Timestamp now,
                                          std::uint64_t slice_bytes) {
    const std::string path = names.segment(source);
    const auto entry = std::ranges::find(manifest.segments, source, &ManifestEntry::number);
    if (entry == manifest.segments.end())
        return fail(Errc::not_found, path + " is not there any more");
    auto bytes = std::make_shared<std::string>();
    if (auto loaded = load_file(files, path, *bytes); !loaded) return again(loaded.error());
    const SegmentReader reader(*bytes, manifest.store, source);
    const auto damaged = [&](const Damage& damage) {
        return fail(damage.code,
                    path + " at offset " + std::to_string(damage.offset) + ": " + damage.text);
    };
    const auto head = reader.check_superblock();
    if (const auto* damage = std::get_if<Damage>(&head)) return damaged(*damage);
    LogPosition position = std::get<SegmentHead>(head).position;
    std::vector<CarriedEvent> needed;
    for (std::uint64_t at = page_bytes; at < entry->end;) {
        const auto checked = reader.check_group(at, position);
        if (const auto* damage = std::get_if<Damage>(&checked)) return damaged(*damage);
        const GroupInfo& group = std::get<GroupInfo>(checked);
        std::uint64_t offset = at;
        for (std::uint32_t i = 0; i < group.records; ++i) {
            const std::string_view record = reader.record_at(offset);
            if (const auto event = event_of(record)) {
                const auto waits =
                    std::ranges::lower_bound(waiting, event->seq, {}, &flow::RecoveredEvent::seq);
                const bool is_waiting = waits != waiting.end() && waits->seq == event->seq &&
                                        static_cast<std::uint32_t>(waits->body.a) == offset;
                if (is_waiting || event->retain_until > now)
                    needed.push_back(
                        {offset,
                         *event,
                         is_waiting ? waits->copies : std::vector<flow::RecoveredCopy>()});
            }
            offset += record.size();
        }
        position = group.after;
        at += group.bytes;
    }
    std::ranges::sort(needed, {}, [](const CarriedEvent& one) { return one.event.seq; });

    std::vector<CarrySlice> slices;
    std::uint64_t used = 0;
    for (CarriedEvent& one : needed) {
        const std::uint64_t length = encoded_bytes(one.event, one.copies);
        if (slices.empty() || used + length > slice_bytes) {
            slices.push_back({source, false, bytes, {}});
            used = 0;
        }
        used += length;
        slices.back().events.push_back(std::move(one));
    }
    if (slices.empty()) slices.push_back({source, false, bytes, {}});
    slices.back().is_last = true;
    return slices;
}

}  // namespace vera::store
