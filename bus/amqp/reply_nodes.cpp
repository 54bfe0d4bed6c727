#include "bus/amqp/reply_nodes.hpp"

#include "bus/amqp/reply_outlet.hpp"
#include "bus/host/random.hpp"

#include <algorithm>
#include <utility>

namespace vera::amqp {
namespace {

constexpr std::size_t most_replies = 64;     // of the management node, that wait
constexpr std::size_t most_audiences = 256;  // beyond it the address is given to nobody else

Refusal full(std::string what) {
    return {Condition::resource_limit, "the receiver does not keep up: " + std::move(what)};
}

}  // namespace

ReplyNodes::~ReplyNodes() {
    for (const auto& [number, node] : nodes_)
        for (const ReplyNode::Waiting& waiting : node->waiting)
            uncount(waiting);
}

ReplyNode& ReplyNodes::open(LinkId maker) {
    ReplyNode& node = open_without_address(maker);
    node.address.owner = maker;
    host::fill_random(node.address.secret.data(), node.address.secret.size());
    node.text = to_text(node.address);
    return node;
}

ReplyNode& ReplyNodes::open_without_address(LinkId maker) {
    return *nodes_.emplace(link_of(maker), std::make_unique<ReplyNode>()).first->second;
}

void ReplyNodes::close(LinkId maker) {
    const auto at = nodes_.find(link_of(maker));
    if (at == nodes_.end()) return;
    for (const ReplyNode::Waiting& waiting : at->second->waiting)
        uncount(waiting);
    nodes_.erase(at);
}

ReplyOutlet* ReplyNodes::reader_of(LinkId maker) {
    const auto at = nodes_.find(link_of(maker));
    return at == nodes_.end() ? nullptr : at->second->reader;
}

ReplyNode* ReplyNodes::find(const ReplyAddress& address) {
    const auto at = nodes_.find(link_of(address.owner));
    if (at == nodes_.end() || at->second->text.empty() || at->second->address != address)
        return nullptr;
    return at->second.get();
}

ReplyNode* ReplyNodes::find(std::string_view address) {
    const auto parsed = parse_reply_address(address);
    return parsed ? find(*parsed) : nullptr;
}

void ReplyNodes::give(ReplyNode& node, Audience audience) {
    if (node.given.size() < most_audiences) node.given.insert(audience);
}

void ReplyNodes::allow(const NodeGrant& grant) {
    ReplyNode* node = find(grant.node);
    if (node != nullptr && node->given.contains(grant.via)) node->allowed.insert(grant.system);
}

std::optional<Refusal> ReplyNodes::judge(const ReplyAddress& address, std::string_view system) {
    const ReplyNode* node = find(address);
    if (node == nullptr) return no_such_node();
    if (node->allowed.contains(system)) return std::nullopt;
    return Refusal{Condition::unauthorized,
                   "this dynamic node was not given to the system '" + std::string(system) +
                       "' as reply-to of a message"};
}

std::optional<Refusal> ReplyNodes::add(ReplyNode& node, NodeMessage message) {
    const DoorOptions& options = door_.options;
    const std::uint64_t size = message.message.size();
    if (messages_ >= options.reply_messages)
        return full(std::to_string(messages_) + " messages wait in its dynamic nodes");
    if (bytes_ + size > options.reply_bytes)
        return full("more than " + std::to_string(options.reply_bytes) +
                    " bytes would wait in its dynamic nodes");
    // All connections together: as much as may be in flight.
    if (door_.reply_bytes.load(std::memory_order_relaxed) + size > options.in_flight_bytes)
        return full("too many bytes wait in dynamic nodes");
    ++messages_;
    bytes_ += size;
    door_.reply_bytes.fetch_add(size, std::memory_order_relaxed);
    node.waiting.push_back({.request = {},
                            .message = std::move(message.message),
                            .sender = std::move(message.sender),
                            .expiry = message.expiry});
    return std::nullopt;
}

bool ReplyNodes::add_reply(ReplyNode& node, LinkId request, std::string_view message) {
    const auto replies = std::ranges::count_if(
        node.waiting, [](const ReplyNode::Waiting& one) { return static_cast<bool>(one.request); });
    if (static_cast<std::size_t>(replies) >= most_replies) return false;
    node.waiting.push_back(
        {.request = request, .message = Block::copy_of(message), .sender = nullptr, .expiry = {}});
    return true;
}

ReplyNode::Waiting ReplyNodes::take(ReplyNode& node) {
    ReplyNode::Waiting first = std::move(node.waiting.front());
    node.waiting.pop_front();
    uncount(first);
    return first;
}

void ReplyNodes::uncount(const ReplyNode::Waiting& waiting) {
    if (waiting.request) return;
    --messages_;
    bytes_ -= waiting.message.size();
    door_.reply_bytes.fetch_sub(waiting.message.size(), std::memory_order_relaxed);
}

}  // namespace vera::amqp
