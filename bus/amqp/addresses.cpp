#include "bus/amqp/addresses.hpp"

#include "bus/base/edit_distance.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace vera::amqp {
namespace {

constexpr std::string_view dead_letter_suffix = "/$deadletter";
constexpr std::size_t compared_addresses =
    2000;  // a wrong attach must not cost more with every queue
constexpr std::size_t longest_compared = 96;

bool takes_messages(const flow::QueueSpec& queue) {
    return queue.kind == flow::QueueKind::plain || queue.kind == flow::QueueKind::inbox;
}

// An inbox is its system's alone, its dead letters too.
bool is_of_other(const flow::QueueSpec& queue, const event::Identity& who) {
    return queue.kind == flow::QueueKind::inbox &&
           std::string_view(queue.name).substr(flow::inbox_prefix.size()) != who.system;
}

std::string nearest(const flow::Snapshot& snapshot, std::string_view address, bool is_target) {
    if (address.size() > longest_compared) return {};
    std::size_t best = std::max<std::size_t>(2, address.size() / 4) + 1;
    std::string found;
    const auto consider = [&](std::string_view known) {
        const std::size_t far = edit_distance(address, known, best);
        if (far < best) {
            best = far;
            found = known;
        }
    };
    consider(is_target ? "events" : "$unrouted");
    consider("$management");
    std::size_t left = compared_addresses;
    for (const flow::QueueSpec& queue : snapshot.queues) {
        if (left-- == 0) break;
        if (queue.is_deleted || queue.name.size() > longest_compared) continue;
        if (is_target && !takes_messages(queue)) continue;
        consider(queue.name);
    }
    return found;
}

Refusal unknown(const flow::Snapshot& snapshot, std::string_view address, bool is_target) {
    std::string text = "no address '" + quoted(address) + "'";
    if (const std::string near = nearest(snapshot, address, is_target); !near.empty())
        text += ", the nearest known one is '" + near + "'";
    return {Condition::not_found, std::move(text)};
}

}  // namespace

std::string quoted(std::string_view text) {
    std::string out;
    std::size_t at = 0;
    while (at < text.size() && out.size() < 128) {
        const auto lead = static_cast<unsigned char>(text[at]);
        const std::size_t length = lead < 0x80   ? 1
                                   : lead < 0xC2 ? 0
                                   : lead < 0xE0 ? 2
                                   : lead < 0xF0 ? 3
                                   : lead < 0xF5 ? 4
                                                 : 0;
        bool is_valid = length > 0 && at + length <= text.size() && lead >= 0x20 && lead != 0x7F;
        for (std::size_t i = 1; is_valid && i < length; ++i)
            is_valid = (static_cast<unsigned char>(text[at + i]) & 0xC0U) == 0x80U;
        if (is_valid)
            out.append(text.substr(at, length));
        else
            out += '?';
        at += is_valid ? length : 1;
    }
    if (at < text.size()) out += "...";
    return out;
}

std::variant<Address, Refusal> resolve_target(const flow::Snapshot& snapshot,
                                              std::string_view address) {
    if (address == "events") return Address{};
    if (address == "$management")
        return Address{.use = AddressUse::management, .queue = {}, .spec = nullptr, .node = {}};
    if (const flow::QueueSpec* queue = snapshot.find(address)) {
        if (takes_messages(*queue))
            return Address{.use = queue->kind == flow::QueueKind::inbox ? AddressUse::inbox
                                                                        : AddressUse::queue,
                           .queue = queue->id,
                           .spec = queue,
                           .node = {}};
        return Refusal{Condition::not_allowed,
                       "'" + quoted(address) +
                           "' can only be received from; events are published to 'events'"};
    }
    if (is_reply_address(address)) {
        const auto node = parse_reply_address(address);
        if (!node) return no_such_node();
        return Address{.use = AddressUse::node, .queue = {}, .spec = nullptr, .node = *node};
    }
    if (address.ends_with(dead_letter_suffix)) {
        std::string_view main = address;
        main.remove_suffix(dead_letter_suffix.size());
        if (snapshot.find(main) != nullptr)
            return Refusal{Condition::not_allowed,
                           "'" + quoted(address) + "' can only be received from"};
    }
    return unknown(snapshot, address, true);
}

std::variant<Address, Refusal> resolve_to(const flow::Snapshot& snapshot, std::string_view to) {
    if (to.empty())
        return Refusal{Condition::precondition,
                       "properties.to is missing: the link's target has no address, so each "
                       "message must say where it goes"};
    if (to == "$management")
        return Refusal{Condition::not_allowed,
                       "properties.to: '$management' answers on a link of its own, not on the "
                       "anonymous terminus"};
    auto resolved = resolve_target(snapshot, to);
    if (auto* why = std::get_if<Refusal>(&resolved)) why->text.insert(0, "properties.to: ");
    return resolved;
}

std::variant<Address, Refusal> resolve_source(const flow::Snapshot& snapshot,
                                              std::string_view address,
                                              const event::Identity& who) {
    if (address == "$management")
        return Address{.use = AddressUse::management, .queue = {}, .spec = nullptr, .node = {}};
    if (address == "events")
        return Refusal{
            Condition::not_allowed,
            "'events' can only be sent to; a subscription is received from 'sub/<name>'"};
    if (is_reply_address(address))
        return Refusal{Condition::not_found,
                       "a dynamic node is received from on the connection that made it"};
    std::string_view main = address;
    const bool is_dead = main.ends_with(dead_letter_suffix);
    if (is_dead) main.remove_suffix(dead_letter_suffix.size());
    const flow::QueueSpec* queue = snapshot.find(main);
    if (queue == nullptr) {
        // A deleted queue takes nothing new, but what it holds is still to be had.
        const auto at = std::ranges::find_if(snapshot.queues, [&](const flow::QueueSpec& spec) {
            return spec.is_deleted && spec.name == main;
        });
        if (at != snapshot.queues.end()) queue = &*at;
    }
    if (queue == nullptr || (is_dead && queue->kind == flow::QueueKind::unrouted))
        return unknown(snapshot, address, false);
    if (is_of_other(*queue, who))
        return Refusal{Condition::unauthorized,
                       "'" + quoted(address) + "' can only be received from by the system '" +
                           queue->name.substr(flow::inbox_prefix.size()) + "'"};
    return Address{.use = AddressUse::queue,
                   .queue = is_dead ? dead_letter_of(queue->id) : queue->id,
                   .spec = queue,
                   .node = {}};
}

}  // namespace vera::amqp
