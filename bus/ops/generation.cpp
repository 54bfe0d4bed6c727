#include "bus/ops/generation.hpp"

#include "bus/audit/record.hpp"
#include "bus/flow/outgoing.hpp"
#include "bus/ops/names.hpp"
#include "bus/route/type_pattern.hpp"

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

namespace vera::ops {
namespace {

constexpr std::string_view unrouted_address = "$unrouted";

/// A queue that the configuration wants, before it is known which one of the store it is.
struct Wanted {
    flow::QueueSpec spec;  ///< without id
    bool has_own_id = false;
};

flow::QueueLimits limits_of(const QueueLimitsConfig& config) {
    return {config.count.value_or(0),
            config.bytes.value_or(0),
            config.age.value_or(Millis{0}),
            config.overflow};
}

std::vector<Wanted> wanted_by(const Config& config) {
    std::vector<Wanted> wanted;
    wanted.reserve(config.subscriptions.size() + config.queues.size() + config.systems.size() + 1);
    const auto add = [&](std::string address,
                         flow::QueueKind kind,
                         const flow::RetryPolicy& retry,
                         bool allows_presettled) -> Wanted& {
        Wanted one;
        one.spec.uuid = uuid_of_name(address);
        one.spec.name = std::move(address);
        one.spec.kind = kind;
        one.spec.retry = retry;
        one.spec.allows_presettled = allows_presettled;
        wanted.push_back(std::move(one));
        return wanted.back();
    };
    add(std::string(unrouted_address), flow::QueueKind::unrouted, {}, false);
    for (const SubscriptionConfig& subscription : config.subscriptions) {
        Wanted& one = add("sub/" + subscription.name,
                          flow::QueueKind::subscription,
                          subscription.retry,
                          subscription.allows_presettled);
        one.spec.limits = limits_of(subscription.limits);
        one.spec.ttl = subscription.ttl.value_or(Millis{0});
        one.spec.deliver_at = subscription.deliver_at;
        if (!subscription.id) continue;
        one.spec.uuid = *subscription.id;
        one.has_own_id = true;
    }
    for (const QueueConfig& queue : config.queues) {
        Wanted& one = add(
            "queue/" + queue.name, flow::QueueKind::plain, queue.retry, queue.allows_presettled);
        one.spec.limits = limits_of(queue.limits);
        one.spec.ttl = queue.ttl.value_or(Millis{0});
    }
    for (const SystemConfig& system : config.systems) {
        Wanted& one =
            add(std::string(flow::inbox_prefix) + system.name, flow::QueueKind::inbox, {}, false);
        one.spec.limits = limits_of(system.inbox.limits);
        one.spec.ttl = system.inbox.ttl.value_or(Millis{0});
        one.spec.accepts = system.inbox.accepts;
    }
    return wanted;
}

/// Finds for each wanted queue the known one that it continues.
class Matching {
public:
    explicit Matching(const std::vector<flow::QueueSpec>& known)
        : known_(known),
          is_claimed_(known.size(), false) {
        for (std::size_t i = 0; i < known_.size(); ++i) {
            by_uuid_.try_emplace(known_[i].uuid, i);
            if (!known_[i].is_deleted)
                by_name_.try_emplace({known_[i].kind, fold(known_[i].name)}, i);
        }
    }

    std::optional<std::size_t> claim_by_uuid(const Wanted& wanted) {
        const auto at = by_uuid_.find(wanted.spec.uuid);
        if (at == by_uuid_.end() || known_[at->second].kind != wanted.spec.kind)
            return std::nullopt;
        return claim(at->second);
    }

    /// For what no uuid decided: the living queue of that name, unless both have ids of their own
    /// and so say that they differ.
    std::optional<std::size_t> claim_by_name(const Wanted& wanted) {
        const auto at = by_name_.find({wanted.spec.kind, fold(wanted.spec.name)});
        if (at == by_name_.end()) return std::nullopt;
        const flow::QueueSpec& found = known_[at->second];
        if (wanted.has_own_id && found.uuid != uuid_of_name(found.name)) return std::nullopt;
        return claim(at->second);
    }

    [[nodiscard]] bool is_claimed(std::size_t index) const { return is_claimed_[index]; }

private:
    std::optional<std::size_t> claim(std::size_t index) {
        if (is_claimed_[index]) return std::nullopt;
        is_claimed_[index] = true;
        return index;
    }

