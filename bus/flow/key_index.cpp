#include "bus/flow/key_index.hpp"

#include <bit>
#include <utility>

namespace vera::flow {

namespace {
constexpr std::size_t least_size = 64;
/// Up to this size memory is not given back: what is busy comes and goes with every batch.
constexpr std::size_t kept_size = 16'384;
}  // namespace

KeyIndex::KeyIndex() : entries_(least_size) {}

std::size_t KeyIndex::home(std::uint64_t key) const {
    // Fibonacci hashing: keys may be consecutive numbers.
    const auto shift = 64U - static_cast<unsigned>(std::countr_zero(entries_.size()));
    return static_cast<std::size_t>((key * 0x9E3779B97F4A7C15ULL) >> shift);
}

std::size_t KeyIndex::position(std::uint64_t key) const {
    const std::size_t mask = entries_.size() - 1;
    std::size_t at = home(key);
    while (entries_[at].slot != no_slot && entries_[at].key != key)
        at = (at + 1) & mask;
    return at;
}

std::uint32_t KeyIndex::find(std::uint64_t key) const {
    return entries_[position(key)].slot;
}

void KeyIndex::set(std::uint64_t key, std::uint32_t slot) {
    std::size_t at = position(key);
    if (entries_[at].slot == no_slot) {
        if ((size_ + 1) * 3 > entries_.size() * 2) {
            resize(entries_.size() * 2);
            at = position(key);
        }
        ++size_;
    }
    entries_[at] = {key, slot};
}

void KeyIndex::erase(std::uint64_t key) {
    const std::size_t mask = entries_.size() - 1;
    std::size_t hole = position(key);
    if (entries_[hole].slot == no_slot) return;
    --size_;
    // Move back whatever a probe would no longer reach over the hole.
    for (std::size_t at = (hole + 1) & mask; entries_[at].slot != no_slot; at = (at + 1) & mask) {
        const std::size_t from_home = (at - home(entries_[at].key)) & mask;
        const std::size_t from_hole = (at - hole) & mask;
        if (from_home < from_hole) continue;
        entries_[hole] = entries_[at];
        hole = at;
    }
    entries_[hole].slot = no_slot;
    if (entries_.size() > kept_size && size_ * 16 < entries_.size()) resize(entries_.size() / 4);
}

void KeyIndex::resize(std::size_t size) {
    std::vector<Entry> old(size < least_size ? least_size : size);
    std::swap(old, entries_);
    for (const Entry& entry : old)
        if (entry.slot != no_slot) entries_[position(entry.key)] = entry;
}

}  // namespace vera::flow
