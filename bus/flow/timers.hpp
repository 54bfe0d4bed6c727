#pragma once
// What is due when: copies that back off, and heads of queues that expire.
#include "bus/base/time.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace vera::flow {

/// Thread: core. A heap; 16 bytes an entry.
class Timers {
public:
    enum class Kind : std::uint32_t { retry, expiry };
    struct Entry {
        Timestamp at;
        Kind kind = Kind::retry;
        std::uint32_t slot = 0;  ///< retry: the copy; expiry: the queue
    };

    void add(Entry entry);
    [[nodiscard]] std::optional<Timestamp> earliest() const;
    /// The earliest entry if it is due.
    [[nodiscard]] std::optional<Entry> pop(Timestamp now);

private:
    std::vector<Entry> heap_;
};

}  // namespace vera::flow