    const std::vector<flow::QueueSpec>& known_;
    std::vector<bool> is_claimed_;
    std::map<Uuid, std::size_t> by_uuid_;
    std::map<std::pair<flow::QueueKind, std::string>, std::size_t> by_name_;
};

/// All queues of the generation; those of the configuration in the order of wanted_by first.
std::vector<flow::QueueSpec> settle_queues(std::vector<Wanted> wanted,
                                           const std::vector<flow::QueueSpec>& known) {
    Matching matching(known);
    std::vector<std::optional<std::size_t>> continues(wanted.size());
    for (std::size_t i = 0; i < wanted.size(); ++i)
        continues[i] = matching.claim_by_uuid(wanted[i]);
    for (std::size_t i = 0; i < wanted.size(); ++i)
        if (!continues[i]) continues[i] = matching.claim_by_name(wanted[i]);

    std::uint32_t highest = 0;
    for (const flow::QueueSpec& queue : known)
        highest = std::max(highest, queue.id.value);
    std::vector<flow::QueueSpec> queues;
    queues.reserve(wanted.size() + known.size());
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        wanted[i].spec.id = continues[i] ? known[*continues[i]].id : QueueId{++highest};
        queues.push_back(std::move(wanted[i].spec));
    }
    for (std::size_t i = 0; i < known.size(); ++i) {
        if (matching.is_claimed(i)) continue;
        queues.push_back(known[i]);
        queues.back().is_deleted = true;
    }
    return queues;
}

/// Those that it names, in its order, then the bridges to types that it asks for by name, from
/// types that it does not ask for.
std::vector<std::shared_ptr<const transform::Mapping>> mappings_of(
    const SubscriptionConfig& subscription, const Config& config) {
    std::vector<std::shared_ptr<const transform::Mapping>> mappings;
    for (const std::string& name : subscription.transform)
        for (const auto& mapping : config.mappings)
            if (mapping->name() == name) mappings.push_back(mapping);
    for (const auto& mapping : config.mappings)
        if (mapping->is_bridge() && route::covers(subscription.filter.types, mapping->to()) &&
            !route::covers(subscription.filter.types, mapping->from()) &&
            std::ranges::find(mappings, mapping) == mappings.end())
            mappings.push_back(mapping);
    return mappings;
}

/// With the types from which bridges lead.
route::Filter bridged(route::Filter filter,
                      const std::vector<std::shared_ptr<const transform::Mapping>>& mappings) {
    for (const auto& mapping : mappings)
        if (mapping->is_bridge() && !filter.types.empty() &&
            !route::covers(filter.types, mapping->from()))
            filter.types.push_back(mapping->from());
    return filter;
}

/// The one of `shapes` that is the same, so that an event is transformed once for both.
std::shared_ptr<const flow::Outgoing> shared(
    flow::Outgoing outgoing, std::vector<std::shared_ptr<const flow::Outgoing>>& shapes) {
    const auto same = std::ranges::find_if(shapes, [&](const auto& shape) {
        return shape->mappings == outgoing.mappings && shape->form == outgoing.form;
    });
    if (same != shapes.end()) return *same;
    shapes.push_back(std::make_shared<const flow::Outgoing>(std::move(outgoing)));
    return shapes.back();
}

}  // namespace

Uuid uuid_of_name(std::string_view address) {
    const audit::Sha256 hash = audit::sha256("vera queue " + fold(address));
    Uuid uuid;
    std::copy_n(hash.begin(), uuid.bytes.size(), uuid.bytes.begin());
    uuid.bytes[6] = static_cast<std::uint8_t>((uuid.bytes[6] & 0x0fU) | 0x80U);
    uuid.bytes[8] = static_cast<std::uint8_t>((uuid.bytes[8] & 0x3fU) | 0x80U);
    return uuid;
}

std::shared_ptr<const flow::Snapshot> make_snapshot(const Config& config,
                                                    const std::vector<flow::QueueSpec>& known,
                                                    Generation generation,
                                                    const GenerationBase& base) {
    auto snapshot = std::make_shared<flow::Snapshot>();
    snapshot->generation = generation;
    snapshot->catalogue = config.catalogue;
    snapshot->limits = config.limits;
    snapshot->hash_seed = base.hash_seed;
    snapshot->queues = settle_queues(wanted_by(config), known);
    snapshot->unrouted = snapshot->queues.front().id;

    std::vector<route::Subscription> subscriptions;
    subscriptions.reserve(config.subscriptions.size());
    std::vector<std::shared_ptr<const flow::Outgoing>> shapes;
    for (std::size_t i = 0; i < config.subscriptions.size(); ++i) {
        const QueueId queue = snapshot->queues[i + 1].id;
        const SubscriptionConfig& subscription = config.subscriptions[i];
        flow::Outgoing outgoing{mappings_of(subscription, config), subscription.format};
        subscriptions.push_back(
            {queue, subscription.name, bridged(subscription.filter, outgoing.mappings)});
        if (!outgoing.mappings.empty() || outgoing.form)
            snapshot->outgoing.emplace_back(queue, shared(std::move(outgoing), shapes));
    }
    std::ranges::sort(snapshot->outgoing, {}, [](const auto& one) { return one.first; });
    snapshot->routes = std::make_shared<const route::RoutingTable>(std::move(subscriptions));

    for (std::size_t i = 0; i < config.subscriptions.size(); ++i)
        if (config.subscriptions[i].has_protected_addresses)
            snapshot->queues_with_protected_addresses.push_back(snapshot->queues[i + 1].id);
    for (const SystemConfig& system : config.systems)
        if (system.has_protected_addresses)
            snapshot->systems_with_protected_addresses.push_back(system.name);
    std::ranges::sort(snapshot->queues_with_protected_addresses);
    std::ranges::sort(snapshot->systems_with_protected_addresses);
    std::ranges::sort(snapshot->queues, {}, &flow::QueueSpec::id);
    for (std::size_t i = 0; i < snapshot->queues.size(); ++i) {
        const flow::QueueSpec& queue = snapshot->queues[i];
        if (queue.is_deleted) continue;
        if (queue.deliver_at == flow::DeliverAt::virkning)
            snapshot->at_virkning.push_back(queue.id);
        snapshot->by_address.emplace(queue.name, i);
        snapshot->by_address.emplace(fold(queue.name), i);
    }
    return snapshot;
}

}  // namespace vera::ops
