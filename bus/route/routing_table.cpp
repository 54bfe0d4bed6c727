#include "bus/route/routing_table.hpp"

#include "bus/route/type_pattern.hpp"

#include <algorithm>
#include <functional>
#include <optional>
#include <unordered_map>
#include <utility>

namespace vera::route {
namespace {

using Position = std::uint32_t;  // in RoutingTable::subscriptions_
using Positions = std::vector<Position>;

struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
        return std::hash<std::string_view>{}(text);
    }
};
template <class T>
using ByText = std::unordered_map<std::string, T, TextHash, std::equal_to<>>;

/// Subscriptions to one type or package: those for every authority, and the others by authority.
struct OfType {
    Positions every_authority;
    ByText<Positions> by_authority;
};

/// Above this many pairs of type and authority a subscription is filed by type alone: the index
/// stays linear in the configuration.
constexpr std::size_t max_pairs = 4096;
/// From here on a filter's objects are searched in a sorted copy.
constexpr std::size_t many_objects = 16;

bool holds_type(const Filter& filter, std::string_view type) {
    return filter.types.empty() || covers(filter.types, type);
}

bool holds_authority(const Filter& filter, std::string_view authority) {
    return filter.authorities.empty() ||
           std::ranges::find(filter.authorities, authority) != filter.authorities.end();
}

template <class Map, class Key>
const typename Map::mapped_type* find_in(const Map& map, const Key& key) {
    const auto at = map.find(key);
    return at == map.end() ? nullptr : &at->second;
}

}  // namespace

struct RoutingTable::Index {
    // Every subscription is filed in exactly one of these, under each of the clause's values.
    ByText<Positions> by_object;
    ByText<OfType> by_type;
    ByText<OfType> by_package;
    ByText<Positions> by_authority;
    Positions always;

    std::unordered_map<Position, std::vector<std::string>> sorted_objects;  // of filters with many

    void file(Position position, const Filter& filter);
    void file_by_type(Position position, const Filter& filter);
    [[nodiscard]] bool holds_object(Position position,
                                    const Filter& filter,
                                    const std::vector<std::string>& objects) const;
    [[nodiscard]] std::optional<Clause> excluding_clause(Position position,
                                                         const Filter& filter,
                                                         const event::Attributes& attributes) const;
};

void RoutingTable::Index::file(Position position, const Filter& filter) {
    if (!filter.objects.empty()) {
        for (const std::string& object : filter.objects)
            by_object[object].push_back(position);
        if (filter.objects.size() >= many_objects) {
            auto& sorted = sorted_objects[position];
            sorted = filter.objects;
            std::ranges::sort(sorted);
        }
    } else if (!filter.types.empty()) {
        file_by_type(position, filter);
    } else if (!filter.authorities.empty()) {
        for (const std::string& authority : filter.authorities)
            by_authority[authority].push_back(position);
    } else {
        always.push_back(position);
    }
}

void RoutingTable::Index::file_by_type(Position position, const Filter& filter) {
    const bool pairs =
        !filter.authorities.empty() && filter.types.size() <= max_pairs / filter.authorities.size();
    for (const std::string& type : filter.types) {
        const auto package = package_of_pattern(type);
        OfType& of_type = package ? by_package[std::string(*package)] : by_type[type];
        if (pairs) {
            for (const std::string& authority : filter.authorities)
                of_type.by_authority[authority].push_back(position);
        } else {
            of_type.every_authority.push_back(position);
        }
    }
}

bool RoutingTable::Index::holds_object(Position position,
                                       const Filter& filter,
                                       const std::vector<std::string>& objects) const {
    if (filter.objects.empty()) return true;
    const auto* sorted = find_in(sorted_objects, position);
    return std::ranges::any_of(objects, [&](const std::string& object) {
        return sorted != nullptr
                   ? std::ranges::binary_search(*sorted, object)
                   : std::ranges::find(filter.objects, object) != filter.objects.end();
    });
}

std::optional<Clause> RoutingTable::Index::excluding_clause(
    Position position, const Filter& filter, const event::Attributes& attributes) const {
    if (!holds_type(filter, attributes.type)) return Clause::types;
    if (!holds_authority(filter, attributes.myndighed)) return Clause::authorities;
    if (!holds_object(position, filter, attributes.objects)) return Clause::objects;
    return std::nullopt;
}

std::string_view name_of(Clause clause) {
    switch (clause) {
        case Clause::types:
            return "types";
        case Clause::authorities:
            return "authorities";
        case Clause::objects:
            return "objects";
    }
    return "";
}

RoutingTable::RoutingTable(std::vector<Subscription> subscriptions)
    : subscriptions_(std::move(subscriptions)) {
    auto index = std::make_shared<Index>();
    for (std::size_t i = 0; i < subscriptions_.size(); ++i)
        index->file(static_cast<Position>(i), subscriptions_[i].filter);
    index_ = std::move(index);
}

void RoutingTable::match(const event::Attributes& attributes, std::vector<QueueId>& out) const {
    const auto first = static_cast<std::ptrdiff_t>(out.size());
    const auto take = [&](const Positions* positions, auto&& holds_the_rest) {
        if (positions == nullptr) return;
        for (const Position position : *positions)
            if (holds_the_rest(subscriptions_[position].filter))
                out.push_back(subscriptions_[position].queue);
    };
    const auto rest_of_object = [&](const Filter& filter) {
        return holds_type(filter, attributes.type) && holds_authority(filter, attributes.myndighed);
    };
    const auto rest_of_type = [&](const Filter& filter) {
        return holds_authority(filter, attributes.myndighed);
    };
    const auto nothing_left = [](const Filter&) { return true; };
    const auto take_type = [&](const OfType* of_type) {
        if (of_type == nullptr) return;
        take(&of_type->every_authority, rest_of_type);
        take(find_in(of_type->by_authority, attributes.myndighed), nothing_left);
    };

    const Index& index = *index_;
    if (!index.by_object.empty())
        for (const std::string& object : attributes.objects)
            take(find_in(index.by_object, object), rest_of_object);
    take_type(find_in(index.by_type, attributes.type));
    if (!index.by_package.empty()) {
        std::string_view package = attributes.type;
        while (!package.empty()) {
            const auto dot = package.rfind('.');
            package = dot == std::string_view::npos ? std::string_view{} : package.substr(0, dot);
            if (!package.empty()) take_type(find_in(index.by_package, package));
        }
        take_type(find_in(index.by_package, std::string_view{}));
    }
    take(find_in(index.by_authority, attributes.myndighed), nothing_left);
    take(&index.always, nothing_left);

    std::ranges::sort(out.begin() + first, out.end());
    out.erase(std::unique(out.begin() + first, out.end()), out.end());
}

std::vector<Exclusion> RoutingTable::explain(const event::Attributes& attributes) const {
    std::vector<Exclusion> exclusions;
    for (std::size_t i = 0; i < subscriptions_.size(); ++i)
        if (const auto clause = index_->excluding_clause(
                static_cast<Position>(i), subscriptions_[i].filter, attributes))
            exclusions.push_back({subscriptions_[i].name, *clause});
    return exclusions;
}

}  // namespace vera::route
