#pragma once
// The copies that are not ready before a time to come, by that time.
#include "bus/base/time.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace vera::flow {

/// Thread: core. A heap; 24 bytes an entry. An operator's questions walk all of it.
class Schedule {
public:
    struct Entry {
        Timestamp at;
        std::uint64_t seq = 0;  ///< of the copy: order among those of one time
        std::uint32_t slot = 0;
    };

    void add(Entry entry);
    /// The earliest entry with a time of at most `until`.
    [[nodiscard]] std::optional<Entry> pop(Timestamp until);
    [[nodiscard]] std::optional<Timestamp> earliest() const;
    /// Takes out the entries of these slots, which are sorted.
    void remove(std::span<const std::uint32_t> slots);
    /// In no order.
    [[nodiscard]] const std::vector<Entry>& entries() const { return heap_; }

private:
    std::vector<Entry> heap_;
};

}  // namespace vera::flow
