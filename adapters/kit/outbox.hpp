#pragma once
// The messages of one publisher that have no final verdict yet, in the order in which they were
// handed over. Survives lost connections: what was in flight goes out again, in order. Decides what
// is sent next; sends nothing itself. Pure: time is given.
#include "adapters/kit/message.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

namespace vera::kit {

/// How often and when a message is sent again after the receiver released it. What a lost
/// connection makes go out again is not counted.
struct RetryOptions {
    std::uint32_t attempts = 8;  ///< in all, so many releases are final; 1 = never again
    Millis first_wait{50};       ///< doubles with each attempt
    Millis longest_wait{5'000};
};

/// Thread: one at a time.
class Outbox {
public:
    explicit Outbox(RetryOptions options) : options_(options) {}

    struct Next {
        std::uint64_t ticket = 0;
        std::shared_ptr<const Message> message;
    };

    /// `ticket` must be higher than all before.
    void add(std::uint64_t ticket, std::shared_ptr<const Message> message);
    /// The lowest ticket that may be sent at `now`; it then counts as in flight.
    [[nodiscard]] std::optional<Next> next(Millis now);
    /// The receiver has answered. A confirmation is final; without one the message waits for its
    /// next attempt.
    [[nodiscard]] std::optional<Confirmation> settled(Confirmation answer, Millis now);
    /// Nothing in flight will be answered: everything is ready again, in ticket order.
    void connection_lost();
    /// Forgets the message; false if it is not here.
    bool withdraw(std::uint64_t ticket);
    /// When the next waiting message becomes ready; none if nothing waits.
    [[nodiscard]] std::optional<Millis> next_due() const;
    [[nodiscard]] std::size_t size() const { return entries_.size(); }

private:
    struct Entry {
        std::shared_ptr<const Message> message;
        std::uint32_t attempts = 0;  // sent, over all connections
        std::uint32_t releases = 0;  // of which the receiver gave back
        Millis due{0};
        bool is_waiting = false;
    };

    RetryOptions options_;
    std::map<std::uint64_t, Entry> entries_;
    std::set<std::uint64_t> ready_;
    std::set<std::pair<Millis, std::uint64_t>> waiting_;
};

}  // namespace vera::kit
