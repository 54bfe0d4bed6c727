// The attaching half of LinkTable: what is answered to an attach.
#include "bus/amqp/addresses.hpp"
#include "bus/amqp/link_table.hpp"
#include "bus/amqp/management_node.hpp"
#include "bus/amqp/reply_outlet.hpp"

#include <proton/condition.h>
#include <proton/terminus.h>

#include <algorithm>
#include <cstring>
#include <utility>
#include <variant>

namespace vera::amqp {
namespace {

std::string_view address_of(pn_terminus_t* terminus) {
    const char* address = pn_terminus_get_address(terminus);
    return address == nullptr ? std::string_view{} : std::string_view{address};
}

// What we really provide: no filters, no unsettled state kept over a detach.
void echo(pn_terminus_t* ours, pn_terminus_t* theirs, const char* address) {
    pn_terminus_set_type(ours, pn_terminus_get_type(theirs));
    pn_terminus_set_address(ours, address);
    pn_terminus_set_durability(ours,
                               std::min(pn_terminus_get_durability(theirs), PN_CONFIGURATION));
}

void echo_whole(pn_terminus_t* ours, pn_terminus_t* theirs) {
    pn_terminus_set_type(ours, pn_terminus_get_type(theirs));
    if (pn_terminus_get_type(theirs) != PN_UNSPECIFIED)
        pn_terminus_set_address(ours, pn_terminus_get_address(theirs));
}

// The node goes when this link is closed (AMQP 1.0 §3.5.10).
void tell_dynamic(pn_terminus_t* ours) {
    pn_terminus_set_dynamic(ours, true);
    pn_data_t* properties = pn_terminus_properties(ours);
    pn_data_clear(properties);
    pn_data_put_map(properties);
    pn_data_enter(properties);
    pn_data_put_symbol(properties, pn_bytes(15, "lifetime-policy"));
    pn_data_put_described(properties);
    pn_data_enter(properties);
    pn_data_put_ulong(properties, 0x2b);
    pn_data_put_list(properties);
    pn_data_exit(properties);
    pn_data_exit(properties);
}

void put_outcomes(pn_terminus_t* source) {
    pn_data_t* outcomes = pn_terminus_outcomes(source);
    pn_data_clear(outcomes);
    pn_data_put_array(outcomes, false, PN_SYMBOL);
    pn_data_enter(outcomes);
    for (const char* name :
         {"amqp:accepted:list", "amqp:rejected:list", "amqp:released:list", "amqp:modified:list"})
        pn_data_put_symbol(outcomes, pn_bytes(std::strlen(name), name));
    pn_data_exit(outcomes);
}

}  // namespace

void LinkTable::on_attach(pn_link_t* link) {
    static_assert(max_link_number < 0xFFFFFFFFU);
    const std::uint32_t number = last_number_ + 1;
    if (number > max_link_number || identity_ == nullptr) {
        pn_condition_t* error =
            pn_connection_condition(pn_session_connection(pn_link_session(link)));
        pn_condition_set_name(error, "amqp:resource-limit-exceeded");
        pn_condition_set_description(error, "too many links on one connection");
        pn_connection_close(pn_session_connection(pn_link_session(link)));
        return;
    }
    last_number_ = number;
    const LinkId id =
        make_link_id({.thread = io_.index(), .connection = connection_, .link = number});
    if (pn_link_is_receiver(link))
        attach_receiving(link, id);
    else
        attach_sending(link, id);
}

// The peer sends.
void LinkTable::attach_receiving(pn_link_t* link, LinkId id) {
    pn_terminus_t* target = pn_link_remote_target(link);
    const pn_terminus_type_t type = pn_terminus_get_type(target);
    if (type == PN_COORDINATOR)
        return refuse(
            link,
            id,
            {Condition::not_implemented,
             "there are no transactions here. JMS: createSession(false, "
             "Session.AUTO_ACKNOWLEDGE) or CLIENT_ACKNOWLEDGE, not SESSION_TRANSACTED; "
             "Spring: sessionTransacted=false. A send that returns is stored; send it again "
             "with the same BeskedId if it fails"});
    if (type != PN_TARGET)
        return refuse(link, id, {Condition::precondition, "the target is missing"});
    if (pn_terminus_is_dynamic(target)) return attach_dynamic_target(link, id);
    const flow::Snapshot& snapshot = io_.snapshot();
    // A target without an address is the anonymous terminus (AMQP anonterm 1.0 §2.2).
    const bool is_anonymous = pn_terminus_get_address(target) == nullptr;
    const auto resolved =
        is_anonymous
            ? Address{.use = AddressUse::per_message, .queue = {}, .spec = nullptr, .node = {}}
            : resolve_target(snapshot, address_of(target));
    if (const auto* why = std::get_if<Refusal>(&resolved)) return refuse(link, id, *why);
    const Address& found = *std::get_if<Address>(&resolved);

    echo_whole(pn_link_source(link), pn_link_remote_source(link));
    put_outcomes(pn_link_source(link));
    echo(pn_link_target(link), target, pn_terminus_get_address(target));
    pn_link_set_snd_settle_mode(link, pn_link_remote_snd_settle_mode(link));
    pn_link_set_rcv_settle_mode(link, PN_RCV_FIRST);
    const std::uint64_t limit = found.use == AddressUse::management
                                    ? ManagementRequests::max_request_bytes
                                    : Inlet::size_limit(snapshot, found.use);
    pn_link_set_max_message_size(link, limit);
    // Somewhat larger ones get an answer (rejected), absurd ones end the connection.
    guard_.set_link_limit(
        attaching_.channel, attaching_.handle, limit * 2 + io_.door().options.max_frame_bytes);
    pn_link_open(link);
    if (found.use == AddressUse::management) {
        keep(std::make_unique<ManagementRequests>(link, id, io_, *this, identity_));
        pn_link_flow(link, ManagementRequests::credit);
        return;
    }
    auto inlet = std::make_unique<Inlet>(link, id, io_, nodes_, identity_, found);
    if (io_.is_closing())
        inlet->stop_credit();
    else
        inlet->give_first_credit();
    ++inlets_;
    keep(std::move(inlet));
    if (found.use == AddressUse::node) probe(found.node, id);
}

// Whether the node is there, and for this system, is known on its own thread alone: the link is
// closed again if not.
void LinkTable::probe(const ReplyAddress& node, LinkId from) {
    Work work;
    work.probes.push_back({.node = node, .system = identity_->system, .from = from});
    if (io_.put_at(node.owner, std::move(work))) return;
    const Refusal why = no_such_node();
    find(from)->close_with(symbol(why.condition), why.text);
}

// JMS makes its temporary queues by such a link, and receives from the address on another.
void LinkTable::attach_dynamic_target(pn_link_t* link, LinkId id) {
    ReplyNode& node = nodes_.open(id);
    echo_whole(pn_link_source(link), pn_link_remote_source(link));
    echo(pn_link_target(link), pn_link_remote_target(link), node.text.c_str());
    tell_dynamic(pn_link_target(link));
    pn_link_set_snd_settle_mode(link, pn_link_remote_snd_settle_mode(link));
    pn_link_set_rcv_settle_mode(link, PN_RCV_FIRST);
    pn_link_open(link);
    keep(std::make_unique<NodeAnchor>(link, id, *this));
}

// The peer receives.
void LinkTable::attach_sending(pn_link_t* link, LinkId id) {
    pn_terminus_t* source = pn_link_remote_source(link);
    if (pn_terminus_get_type(source) != PN_SOURCE)
        return refuse(link, id, {Condition::precondition, "the source is missing"});
    if (pn_terminus_is_dynamic(source)) {
        ReplyNode& node = nodes_.open(id);
        tell_dynamic(pn_link_source(link));
        return attach_replies(link, id, node, node.text.c_str());
    }
    if (pn_terminus_get_address(source) == nullptr)
        return refuse(link, id, {Condition::not_found, "the source has no address"});
    if (ReplyNode* node = nodes_.find(address_of(source)); node != nullptr)
        return attach_to_node(link, id, *node);
    const auto resolved = resolve_source(io_.snapshot(), address_of(source), *identity_);
    if (const auto* why = std::get_if<Refusal>(&resolved)) return refuse(link, id, *why);
    const Address& found = *std::get_if<Address>(&resolved);
    if (found.use == AddressUse::management)
        attach_replies(link, id, nodes_.open_without_address(id), pn_terminus_get_address(source));
    else
        attach_outlet(link, id, found);
}

void LinkTable::attach_outlet(pn_link_t* link, LinkId id, const Address& address) {
    pn_terminus_t* theirs = pn_link_remote_source(link);
    pn_terminus_t* ours = pn_link_source(link);
    const bool looks = pn_terminus_get_distribution_mode(theirs) == PN_DIST_MODE_COPY;
    const bool wants_presettled = pn_link_remote_snd_settle_mode(link) == PN_SND_SETTLED;
    const Outlet::Mode mode{
        .consume = looks ? flow::ConsumeMode::look : flow::ConsumeMode::take,
        .is_presettled = looks || (wants_presettled && address.spec->allows_presettled),
        .settles_second = pn_link_remote_rcv_settle_mode(link) == PN_RCV_SECOND};
    echo(ours, theirs, pn_terminus_get_address(theirs));
    pn_terminus_set_distribution_mode(ours, looks ? PN_DIST_MODE_COPY : PN_DIST_MODE_MOVE);
    put_outcomes(ours);
    echo_whole(pn_link_target(link), pn_link_remote_target(link));
    pn_link_set_snd_settle_mode(link, mode.is_presettled ? PN_SND_SETTLED : PN_SND_UNSETTLED);
    pn_link_set_rcv_settle_mode(link, pn_link_remote_rcv_settle_mode(link));
    pn_link_set_max_message_size(
        link,
        std::max(io_.snapshot().limits.max_event_bytes, io_.snapshot().limits.max_message_bytes));
    pn_link_open(link);
    auto outlet = std::make_unique<Outlet>(link, id, io_, guard_, room_, *identity_, address, mode);
    if (io_.is_closing()) outlet->stop();
    keep(std::move(outlet));
}

void LinkTable::attach_to_node(pn_link_t* link, LinkId id, ReplyNode& node) {
    if (node.reader != nullptr)
        return refuse(link,
                      id,
                      {Condition::not_allowed,
                       "another link of this connection receives from that dynamic node"});
    attach_replies(link, id, node, node.text.c_str());
}

void LinkTable::attach_replies(pn_link_t* link, LinkId id, ReplyNode& node, const char* address) {
    echo(pn_link_source(link), pn_link_remote_source(link), address);
    echo_whole(pn_link_target(link), pn_link_remote_target(link));
    pn_link_set_snd_settle_mode(link, pn_link_remote_snd_settle_mode(link));
    pn_link_set_rcv_settle_mode(link, PN_RCV_FIRST);
    std::string target(address_of(pn_link_remote_target(link)));
    pn_link_open(link);
    keep(std::make_unique<ReplyOutlet>(
        link, id, io_, *this, guard_, room_, node, std::move(target)));
}

// AMQP 1.0 §2.6.3: an attach with a null terminus, then the detach that tells why.
void LinkTable::refuse(pn_link_t* link, LinkId id, const Refusal& why) {
    io_.note_refused_link(identity_->system, why);
    pn_terminus_set_type(pn_link_source(link), PN_UNSPECIFIED);
    pn_terminus_set_type(pn_link_target(link), PN_UNSPECIFIED);
    if (pn_link_is_receiver(link))
        echo_whole(pn_link_source(link), pn_link_remote_source(link));
    else
        echo_whole(pn_link_target(link), pn_link_remote_target(link));
    pn_link_open(link);
    auto refused = std::make_unique<RefusedLink>(link, id);
    refused->close_with(symbol(why.condition), why.text);
    keep(std::move(refused));
}

}  // namespace vera::amqp
