#pragma once
// The ids of committed events within the window: who repeats an event gets the old answer (design
// §2.2). About 28 bytes an id, for tens of millions of ids; no step of it takes long, since each of
// its 256 parts grows by itself.
#include "bus/base/time.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

namespace vera::flow {

/// Thread: core.
class DedupWindow {
public:
    DedupWindow() = default;
    /// Without limits nothing is forgotten. Takes effect with the next insert or trim.
    void set_limits(Millis window, std::uint64_t max_ids);

    /// The hash of the bytes that came under this id, if that was within the window.
    [[nodiscard]] std::optional<std::uint64_t> find(std::uint64_t id, Timestamp now) const;
    /// `at` does not go backwards. An id that is already there is renewed. `id` is not 0.
    void insert(std::uint64_t id, std::uint64_t bytes, Timestamp at);
    /// This id will be inserted soon: its place is sent for. With millions of ids every one of them
    /// waits for memory, and many can wait at once.
    void expect(std::uint64_t id) const;
    /// Forgets what has left the window and what is too much.
    void trim(Timestamp now);
    [[nodiscard]] std::uint64_t size() const { return size_; }

private:
    static constexpr std::uint64_t chunk_size = 4096;
    static constexpr std::size_t shard_count = 256;
    struct Chunk {
        Timestamp base;
        std::array<std::uint64_t, chunk_size> ids{};  ///< 0: no longer or never used
        std::array<std::uint64_t, chunk_size> bytes;
        std::array<std::uint32_t, chunk_size> after_base_ms;
    };
    /// `positions` and `tags` have the same power of two of places.
    struct Shard {
        std::vector<std::uint8_t> tags;        ///< of the id in this place; 0: nobody
        std::vector<std::uint32_t> positions;  ///< low half of a position
        std::size_t size = 0;
    };
    struct Place {
        std::size_t slot;
        std::uint64_t position;
        bool is_found;
    };

    [[nodiscard]] Chunk& chunk_of(std::uint64_t position) const;
    [[nodiscard]] std::uint64_t whole(std::uint32_t low_half) const;
    [[nodiscard]] std::uint64_t id_at(std::uint32_t low_half) const;
    [[nodiscard]] Timestamp time_at(std::uint64_t position) const;
    [[nodiscard]] Place locate(const Shard& shard, std::uint64_t id) const;
    void grow(Shard& shard);
    void forget(std::uint64_t position);
    void drop_front();

    std::array<Shard, shard_count> shards_;
    std::deque<std::unique_ptr<Chunk>> chunks_;
    std::uint64_t first_ = 0;  ///< oldest position
    std::uint64_t next_ = 0;
    std::uint64_t size_ = 0;
    Millis window_ = Millis::max();
    std::uint64_t max_ids_ = std::numeric_limits<std::uint64_t>::max();
};

}  // namespace vera::flow
