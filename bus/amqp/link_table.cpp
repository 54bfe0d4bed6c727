#include "bus/amqp/link_table.hpp"

#include "bus/amqp/addresses.hpp"
#include "bus/amqp/management_node.hpp"

#include <proton/condition.h>
#include <proton/terminus.h>

#include <algorithm>
#include <cstring>
#include <utility>
#include <variant>

namespace vera::amqp {
namespace {

Link* ours_of(pn_link_t* link) {
    return static_cast<Link*>(pn_link_get_context(link));
}

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

std::uint64_t key_of(FramePlace place) {
    return (std::uint64_t{place.channel} << 32U) | place.handle;
}

}  // namespace

LinkTable::LinkTable(IoThread& io, std::uint32_t connection, FrameGuard& guard)
    : io_(io),
      connection_(connection),
      guard_(guard) {}

LinkTable::~LinkTable() = default;

void LinkTable::on_event(pn_event_t* event) {
    switch (pn_event_type(event)) {
        case PN_DELIVERY: {
            pn_delivery_t* delivery = pn_event_delivery(event);
            Link* link = ours_of(pn_delivery_link(delivery));
            if (link == nullptr) return;
            if (link->is_over())
                discard(delivery);
            else
                link->on_delivery(delivery);
            return;
        }
        case PN_LINK_FLOW: {
            Link* link = ours_of(pn_event_link(event));
            if (link != nullptr && !link->is_over()) link->on_flow();
            return;
        }
        case PN_LINK_REMOTE_OPEN:
            on_attach(pn_event_link(event));
            return;
        case PN_LINK_REMOTE_CLOSE:
            on_detach(pn_event_link(event), true);
            return;
        case PN_LINK_REMOTE_DETACH:
            on_detach(pn_event_link(event), false);
            return;
        case PN_SESSION_REMOTE_OPEN:
            on_session_open(pn_event_session(event));
            return;
        case PN_SESSION_REMOTE_CLOSE:
            on_session_close(pn_event_session(event));
            return;
        default:
            return;
    }
}

void LinkTable::on_session_open(pn_session_t* session) {
    // The window is capacity / max-frame: less than twice the credit would throttle publishers of
    // large messages, and a message larger than the window would never be whole.
    const DoorOptions& options = io_.door().options;
    const std::uint64_t largest = std::max({io_.snapshot().limits.max_event_bytes,
                                            io_.snapshot().limits.max_message_bytes,
                                            ManagementRequests::max_request_bytes});
    const std::uint64_t frame = options.max_frame_bytes;
    pn_session_set_incoming_capacity(
        session,
        std::max(2 * std::uint64_t{std::max(options.publisher_credit, 16U)} * frame,
                 2 * largest + 16 * frame));
    pn_session_open(session);
    sessions_.push_back({.handle = session});
}

void LinkTable::on_session_close(pn_session_t* session) {
    std::vector<pn_link_t*> links;
    for (const auto& [number, link] : links_)
        if (pn_link_session(link->handle()) == session) links.push_back(link->handle());
    for (pn_link_t* link : links)
        drop(link);
    std::erase_if(sessions_, [&](const Session& one) { return one.handle == session; });
    pn_session_close(session);
    pn_session_free(session);
}

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
        return refuse(link, id, "amqp:not-implemented", "there are no transactions here");
    if (pn_terminus_is_dynamic(target))
        return refuse(link, id, "amqp:not-implemented", "dynamic targets are not supported");
    if (type != PN_TARGET)
        return refuse(link, id, "amqp:precondition-failed", "the target is missing");
    const flow::Snapshot& snapshot = io_.snapshot();
    // A target without an address is the anonymous terminus (AMQP anonterm 1.0 §2.2).
    const bool is_anonymous = pn_terminus_get_address(target) == nullptr;
    const auto resolved =
        is_anonymous ? Address{.use = AddressUse::per_message, .queue = {}, .spec = nullptr}
                     : resolve_target(snapshot, address_of(target));
    if (const auto* why = std::get_if<Refusal>(&resolved))
        return refuse(link, id, symbol(why->condition), why->text);
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
    auto inlet = std::make_unique<Inlet>(link, id, io_, identity_, found);
    if (io_.is_closing())
        inlet->stop_credit();
    else
        inlet->give_first_credit();
    ++inlets_;
    keep(std::move(inlet));
}

