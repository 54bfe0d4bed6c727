#include "bus/flow/dedup_window.hpp"

#include "bus/base/check.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace vera::flow {

namespace {

constexpr std::uint8_t empty = 0;

// Ids are keyed hashes already: the low byte chooses the part, the bits above it the place in the
// part, the highest byte tells neighbours apart without a look at the ids themselves.
std::uint8_t tag_of(std::uint64_t id) {
    const auto tag = static_cast<std::uint8_t>(id >> 56U);
    return tag == empty ? std::uint8_t{1} : tag;
}
std::size_t home(std::uint64_t id, std::size_t size) {
    return static_cast<std::size_t>(id >> 8U) & (size - 1);
}

}  // namespace

void DedupWindow::set_limits(Millis window, std::uint64_t max_ids) {
    window_ = window;
    max_ids_ = max_ids;
}

DedupWindow::Chunk& DedupWindow::chunk_of(std::uint64_t position) const {
    return *chunks_[static_cast<std::size_t>(position / chunk_size - first_ / chunk_size)];
}

std::uint64_t DedupWindow::whole(std::uint32_t low_half) const {
    return first_ + static_cast<std::uint32_t>(low_half - static_cast<std::uint32_t>(first_));
}

std::uint64_t DedupWindow::id_at(std::uint32_t low_half) const {
    const std::uint64_t position = whole(low_half);
    return chunk_of(position).ids[position % chunk_size];
}

Timestamp DedupWindow::time_at(std::uint64_t position) const {
    const Chunk& chunk = chunk_of(position);
    return chunk.base + Millis{chunk.after_base_ms[position % chunk_size]};
}

DedupWindow::Place DedupWindow::locate(const Shard& shard, std::uint64_t id) const {
    const std::size_t mask = shard.tags.size() - 1;
    const std::uint8_t tag = tag_of(id);
    for (std::size_t slot = home(id, shard.tags.size());; slot = (slot + 1) & mask) {
        if (shard.tags[slot] == empty) return {slot, 0, false};
        if (shard.tags[slot] != tag) continue;
        const std::uint64_t position = whole(shard.positions[slot]);
        if (chunk_of(position).ids[position % chunk_size] == id) return {slot, position, true};
    }
}

std::optional<std::uint64_t> DedupWindow::find(std::uint64_t id, Timestamp now) const {
    const Shard& shard = shards_[id % shard_count];
    if (shard.size == 0) return std::nullopt;
    const Place place = locate(shard, id);
    if (!place.is_found || now - time_at(place.position) >= window_) return std::nullopt;
    return chunk_of(place.position).bytes[place.position % chunk_size];
}

void DedupWindow::expect(std::uint64_t id) const {
    const Shard& shard = shards_[id % shard_count];
    if (shard.tags.empty()) return;
    const std::size_t place = home(id, shard.tags.size());
    __builtin_prefetch(&shard.tags[place], 1);
    __builtin_prefetch(&shard.positions[place], 1);
}

void DedupWindow::insert(std::uint64_t id, std::uint64_t bytes, Timestamp at) {
    VERA_CHECK(id != 0);
    trim(at);
    if (max_ids_ == 0) return;
    Shard& shard = shards_[id % shard_count];
    if ((shard.size + 1) * 3 > shard.tags.size() * 2) grow(shard);
    Place place = locate(shard, id);
    if (place.is_found || size_ >= max_ids_) {
        if (place.is_found) forget(place.position);
        while (size_ >= max_ids_)
            drop_front();
        place = locate(shard, id);
    }

    const bool is_new_chunk = [&] {
        if (next_ % chunk_size == 0 || chunks_.empty()) return true;
        const Millis age = at - chunk_of(next_).base;
        return age.count() < 0 || age.count() > std::numeric_limits<std::uint32_t>::max();
    }();
    if (is_new_chunk) {
        next_ = (next_ + chunk_size - 1) / chunk_size * chunk_size;
        if (chunks_.empty()) first_ = next_;
        chunks_.push_back(std::make_unique<Chunk>());
        chunks_.back()->base = at;
    }
    Chunk& chunk = *chunks_.back();
    const std::size_t in_chunk = next_ % chunk_size;
    chunk.ids[in_chunk] = id;
    chunk.bytes[in_chunk] = bytes;
    chunk.after_base_ms[in_chunk] = static_cast<std::uint32_t>((at - chunk.base).count());

    shard.tags[place.slot] = tag_of(id);
    shard.positions[place.slot] = static_cast<std::uint32_t>(next_);
    ++shard.size;
    ++size_;
    ++next_;
}

void DedupWindow::grow(Shard& shard) {
    const Shard old = std::exchange(shard, {});
    shard.size = old.size;
    shard.tags.resize(std::max<std::size_t>(16, old.tags.size() * 2), empty);
    shard.positions.resize(shard.tags.size());
    const std::size_t mask = shard.tags.size() - 1;
    for (std::size_t from = 0; from < old.tags.size(); ++from) {
        if (old.tags[from] == empty) continue;
        std::size_t slot = home(id_at(old.positions[from]), shard.tags.size());
        while (shard.tags[slot] != empty)
            slot = (slot + 1) & mask;
        shard.tags[slot] = old.tags[from];
        shard.positions[slot] = old.positions[from];
    }
}

void DedupWindow::forget(std::uint64_t position) {
    std::uint64_t& id = chunk_of(position).ids[position % chunk_size];
    Shard& shard = shards_[id % shard_count];
    const std::size_t mask = shard.tags.size() - 1;
    std::size_t hole = locate(shard, id).slot;
    for (std::size_t slot = (hole + 1) & mask; shard.tags[slot] != empty;
         slot = (slot + 1) & mask) {
        const std::size_t from_home =
            (slot - home(id_at(shard.positions[slot]), shard.tags.size())) & mask;
        const std::size_t from_hole = (slot - hole) & mask;
        if (from_home < from_hole) continue;
        shard.tags[hole] = shard.tags[slot];
        shard.positions[hole] = shard.positions[slot];
        hole = slot;
    }
    shard.tags[hole] = empty;
    --shard.size;
    --size_;
    id = 0;
}

void DedupWindow::drop_front() {
    if (chunk_of(first_).ids[first_ % chunk_size] != 0) forget(first_);
    ++first_;
    if (first_ % chunk_size == 0) chunks_.pop_front();
}

void DedupWindow::trim(Timestamp now) {
    while (!chunks_.empty()) {
        if (first_ == next_) {
            // Nothing is left in the last chunk: the next id starts a new one.
            chunks_.clear();
            next_ = (next_ + chunk_size - 1) / chunk_size * chunk_size;
            first_ = next_;
            return;
        }
        const bool is_gap = chunk_of(first_).ids[first_ % chunk_size] == 0;
        if (!is_gap && size_ <= max_ids_ && now - time_at(first_) < window_) return;
        drop_front();
    }
}

}  // namespace vera::flow
