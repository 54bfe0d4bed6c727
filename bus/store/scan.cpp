#include "bus/store/scan.hpp"

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <utility>

namespace vera::store {
namespace {

/// One pass over all segments. Lives for one scan_store.
class Scanner {
public:
    Scanner(host::FileSystem& files, const StoreNames& names, RecoveryState& state, Scan& scan)
        : files_(files),
          names_(names),
          state_(state),
          scan_(scan) {}

    [[nodiscard]] Result<void> run(std::uint32_t known) {
        const std::vector<ManifestEntry>& segments = scan_.manifest.segments;
        for (std::size_t i = 0; i < segments.size(); ++i) {
            if (segments[i].number <= known)
                look_at_segment(segments[i]);
            else
                scan_segment(segments[i], i + 1 < segments.size() ? &segments[i + 1] : nullptr);
        }
        state_.finish();
        return look_for_others();
    }
    /// Only of closed segments. A start has the memory for whole ones and wants to be quick; this
    /// is done beside a server at work.
    void read(std::uint32_t first, std::uint32_t last, std::uint64_t part_bytes) {
        part_bytes_ = part_bytes;
        for (const ManifestEntry& entry : scan_.manifest.segments)
            if (entry.number >= first && entry.number <= last) scan_segment(entry, nullptr);
    }

private:
    void damage(const std::string& path, const Damage& what) {
        scan_.findings.push_back({true, what.code, path, what.offset, what.text});
        is_position_known_ = false;
    }
    void note(const std::string& path, std::uint64_t offset, std::string text) {
        scan_.findings.push_back({false, Errc::corrupt, path, offset, std::move(text)});
    }

    void cannot_load(const std::string& path, const Error& error) {
        const bool is_missing = error.code == Errc::not_found;
        damage(path,
               {0,
                is_missing ? "the manifest lists this segment, and it is missing" : error.text,
                is_missing ? Errc::corrupt : Errc::io});
    }

    /// A closed segment that a snapshot covers: it is there, it is this one, and it is as long as
    /// it was. Its events are verified when they are delivered.
    void look_at_segment(const ManifestEntry& entry) {
        const std::string path = names_.segment(entry.number);
        ScannedSegment& segment = scan_.segments.emplace_back();
        segment.entry = entry;
        state_.on_known_segment({entry.number, 0, entry.retain_until, entry.overdue_at});
        auto ends = read_ends(path, entry);
        if (!ends) return cannot_load(path, ends.error());
        segment.file_bytes = ends->file_bytes;
        scan_.position.chain = entry.chain;
        is_position_known_ = false;
        if (ends->damage) damage(path, *ends->damage);
    }
    /// What cannot be opened now is found out when its turn comes.
    void send_for(const ManifestEntry& next) {
        auto file = files_.open(names_.segment(next.number), host::OpenMode::read);
        if (!file) return;
        const auto size = (*file)->size();
        if (size) (*file)->will_read(0, *size);
        next_file_ = *std::move(file);
    }
    struct Ends {
        std::uint64_t file_bytes = 0;
        std::optional<Damage> damage;
    };
    [[nodiscard]] Result<Ends> read_ends(const std::string& path, const ManifestEntry& entry) {
        auto file = files_.open(path, host::OpenMode::read);
        if (!file) return fail(file.error().code, file.error().text);
        const auto size = (*file)->size();
        if (!size) return fail(size.error().code, size.error().text);
        Ends ends{*size, {}};
        bytes_.assign(page_bytes, '\0');
        auto got = (*file)->read(0, bytes_);
        if (!got) return fail(got.error().code, got.error().text);
        bytes_.resize(*got);
        const SegmentReader front(bytes_, scan_.manifest.store, entry.number);
        const auto head = front.check_superblock(*size);
        if (const auto* broken = std::get_if<Damage>(&head)) {
            ends.damage = *broken;
            return ends;
        }
        if (std::get<SegmentHead>(head).position.chain != entry.chain_before) {
            ends.damage =
                Damage{superblock::chain_before, "the segment does not continue the one before it"};
            return ends;
        }
        // The commit record of the last group is in its last two pages, behind it only zeros.
        const std::uint64_t begin = entry.end - std::min(entry.end, 2 * page_bytes);
        bytes_.assign(entry.end - begin, '\0');
        got = (*file)->read(begin, bytes_);
        if (!got) return fail(got.error().code, got.error().text);
        bytes_.resize(*got);
        if (!has_last_commit(bytes_, begin, scan_.manifest.store, entry.number, entry.chain))
            ends.damage = Damage{begin, "the last group that the manifest knows does not end here"};
        return ends;
    }

