#include "bus/amqp/link_table.hpp"

#include "bus/amqp/management_node.hpp"
#include "bus/amqp/reply_outlet.hpp"

#include <algorithm>
#include <utility>

namespace vera::amqp {
namespace {

Link* ours_of(pn_link_t* link) {
    return static_cast<Link*>(pn_link_get_context(link));
}

std::uint64_t key_of(FramePlace place) {
    return (std::uint64_t{place.channel} << 32U) | place.handle;
}

}  // namespace

LinkTable::LinkTable(IoThread& io, std::uint32_t connection, FrameGuard& guard)
    : io_(io),
      connection_(connection),
      guard_(guard),
      nodes_(io.door()) {}

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
    if (link != nullptr && link->kind() == LinkKind::management)
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

// As the engine would tell it: what it has not sent yet is not off the credit.
std::optional<FrameGuard::LinkState> LinkTable::state_of(FramePlace place) const {
    const Link* link = at(place);
    if (link == nullptr || link->is_over()) return std::nullopt;
    pn_link_t* handle = link->handle();
    const bool is_sender = pn_link_is_sender(handle);
    const int credit =
        is_sender ? pn_link_credit(handle) + pn_link_queued(handle) : pn_link_remote_credit(handle);
    return FrameGuard::LinkState{.handle = place.handle,
                                 .credit = static_cast<std::uint32_t>(std::max(credit, 0)),
                                 .is_draining = is_sender && pn_link_get_drain(handle)};
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

ReplyOutlet* LinkTable::replies(std::string_view reply_to) {
    for (const auto& [number, link] : links_)
        if (link->kind() == LinkKind::replies && !link->is_over())
            if (auto* replies = static_cast<ReplyOutlet*>(link.get());
                replies->answers_to(reply_to))
                return replies;
    return nullptr;
}

std::optional<Refusal> LinkTable::offer(NodeMessage message) {
    if (auto why = nodes_.judge(message.node, message.sender->system)) return why;
    ReplyNode& node = *nodes_.find(message.node);
    const std::uint64_t most =
        node.reader == nullptr ? 0 : pn_link_remote_max_message_size(node.reader->handle());
    if (most != 0 && message.message.size() + ReplyOutlet::stamp_bytes > most)
        return Refusal{Condition::too_large,
                       "larger than the receiver's max-message-size of " + std::to_string(most)};
    const std::optional<ReplyAddress> reply_to = message.reply_to;
    if (auto why = nodes_.add(node, std::move(message))) return why;
    if (reply_to) {
        Work work;
        work.grants.push_back({.node = *reply_to,
                               .via = {Audience::Kind::node, node.address.owner.value},
                               .system = identity_->system});
        io_.put_at(reply_to->owner, std::move(work));
    }
    if (node.reader != nullptr) node.reader->on_room();
    return std::nullopt;
}

void LinkTable::close_node(LinkId maker) {
    if (ReplyOutlet* reader = nodes_.reader_of(maker); reader != nullptr) {
        reader->part();
        reader->close_with("amqp:resource-deleted", "the link that made this dynamic node is gone");
    }
    nodes_.close(maker);
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
