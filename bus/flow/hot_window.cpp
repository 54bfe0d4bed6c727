#include "bus/flow/hot_window.hpp"

#include <utility>

namespace vera::flow {

namespace {
/// What a message costs beside its bytes: the block's head, the allocator's, the entry.
constexpr std::size_t overhead = 48;
/// Places beyond four per living message that may be empty.
constexpr std::size_t slack = 4096;
}  // namespace

std::uint32_t HotWindow::keep(Block message, std::uint32_t event) {
    const std::size_t cost = message.size() + overhead;
    if (cost > max_bytes_) return no_slot;
    auto place = static_cast<std::uint32_t>(first_ + entries_.size());
    if (place == no_slot) {
        entries_.emplace_back();
        ++place;
    }
    bytes_ += cost;
    ++live_;
    entries_.push_back({std::move(message), event});
    return place;
}

std::uint32_t HotWindow::evict() {
    pop_dropped();
    if (bytes_ <= max_bytes_ && entries_.size() <= 4 * live_ + slack) return no_slot;
    const std::uint32_t event = entries_.front().event;
    bytes_ -= entries_.front().message.size() + overhead;
    entries_.pop_front();
    ++first_;
    --live_;
    return event;
}

Block HotWindow::at(std::uint32_t place) const {
    return entries_[static_cast<std::uint32_t>(place - first_)].message;
}

void HotWindow::drop(std::uint32_t place) {
    Entry& entry = entries_[static_cast<std::uint32_t>(place - first_)];
    bytes_ -= entry.message.size() + overhead;
    entry = Entry{};
    --live_;
    pop_dropped();
}

void HotWindow::pop_dropped() {
    while (!entries_.empty() && entries_.front().event == no_slot) {
        entries_.pop_front();
        ++first_;
    }
}

}  // namespace vera::flow
