#include "bus/amqp/peer_sessions.hpp"

#include <algorithm>

namespace vera::amqp {

namespace {

using Ruling = PeerSessions::Ruling;

constexpr std::string_view invalid_field = "amqp:invalid-field";
constexpr std::string_view not_allowed = "amqp:not-allowed";
constexpr std::string_view not_implemented = "amqp:not-implemented";
constexpr std::uint64_t largest_count = 0x7fffffff;  // the engine's windows and credits are signed
constexpr std::uint32_t longest_range = 65536;       // ids in one disposition
constexpr std::int32_t largest_drain = 1 << 20;      // credit a sender may give back at once
constexpr std::uint64_t visits_per_delivery = 4;
constexpr std::uint64_t visits_at_begin = 1024;
constexpr std::size_t longest_name = 255, longest_tag = 32;

Ruling no(Objection& why, std::string_view condition, std::string_view text) {
    why = {condition, std::string(text)};
    return Ruling::refuse;
}

bool is_true(const Field& field) {
    return field.is_set && field.number != 0;
}

// Serial number arithmetic (RFC 1982): how far `to` is ahead of `from`; negative if behind.
std::int32_t distance(std::uint32_t from, std::uint32_t to) {
    return static_cast<std::int32_t>(to - from);
}

std::uint32_t number32(const Field& field) {
    return static_cast<std::uint32_t>(field.number);
}

}  // namespace

PeerSessions::Session* PeerSessions::session_at(std::uint16_t channel) {
    return channel < sessions_.size() ? sessions_[channel].get() : nullptr;
}

PeerSessions::Link* PeerSessions::link_at(Session& session, std::uint64_t handle) {
    if (handle >= session.links.size()) return nullptr;
    Link& link = session.links[static_cast<std::size_t>(handle)];
    return link.is_used ? &link : nullptr;
}

Ruling PeerSessions::rule(
    Performative kind, std::uint16_t channel, const Fields& fields, Size size, Objection& why) {
    if (kind == Performative::begin) return begin(channel, fields, why);
    Session* session = session_at(channel);
    if (session == nullptr)
        return no(why, not_allowed, std::string(name_of(kind)) + ": no session on this channel");
    switch (kind) {
        case Performative::attach:
            return attach(*session, fields, size.weight, why);
        case Performative::flow:
            return flow(channel, *session, fields, why);
        case Performative::transfer:
            return transfer(*session, fields, size.payload, why);
        case Performative::disposition:
            return disposition(*session, fields, why);
        case Performative::detach:
            return detach(*session, fields, why);
        case Performative::end:
            end(channel);
            return Ruling::pass;
        case Performative::begin:
        case Performative::open:
        case Performative::close:
        case Performative::sasl_init:
        case Performative::sasl_response:
            break;
    }
    return no(why, not_allowed, std::string(name_of(kind)) + ": not here");
}

Ruling PeerSessions::begin(std::uint16_t channel, const Fields& fields, Objection& why) {
    using namespace begin_field;
    if (channel > limits_.channel_max)
        return no(why, "amqp:connection:framing-error", "begin: channel above channel-max");
    if (fields[remote_channel].is_set)
        return no(why, invalid_field, "begin.remote-channel: answers a session never begun");
    if (fields[incoming_window].number > largest_count)
        return no(why, invalid_field, "begin.incoming-window: above 2147483647");
    if (session_at(channel) != nullptr) return no(why, not_allowed, "begin: channel is in use");
    if (sessions_.size() <= channel) sessions_.resize(channel + std::size_t{1});
    sessions_[channel] = std::make_unique<Session>();
    sessions_[channel]->visits_left = visits_at_begin;
    sessions_[channel]->first_transfer = number32(fields[next_outgoing_id]);
    sessions_[channel]->links_left =
        fields[handle_max].is_set ? fields[handle_max].number + 1 : std::uint64_t{1} << 32U;
    return Ruling::pass;
}

Ruling PeerSessions::attach(Session& session,
                            const Fields& fields,
                            std::uint64_t weight,
                            Objection& why) {
    const std::uint64_t handle = fields[attach_field::handle].number;
    const std::string_view name = fields[attach_field::name].bytes;
    if (handle > limits_.handle_max)
        return no(why, "amqp:connection:framing-error", "attach.handle: above handle-max");
    if (link_at(session, handle) != nullptr)
        return no(why, "amqp:session:handle-in-use", "attach.handle: is in use");
    if (name.empty() || name.size() > longest_name)
        return no(why, invalid_field, "attach.name: is not 1 to 255 bytes long");
    if (fields[attach_field::snd_settle_mode].number > 2)
        return no(why, invalid_field, "attach.snd-settle-mode: is not 0, 1 or 2");
    if (fields[attach_field::rcv_settle_mode].number > 1)
        return no(why, invalid_field, "attach.rcv-settle-mode: is not 0 or 1");
    const bool is_peer_sender = fields[attach_field::role].number == 0;
    const Field& initial = fields[attach_field::initial_delivery_count];
    if (is_peer_sender && !initial.is_set)
        return no(why, invalid_field, "attach.initial-delivery-count: is missing");
    const bool is_reused = std::ranges::any_of(session.links, [&](const Link& link) {
        return link.is_used && link.is_peer_sender == is_peer_sender && link.name == name;
    });
    if (is_reused) return no(why, not_allowed, "attach.name: is in use");
    if (session.links_left == 0) {
        return no(why,
                  "amqp:resource-limit-exceeded",
                  "attach: more links than the peer's handle-max allows");
    }
    if (weight > limits_.max_attached - attached_) {
        return no(
            why, "amqp:resource-limit-exceeded", "attach: the connection's links hold too much");
    }
    --session.links_left;
    attached_ += weight;
    if (session.links.size() <= handle) session.links.resize(static_cast<std::size_t>(handle) + 1);
    Link& link = session.links[static_cast<std::size_t>(handle)];
    link = Link{};
    link.is_used = true;
    link.is_peer_sender = is_peer_sender;
    link.delivery_count = number32(initial);
    link.limit = limits_.max_message;
    link.weight = weight;
    link.name.assign(name);
    return Ruling::pass;
}

Ruling PeerSessions::flow(std::uint16_t channel,
                          Session& session,
                          const Fields& fields,
                          Objection& why) {
    using namespace flow_field;
    credit_change_ = 0;
    window_short_ = 0;
    if (fields[incoming_window].number > largest_count)
        return no(why, invalid_field, "flow.incoming-window: above 2147483647");
    if (fields[link_credit].number > largest_count)
        return no(why, invalid_field, "flow.link-credit: above 2147483647");
    if (fields[next_incoming_id].is_set) {
        const std::int64_t left =
            static_cast<std::int64_t>(fields[incoming_window].number) +
            distance(sent_.transfers(channel), number32(fields[next_incoming_id]));
        if (left < 0) window_short_ = static_cast<std::uint32_t>(-left);
    }
    if (!fields[handle].is_set) return Ruling::pass;
    Link* link = link_at(session, fields[handle].number);
    if (link == nullptr)
        return no(why, "amqp:session:unattached-handle", "flow.handle: no such link");
    return link->is_peer_sender ? sender_flow(*link, fields, why) : receiver_flow(*link, fields);
}

// A count that is missing is read as the engine's first one, 0.
Ruling PeerSessions::receiver_flow(Link& link, const Fields& fields) {
    using namespace flow_field;
    const std::uint32_t count = number32(fields[delivery_count]);
    const std::uint64_t credit = fields[link_credit].number;
    credit_change_ = distance(link.delivery_count, count) + static_cast<std::int64_t>(credit) -
                     static_cast<std::int64_t>(link.credit);
    link.delivery_count = count;
    link.credit = credit;
    return Ruling::pass;
}

void PeerSessions::raise_credit(std::uint16_t channel, std::uint32_t handle, std::uint32_t by) {
    Session* session = session_at(channel);
    if (Link* link = session == nullptr ? nullptr : link_at(*session, handle)) link->credit += by;
}

// The engine takes the difference to its own count off the credit, without a sign: a count behind
// the deliveries sent would give the peer credit, and a missing one is read as 0.
Ruling PeerSessions::sender_flow(Link& link, const Fields& fields, Objection& why) {
    using namespace flow_field;
    const Field& count = fields[delivery_count];
    if (!count.is_set)
        return no(why, invalid_field, "flow.delivery-count: is missing from the sender");
    const std::int32_t ahead = distance(link.delivery_count, number32(count));
    if (ahead < 0)
        return no(why, invalid_field, "flow.delivery-count: is behind the deliveries sent");
    if (ahead > largest_drain)
        return no(why, invalid_field, "flow.delivery-count: is far ahead of the deliveries sent");
    link.delivery_count = number32(count);
    return Ruling::pass;
}

Ruling PeerSessions::transfer(Session& session,
                              const Fields& fields,
                              std::size_t payload,
                              Objection& why) {
    using namespace transfer_field;
    Link* link = link_at(session, fields[handle].number);
    if (link == nullptr)
        return no(why, "amqp:session:unattached-handle", "transfer.handle: no such link");
    if (!link->is_peer_sender)
        return no(why, not_allowed, "transfer.handle: the peer is the link's receiver");
    if (is_true(fields[resume]))
        return no(why, not_implemented, "transfer.resume: links are not resumed");
    if (fields[state].is_set) return no(why, not_implemented, "transfer.state: is not taken");
    if (fields[rcv_settle_mode].number > 1)
        return no(why, invalid_field, "transfer.rcv-settle-mode: is not 0 or 1");
    ++session.transfers;
    const Ruling ruling = link->is_unfinished ? next_transfer(*link, fields, why)
                                              : first_transfer(session, *link, fields, why);
    if (ruling != Ruling::pass) return ruling;
    if (payload > link->limit - link->bytes) {
        return no(
            why,
            "amqp:link:message-size-exceeded",
            "transfer: the delivery is larger than " + std::to_string(link->limit) + " bytes");
    }
    if (is_true(fields[more]) && !is_true(fields[aborted])) {
        link->bytes += payload;
        buffered_ += payload;
        if (buffered_ > limits_.max_unfinished)
            return no(why,
                      "amqp:resource-limit-exceeded",
                      "transfer: too many bytes of unfinished deliveries");
        link->is_unfinished = true;
    } else {
        forget_delivery(*link);
    }
    return Ruling::pass;
}

Ruling PeerSessions::first_transfer(Session& session,
                                    Link& link,
                                    const Fields& fields,
                                    Objection& why) {
    using namespace transfer_field;
    const Field& id = fields[delivery_id];
    const Field& tag = fields[delivery_tag];
    if (!id.is_set)
        return no(why,
                  invalid_field,
                  "transfer.delivery-id: is missing on the first transfer of a delivery");
    if (!tag.is_set)
        return no(why,
                  invalid_field,
                  "transfer.delivery-tag: is missing on the first transfer of a delivery");
    if (tag.bytes.size() > longest_tag)
        return no(why, invalid_field, "transfer.delivery-tag: is longer than 32 bytes");
    const auto next = session.first_incoming + static_cast<std::uint32_t>(session.incoming);
    if (session.incoming > 0 && number32(id) != next)
        return no(why, invalid_field, "transfer.delivery-id: is out of sequence");
    if (is_true(fields[aborted]))
        return no(why, invalid_field, "transfer.aborted: on the first transfer of a delivery");
    if (session.incoming == 0) session.first_incoming = number32(id);
    ++session.incoming;
    session.visits_left += visits_per_delivery;
    ++link.delivery_count;
    link.delivery_id = number32(id);
    link.is_settled = is_true(fields[settled]);
    link.bytes = 0;
    link.began = time_;
    link.tag.assign(tag.bytes);
    return Ruling::pass;
}

Ruling PeerSessions::next_transfer(Link& link, const Fields& fields, Objection& why) {
    using namespace transfer_field;
    const Field& id = fields[delivery_id];
    const Field& tag = fields[delivery_tag];
    if (id.is_set && number32(id) != link.delivery_id)
        return no(why, invalid_field, "transfer.delivery-id: changes within a delivery");
    if (tag.is_set && tag.bytes != link.tag)
        return no(why, invalid_field, "transfer.delivery-tag: changes within a delivery");
    if (fields[settled].is_set && fields[settled].number == 0 && link.is_settled) {
        return no(why, invalid_field, "transfer.settled: is taken back");
    }
    link.is_settled = link.is_settled || is_true(fields[settled]);
    return Ruling::pass;
}

Ruling PeerSessions::disposition(Session& session, const Fields& fields, Objection& why) {
    using namespace disposition_field;
    const std::uint32_t from = number32(fields[first]);
    const std::uint32_t to = fields[last].is_set ? number32(fields[last]) : from;
    const std::int32_t span = distance(from, to);
    if (span < 0) return no(why, invalid_field, "disposition.last: is before first");
    if (span >= static_cast<std::int32_t>(longest_range))
        return no(why, "amqp:resource-limit-exceeded", "disposition: more than 65536 deliveries");
    if (!is_true(fields[settled]) && !fields[state].is_set) return Ruling::drop;  // says nothing
    const bool is_about_own =
        fields[role].number == 0;  // the peer is the sender of these deliveries
    if (!is_about_own && !limits_.knows_sent) return Ruling::pass;
    const std::uint32_t lowest = is_about_own ? session.first_incoming : 0;
    const std::uint64_t used = is_about_own ? session.incoming : session.outgoing;
    const std::uint32_t next = lowest + static_cast<std::uint32_t>(used);
    // Ids never used concern nothing. A range that reaches beyond both ends is cut to what exists
    // by the engine, but costs its span. Once half of all ids are used, none lies before the first.
    const bool is_before = used <= largest_count && distance(lowest, to) < 0;
    if (distance(next, from) >= 0 || is_before) return Ruling::drop;
    const auto visits = static_cast<std::uint64_t>(span) + 1;
    if (visits > session.visits_left)
        return no(
            why, "amqp:resource-limit-exceeded", "disposition: the same deliveries too often");
    session.visits_left -= visits;
    return Ruling::pass;
}

Ruling PeerSessions::detach(Session& session, const Fields& fields, Objection& why) {
    Link* link = link_at(session, fields[0].number);
    if (link == nullptr)
        return no(why, "amqp:session:unattached-handle", "detach.handle: no such link");
    forget_link(*link);
    ++session.links_left;
    return Ruling::pass;
}

void PeerSessions::end(std::uint16_t channel) {
    for (Link& link : sessions_[channel]->links)
        forget_link(link);
    sessions_[channel].reset();
}

void PeerSessions::forget_link(Link& link) {
    forget_delivery(link);
    attached_ -= link.weight;
    link = Link{};
}

void PeerSessions::forget_delivery(Link& link) {
    buffered_ -= link.bytes;
    link.bytes = 0;
    link.is_unfinished = false;
    link.tag.clear();
}

std::uint64_t PeerSessions::oldest_unfinished() const {
    std::uint64_t oldest = time_;
    for (const auto& session : sessions_) {
        if (session == nullptr) continue;
        for (const Link& link : session->links)
            if (link.is_unfinished) oldest = std::min(oldest, link.began);
    }
    return oldest;
}

void PeerSessions::set_peer_channel_max(std::uint16_t channel_max) {
    limits_.channel_max = std::min(limits_.channel_max, channel_max);
}

std::optional<std::uint32_t> PeerSessions::first_transfer_id(std::uint16_t channel) const {
    if (channel >= sessions_.size() || sessions_[channel] == nullptr) return std::nullopt;
    return sessions_[channel]->first_transfer;
}

std::optional<std::uint32_t> PeerSessions::next_incoming(std::uint16_t channel) const {
    const auto first = first_transfer_id(channel);
    if (!first) return std::nullopt;
    return *first + sessions_[channel]->transfers;
}

std::optional<std::uint32_t> PeerSessions::link_count(std::uint16_t channel,
                                                      std::uint32_t handle,
                                                      std::uint32_t credit) const {
    if (!first_transfer_id(channel)) return std::nullopt;
    const std::vector<Link>& links = sessions_[channel]->links;
    if (handle >= links.size() || !links[handle].is_used) return std::nullopt;
    const Link& link = links[handle];
    if (link.is_peer_sender) return link.delivery_count;
    return link.delivery_count + static_cast<std::uint32_t>(link.credit) - credit;
}

void PeerSessions::set_link_limit(std::uint16_t channel,
                                  std::uint32_t handle,
                                  std::uint64_t bytes) {
    Session* session = session_at(channel);
    Link* link = session == nullptr ? nullptr : link_at(*session, handle);
    if (link != nullptr) link->limit = std::max(std::min(bytes, limits_.max_message), link->bytes);
}

void PeerSessions::delivery_sent(std::uint16_t channel, std::uint64_t deliveries) {
    Session* session = session_at(channel);
    if (session == nullptr) return;
    session->outgoing += deliveries;
    session->visits_left += visits_per_delivery * deliveries;
}

}  // namespace vera::amqp
