#include "bus/store/manifest.hpp"

#include "bus/store/codec.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>

namespace vera::store {
namespace {

constexpr std::string_view segment_prefix = "segment-";
constexpr std::string_view segment_suffix = ".vlog";
constexpr std::size_t number_digits = 10;
constexpr std::string_view spare_prefix = "spare-";
constexpr std::string_view spare_suffix = ".tmp";
constexpr std::string_view snapshot_suffix = ".vsnp";

Failure corrupt(const std::string& path, std::size_t offset, const std::string& what) {
    return fail(Errc::corrupt, path + " at offset " + std::to_string(offset) + ": " + what);
}

std::string ten_digits(std::uint32_t number) {
    const std::string digits = std::to_string(number);
    return std::string(number_digits - digits.size(), '0') + digits;
}

bool is_zero(std::string_view bytes) {
    return std::ranges::all_of(bytes, [](char c) { return c == 0; });
}

/// An entry that follows the last one; false: it does not.
bool take_segment(const char* entry, bool is_last, Manifest& manifest) {
    ManifestEntry segment;
    segment.number = get<std::uint32_t>(entry + manifest::entry_number);
    segment.is_closed = get<std::uint32_t>(entry + manifest::entry_is_closed) == 1;
    segment.chain_before = get<std::uint64_t>(entry + manifest::entry_chain_before);
    segment.end = get<std::uint64_t>(entry + manifest::entry_end);
    segment.chain = get<std::uint64_t>(entry + manifest::entry_chain);
    segment.retain_until.ms = get<std::int64_t>(entry + manifest::entry_retain_until);
    segment.overdue_at.ms = get<std::int64_t>(entry + manifest::entry_overdue_at);
    if (segment.is_closed == is_last) return false;
    if (!manifest.segments.empty() && (segment.number != manifest.segments.back().number + 1 ||
                                       segment.chain_before != manifest.segments.back().chain))
        return false;
    manifest.segments.push_back(segment);
    return true;
}

bool take_part(const char* entry, Manifest& manifest) {
    SnapshotFile file;
    file.kind = static_cast<SnapshotKind>(get<std::uint32_t>(entry + manifest::file_kind));
    file.number = get<std::uint32_t>(entry + manifest::file_number);
    file.first = get<std::uint32_t>(entry + manifest::file_first);
    file.last = get<std::uint32_t>(entry + manifest::file_last);
    file.bytes = get<std::uint64_t>(entry + manifest::file_size);
    file.entries = get<std::uint64_t>(entry + manifest::file_entries);
    file.hash = get<std::uint64_t>(entry + manifest::file_hash);
    file.until.ms = get<std::int64_t>(entry + manifest::file_until);
    const bool is_live = file.kind == SnapshotKind::live;
    if ((!is_live && file.kind != SnapshotKind::ids) ||
        (is_live && manifest.live_file() != nullptr))
        return false;
    manifest.snapshot.push_back(file);
    return true;
}

}  // namespace

std::string StoreNames::segment(std::uint32_t number) const {
    return folder + "/" + std::string(segment_prefix) + ten_digits(number) +
           std::string(segment_suffix);
}

std::string StoreNames::snapshot(SnapshotKind kind, std::uint32_t number) const {
    return folder + (kind == SnapshotKind::live ? "/live-" : "/ids-") + ten_digits(number) +
           std::string(snapshot_suffix);
}

bool StoreNames::is_snapshot(std::string_view name) {
    return (name.starts_with("live-") || name.starts_with("ids-")) &&
           name.ends_with(snapshot_suffix);
}

const SnapshotFile* Manifest::live_file() const {
    const auto at = std::ranges::find(snapshot, SnapshotKind::live, &SnapshotFile::kind);
    return at == snapshot.end() ? nullptr : &*at;
}

std::uint32_t Manifest::snapshot_end() const {
    const SnapshotFile* live = live_file();
    return live == nullptr ? 0 : live->last;
}

std::string StoreNames::spare(std::uint64_t number) const {
    return folder + "/" + std::string(spare_prefix) + std::to_string(number) +
           std::string(spare_suffix);
}

std::optional<std::uint32_t> StoreNames::segment_number(std::string_view name) {
    if (name.size() != segment_prefix.size() + number_digits + segment_suffix.size())
        return std::nullopt;
    if (!name.starts_with(segment_prefix) || !name.ends_with(segment_suffix)) return std::nullopt;
    const std::string_view digits = name.substr(segment_prefix.size(), number_digits);
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
    return number;
}

bool StoreNames::is_spare(std::string_view name) {
    return name.starts_with(spare_prefix) && name.ends_with(spare_suffix);
}

std::string in_use(const std::string& folder, const Error& held) {
    return "the store in " + folder + " is in use (" + held.text +
           "); one process at a time: stop that one first, or choose another folder";
}

std::string encode(const Manifest& manifest, std::uint64_t file_bytes) {
    const std::uint64_t needed =
        round_to_page(manifest::fixed_bytes + manifest.segments.size() * manifest::entry_bytes +
                      manifest.snapshot.size() * manifest::snapshot_file_bytes);
    std::string bytes(std::max(needed, file_bytes), '\0');
    char* at = bytes.data();
    std::memcpy(at + manifest::magic, manifest::magic_text, 8);
    put(at + manifest::version, format_version);
    put(at + manifest::file_bytes, static_cast<std::uint32_t>(bytes.size()));
    std::memcpy(at + manifest::store, manifest.store.bytes.data(), manifest.store.bytes.size());
    put(at + manifest::hash_seed, manifest.hash_seed);
    put(at + manifest::sequence, manifest.sequence);
    put(at + manifest::is_clean, static_cast<std::uint8_t>(manifest.is_clean ? 1 : 0));
    put(at + manifest::segment_count, static_cast<std::uint32_t>(manifest.segments.size()));
    put(at + manifest::last_number, manifest.last_number);
    put(at + manifest::snapshot_count, static_cast<std::uint32_t>(manifest.snapshot.size()));
    put(at + manifest::last_snapshot, manifest.last_snapshot);
    put(at + manifest::kind, static_cast<std::uint32_t>(manifest.kind));
    std::memcpy(at + manifest::instance, manifest.instance.bytes.data(), 16);
    std::memcpy(at + manifest::origin, manifest.origin.bytes.data(), 16);
    put(at + manifest::origin_time, manifest.origin_time.ms);
    put(at + manifest::maybe_acquired, manifest.maybe_acquired.value);
    char* entry = at + manifest::fixed_bytes;
    for (const ManifestEntry& segment : manifest.segments) {
        put(entry + manifest::entry_number, segment.number);
        put(entry + manifest::entry_is_closed, std::uint32_t{segment.is_closed ? 1U : 0U});
        put(entry + manifest::entry_chain_before, segment.chain_before);
        put(entry + manifest::entry_end, segment.end);
        put(entry + manifest::entry_chain, segment.chain);
        put(entry + manifest::entry_retain_until, segment.retain_until.ms);
        put(entry + manifest::entry_overdue_at, segment.overdue_at.ms);
        entry += manifest::entry_bytes;
    }
    for (const SnapshotFile& file : manifest.snapshot) {
        put(entry + manifest::file_kind, static_cast<std::uint32_t>(file.kind));
        put(entry + manifest::file_number, file.number);
        put(entry + manifest::file_first, file.first);
        put(entry + manifest::file_last, file.last);
        put(entry + manifest::file_size, file.bytes);
        put(entry + manifest::file_entries, file.entries);
        put(entry + manifest::file_hash, file.hash);
        put(entry + manifest::file_until, file.until.ms);
        entry += manifest::snapshot_file_bytes;
    }
    put(at + manifest::checksum, page_checksum(bytes, 0));
    return bytes;
}

Result<Manifest> decode_manifest(std::string_view bytes, const std::string& path) {
    if (bytes.size() < page_bytes || bytes.size() % page_bytes != 0)
        return corrupt(path, bytes.size(), "the manifest ends here: not a whole number of pages");
    const char* at = bytes.data();
    if (bytes.substr(manifest::magic, 8) != manifest::magic_text)
        return corrupt(path, manifest::magic, "this is not a manifest");
    const auto version = get<std::uint32_t>(at + manifest::version);
    if (version != format_version)
        return fail(Errc::refused, path + ": " + version_refusal(version));
    if (get<std::uint32_t>(at + manifest::file_bytes) != bytes.size())
        return corrupt(path, manifest::file_bytes, "the manifest is cut or has grown");
    if (get<std::uint64_t>(at + manifest::checksum) != page_checksum(bytes, 0))
        return corrupt(path, manifest::checksum, "the checksum does not hold");

    Manifest manifest;
    std::memcpy(manifest.store.bytes.data(), at + manifest::store, manifest.store.bytes.size());
    manifest.hash_seed = get<std::uint64_t>(at + manifest::hash_seed);
    manifest.sequence = get<std::uint64_t>(at + manifest::sequence);
    manifest.is_clean = get<std::uint8_t>(at + manifest::is_clean) == 1;
    manifest.last_number = get<std::uint32_t>(at + manifest::last_number);
    manifest.last_snapshot = get<std::uint32_t>(at + manifest::last_snapshot);
    manifest.kind = static_cast<Manifest::Kind>(get<std::uint32_t>(at + manifest::kind));
    if (manifest.kind > Manifest::Kind::restored)
        return corrupt(path, manifest::kind, "the kind cannot be");
    std::memcpy(manifest.instance.bytes.data(), at + manifest::instance, 16);
    std::memcpy(manifest.origin.bytes.data(), at + manifest::origin, 16);
    manifest.origin_time.ms = get<std::int64_t>(at + manifest::origin_time);
    manifest.maybe_acquired.value = get<std::uint64_t>(at + manifest::maybe_acquired);
    const auto count = get<std::uint32_t>(at + manifest::segment_count);
    const auto parts = get<std::uint32_t>(at + manifest::snapshot_count);
    const std::uint64_t entries_end =
        manifest::fixed_bytes + std::uint64_t{count} * manifest::entry_bytes;
    const std::uint64_t used = entries_end + std::uint64_t{parts} * manifest::snapshot_file_bytes;
    if (used > bytes.size())
        return corrupt(path, manifest::segment_count, "more entries than there is room for");
    if (!is_zero(bytes.substr(used)))
        return corrupt(path, used, "bytes behind the last entry are not zero");
    for (std::size_t offset = manifest::fixed_bytes; offset < entries_end;
         offset += manifest::entry_bytes)
        if (!take_segment(at + offset, offset + manifest::entry_bytes == entries_end, manifest))
            return corrupt(path, offset, "the entries do not follow each other");
    if (count != 0 && manifest.segments.back().number != manifest.last_number)
        return corrupt(path, manifest::last_number, "the last entry is not the newest segment");
    for (std::size_t offset = entries_end; offset < used; offset += manifest::snapshot_file_bytes)
        if (!take_part(at + offset, manifest))
            return corrupt(path, offset, "no part of a snapshot here");
    return manifest;
}

Result<Manifest> read_manifest(host::FileSystem& files, const StoreNames& names) {
    auto file = files.open(names.manifest(), host::OpenMode::read);
    if (!file) return fail(file.error().code, file.error().text);
    const auto size = (*file)->size();
    if (!size) return fail(size.error().code, size.error().text);
    if (*size > (64U << 20U))
        return corrupt(names.manifest(), 64U << 20U, "far too long for a manifest");
    std::string bytes(*size, '\0');
    const auto got = (*file)->read(0, bytes);
    if (!got) return fail(got.error().code, got.error().text);
    bytes.resize(*got);
    return decode_manifest(bytes, names.manifest());
}

Result<void> ManifestFile::write_next(const Manifest& manifest) {
    if (!next_) prepare();
    if (!next_) {
        auto made = files_.open(names_.next_manifest(), host::OpenMode::create);
        if (!made) return fail(made.error().code, made.error().text);
        next_ = *std::move(made);
        file_bytes_ = 0;
    }
    const std::string bytes = encode(manifest, file_bytes_);
    auto stored = next_->write(0, bytes);
    if (stored) stored = next_->sync();
    if (!stored) {
        // Never again this file: what of it is on disk, nobody knows.
        next_.reset();
        (void)files_.remove(names_.next_manifest());
    }
    file_bytes_ = bytes.size();
    return stored;
}

Result<void> ManifestFile::replace() {
    next_.reset();
    if (auto renamed = files_.rename(names_.next_manifest(), names_.manifest()); !renamed)
        return renamed;
    return folder_.sync();
}

void ManifestFile::prepare() {
    // One that an earlier run has left has its blocks already: better than a new one.
    auto found = files_.open(names_.next_manifest(), host::OpenMode::write);
    if (found) {
        const auto size = (*found)->size();
        if (size && *size >= page_bytes && *size % page_bytes == 0 && *size <= (64U << 20U)) {
            next_ = *std::move(found);
            file_bytes_ = *size;
            return;
        }
    }
    auto made = files_.open(names_.next_manifest(), host::OpenMode::create);
    if (!made) return;
    const std::uint64_t wanted = std::max(file_bytes_, page_bytes);
    const auto zeroed = (*made)->write(0, std::string(wanted, '\0'));
    if (!zeroed) {
        // Half made, or on bad ground: the next attempt begins with another file.
        (void)files_.remove(names_.next_manifest());
        return;
    }
    next_ = *std::move(made);
    file_bytes_ = wanted;
}

}  // namespace vera::store
