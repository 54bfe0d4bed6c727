#include "bus/route/match_tree.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

namespace vera::route {
namespace {

/// So many are looked at one by one.
constexpr std::size_t few = 4;
constexpr unsigned most_depth = 8;
/// Requirements behind these are only checked.
constexpr std::size_t most_requirements = 64;

}  // namespace

MatchTree::MatchTree(const std::vector<Requirements>& members, std::size_t atoms)
    : nodes_(1),
      edges_(64),
      counts_(atoms) {
    std::vector<Filed> filed;
    filed.reserve(members.size());
    for (std::size_t i = 0; i < members.size(); ++i)
        filed.push_back({static_cast<Position>(i), 0, 1});
    build(0, filed, members, 0);
    counts_ = {};
    positions_.shrink_to_fit();
}

void MatchTree::build(std::uint32_t node,
                      const std::vector<Filed>& filed,
                      const std::vector<Requirements>& members,
                      unsigned depth) {
    const auto each_open = [&](const Filed& one, auto&& visit) {
        const auto& all = members[one.position].all;
        for (std::size_t i = 0; i < std::min(all.size(), most_requirements); ++i)
            if ((one.used >> i & 1U) == 0) visit(i, all[i]);
    };
    for (const Filed& one : filed)
        each_open(one, [&](std::size_t, const std::vector<AtomId>& atoms) {
            for (const AtomId atom : atoms)
                ++counts_[atom];
        });
    std::vector<Filed> rest;
    std::map<AtomId, std::vector<Filed>> parted;
    for (const Filed& one : filed) {
        // How many are met at worst where the event holds one of its atoms; then how many places.
        std::optional<std::pair<std::size_t, std::size_t>> best;
        std::size_t chosen = 0;
        each_open(one, [&](std::size_t i, const std::vector<AtomId>& atoms) {
            if (atoms.size() * one.copies > most_copies) return;
            std::size_t most = 0;
            for (const AtomId atom : atoms)
                most = std::max<std::size_t>(most, counts_[atom]);
            const std::pair cost(most, atoms.size());
            if (best && *best <= cost) return;
            best = cost;
            chosen = i;
        });
        if (!best) {
            rest.push_back(one);
            continue;
        }
        const auto& atoms = members[one.position].all[chosen];
        const Filed below{
            one.position,
            one.used | std::uint64_t{1} << chosen,
            one.copies * static_cast<std::uint32_t>(std::max<std::size_t>(atoms.size(), 1))};
        for (const AtomId atom : atoms)
            parted[atom].push_back(below);
    }
    for (const Filed& one : filed)
        each_open(one, [&](std::size_t, const std::vector<AtomId>& atoms) {
            for (const AtomId atom : atoms)
                counts_[atom] = 0;
        });
    nodes_[node] = keep(rest);
    for (const auto& [atom, below] : parted) {
        Bucket bucket;
        const bool is_parted =
            below.size() > few && depth + 1 < most_depth &&
            std::ranges::any_of(below, [&](const Filed& one) {
                bool is_open = false;
                each_open(one, [&](std::size_t, const auto&) { is_open = true; });
                return is_open;
            });
        if (is_parted) {
            bucket.node = static_cast<std::uint32_t>(nodes_.size());
            nodes_.emplace_back();
            build(bucket.node, below, members, depth + 1);
        } else {
            bucket.members = keep(below);
        }
        put(node, atom, bucket);
    }
}

MatchTree::Range MatchTree::keep(const std::vector<Filed>& filed) {
    const Range range{static_cast<std::uint32_t>(positions_.size()),
                      static_cast<std::uint32_t>(filed.size())};
    for (const Filed& one : filed)
        positions_.push_back(one.position);
    return range;
}

void MatchTree::put(std::uint32_t node, AtomId atom, const Bucket& bucket) {
    if (2 * (edge_count_ + 1) > edges_.size()) grow();
    ++edge_count_;
    const std::uint64_t key = key_of(node, atom);
    const std::size_t mask = edges_.size() - 1;
    std::size_t at = place_of(key) & mask;
    while (edges_[at].key != no_edge)
        at = (at + 1) & mask;
    edges_[at] = {key, bucket};
}

void MatchTree::grow() {
    const std::vector<Edge> old = std::move(edges_);
    edges_.assign(old.size() * 2, {});
    const std::size_t mask = edges_.size() - 1;
    for (const Edge& edge : old) {
        if (edge.key == no_edge) continue;
        std::size_t at = place_of(edge.key) & mask;
        while (edges_[at].key != no_edge)
            at = (at + 1) & mask;
        edges_[at] = edge;
    }
}

}  // namespace vera::route
