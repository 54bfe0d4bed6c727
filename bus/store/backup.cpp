#include "bus/store/backup.hpp"

#include "bus/store/scan.hpp"
#include "bus/store/segment_reader.hpp"

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

namespace vera::store {
namespace {

constexpr std::uint64_t piece_bytes = 1U << 20U;
constexpr std::uint64_t sync_bytes = 8U << 20U;  ///< so that a running store's syncs do not wait

Failure again(const Error& error) {
    return fail(error.code, error.text);
}

/// One copy of a store, from folder to folder. Lives for one call.
class Copier {
public:
    Copier(host::FileSystem& files, std::string from, std::string to, const OnProgress& progress)
        : files_(files),
          from_{std::move(from)},
          to_{std::move(to)},
          progress_(progress) {}

    /// The folder is there, empty, and ours: what else begins there finds it locked.
    Result<void> begin() {
        if (auto made = files_.make_folder(to_.folder); !made) return made;
        const auto found = files_.list(to_.folder);
        if (!found) return again(found.error());
        if (!found->empty())
            return fail(Errc::refused,
                        to_.folder + " is not empty (" + found->front() +
                            "); a copy is made in a new or empty folder");
        auto lock = files_.lock(to_.lock());
        if (!lock) return again(lock.error());
        lock_ = *std::move(lock);
        auto folder = files_.open_folder(to_.folder);
        if (!folder) return again(folder.error());
        folder_ = *std::move(folder);
        return {};
    }

    /// Everything that the manifest lists; afterwards `manifest` tells how the copy ends.
    Result<void> copy(Manifest& manifest) {
        for (const ManifestEntry& entry : manifest.segments)
            total_ += entry.end;
        for (const SnapshotFile& part : manifest.snapshot)
            total_ += part.bytes;
        for (const SnapshotFile& part : manifest.snapshot)
            if (auto copied = copy_file(from_.snapshot(part.kind, part.number),
                                        to_.snapshot(part.kind, part.number),
                                        part.bytes);
                !copied)
                return copied;
        for (ManifestEntry& entry : manifest.segments)
            if (auto copied = entry.is_closed ? copy_closed(entry) : copy_open(manifest, entry);
                !copied)
                return copied;
        return folder_->sync();
    }

    /// The last step: with its manifest it is there.
    Result<void> finish(const Manifest& manifest) {
        ManifestFile file(files_, to_, *folder_);
        if (auto written = file.write_next(manifest); !written) return written;
        return file.replace();
    }

    [[nodiscard]] std::uint64_t bytes() const { return done_; }

private:
    void tell(const std::string& file, std::uint64_t more) {
        done_ += more;
        if (progress_) progress_({file, done_, std::max(done_, total_)});
    }

    Result<void> copy_file(const std::string& from, const std::string& to, std::uint64_t bytes) {
        auto source = files_.open(from, host::OpenMode::read);
        if (!source) return again(source.error());
        auto target = files_.open(to, host::OpenMode::create);
        if (!target) return again(target.error());
        std::string piece;
        for (std::uint64_t at = 0; at < bytes; at += piece.size()) {
            piece.resize(std::min(piece_bytes, bytes - at));
            const auto got = (*source)->read(at, piece);
            if (!got) return again(got.error());
            if (*got != piece.size())
                return fail(
                    Errc::corrupt,
                    from + " at offset " + std::to_string(at + *got) + ": the file ends too early");
            if (auto written = (*target)->write(at, piece); !written) return written;
            tell(from, piece.size());
            if ((at + piece.size()) % sync_bytes != 0) continue;
            if (auto synced = (*target)->sync(); !synced) return synced;
        }
        return (*target)->sync();
    }

    /// Its used part, and nothing behind it.
    Result<void> copy_closed(const ManifestEntry& entry) {
        const std::string from = from_.segment(entry.number);
        const std::string to = to_.segment(entry.number);
        if (auto copied = copy_file(from, to, entry.end); !copied) return copied;
        return stretch(from, to);
    }

    /// The size that its superblock names, with zeros that take no space.
    Result<void> stretch(const std::string& from, const std::string& to) {
        auto source = files_.open(from, host::OpenMode::read);
        if (!source) return again(source.error());
        const auto size = (*source)->size();
        if (!size) return again(size.error());
        auto target = files_.open(to, host::OpenMode::write);
        if (!target) return again(target.error());
        const auto now = (*target)->size();
        if (!now) return again(now.error());
        if (*now < *size)
            if (auto written = (*target)->write(*size - 1, std::string_view("\0", 1)); !written)
                return written;
        return (*target)->sync();
    }

