#pragma once
// Sessions and links of one connection: handles the engine's events, answers attaches, finds links
// by id. Private to this room.
#include "bus/amqp/frame_guard.hpp"
#include "bus/amqp/inlet.hpp"
#include "bus/amqp/io_thread.hpp"
#include "bus/amqp/link.hpp"
#include "bus/amqp/outlet.hpp"
#include "bus/amqp/reply_nodes.hpp"
#include "bus/base/refusal.hpp"
#include "bus/event/raw_event.hpp"

#include <proton/connection.h>
#include <proton/event.h>
#include <proton/session.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace vera::amqp {

class ReplyOutlet;

/// Thread: its connection's; owned by it.
class LinkTable {
public:
    LinkTable(IoThread& io, std::uint32_t connection, FrameGuard& guard);
    ~LinkTable();
    LinkTable(const LinkTable&) = delete;
    LinkTable& operator=(const LinkTable&) = delete;

    void set_identity(std::shared_ptr<const event::Identity> identity) {
        identity_ = std::move(identity);
    }
    /// Before the engine gets an attach frame.
    void begin_attach(FramePlace place) { attaching_ = place; }
    /// Before the engine gets a transfer with a message-format other than 0.
    void note_foreign_format(FramePlace place);
    /// Before the engine gets a flow that changes a consumer's credit by so much: how much of it
    /// must not reach the engine, because more is under way than the peer now wants (AMQP 1.0
    /// §2.6.7).
    [[nodiscard]] std::uint32_t overdrawn(FramePlace place, std::int64_t change) const;
    /// What a flow of ours has to say of the link there; none: it is gone, or over.
    [[nodiscard]] std::optional<FrameGuard::LinkState> state_of(FramePlace place) const;
    /// Sessions and links; other events are ignored.
    void on_event(pn_event_t* event);
    /// Every link goes, as when the connection does.
    void end_all(Ending ending);
    /// The engine goes: its handles are worth nothing any more.
    void forget_all() {
        by_place_.clear();
        links_.clear();
    }
    /// The socket took that many bytes: outlets that waited for room may go on.
    void on_written(std::size_t bytes);
    /// Nothing is left to write. true: outlets have gone on, there is more now.
    bool on_all_written();
    void set_peer_frame(std::uint32_t bytes) { room_.frame_bytes = std::max(bytes, 512U); }

    [[nodiscard]] Inlet* inlet(LinkId id);
    [[nodiscard]] Outlet* outlet(LinkId id);
    [[nodiscard]] Link* find(LinkId id);
    /// The receiving end on this connection with that reply-to address, or none.
    [[nodiscard]] ReplyOutlet* replies(std::string_view reply_to);
    [[nodiscard]] bool has_inlets() const { return inlets_ > 0; }
    [[nodiscard]] ReplyNodes& nodes() { return nodes_; }
    /// Somebody sends to a dynamic node of this connection.
    [[nodiscard]] std::optional<Refusal> offer(NodeMessage message);
    /// The dynamic node that this link made goes; whoever receives from it is told.
    void close_node(LinkId maker);
    /// That management request is done with.
    void answered(LinkId request);
    /// Published and not answered yet, delivered and not settled yet.
    [[nodiscard]] std::size_t pending() const;
    /// Nothing new in either direction; what is pending may still come.
    void stop();

private:
    [[nodiscard]] Link* at(FramePlace place) const;
    void pump();
    void on_session_open(pn_session_t* session);
    void on_session_close(pn_session_t* session);
    void on_attach(pn_link_t* link);
    void on_detach(pn_link_t* link, bool is_closed);
    void attach_receiving(pn_link_t* link, LinkId id);
    void attach_sending(pn_link_t* link, LinkId id);
    void attach_outlet(pn_link_t* link, LinkId id, const Address& address);
    void attach_replies(pn_link_t* link, LinkId id, ReplyNode& node, const char* address);
    void attach_dynamic_target(pn_link_t* link, LinkId id);
    void probe(const ReplyAddress& node, LinkId from);
    void attach_to_node(pn_link_t* link, LinkId id, ReplyNode& node);
    void refuse(pn_link_t* link, LinkId id, const Refusal& why);
    void keep(std::unique_ptr<Link> link);
    void drop(pn_link_t* link);
    void note_stale(pn_link_t* link);

    IoThread& io_;
    const std::uint32_t connection_;
    FrameGuard& guard_;
    FramePlace attaching_;  // of the attach frame that the engine handles now
    OutputRoom room_;
    std::shared_ptr<const event::Identity> identity_;
    ReplyNodes nodes_;
    std::unordered_map<std::uint32_t, std::unique_ptr<Link>> links_;
    std::unordered_map<std::uint64_t, Link*> by_place_;  // the newest that the peer put there
    Link* last_found_ = nullptr;
    std::uint32_t last_number_ = 0;
    std::size_t inlets_ = 0;
    // The engine counts bytes of a link that is freed as outgoing for as long as its session lives.
    struct Session {
        pn_session_t* handle = nullptr;
        std::uint64_t stale_bytes = 0;
    };
    std::vector<Session> sessions_;
};

}  // namespace vera::amqp
