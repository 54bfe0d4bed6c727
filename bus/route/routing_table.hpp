#pragma once
// Which subscriptions an event matches, and why not.
#include "bus/base/ids.hpp"
#include "bus/event/attributes.hpp"
#include "bus/event/kuvert_view.hpp"
#include "bus/route/filter.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace vera::route {

struct Subscription {
    QueueId queue;
    std::string name;
    Filter filter;
};

/// The clause that said no.
enum class Clause : std::uint8_t { types, authorities, objects, filter };
[[nodiscard]] std::string_view name_of(Clause clause);

struct Exclusion {
    std::string_view subscription;  ///< lives as long as the table
    Clause clause = Clause::types;
    std::string_view part{};  ///< of the expression: the condition that decided; lives as long as
                              ///< the table
};

/// Immutable; shared use from any thread. Indexed: the cost of an event follows the subscriptions
/// that it matches, not those that there are (README.md).
class RoutingTable {
public:
    /// `lists` are what LIST('…') asks; none: there are no lists.
    explicit RoutingTable(std::vector<Subscription> subscriptions,
                          std::shared_ptr<const expr::ValueLists> lists = nullptr);
    /// The same with other lists: what was built is shared.
    [[nodiscard]] RoutingTable with(std::shared_ptr<const expr::ValueLists> lists) const;

    /// Appends the queues of all matching subscriptions, in ascending order of QueueId, each once.
    void match(const event::Attributes& attributes,
               const event::KuvertView& kuvert,
               std::vector<QueueId>& out) const;
    /// For every subscription that does not match, until `tell` returns false: the first clause (in
    /// the order types, authorities, objects, filter) that said no. Looks at every subscription.
    void explain(const event::Attributes& attributes,
                 const event::KuvertView& kuvert,
                 const std::function<bool(const Exclusion&)>& tell) const;

    [[nodiscard]] const std::vector<Subscription>& subscriptions() const { return *subscriptions_; }

private:
    struct Index;
    std::shared_ptr<const std::vector<Subscription>> subscriptions_;
    std::shared_ptr<const Index> index_;  ///< looks at the subscriptions
    std::shared_ptr<const expr::ValueLists> lists_;
};

}  // namespace vera::route
