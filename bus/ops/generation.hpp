#pragma once
// What a configuration means for queues: together with the queues that the store knows it becomes a
// flow::Snapshot. No clocks, no randomness: the same inputs give the same generation.
#include "bus/flow/snapshot.hpp"
#include "bus/ops/config.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace vera::ops {

/// What stays the same over all generations of a process.
struct GenerationBase {
    std::uint64_t hash_seed = 0;
};

/// A subscription with an id keeps its queue whatever its name; without one its name is its
/// identity (so a rename is delete and create). Giving an id to a subscription that had none keeps
/// the queue. Queues that the configuration no longer names stay, marked deleted; one that comes
/// back gets its old queue. New ids count up from the highest known, deleted ones included.
/// `$unrouted` is always there, and each system has an inbox. Names with æ, ø, å are reachable by
/// their ae, oe, aa spelling too.
[[nodiscard]] std::shared_ptr<const flow::Snapshot> make_snapshot(
    const Config& config,
    const std::vector<flow::QueueSpec>& known,
    Generation generation,
    const GenerationBase& base);

/// The identity of a queue without an id: made from its folded address, so that it is the same in
/// every run (RFC 9562 version 8).
[[nodiscard]] Uuid uuid_of_name(std::string_view address);

}  // namespace vera::ops
