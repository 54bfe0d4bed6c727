#pragma once
// The dynamic nodes of one connection (AMQP 1.0 §3.5.3, §3.5.4): addresses that the bus makes for
// the answers to its requests. They and what waits in them are in memory only (design §15), bounded
// in count and bytes, and go with the link that made them. A node takes messages from the systems
// that its owner gave the address to, as reply-to of a message, and from no others. Private to this
// room.
#include "bus/amqp/door_context.hpp"
#include "bus/amqp/reply_address.hpp"
#include "bus/base/block.hpp"
#include "bus/base/refusal.hpp"
#include "bus/event/raw_event.hpp"
#include "bus/flow/messages.hpp"

#include <compare>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

namespace vera::amqp {

class ReplyOutlet;

/// Whoever receives a message that was sent there.
struct Audience {
    enum class Kind : std::uint8_t { queue, subscribers, node } kind = Kind::queue;
    std::uint64_t id = 0;  ///< QueueId or, of a node, LinkId; 0 for subscribers
    friend auto operator<=>(const Audience&, const Audience&) = default;
};

// What other threads have for a node, on their way to the one that it lives on.

/// `system` received a message with that reply-to, as one of the audience.
struct NodeGrant {
    ReplyAddress node;
    Audience via;
    std::string system;
};
/// A link of `system` was attached to the node: may it?
struct NodeProbe {
    ReplyAddress node;
    std::string system;
    LinkId from;
};
struct NodeMessage {
    ReplyAddress node;
    flow::DeliveryRef from;  ///< is answered as by the core
    std::shared_ptr<const event::Identity> sender;
    Block message;
    Timestamp expiry;                      ///< none: never
    std::optional<ReplyAddress> reply_to;  ///< if that is a dynamic node
};

/// One node. A link that receives management replies alone has one too, without an address.
struct ReplyNode {
    struct Waiting {
        LinkId request;  ///< set: a management reply, sent as it stands
        Block message;
        std::shared_ptr<const event::Identity> sender;
        Timestamp expiry;
    };
    ReplyAddress address;
    std::string text;                            ///< of the address; empty: it has none
    std::set<std::string, std::less<>> allowed;  ///< systems
    std::set<Audience> given;                    ///< whose members become allowed
    std::deque<Waiting> waiting;
    ReplyOutlet* reader = nullptr;  ///< the link that receives from it, if there is one now
};

/// Thread: its connection's.
class ReplyNodes {
public:
    explicit ReplyNodes(DoorContext& door) : door_(door) {}
    ~ReplyNodes();
    ReplyNodes(const ReplyNodes&) = delete;
    ReplyNodes& operator=(const ReplyNodes&) = delete;

    /// For the life of the link `maker`; with an address that nobody can guess.
    ReplyNode& open(LinkId maker);
    /// The same for a link that only gets management replies.
    ReplyNode& open_without_address(LinkId maker);
    /// What waits in it is gone. No effect if the link made none.
    void close(LinkId maker);

    [[nodiscard]] ReplyOutlet* reader_of(LinkId maker);
    [[nodiscard]] ReplyNode* find(const ReplyAddress& address);
    [[nodiscard]] ReplyNode* find(std::string_view address);

    /// The owner sends a message with this node as reply-to there.
    static void give(ReplyNode& node, Audience audience);
    void allow(const NodeGrant& grant);
    /// Why `system` may not send there.
    [[nodiscard]] std::optional<Refusal> judge(const ReplyAddress& address,
                                               std::string_view system);
    /// After judge(). Refused: there is no room.
    [[nodiscard]] std::optional<Refusal> add(ReplyNode& node, NodeMessage message);
    /// false: too many wait.
    [[nodiscard]] static bool add_reply(ReplyNode& node, LinkId request, std::string_view message);
    [[nodiscard]] ReplyNode::Waiting take(ReplyNode& node);

private:
    void uncount(const ReplyNode::Waiting& waiting);

    DoorContext& door_;
    std::unordered_map<std::uint32_t, std::unique_ptr<ReplyNode>> nodes_;  // by the maker's number
    std::uint32_t messages_ = 0;
    std::uint64_t bytes_ = 0;
};

}  // namespace vera::amqp
