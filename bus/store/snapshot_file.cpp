#include "bus/store/snapshot_file.hpp"

#include "bus/store/codec.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <xxhash.h>

namespace vera::store {
namespace {

constexpr std::size_t chunk_target = 256U << 10U;
constexpr std::uint64_t most_chunk_bytes = 64U << 20U;
constexpr std::uint64_t ahead_bytes = 4U << 20U;  ///< while one chunk is taken apart
constexpr std::uint64_t sync_bytes = 8U << 20U;   ///< small enough not to keep a commit's sync long

std::uint64_t file_seed(const Uuid& store, SnapshotKind kind, std::uint32_t number) {
    std::array<char, 24> bytes{};
    std::memcpy(bytes.data(), store.bytes.data(), store.bytes.size());
    put(bytes.data() + 16, static_cast<std::uint32_t>(kind));
    put(bytes.data() + 20, number);
    return XXH3_64bits(bytes.data(), bytes.size());
}

/// Of a chunk that begins at `offset` of its file.
std::uint64_t chunk_checksum(std::string_view chunk, std::uint64_t seed, std::uint64_t offset) {
    return XXH3_64bits_withSeed(chunk.data() + 8, chunk.size() - 8, seed + offset);
}

bool has_death(const flow::RecoveredCopy& copy) {
    return copy.state == flow::CopyState::dead;
}

std::string_view short_text(const std::string& text) {
    return std::string_view(text).substr(0, 0xffff);
}

}  // namespace

// ---- writing
// -----------------------------------------------------------------------------------------------------------

Result<SnapshotWriter> SnapshotWriter::make(host::FileSystem& files,
                                            const StoreNames& names,
                                            const Uuid& store,
                                            SnapshotKind kind,
                                            std::uint32_t number) {
    SnapshotWriter writer;
    writer.store_ = store;
    writer.path_ = names.snapshot(kind, number);
    writer.seed_ = file_seed(store, kind, number);
    writer.end_ = page_bytes;
    auto file = files.open(writer.path_, host::OpenMode::create);
    if (!file) return fail(file.error().code, file.error().text);
    writer.file_ = *std::move(file);
    writer.chunk_.reserve(chunk_target + chunk_target / 4);
    return writer;
}

char* SnapshotWriter::grow(std::size_t bytes) {
    if (chunk_.empty()) chunk_.resize(snapshot::chunk_fixed_bytes);
    const std::size_t at = chunk_.size();
    chunk_.resize(at + bytes);
    return chunk_.data() + at;
}

Result<void> SnapshotWriter::add(const flow::RecoveredId& id) {
    char* at = grow(snapshot::id_bytes);
    put(at, id.id_hash);
    put(at + 8, id.bytes_hash);
    put(at + 16, id.accepted.ms);
    until_ = std::max(until_, id.accepted);
    ++chunk_entries_;
    return chunk_.size() < chunk_target ? Result<void>{} : close_chunk();
}

Result<void> SnapshotWriter::add(const flow::RecoveredEvent& event) {
    char* at = grow(snapshot::event_bytes);
    put(at + snapshot::event_seq, event.seq.value);
    put(at + snapshot::event_leaf, event.leaf.value);
    put(at + snapshot::event_accepted, event.accepted.ms);
    put(at + snapshot::event_expiry, event.expiry.ms);
    put(at + snapshot::event_order_key, event.order_key);
    put(at + snapshot::event_segment, static_cast<std::uint32_t>(event.body.a >> 32U));
    put(at + snapshot::event_offset, static_cast<std::uint32_t>(event.body.a));
    put(at + snapshot::event_record_bytes, event.body.b);
    put(at + snapshot::event_message_offset, event.body.c);
    put(at + snapshot::event_message_bytes, event.message_bytes);
    put(at + snapshot::event_copies, static_cast<std::uint32_t>(event.copies.size()));
    put(at + snapshot::event_unrouted_bytes,
        static_cast<std::uint32_t>(event.unrouted_reason.size()));
    for (const flow::RecoveredCopy& copy : event.copies) {
        const std::uint32_t flags = (has_death(copy) ? snapshot::copy_is_dead : 0U) |
                                    (copy.due ? snapshot::copy_has_due : 0U) |
                                    (copy.ready_at ? snapshot::copy_has_ready_at : 0U) |
                                    (copy.was_acquired ? snapshot::copy_was_acquired : 0U);
        at = grow(snapshot::copy_bytes);
        put(at + snapshot::copy_seq, copy.seq.value);
        put(at + snapshot::copy_queue, copy.queue.value);
        put(at + snapshot::copy_version, copy.version);
        put(at + snapshot::copy_attempts, copy.attempts);
        put(at + snapshot::copy_flags, flags);
        if (copy.due) put(grow(8), copy.due.ms);
        if (copy.ready_at) put(grow(8), copy.ready_at.ms);
        if (!has_death(copy)) continue;
        const std::string_view reason = short_text(copy.reason), error = short_text(copy.error);
        at = grow(round_to_8(snapshot::death_bytes + reason.size() + error.size()));
        put(at, copy.died.ms);
        put(at + 8, static_cast<std::uint16_t>(reason.size()));
        put(at + 10, static_cast<std::uint16_t>(error.size()));
        std::copy(reason.begin(), reason.end(), at + snapshot::death_bytes);
        std::copy(error.begin(), error.end(), at + snapshot::death_bytes + reason.size());
    }
    if (!event.unrouted_reason.empty()) {
        at = grow(round_to_8(event.unrouted_reason.size()));
        std::copy(event.unrouted_reason.begin(), event.unrouted_reason.end(), at);
    }
    ++chunk_entries_;
    return chunk_.size() < chunk_target ? Result<void>{} : close_chunk();
}

Result<void> SnapshotWriter::close_chunk() {
    if (chunk_entries_ == 0) return {};
    put(chunk_.data() + snapshot::chunk_bytes, static_cast<std::uint32_t>(chunk_.size()));
    put(chunk_.data() + snapshot::chunk_entries, chunk_entries_);
    const std::uint64_t checksum = chunk_checksum(chunk_, seed_, end_);
    put(chunk_.data() + snapshot::chunk_checksum, checksum);
    hash_ = next_chain(hash_, checksum);
    if (auto written = file_->write(end_, chunk_); !written) return written;
    end_ += chunk_.size();
    entries_ += chunk_entries_;
    chunk_.clear();
    chunk_entries_ = 0;
    if (end_ - synced_ < sync_bytes) return {};
    synced_ = end_;
    return file_->sync();
}

Result<SnapshotFile> SnapshotWriter::finish(SnapshotFile file, Generation last_generation) {
    if (auto closed = close_chunk(); !closed) return fail(closed.error().code, closed.error().text);
    file.bytes = end_;
    file.entries = entries_;
    file.hash = hash_;
    file.until = until_;
    std::string page(page_bytes, '\0');
    char* at = page.data();
    std::memcpy(at + snapshot::magic, snapshot::magic_text, 8);
    put(at + snapshot::version, format_version);
    put(at + snapshot::kind, static_cast<std::uint32_t>(file.kind));
    std::memcpy(at + snapshot::store, store_.bytes.data(), store_.bytes.size());
    put(at + snapshot::number, file.number);
    put(at + snapshot::first, file.first);
    put(at + snapshot::last, file.last);
    put(at + snapshot::file_bytes, file.bytes);
    put(at + snapshot::entries, file.entries);
    put(at + snapshot::hash, file.hash);
    put(at + snapshot::generation, last_generation.value);
    put(at + snapshot::until, file.until.ms);
    put(at + snapshot::checksum, page_checksum(page, seed_));
    auto stored = file_->write(0, page);
    if (stored) stored = file_->sync();
    if (!stored) return fail(stored.error().code, stored.error().text);
    file_.reset();
    return file;
}

// ---- reading
// -----------------------------------------------------------------------------------------------------------

Failure SnapshotReader::corrupt(std::uint64_t offset, const std::string& what) const {
    return fail(Errc::corrupt, path_ + " at offset " + std::to_string(offset) + ": " + what);
}

Result<SnapshotReader> SnapshotReader::open(host::FileSystem& files,
                                            const StoreNames& names,
                                            const Uuid& store,
                                            const SnapshotFile& about) {
    SnapshotReader reader;
    reader.about_ = about;
    reader.path_ = names.snapshot(about.kind, about.number);
    reader.seed_ = file_seed(store, about.kind, about.number);
    reader.at_ = page_bytes;
    auto file = files.open(reader.path_, host::OpenMode::read);
    if (!file) return fail(file.error().code, file.error().text);
    reader.file_ = *std::move(file);
    std::string page(page_bytes, '\0');
    const auto got = reader.file_->read(0, page);
    if (!got) return fail(got.error().code, got.error().text);
    if (*got != page_bytes) return reader.corrupt(*got, "the file ends inside its first page");
    const char* at = page.data();
    if (std::string_view(page).substr(snapshot::magic, 8) != snapshot::magic_text)
        return reader.corrupt(snapshot::magic, "this is not a part of a snapshot");
    const auto version = get<std::uint32_t>(at + snapshot::version);
    if (version != format_version)
        return fail(Errc::refused, reader.path_ + ": " + version_refusal(version));
    if (get<std::uint64_t>(at + snapshot::checksum) != page_checksum(page, reader.seed_))
        return reader.corrupt(snapshot::checksum, "the checksum of the first page does not hold");
    SnapshotFile found = about;
    found.kind = static_cast<SnapshotKind>(get<std::uint32_t>(at + snapshot::kind));
    found.number = get<std::uint32_t>(at + snapshot::number);
    found.first = get<std::uint32_t>(at + snapshot::first);
    found.last = get<std::uint32_t>(at + snapshot::last);
    found.bytes = get<std::uint64_t>(at + snapshot::file_bytes);
    found.entries = get<std::uint64_t>(at + snapshot::entries);
    found.hash = get<std::uint64_t>(at + snapshot::hash);
    found.until.ms = get<std::int64_t>(at + snapshot::until);
    if (found != about)
        return reader.corrupt(snapshot::kind, "the file is not the one that the manifest lists");
    const auto size = reader.file_->size();
    if (!size) return fail(size.error().code, size.error().text);
    if (*size != about.bytes)
        return reader.corrupt(std::min(*size, about.bytes),
                              "the file has " + std::to_string(*size) +
                                  " bytes, the manifest says " + std::to_string(about.bytes));
    reader.last_generation_.value = get<std::uint64_t>(at + snapshot::generation);
    return reader;
}

void SnapshotReader::read_ahead() {
    if (asked_to_ >= at_ + ahead_bytes / 2 || asked_to_ >= about_.bytes) return;
    asked_to_ = std::max(asked_to_, at_);
    const std::uint64_t bytes = std::min(ahead_bytes, about_.bytes - asked_to_);
    file_->will_read(asked_to_, bytes);
    asked_to_ += bytes;
}

/// false: the last one was the last.
Result<bool> SnapshotReader::load_chunk() {
    if (at_ == about_.bytes) {
        if (entries_ != about_.entries || hash_ != about_.hash)
            return corrupt(at_, "the entries are not those that the manifest lists");
        return false;
    }
    if (about_.bytes - at_ < snapshot::chunk_fixed_bytes)
        return corrupt(at_, "the file ends inside a chunk");
    read_ahead();
    // The length is not known before it is read; most chunks are about as long as the last.
    std::uint64_t length = std::max<std::uint64_t>(buffer_.size(), chunk_target);
    for (int attempt = 0; attempt < 2; ++attempt) {
        const std::uint64_t wanted = std::min(length, about_.bytes - at_);
        buffer_.resize(wanted);
        const auto got = file_->read(at_, buffer_);
        if (!got) return fail(got.error().code, got.error().text);
        if (*got != wanted) return corrupt(at_ + *got, "the file ends inside a chunk");
        length = get<std::uint32_t>(buffer_.data() + snapshot::chunk_bytes);
        if (length < snapshot::chunk_fixed_bytes || length > about_.bytes - at_ ||
            length > most_chunk_bytes)
            return corrupt(at_, "no chunk here: the length cannot be");
        if (length <= wanted) break;
    }
    const std::string_view chunk = std::string_view(buffer_).substr(0, length);
    const std::uint64_t checksum = get<std::uint64_t>(chunk.data() + snapshot::chunk_checksum);
    if (checksum != chunk_checksum(chunk, seed_, at_))
        return corrupt(at_, "the chunk's checksum does not hold");
    hash_ = next_chain(hash_, checksum);
    left_ = get<std::uint32_t>(chunk.data() + snapshot::chunk_entries);
    entries_ += left_;
    rest_ = chunk.substr(snapshot::chunk_fixed_bytes);
    chunk_at_ = at_;
    at_ += length;
    return true;
}

Result<void> SnapshotReader::verify() {
    for (;;) {
        const auto more = load_chunk();
        if (!more) return fail(more.error().code, more.error().text);
        if (!*more) break;
    }
    at_ = page_bytes;
    entries_ = hash_ = asked_to_ = 0;
    left_ = 0;
    rest_ = {};
    return {};
}

Result<std::span<const flow::RecoveredId>> SnapshotReader::next_ids() {
    ids_.clear();
    const auto more = load_chunk();
    if (!more) return fail(more.error().code, more.error().text);
    if (!*more) return std::span<const flow::RecoveredId>();
    if (rest_.size() != std::uint64_t{left_} * snapshot::id_bytes)
        return corrupt(chunk_at_, "the lengths in the chunk do not fit");
    ids_.resize(left_);
    const char* at = rest_.data();
    for (flow::RecoveredId& id : ids_) {
        id = {get<std::uint64_t>(at),
              get<std::uint64_t>(at + 8),
              Timestamp{get<std::int64_t>(at + 16)}};
        at += snapshot::id_bytes;
    }
    return std::span<const flow::RecoveredId>(ids_);
}

Result<bool> SnapshotReader::next(flow::RecoveredEvent& event) {
    while (left_ == 0) {
        if (!rest_.empty()) return corrupt(chunk_at_, "the lengths in the chunk do not fit");
        const auto more = load_chunk();
        if (!more) return fail(more.error().code, more.error().text);
        if (!*more) return false;
    }
    --left_;
    if (!take(event)) return corrupt(chunk_at_, "the lengths in the chunk do not fit");
    return true;
}

/// A time off the front of `rest_`, or none; false: it does not fit.
bool SnapshotReader::take_time(bool is_there, Timestamp& time) {
    time = {};
    if (!is_there) return true;
    if (rest_.size() < 8) return false;
    time.ms = get<std::int64_t>(rest_.data());
    rest_.remove_prefix(8);
    return true;
}

/// One event off the front of `rest_`; false: it does not fit.
bool SnapshotReader::take(flow::RecoveredEvent& event) {
    if (rest_.size() < snapshot::event_bytes) return false;
    const char* at = rest_.data();
    event.seq.value = get<std::uint64_t>(at + snapshot::event_seq);
    event.leaf.value = get<std::uint64_t>(at + snapshot::event_leaf);
    event.accepted.ms = get<std::int64_t>(at + snapshot::event_accepted);
    event.expiry.ms = get<std::int64_t>(at + snapshot::event_expiry);
    event.order_key = get<std::uint64_t>(at + snapshot::event_order_key);
    event.body.a = std::uint64_t{get<std::uint32_t>(at + snapshot::event_segment)} << 32U |
                   get<std::uint32_t>(at + snapshot::event_offset);
    event.body.b = get<std::uint32_t>(at + snapshot::event_record_bytes);
    event.body.c = get<std::uint32_t>(at + snapshot::event_message_offset);
    event.message_bytes = get<std::uint32_t>(at + snapshot::event_message_bytes);
    const auto copies = get<std::uint32_t>(at + snapshot::event_copies);
    const auto unrouted = get<std::uint32_t>(at + snapshot::event_unrouted_bytes);
    rest_.remove_prefix(snapshot::event_bytes);
    if (rest_.size() / snapshot::copy_bytes < copies) return false;
    event.copies.resize(copies);
    for (flow::RecoveredCopy& copy : event.copies) {
        if (rest_.size() < snapshot::copy_bytes) return false;
        at = rest_.data();
        copy.seq.value = get<std::uint64_t>(at + snapshot::copy_seq);
        copy.queue.value = get<std::uint32_t>(at + snapshot::copy_queue);
        copy.version = get<std::uint32_t>(at + snapshot::copy_version);
        copy.attempts = get<std::uint32_t>(at + snapshot::copy_attempts);
        const auto flags = get<std::uint32_t>(at + snapshot::copy_flags);
        rest_.remove_prefix(snapshot::copy_bytes);
        const bool is_dead = (flags & snapshot::copy_is_dead) != 0;
        copy.state = is_dead ? flow::CopyState::dead : flow::CopyState::waiting;
        copy.was_acquired = (flags & snapshot::copy_was_acquired) != 0;
        copy.died = {};
        copy.reason.clear();
        copy.error.clear();
        if (!take_time((flags & snapshot::copy_has_due) != 0, copy.due) ||
            !take_time((flags & snapshot::copy_has_ready_at) != 0, copy.ready_at))
            return false;
        if (!is_dead) continue;
        if (rest_.size() < snapshot::death_bytes) return false;
        copy.died.ms = get<std::int64_t>(rest_.data());
        const std::size_t reason = get<std::uint16_t>(rest_.data() + 8);
        const std::size_t error = get<std::uint16_t>(rest_.data() + 10);
        const std::size_t bytes = round_to_8(snapshot::death_bytes + reason + error);
        if (rest_.size() < bytes) return false;
        copy.reason = rest_.substr(snapshot::death_bytes, reason);
        copy.error = rest_.substr(snapshot::death_bytes + reason, error);
        rest_.remove_prefix(bytes);
    }
    if (rest_.size() < round_to_8(unrouted)) return false;
    event.unrouted_reason = rest_.substr(0, unrouted);
    rest_.remove_prefix(round_to_8(unrouted));
    return true;
}

}  // namespace vera::store
