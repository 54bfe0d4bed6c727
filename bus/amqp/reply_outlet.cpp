#include "bus/amqp/reply_outlet.hpp"

#include "bus/amqp/delivery_writer.hpp"
#include "bus/amqp/link_table.hpp"
#include "bus/amqp/section_scanner.hpp"

#include <utility>

namespace vera::amqp {

ReplyOutlet::ReplyOutlet(pn_link_t* handle,
                         LinkId id,
                         IoThread& io,
                         LinkTable& links,
                         FrameGuard& guard,
                         OutputRoom& room,
                         ReplyNode& node,
                         std::string target)
    : Link(handle, id, LinkKind::replies),
      io_(io),
      links_(links),
      guard_(guard),
      room_(room),
      node_(&node),
      target_(std::move(target)) {
    node.reader = this;
}

bool ReplyOutlet::answers_to(std::string_view reply_to) const {
    return !reply_to.empty() &&
           (reply_to == target_ || (node_ != nullptr && reply_to == node_->text));
}

bool ReplyOutlet::send(LinkId request, std::string_view message) {
    if (node_ == nullptr || !ReplyNodes::add_reply(*node_, request, message)) return false;
    pump();
    return true;
}

void ReplyOutlet::pump() {
    while (node_ != nullptr && !node_->waiting.empty() && pn_link_credit(handle()) > 0) {
        room_.set_blocked(is_blocked_, !room_.has_room());
        if (is_blocked_) return;
        send(links_.nodes().take(*node_));
    }
    room_.set_blocked(is_blocked_, false);
    const bool is_empty = node_ == nullptr || node_->waiting.empty();
    if (pn_link_get_drain(handle()) && is_empty && pn_link_queued(handle()) == 0)
        pn_link_drained(handle());
}

void ReplyOutlet::send(const ReplyNode::Waiting& one) {
    const std::string_view bytes = one.request ? one.message.view() : stamped(one);
    if (bytes.empty()) return;
    const std::uint64_t tag = next_tag_++;
    pn_delivery_t* delivery =
        pn_delivery(handle(), pn_dtag(reinterpret_cast<const char*>(&tag), sizeof tag));
    pn_link_send(handle(), bytes.data(), bytes.size());
    pn_link_advance(handle());
    guard_.delivery_sent(place().channel);
    room_.handed(bytes.size());
    if (one.request)
        links_.answered(one.request);
    else
        count(io_.counters().deliveries_out);
    if (pn_link_snd_settle_mode(handle()) == PN_SND_SETTLED) pn_delivery_settle(delivery);
}

// A message as it is delivered; empty if it has expired. Good until the next scratch().
std::string_view ReplyOutlet::stamped(const ReplyNode::Waiting& one) {
    const Timestamp now = io_.now();
    if (one.expiry && one.expiry <= now) return {};
    const Result<Sections> sections = scan(one.message.view());
    if (!sections) return {};  // it did when it came in
    Stamp stamp;
    stamp.is_durable = false;
    stamp.ttl_ms = ttl_left(one.expiry, now);
    stamp.sender = one.sender->system;
    stamp.sender_authority = one.sender->authority;
    std::string& bytes = io_.scratch();
    write_head(*sections, stamp, bytes);
    bytes.append(sections->bare);
    return bytes;
}

void ReplyOutlet::part() {
    if (node_ == nullptr) return;
    std::erase_if(node_->waiting, [&](const ReplyNode::Waiting& one) {
        if (one.request) links_.answered(one.request);
        return static_cast<bool>(one.request);
    });
    node_->reader = nullptr;
    node_ = nullptr;
}

void ReplyOutlet::on_gone(Ending /*ending*/) {
    room_.set_blocked(is_blocked_, false);
    part();
    links_.nodes().close(id());  // if it was this link that made it
}

void ReplyOutlet::on_delivery(pn_delivery_t* delivery) {
    if (pn_delivery_settled(delivery) || pn_delivery_remote_state(delivery) > PN_RECEIVED)
        pn_delivery_settle(delivery);
}

void NodeAnchor::on_delivery(pn_delivery_t* delivery) {
    close_with("amqp:link:transfer-limit-exceeded", "a transfer without credit");
    discard(delivery);
}

void NodeAnchor::on_gone(Ending /*ending*/) {
    links_.close_node(id());
}

}  // namespace vera::amqp