    /// The segment that is being written: its whole groups as they are now. What was accepted is
    /// among them, since it was written before it was accepted.
    Result<void> copy_open(const Manifest& manifest, ManifestEntry& entry) {
        const std::string from = from_.segment(entry.number);
        std::string bytes;
        if (auto loaded = load_file(files_, from, bytes); !loaded) return loaded;
        const SegmentReader reader(bytes, manifest.store, entry.number);
        const auto head = reader.check_superblock();
        if (const auto* damage = std::get_if<Damage>(&head)) return damaged(from, *damage);
        LogPosition position = std::get<SegmentHead>(head).position;
        std::uint64_t end = page_bytes;
        for (;;) {
            const auto checked = reader.check_group(end, position);
            if (const auto* damage = std::get_if<Damage>(&checked)) {
                if (end < entry.end || !damage->is_tear) return damaged(from, *damage);
                break;
            }
            const GroupInfo& group = std::get<GroupInfo>(checked);
            position = group.after;
            end += group.bytes;
        }
        entry.end = end;
        entry.chain = position.chain;
        const std::string to = to_.segment(entry.number);
        auto target = files_.open(to, host::OpenMode::create);
        if (!target) return again(target.error());
        if (auto written = (*target)->write(0, std::string_view(bytes).substr(0, end)); !written)
            return written;
        tell(from, end);
        return stretch(from, to);
    }

    static Failure damaged(const std::string& path, const Damage& damage) {
        return fail(damage.code,
                    path + " at offset " + std::to_string(damage.offset) + ": " + damage.text);
    }

    host::FileSystem& files_;
    const StoreNames from_, to_;
    const OnProgress& progress_;
    std::unique_ptr<host::Lock> lock_;
    std::unique_ptr<host::Folder> folder_;
    std::uint64_t done_ = 0;
    std::uint64_t total_ = 0;
};

CopyReport report_of(const Manifest& manifest,
                     const std::string& from,
                     const std::string& to,
                     std::uint64_t bytes) {
    return {from,
            to,
            manifest.store,
            manifest.instance,
            manifest.origin,
            manifest.origin_time,
            static_cast<std::uint32_t>(manifest.segments.size()),
            bytes};
}

Result<Manifest> manifest_in(host::FileSystem& files, const std::string& folder) {
    auto manifest = read_manifest(files, {folder});
    if (!manifest && manifest.error().code == Errc::not_found)
        return fail(Errc::not_found, "there is no store in " + folder);
    return manifest;
}

}  // namespace

Result<CopyReport> backup_store(host::FileSystem& files,
                                const std::string& from,
                                const std::string& to,
                                Timestamp taken,
                                const OnProgress& progress) {
    // Nothing is made in a folder that holds no store, not even the lock's file.
    if (const auto there = manifest_in(files, from); !there) return again(there.error());
    Copier copier(files, from, to, progress);
    if (auto begun = copier.begin(); !begun) return again(begun.error());
    const auto hold = files.lock(StoreNames{from}.hold());
    if (!hold && hold.error().code == Errc::refused)
        return fail(Errc::refused,
                    "the files of " + from + " are being given back or copied (" +
                        hold.error().text + "); try again");
    if (!hold) return again(hold.error());
    // From here on no file that this manifest lists goes or changes, but for the end of the last.
    auto manifest = manifest_in(files, from);
    if (!manifest) return again(manifest.error());
    if (manifest->kind == Manifest::Kind::backup)
        return fail(Errc::refused, from + " holds a backup itself: copy its files as they are");
    if (auto copied = copier.copy(*manifest); !copied) return again(copied.error());
    manifest->kind = Manifest::Kind::backup;
    manifest->is_clean = true;
    manifest->origin = manifest->instance;
    manifest->origin_time = taken;
    if (auto finished = copier.finish(*manifest); !finished) return again(finished.error());
    return report_of(*manifest, from, to, copier.bytes());
}

Result<CopyReport> restore_store(host::FileSystem& files,
                                 const std::string& from,
                                 const std::string& to,
                                 const Uuid& instance,
                                 const OnProgress& progress) {
    auto manifest = manifest_in(files, from);
    if (!manifest) return again(manifest.error());
    if (manifest->kind != Manifest::Kind::backup)
        return fail(Errc::refused,
                    from + " holds a store and no backup; make one with `vera store backup`");
    Copier copier(files, from, to, progress);
    if (auto begun = copier.begin(); !begun) return again(begun.error());
    if (auto copied = copier.copy(*manifest); !copied) return again(copied.error());
    manifest->kind = Manifest::Kind::restored;
    manifest->instance = instance;
    if (auto finished = copier.finish(*manifest); !finished) return again(finished.error());
    return report_of(*manifest, from, to, copier.bytes());
}

}  // namespace vera::store
