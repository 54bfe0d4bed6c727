#pragma once
// Who consumes: credit, whose turn it is, and what each has in hands.
#include "bus/flow/shelves.hpp"

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

namespace vera::flow {

/// Thread: core.
class Consumers {
public:
    explicit Consumers(Shelves& shelves) : shelves_(shelves) { shelves_.set_cursors(&all_); }
    Consumers(const Consumers&) = delete;
    Consumers& operator=(const Consumers&) = delete;

    /// no_slot if this link is unknown.
    [[nodiscard]] std::uint32_t find(LinkId link) const;
    [[nodiscard]] Consumer& operator[](std::uint32_t slot) { return all_[slot]; }
    /// False if the link is known already.
    bool open(const ConsumerOpened& opened, std::uint32_t queue, std::uint32_t actor);
    /// It must not have anything in hands.
    void close(std::uint32_t slot);

    /// `limit` and the wish to be told when it is drained.
    void set_credit(std::uint32_t slot, std::uint64_t limit, bool is_draining);
    /// The next in turn with credit, or no_slot. Each call moves the turn on.
    [[nodiscard]] std::uint32_t next_hungry(Queue& queue);
    /// One delivery was given to it.
    void count_delivery(std::uint32_t slot);
    /// Takes back what is left of its credit.
    void drain(std::uint32_t slot);

    void give(std::uint32_t slot, std::uint32_t copy);
    void take(std::uint32_t copy);

private:
    void update_hunger(std::uint32_t slot);
    void stop_draining(std::uint32_t slot);

    Shelves& shelves_;
    std::vector<Consumer> all_;
    std::vector<std::uint32_t> unused_;
    std::unordered_map<LinkId, std::uint32_t> by_link_;
};

}  // namespace vera::flow
