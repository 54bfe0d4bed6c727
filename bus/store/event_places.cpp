#include "bus/store/event_places.hpp"

#include <iterator>

namespace vera::store {

void EventPlaces::begin(EventSeq first, std::uint32_t segment) {
    ranges_.insert_or_assign(first.value, segment);
}

void EventPlaces::split(std::uint64_t at) {
    const auto behind = ranges_.upper_bound(at);
    if (behind == ranges_.begin()) return;
    ranges_.try_emplace(at, std::prev(behind)->second);
}

void EventPlaces::move(EventSeq first, EventSeq last, std::uint32_t from, std::uint32_t to) {
    split(first.value);
    split(last.value + 1);
    for (auto at = ranges_.lower_bound(first.value); at != ranges_.end() && at->first <= last.value;
         ++at)
        if (at->second == from) at->second = to;
    join();
}

void EventPlaces::forget(std::uint32_t segment) {
    for (auto& [first, place] : ranges_)
        if (place == segment) place = 0;
    join();
}

std::uint32_t EventPlaces::find(EventSeq event) const {
    const auto behind = ranges_.upper_bound(event.value);
    return behind == ranges_.begin() ? 0 : std::prev(behind)->second;
}

/// Neighbours with the same place become one range.
void EventPlaces::join() {
    for (auto at = ranges_.begin(); at != ranges_.end();) {
        const bool is_same =
            at == ranges_.begin() ? at->second == 0 : std::prev(at)->second == at->second;
        at = is_same ? ranges_.erase(at) : std::next(at);
    }
}

}  // namespace vera::store
