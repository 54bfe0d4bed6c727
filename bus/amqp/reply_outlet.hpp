#pragma once
// A link on which the peer receives what lives in memory alone: replies of the management node, and
// messages to a dynamic node. Private to this room.
#include "bus/amqp/frame_guard.hpp"
#include "bus/amqp/io_thread.hpp"
#include "bus/amqp/link.hpp"
#include "bus/amqp/outlet.hpp"
#include "bus/amqp/reply_nodes.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace vera::amqp {

class LinkTable;

class ReplyOutlet final : public Link {
public:
    static constexpr std::size_t stamp_bytes = 512;  ///< at most so much is put around a message

    /// `node` outlives the link, or leaves it by part(). `target`: an address by which management
    /// requests may name this link too.
    ReplyOutlet(pn_link_t* handle,
                LinkId id,
                IoThread& io,
                LinkTable& links,
                FrameGuard& guard,
                OutputRoom& room,
                ReplyNode& node,
                std::string target);
    ~ReplyOutlet() override { room_.set_blocked(is_blocked_, false); }

    [[nodiscard]] bool answers_to(std::string_view reply_to) const;
    /// Sent when there is credit and room; `request` hears of it then. false: too many wait, it is
    /// dropped.
    [[nodiscard]] bool send(LinkId request, std::string_view message);
    /// Its node is closed.
    void part();
    void on_flow() override { pump(); }
    void on_room() override { pump(); }
    /// Whatever the outcome: what was sent is gone.
    void on_delivery(pn_delivery_t* delivery) override;
    void on_gone(Ending ending) override;

private:
    void pump();
    void send(const ReplyNode::Waiting& one);
    [[nodiscard]] std::string_view stamped(const ReplyNode::Waiting& one);

    IoThread& io_;
    LinkTable& links_;
    FrameGuard& guard_;
    OutputRoom& room_;
    ReplyNode* node_;
    std::string target_;
    bool is_blocked_ = false;
    std::uint64_t next_tag_ = 1;
};

/// The link by which a peer has made a node with a dynamic target (as JMS does for a temporary
/// queue): nothing is sent on it, the node goes with it.
class NodeAnchor final : public Link {
public:
    NodeAnchor(pn_link_t* handle, LinkId id, LinkTable& links)
        : Link(handle, id, LinkKind::anchor),
          links_(links) {}
    void on_delivery(pn_delivery_t* delivery) override;
    void on_gone(Ending ending) override;

private:
    LinkTable& links_;
};

}  // namespace vera::amqp
