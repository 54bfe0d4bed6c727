#pragma once
// Which subscriptions an event matches, and why not. Filters of this version: types, authorities,
// objects; empty means all.
#include "bus/base/ids.hpp"
#include "bus/base/result.hpp"
#include "bus/event/attributes.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace vera::route {

/// One subscription's filter as the configuration gives it. All given clauses must hold.
struct Filter {
    std::vector<std::string>
        types;  ///< full names, or "vera.sag.v1.*" for a package; empty: every type
    std::vector<std::string> authorities;  ///< CVR numbers; empty: every authority
    std::vector<std::string> objects;  ///< canonical object ids, matched against any object of the
                                       ///< event; empty: every object
};

struct Subscription {
    QueueId queue;
    std::string name;
    Filter filter;
};

/// The clause that said no.
enum class Clause : std::uint8_t { types, authorities, objects };
[[nodiscard]] std::string_view name_of(Clause clause);

struct Exclusion {
    std::string_view subscription;  ///< lives as long as the table
    Clause clause = Clause::types;
};

/// Immutable; shared use from any thread. Types and authorities are indexed: the cost follows the
/// number of candidates, not of subscriptions.
class RoutingTable {
public:
    explicit RoutingTable(std::vector<Subscription> subscriptions);

    /// Appends the queues of all matching subscriptions, in ascending order of QueueId, each once.
    void match(const event::Attributes& attributes, std::vector<QueueId>& out) const;
    /// For every subscription that does not match: the first clause (in the order types,
    /// authorities, objects) that said no.
    [[nodiscard]] std::vector<Exclusion> explain(const event::Attributes& attributes) const;

    [[nodiscard]] const std::vector<Subscription>& subscriptions() const { return subscriptions_; }

private:
    struct Index;
    std::vector<Subscription> subscriptions_;
    std::shared_ptr<const Index> index_;
};

}  // namespace vera::route