// The peer receives.
void LinkTable::attach_sending(pn_link_t* link, LinkId id) {
    pn_terminus_t* source = pn_link_remote_source(link);
    if (pn_terminus_get_type(source) != PN_SOURCE)
        return refuse(link, id, "amqp:precondition-failed", "the source is missing");
    if (pn_terminus_is_dynamic(source)) {
        pn_terminus_set_dynamic(pn_link_source(link), true);
        return attach_replies(link,
                              id,
                              "$temp/" + std::to_string(connection_) + "-" +
                                  std::to_string(io_.index()) + "/" + std::to_string(link_of(id)));
    }
    if (pn_terminus_get_address(source) == nullptr)
        return refuse(link, id, "amqp:not-found", "the source has no address");
    const auto resolved = resolve_source(io_.snapshot(), address_of(source), *identity_);
    if (const auto* why = std::get_if<Refusal>(&resolved))
        return refuse(link, id, symbol(why->condition), why->text);
    const Address& found = *std::get_if<Address>(&resolved);
    if (found.use == AddressUse::management)
        attach_replies(link, id, std::string(address_of(source)));
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

void LinkTable::attach_replies(pn_link_t* link, LinkId id, const std::string& address) {
    echo(pn_link_source(link), pn_link_remote_source(link), address.c_str());
    echo_whole(pn_link_target(link), pn_link_remote_target(link));
    pn_link_set_snd_settle_mode(link, pn_link_remote_snd_settle_mode(link));
    pn_link_set_rcv_settle_mode(link, PN_RCV_FIRST);
    std::string target(address_of(pn_link_remote_target(link)));
    pn_link_open(link);
    keep(std::make_unique<ManagementReplies>(
        link, id, *this, guard_, room_, address, std::move(target)));
}

// AMQP 1.0 §2.6.3: an attach with a null terminus, then the detach that tells why.
void LinkTable::refuse(pn_link_t* link,
                       LinkId id,
                       std::string_view condition,
                       const std::string& text) {
    pn_terminus_set_type(pn_link_source(link), PN_UNSPECIFIED);
    pn_terminus_set_type(pn_link_target(link), PN_UNSPECIFIED);
    if (pn_link_is_receiver(link))
        echo_whole(pn_link_source(link), pn_link_remote_source(link));
    else
        echo_whole(pn_link_target(link), pn_link_remote_target(link));
    pn_link_open(link);
    auto refused = std::make_unique<RefusedLink>(link, id);
    refused->close_with(condition, text);
    keep(std::move(refused));
}

void LinkTable::keep(std::unique_ptr<Link> link) {
    pn_link_set_context(link->handle(), link.get());
    link->set_place(attaching_);
    by_place_.insert_or_assign(key_of(attaching_), link.get());
    links_.emplace(link_of(link->id()), std::move(link));
}

void LinkTable::on_detach(pn_link_t* link, bool is_closed) {
    Link* ours = ours_of(link);
    if (ours == nullptr) return;
    ours->end(Ending::orderly);
    if (is_closed)
        pn_link_close(link);
    else
        pn_link_detach(link);
    drop(link);
}

void LinkTable::drop(pn_link_t* link) {
    Link* ours = ours_of(link);
    ours->end(Ending::orderly);
    if (ours->kind() == LinkKind::inlet) --inlets_;
    if (last_found_ == ours) last_found_ = nullptr;
    pn_link_set_context(link, nullptr);
    if (const auto at = by_place_.find(key_of(ours->place()));
        at != by_place_.end() && at->second == ours)
        by_place_.erase(at);
    links_.erase(link_of(ours->id()));
    if (pn_link_is_sender(link) && pn_link_queued(link) > 0) note_stale(link);
    pn_link_free(link);
}

void LinkTable::note_stale(pn_link_t* link) {
    pn_session_t* handle = pn_link_session(link);
    const auto session = std::ranges::find(sessions_, handle, &Session::handle);
    if (session == sessions_.end()) return;
    // Settled deliveries are not to be found among the unsettled ones; but if no other link has
    // anything waiting, all there is belongs to this one.
    const bool is_only = std::ranges::none_of(links_, [&](const auto& entry) {
        pn_link_t* other = entry.second->handle();
        return pn_link_session(other) == handle && pn_link_is_sender(other) &&
               pn_link_queued(other) > 0;
    });
    if (is_only) {
        session->stale_bytes = pn_session_outgoing_bytes(handle);
        return;
    }
    for (pn_delivery_t* delivery = pn_unsettled_head(link); delivery != nullptr;
         delivery = pn_unsettled_next(delivery))
        session->stale_bytes += pn_delivery_pending(delivery);
}

void LinkTable::answered(LinkId request) {
    Link* link = find(request);
    if (link != nullptr && link->kind() == LinkKind::management &&
        pn_link_is_receiver(link->handle()))
        static_cast<ManagementRequests*>(link)->answered();
}

void LinkTable::end_all(Ending ending) {
    for (const auto& [number, link] : links_)
        link->end(ending);
}

Link* LinkTable::at(FramePlace place) const {
    const auto found = by_place_.find(key_of(place));
    return found == by_place_.end() ? nullptr : found->second;
}

void LinkTable::note_foreign_format(FramePlace place) {
    Link* link = at(place);
    if (link != nullptr && !link->is_over() && pn_link_is_receiver(link->handle()))
        link->on_foreign_format();
}

// What the engine has not sent yet counts as sent on its side of the credit.
std::uint32_t LinkTable::overdrawn(FramePlace place, std::int64_t change) const {
    const Link* link = at(place);
    if (link == nullptr || !pn_link_is_sender(link->handle())) return 0;
    const std::int64_t left =
        std::int64_t{pn_link_credit(link->handle())} + pn_link_queued(link->handle()) + change;
    return left < 0 ? static_cast<std::uint32_t>(-left) : 0;
}

void LinkTable::pump() {
    for (const auto& [number, link] : links_)
        if (!link->is_over()) link->on_room();
}

Link* LinkTable::find(LinkId id) {
    if (last_found_ != nullptr && last_found_->id() == id)
        return last_found_->is_over() ? nullptr : last_found_;
    const auto at = links_.find(link_of(id));
    if (at == links_.end() || at->second->is_over()) return nullptr;
    last_found_ = at->second.get();
    return last_found_;
}

Inlet* LinkTable::inlet(LinkId id) {
    Link* link = find(id);
    return link != nullptr && link->kind() == LinkKind::inlet ? static_cast<Inlet*>(link) : nullptr;
}

Outlet* LinkTable::outlet(LinkId id) {
    Link* link = find(id);
    return link != nullptr && link->kind() == LinkKind::outlet ? static_cast<Outlet*>(link)
                                                               : nullptr;
}

ManagementReplies* LinkTable::replies(std::string_view reply_to) {
    for (const auto& [number, link] : links_)
        if (link->kind() == LinkKind::management && !link->is_over() &&
            !pn_link_is_receiver(link->handle()))
            if (auto* replies = static_cast<ManagementReplies*>(link.get());
                replies->answers_to(reply_to))
                return replies;
    return nullptr;
}

std::size_t LinkTable::pending() const {
    std::size_t sum = 0;
    for (const auto& [number, link] : links_) {
        if (link->kind() == LinkKind::inlet)
            sum += static_cast<const Inlet*>(link.get())->pending();
        if (link->kind() == LinkKind::outlet)
            sum += static_cast<const Outlet*>(link.get())->pending();
    }
    return sum;
}

void LinkTable::stop() {
    for (const auto& [number, link] : links_) {
        if (link->kind() == LinkKind::inlet) static_cast<Inlet*>(link.get())->stop_credit();
        if (link->kind() == LinkKind::outlet) static_cast<Outlet*>(link.get())->stop();
    }
}

void LinkTable::on_written(std::size_t bytes) {
    room_.written(bytes);
    if (room_.blocked > 0 && room_.has_room()) pump();
}

// What is left then waits for the peer's session windows.
bool LinkTable::on_all_written() {
    room_.backlog = 0;
    for (Session& session : sessions_) {
        const std::uint64_t outgoing = pn_session_outgoing_bytes(session.handle);
        session.stale_bytes = std::min(session.stale_bytes, outgoing);
        room_.backlog += outgoing - session.stale_bytes;
    }
    if (room_.blocked == 0 || !room_.has_room()) return false;
    const std::uint64_t before = room_.backlog;
    pump();
    return room_.backlog != before;
}

}  // namespace vera::amqp