    /// `next` is on its way to memory meanwhile.
    void scan_segment(const ManifestEntry& entry, const ManifestEntry* next) {
        const std::string path = names_.segment(entry.number);
        ScannedSegment& segment = scan_.segments.emplace_back();
        segment.entry = entry;
        state_.on_segment(entry.number);
        auto file = std::exchange(next_file_, nullptr);
        if (!file) {
            auto opened = files_.open(path, host::OpenMode::read);
            if (!opened) return cannot_load(path, opened.error());
            file = *std::move(opened);
        }
        const auto size = file->size();
        const auto loaded = size ? load(*file, 0, std::min(*size, part_bytes_))
                                 : Result<void>(fail(size.error().code, size.error().text));
        if (!loaded) return cannot_load(path, loaded.error());
        if (next != nullptr) send_for(*next);
        // A file that became shorter meanwhile is what was read of it.
        segment.file_bytes = *size > part_bytes_ ? *size : bytes_.size();
        SegmentReader reader(bytes_, 0, segment.file_bytes, scan_.manifest.store, entry.number);
        const auto head = reader.check_superblock();
        if (const auto* broken = std::get_if<Damage>(&head)) return damage(path, *broken);
        const LogPosition begin = std::get<SegmentHead>(head).position;
        if (begin.chain != entry.chain_before ||
            (is_position_known_ && begin.chain != scan_.position.chain))
            return damage(
                path,
                {superblock::chain_before, "the segment does not continue the one before it"});
        if (is_position_known_ && (begin.group_sequence != scan_.position.group_sequence ||
                                   begin.record_sequence != scan_.position.record_sequence))
            return damage(path,
                          {superblock::group_sequence, "groups before this segment are missing"});
        scan_.position = begin;
        is_position_known_ = true;
        read_groups(reader, segment, *file, path);
    }

    [[nodiscard]] Result<void> load(host::File& file, std::uint64_t begin, std::uint64_t bytes) {
        bytes_.resize(bytes);
        const auto got = file.read(begin, bytes_);
        if (!got) return fail(got.error().code, got.error().text);
        bytes_.resize(*got);
        begin_ = begin;
        return {};
    }
    /// What is at `at` reaches beyond the part at hand: the next part begins there, twice as long
    /// if this one did already.
    [[nodiscard]] Result<void> load_from(std::uint64_t at, host::File& file, std::uint64_t size) {
        const std::uint64_t bytes = at == begin_ ? bytes_.size() * 2 : part_bytes_;
        if (auto loaded = load(file, at, std::min(bytes, size - at)); !loaded) return loaded;
        if (bytes_.size() == std::min(bytes, size - at)) return {};
        return fail(Errc::io, "the file became shorter while it was read");
    }

