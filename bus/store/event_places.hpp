#pragma once
// Which segment holds an event now: a few ranges of event sequences, whatever the number of events.
#include "bus/base/ids.hpp"

#include <cstdint>
#include <map>

namespace vera::store {

/// Thread: the committing one.
class EventPlaces {
public:
    /// From `first` on, up to the next range that begins, events are in `segment`.
    void begin(EventSeq first, std::uint32_t segment);
    /// What of [first, last] was in `from` is in `to`.
    void move(EventSeq first, EventSeq last, std::uint32_t from, std::uint32_t to);
    /// The segment is gone.
    void forget(std::uint32_t segment);
    /// 0: in none that is there.
    [[nodiscard]] std::uint32_t find(EventSeq event) const;
    [[nodiscard]] std::size_t size() const { return ranges_.size(); }

private:
    void split(std::uint64_t at);
    void join();

    std::map<std::uint64_t, std::uint32_t> ranges_;  ///< first event to segment
};

}  // namespace vera::store
