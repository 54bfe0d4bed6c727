#include "bus/flow/timers.hpp"

#include <algorithm>

namespace vera::flow {

namespace {
bool is_later(const Timers::Entry& a, const Timers::Entry& b) {
    return a.at > b.at;
}
}  // namespace

void Timers::add(Entry entry) {
    heap_.push_back(entry);
    std::push_heap(heap_.begin(), heap_.end(), is_later);
}

std::optional<Timestamp> Timers::earliest() const {
    if (heap_.empty()) return std::nullopt;
    return heap_.front().at;
}

std::optional<Timers::Entry> Timers::pop(Timestamp now) {
    if (heap_.empty() || heap_.front().at > now) return std::nullopt;
    std::pop_heap(heap_.begin(), heap_.end(), is_later);
    const Entry entry = heap_.back();
    heap_.pop_back();
    return entry;
}

}  // namespace vera::flow