    void read_groups(SegmentReader& reader,
                     ScannedSegment& segment,
                     host::File& file,
                     const std::string& path) {
        const bool is_exact = segment.entry.is_closed || scan_.manifest.is_clean;
        const ManifestEntry listed = segment.entry;
        std::uint64_t at = page_bytes;
        bool has_reached = false;
        while (true) {
            if (at == listed.end) {
                has_reached = true;
                if (scan_.position.chain != listed.chain)
                    return damage(path,
                                  {at, "the chain of checksums is not the one in the manifest"});
                if (is_exact) break;
            }
            const auto checked = reader.check_group(at, scan_.position);
            if (const auto* broken = std::get_if<Damage>(&checked)) {
                if (broken->is_cut) {
                    if (auto loaded = load_from(at, file, segment.file_bytes); !loaded)
                        return cannot_load(path, loaded.error());
                    reader = SegmentReader(bytes_,
                                           begin_,
                                           segment.file_bytes,
                                           scan_.manifest.store,
                                           segment.entry.number);
                    continue;
                }
                if (!has_reached || !broken->is_tear) return damage(path, *broken);
                break;
            }
            const GroupInfo& group = std::get<GroupInfo>(checked);
            if (!has_reached && at + group.bytes > listed.end)
                return damage(path, {at, "the group goes on behind the segment's end"});
            if (!take(reader, group, segment, path)) return;
            at += group.bytes;
        }
        segment.entry.end = at;
        segment.entry.chain = scan_.position.chain;
        if (!segment.entry.is_closed) look_behind(reader, at, path);
    }

    [[nodiscard]] bool take(const SegmentReader& reader,
                            const GroupInfo& group,
                            ScannedSegment& segment,
                            const std::string& path) {
        std::uint64_t at = group.offset;
        for (std::uint32_t i = 0; i < group.records; ++i) {
            const std::string_view record = reader.record_at(at);
            if (auto wrong = state_.on_record(record, at)) {
                damage(path, {at, *std::move(wrong)});
                return false;
            }
            at += record.size();
        }
        state_.on_stamp(group.stamp);
        scan_.position = group.after;
        scan_.last_group = group;
        ++segment.groups;
        segment.records += group.records;
        return true;
    }

    /// Behind the end of the last segment: nothing, or the group that was being written when the
    /// process ended.
    void look_behind(const SegmentReader& reader, std::uint64_t end, const std::string& path) {
        scan_.last_group_bytes = bytes_.substr(scan_.last_group.offset, scan_.last_group.bytes);
        // What is at the end itself has just been found not to be a whole group, unless nothing
        // should be there at all.
        const std::uint64_t from = scan_.manifest.is_clean ? end : end + 1;
        if (const auto group = reader.find_group(from)) {
            const std::string where = std::to_string(*group);
            return damage(
                path,
                {end,
                 scan_.manifest.is_clean
                     ? "the manifest is older than the segment: a group at offset " + where +
                           " lies behind the end"
                     : "no whole group here, but a valid record begins one at offset " + where});
        }
        scan_.dirty_end = reader.written_end(end);
        if (scan_.dirty_end == end) return;
        const std::string bytes = std::to_string(scan_.dirty_end - end);
        note(path,
             end,
             scan_.manifest.is_clean ? bytes + " bytes behind the end are not zero"
                                     : "the last group is not whole and was never accepted: " +
                                           bytes + " bytes dropped");
    }

    /// Files that the manifest does not list.
    [[nodiscard]] Result<void> look_for_others() {
        const auto found = files_.list(names_.folder);
        if (!found) return fail(found.error().code, found.error().text);
        const std::vector<ManifestEntry>& listed = scan_.manifest.segments;
        const std::uint32_t newest = scan_.manifest.last_number;
        for (const std::string& name : *found) {
            if (StoreNames::is_spare(name) || (StoreNames::is_snapshot(name) && !is_part(name)))
                scan_.leftovers.push_back(names_.folder + "/" + name);
            const auto number = StoreNames::segment_number(name);
            if (!number ||
                std::ranges::find(listed, *number, &ManifestEntry::number) != listed.end())
                continue;
            const std::string path = names_.folder + "/" + name;
            if (*number == newest + 1) {
                look_at_unfinished(path, *number);
            } else if (*number <= newest && !listed.empty() && *number < listed.front().number) {
                note(path, 0, "the segment was given back; removed");
                scan_.leftovers.push_back(path);
            } else {
                damage(path, {0, "the manifest does not list this segment"});
            }
        }
        return {};
    }

    [[nodiscard]] bool is_part(const std::string& name) const {
        return std::ranges::any_of(scan_.manifest.snapshot, [&](const SnapshotFile& file) {
            return names_.snapshot(file.kind, file.number) == names_.folder + "/" + name;
        });
    }

