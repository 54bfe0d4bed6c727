#pragma once
// Many small objects by 32-bit number: half the size of a pointer, no allocation per object, and
// chunks that have become empty give their memory back. Not for objects with destructors.
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <vector>

namespace vera::flow {

/// "No object": the end of a list, an absent owner.
inline constexpr std::uint32_t no_slot = UINT32_MAX;

/// Thread: core. References stay valid until their object is removed.
template <class T>
class Slab {
    static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);
    static constexpr std::uint32_t chunk_bits = 10;
    static constexpr std::uint32_t chunk_size = 1U << chunk_bits;
    static constexpr std::uint16_t full = chunk_size;

public:
    [[nodiscard]] T& operator[](std::uint32_t slot) {
        return chunks_[slot >> chunk_bits].items->objects[slot & (chunk_size - 1)];
    }
    [[nodiscard]] const T& operator[](std::uint32_t slot) const {
        return chunks_[slot >> chunk_bits].items->objects[slot & (chunk_size - 1)];
    }

    /// A slot with a default T.
    [[nodiscard]] std::uint32_t add() {
        if (open_.empty()) {
            open_.push_back(static_cast<std::uint32_t>(chunks_.size()));
            chunks_.emplace_back();
        }
        const std::uint32_t number = open_.back();
        Chunk& chunk = chunks_[number];
        if (!chunk.items) fill(chunk);
        const std::uint16_t at = chunk.first_free;
        chunk.first_free = chunk.items->next_free[at];
        ++chunk.live;
        if (chunk.first_free == full) open_.pop_back();
        chunk.items->objects[at] = T{};
        ++size_;
        return (number << chunk_bits) | at;
    }

    void remove(std::uint32_t slot) {
        const std::uint32_t number = slot >> chunk_bits;
        Chunk& chunk = chunks_[number];
        const auto at = static_cast<std::uint16_t>(slot & (chunk_size - 1));
        if (chunk.first_free == full) open_.push_back(number);
        chunk.items->next_free[at] = chunk.first_free;
        chunk.first_free = at;
        --size_;
        // One empty chunk is kept for the next need: a queue that hovers around a chunk's edge
        // allocates nothing.
        if (--chunk.live == 0) spare_ = std::move(chunk.items);
    }

    [[nodiscard]] std::size_t size() const { return size_; }

private:
    struct Items {
        std::array<T, chunk_size> objects;
        std::array<std::uint16_t, chunk_size> next_free;
    };
    struct Chunk {
        std::unique_ptr<Items> items;
        std::uint16_t first_free = 0;
        std::uint16_t live = 0;
    };
    void fill(Chunk& chunk) {
        chunk.items = spare_ ? std::move(spare_) : std::unique_ptr<Items>(new Items);
        for (std::uint32_t i = 0; i < chunk_size; ++i)
            chunk.items->next_free[i] = static_cast<std::uint16_t>(i + 1);
        chunk.first_free = 0;
    }

    std::vector<Chunk> chunks_;
    std::vector<std::uint32_t> open_;  ///< chunks with a free slot, with or without memory
    std::unique_ptr<Items> spare_;
    std::size_t size_ = 0;
};

}  // namespace vera::flow
