#include "bus/flow/schedule.hpp"

#include <algorithm>
#include <tuple>

namespace vera::flow {

namespace {
bool is_later(const Schedule::Entry& a, const Schedule::Entry& b) {
    return std::tie(a.at, a.seq) > std::tie(b.at, b.seq);
}
}  // namespace

void Schedule::add(Entry entry) {
    heap_.push_back(entry);
    std::push_heap(heap_.begin(), heap_.end(), is_later);
}

std::optional<Schedule::Entry> Schedule::pop(Timestamp until) {
    if (heap_.empty() || heap_.front().at > until) return std::nullopt;
    std::pop_heap(heap_.begin(), heap_.end(), is_later);
    const Entry entry = heap_.back();
    heap_.pop_back();
    return entry;
}

std::optional<Timestamp> Schedule::earliest() const {
    if (heap_.empty()) return std::nullopt;
    return heap_.front().at;
}

void Schedule::remove(std::span<const std::uint32_t> slots) {
    std::erase_if(
        heap_, [&](const Entry& entry) { return std::ranges::binary_search(slots, entry.slot); });
    std::make_heap(heap_.begin(), heap_.end(), is_later);
}

}  // namespace vera::flow
