#pragma once
// What the I/O threads of one front door share: its options, the bus behind it, the byte budget and
// the counters. Private to this room.
#include "bus/amqp/front_door.hpp"

#include <atomic>
#include <cstdint>
#include <string_view>
#include <vector>

namespace vera::amqp {

class IoThread;

/// Bytes received and not yet settled, over all connections. Any thread.
class ByteBudget {
public:
    explicit ByteBudget(std::uint64_t limit) : limit_(limit) {}

    void add(std::uint64_t bytes) {
        if (used_.fetch_add(bytes, std::memory_order_relaxed) + bytes > limit_)
            is_over_.store(true, std::memory_order_relaxed);
    }
    /// true: the budget was exceeded and has now fallen below three quarters; whoever waits may
    /// read again. Told once.
    [[nodiscard]] bool remove(std::uint64_t bytes) {
        const std::uint64_t left = used_.fetch_sub(bytes, std::memory_order_relaxed) - bytes;
        return is_over_.load(std::memory_order_relaxed) && left <= limit_ / 4 * 3 &&
               is_over_.exchange(false, std::memory_order_relaxed);
    }
    [[nodiscard]] bool is_over() const { return is_over_.load(std::memory_order_relaxed); }
    [[nodiscard]] std::uint64_t used() const { return used_.load(std::memory_order_relaxed); }

private:
    const std::uint64_t limit_;
    std::atomic<std::uint64_t> used_{0};
    std::atomic<bool> is_over_{false};
};

/// Counters of one I/O thread: written by it alone, read by any.
struct ThreadCounters {
    std::atomic<std::uint64_t> connections{0}, connections_total{0}, refused_frames{0},
        decode_errors{0}, handshake_timeouts{0}, idle_timeouts{0}, bytes_in{0}, bytes_out{0},
        deliveries_in{0}, deliveries_out{0}, refused{0}, tls_handshakes{0}, tls_failures{0},
        refused_links{0};
};

inline void count(std::atomic<std::uint64_t>& counter, std::uint64_t by = 1) {
    counter.store(counter.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
}

/// Lives as long as the door's threads; all but the atomics is fixed before they start.
struct DoorContext {
    DoorContext(DoorOptions given,
                flow::BusPort& bus_port,
                flow::Engine& durable,
                Authenticate verify,
                Manage management,
                Identify certificates)
        : options(std::move(given)),
          bus(bus_port),
          engine(durable),
          authenticate(std::move(verify)),
          manage(std::move(management)),
          identify(std::move(certificates)),
          in_flight(options.in_flight_bytes) {}

    const DoorOptions options;
    flow::BusPort& bus;
    flow::Engine& engine;
    const Authenticate authenticate;
    const Manage manage;
    const Identify identify;
    ByteBudget in_flight;
    std::atomic<std::uint64_t> partial_bytes{
        0};  ///< of deliveries that are not whole yet, all connections
    std::atomic<std::uint64_t> reply_bytes{0};  ///< wait in dynamic nodes, all connections
    std::atomic<bool> is_shedding{false};
    std::atomic<std::uint32_t> connections{0};
    std::vector<IoThread*> threads;
};

/// LinkId: I/O thread (8 bits) | connection (32) | link (24).
struct LinkParts {
    unsigned thread = 0;
    std::uint32_t connection = 0;
    std::uint32_t link = 0;
};
constexpr std::uint32_t max_link_number = (1U << 24U) - 1;

constexpr LinkId make_link_id(LinkParts parts) noexcept {
    return LinkId{static_cast<std::uint64_t>(parts.thread) << 56U |
                  static_cast<std::uint64_t>(parts.connection) << 24U | parts.link};
}
constexpr unsigned thread_of(LinkId id) noexcept {
    return static_cast<unsigned>(id.value >> 56U);
}
constexpr std::uint32_t connection_of(LinkId id) noexcept {
    return static_cast<std::uint32_t>(id.value >> 24U);
}
constexpr std::uint32_t link_of(LinkId id) noexcept {
    return static_cast<std::uint32_t>(id.value) & max_link_number;
}

}  // namespace vera::amqp
