#pragma once
// Which members an event may concern, by the atoms that it holds. Each member is filed under its
// most selective requirement; where many share one, they are parted by the next.
#include "bus/route/atoms.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace vera::route {

using Position = std::uint32_t;

/// Of one member: each requirement is a list of atoms of which one must be held.
struct Requirements {
    std::vector<std::vector<AtomId>> all;  ///< an empty one can never hold
};

/// Immutable after construction; any thread.
class MatchTree {
public:
    /// A requirement with more atoms is not what a member is filed under. One member stands in at
    /// most so many places, so that the tree stays linear in the configuration.
    static constexpr std::size_t most_copies = 4096;

    MatchTree(const std::vector<Requirements>& members, std::size_t atoms);

    /// Calls `take(position)` for all members that may be concerned, some of them more than once.
    template <class Take>
    void visit(const std::vector<AtomId>& held,
               std::vector<std::uint32_t>& nodes,
               Take take) const {
        nodes.assign(1, 0);
        while (!nodes.empty()) {
            const std::uint32_t node = nodes.back();
            nodes.pop_back();
            for (const Position position : members_of(nodes_[node]))
                take(position);
            for (const AtomId atom : held) {
                const Bucket* bucket = find(node, atom);
                if (bucket == nullptr) continue;
                for (const Position position : members_of(bucket->members))
                    take(position);
                if (bucket->node != no_node) nodes.push_back(bucket->node);
            }
        }
    }

private:
    struct Range {
        std::uint32_t first = 0;
        std::uint32_t count = 0;
    };
    struct Bucket {
        Range members;  ///< those that nothing parts further
        std::uint32_t node = no_node;
    };
    struct Edge {
        std::uint64_t key = no_edge;  ///< node and atom
        Bucket bucket;
    };
    /// A member on its way down: which of its requirements have been used.
    struct Filed {
        Position position = 0;
        std::uint64_t used = 0;
        std::uint32_t copies = 1;  ///< into which it has been parted so far
    };
    static constexpr std::uint32_t no_node = 0;  // the root is nobody's child
    static constexpr std::uint64_t no_edge = UINT64_MAX;

    void build(std::uint32_t node,
               const std::vector<Filed>& filed,
               const std::vector<Requirements>& members,
               unsigned depth);
    [[nodiscard]] Range keep(const std::vector<Filed>& filed);
    void put(std::uint32_t node, AtomId atom, const Bucket& bucket);
    void grow();

    [[nodiscard]] std::span<const Position> members_of(Range range) const {
        return std::span(positions_).subspan(range.first, range.count);
    }
    [[nodiscard]] static std::uint64_t key_of(std::uint32_t node, AtomId atom) {
        return (std::uint64_t{node} << 32U) | atom;
    }
    [[nodiscard]] static std::size_t place_of(std::uint64_t key) {
        return static_cast<std::size_t>((key * 0x9e3779b97f4a7c15U) >> 20U);
    }
    [[nodiscard]] const Bucket* find(std::uint32_t node, AtomId atom) const {
        const std::uint64_t key = key_of(node, atom);
        const std::size_t mask = edges_.size() - 1;
        for (std::size_t at = place_of(key) & mask;; at = (at + 1) & mask) {
            if (edges_[at].key == key) return &edges_[at].bucket;
            if (edges_[at].key == no_edge) return nullptr;
        }
    }

    std::vector<Range> nodes_;  ///< members that are met whatever the event holds
    std::vector<Position> positions_;
    std::vector<Edge> edges_;  ///< a power of two, at most half full
    std::size_t edge_count_ = 0;
    std::vector<std::uint32_t> counts_;  ///< by atom, while building
};

}  // namespace vera::route
