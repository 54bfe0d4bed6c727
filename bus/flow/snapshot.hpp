#pragma once
// One configuration generation as the flow sees it: an immutable value that admit() works on. Built
// by ops from the configuration.
#include "bus/base/ids.hpp"
#include "bus/base/time.hpp"
#include "bus/base/uuid.hpp"
#include "bus/event/catalogue.hpp"
#include "bus/route/routing_table.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace vera::flow {

enum class QueueKind : std::uint8_t {
    subscription,  ///< "sub/<name>": copies of matching events; has a dead-letter queue
                   ///< "sub/<name>/$deadletter"
    plain,  ///< "queue/<name>": opaque FIFO; has a dead-letter queue "queue/<name>/$deadletter" too
    unrouted,  ///< "$unrouted": events that no subscription matched, for operators, for
               ///< Limits::unrouted_retention
};

/// When and how often a copy is tried again after modified(delivery-failed) or a consumer's death.
struct RetryPolicy {
    std::vector<Millis> backoff{Millis{1000},
                                Millis{5000},
                                Millis{30000},
                                Millis{300000}};  ///< wait before attempt 2, 3, …; the last repeats
    std::uint32_t max_attempts = 10;  ///< failed attempts after which a copy is dead-lettered
    friend bool operator==(const RetryPolicy&, const RetryPolicy&) = default;
};

struct QueueSpec {
    QueueId id;
    Uuid uuid;         ///< identity across renames
    std::string name;  ///< the address it is consumed from: "sub/x", "queue/y", "$unrouted"
    QueueKind kind = QueueKind::subscription;
    RetryPolicy retry;
    bool allows_presettled = false;
    bool is_deleted = false;  ///< takes nothing new, drains
    friend bool operator==(const QueueSpec&, const QueueSpec&) = default;
};

struct Limits {
    std::uint64_t max_event_bytes = 1U << 20U;     ///< whole message, target `events`
    std::uint64_t max_message_bytes = 16U << 20U;  ///< whole message, target `queue/<name>`
    Millis dedup_window{86'400'000};
    std::uint64_t dedup_ids = 20'000'000;
    Millis retention{30LL * 86'400'000};  ///< of events after acceptance; never before every copy
                                          ///< is settled
    Millis unrouted_retention{30LL * 86'400'000};  ///< after it a copy in `$unrouted` is settled
};

struct Snapshot {
    Generation generation;
    std::shared_ptr<const event::Catalogue> catalogue;
    std::shared_ptr<const route::RoutingTable> routes;
    std::vector<QueueSpec> queues;  ///< all, ascending by id; the deleted ones too
    std::unordered_map<std::string, std::size_t>
        by_address;  ///< index into `queues`; not the deleted ones
    QueueId unrouted;
    Limits limits;
    std::uint64_t hash_seed = 0;  ///< secret of this store: key of order, id and byte hashes

    [[nodiscard]] const QueueSpec* find(std::string_view address) const {
        const auto at = by_address.find(std::string(address));
        return at == by_address.end() ? nullptr : &queues[at->second];
    }
    [[nodiscard]] const QueueSpec* find(QueueId id) const {
        for (const QueueSpec& queue : queues)
            if (queue.id == main_queue_of(id)) return &queue;
        return nullptr;
    }
};

}  // namespace vera::flow
