#pragma once
// The newest messages, kept in memory after their commit so that a consumer that keeps up costs no
// read.
#include "bus/base/block.hpp"
#include "bus/flow/slab.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>

namespace vera::flow {

/// Thread: core. Places are numbers that the owner keeps with its event.
class HotWindow {
public:
    explicit HotWindow(std::size_t max_bytes) : max_bytes_(max_bytes) {}

    /// The message's place, or no_slot if it is larger than the whole window. Then call evict until
    /// it gives no_slot.
    [[nodiscard]] std::uint32_t keep(Block message, std::uint32_t event);
    /// If the window is too full, or an old message keeps many dropped places behind it: lets the
    /// oldest message go and gives the event it was kept for. Else no_slot.
    [[nodiscard]] std::uint32_t evict();
    [[nodiscard]] Block at(std::uint32_t place) const;
    /// The event is done with.
    void drop(std::uint32_t place);
    [[nodiscard]] std::size_t bytes() const { return bytes_; }

private:
    struct Entry {
        Block message;
        std::uint32_t event = no_slot;  ///< no_slot: dropped
    };
    void pop_dropped();

    std::deque<Entry> entries_;
    std::uint32_t first_ = 0;  ///< place of the front; places wrap around
    std::size_t max_bytes_;
    std::size_t bytes_ = 0;
    std::size_t live_ = 0;
};

}  // namespace vera::flow