    /// The segment behind the newest: made, but the manifest that lists it was not there in time.
    /// Nothing was accepted into it then.
    void look_at_unfinished(const std::string& path, std::uint32_t number) {
        if (const auto loaded = load_file(files_, path, bytes_); !loaded)
            return damage(path, {0, loaded.error().text, loaded.error().code});
        const SegmentReader reader(bytes_, scan_.manifest.store, number);
        const auto head = reader.check_superblock();
        if (const auto* broken = std::get_if<Damage>(&head)) {
            // Its first group may have reached the disk without the superblock; a second one
            // cannot.
            if (reader.find_group(page_bytes + 1)) return damage(path, *broken);
        } else {
            const LogPosition begin = std::get<SegmentHead>(head).position;
            if (is_position_known_ && begin.chain != scan_.position.chain)
                return damage(path,
                              {superblock::chain_before, "groups before this segment are missing"});
            const auto first = reader.check_group(page_bytes, begin);
            const auto* group = std::get_if<GroupInfo>(&first);
            const std::uint64_t behind = page_bytes + (group == nullptr ? 1 : group->bytes);
            if (const auto more = reader.find_group(behind))
                return damage(
                    path, {*more, "the manifest does not list this segment, and it has been used"});
        }
        note(path, 0, "a new segment that was not finished; removed");
        scan_.leftovers.push_back(path);
    }

    host::FileSystem& files_;
    const StoreNames& names_;
    RecoveryState& state_;
    Scan& scan_;
    std::string bytes_;  // of the segment's file, from begin_ on
    std::uint64_t begin_ = 0;
    std::uint64_t part_bytes_ = std::numeric_limits<std::uint64_t>::max();
    std::unique_ptr<host::File> next_file_;  // of the segment after this one, if it is open already
    bool is_position_known_ = false;
};

}  // namespace

std::string Finding::to_text() const {
    // Errors of calls name the path themselves.
    if (code == Errc::io) return text;
    return file + " at offset " + std::to_string(offset) + ": " + text;
}

const Finding* Scan::first_damage() const {
    const auto at = std::ranges::find(findings, true, &Finding::is_damage);
    return at == findings.end() ? nullptr : &*at;
}

Result<Scan> scan_store(host::FileSystem& files, const StoreNames& names, RecoveryState& state) {
    auto manifest = read_manifest(files, names);
    if (!manifest) return fail(manifest.error().code, manifest.error().text);
    return scan_store(files, names, *std::move(manifest), 0, state);
}

Result<Scan> scan_store(host::FileSystem& files,
                        const StoreNames& names,
                        Manifest manifest,
                        std::uint32_t known,
                        RecoveryState& state) {
    Scan scan;
    scan.manifest = std::move(manifest);
    Scanner scanner(files, names, state, scan);
    if (auto done = scanner.run(known); !done) return fail(done.error().code, done.error().text);
    return scan;
}

Result<void> read_segments(host::FileSystem& files,
                           const StoreNames& names,
                           const Manifest& manifest,
                           std::uint32_t first,
                           std::uint32_t last,
                           RecoveryState& state,
                           std::uint64_t part_bytes) {
    Scan scan;
    scan.manifest = manifest;
    Scanner(files, names, state, scan).read(first, last, part_bytes);
    if (const Finding* damage = scan.first_damage()) return fail(damage->code, damage->to_text());
    return {};
}

Result<void> load_file(host::FileSystem& files, const std::string& path, std::string& bytes) {
    auto file = files.open(path, host::OpenMode::read);
    if (!file) return fail(file.error().code, file.error().text);
    return load_file(**file, bytes);
}

Result<void> load_file(host::File& file, std::string& bytes) {
    const auto size = file.size();
    if (!size) return fail(size.error().code, size.error().text);
    bytes.resize(*size);
    const auto got = file.read(0, bytes);
    if (!got) return fail(got.error().code, got.error().text);
    bytes.resize(*got);
    return {};
}

}  // namespace vera::store
