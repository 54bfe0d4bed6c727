#pragma once
// A map from 64-bit keys to slots: open addressing, 16 bytes an entry. For what is busy right now
// (copies in consumers' hands, order keys in use, ids being committed), not for what waits.
#include "bus/flow/slab.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace vera::flow {

/// Thread: core.
class KeyIndex {
public:
    KeyIndex();
    /// The key's slot or no_slot.
    [[nodiscard]] std::uint32_t find(std::uint64_t key) const;
    /// Adds or replaces.
    void set(std::uint64_t key, std::uint32_t slot);
    /// Nothing happens if the key is not there.
    void erase(std::uint64_t key);
    [[nodiscard]] std::size_t size() const { return size_; }

private:
    struct Entry {
        std::uint64_t key = 0;
        std::uint32_t slot = no_slot;
    };
    [[nodiscard]] std::size_t home(std::uint64_t key) const;
    [[nodiscard]] std::size_t position(std::uint64_t key) const;
    void resize(std::size_t size);

    std::vector<Entry> entries_;  ///< a power of two, at most two thirds full
    std::size_t size_ = 0;
};

}  // namespace vera::flow
