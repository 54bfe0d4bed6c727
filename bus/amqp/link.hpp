#pragma once
// One attached link as the door sees it; inlets, outlets and the management node's ends derive from
// it. Private to this room.
#include "bus/amqp/door_context.hpp"

#include <proton/delivery.h>
#include <proton/link.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace vera::amqp {

/// Why a link is gone.
enum class Ending : std::uint8_t {
    orderly,  ///< detach, end or close by the peer, or by us
    lost,     ///< the connection broke, timed out or was refused
};

/// A link as the peer's frames name it.
struct FramePlace {
    std::uint16_t channel = 0;
    std::uint32_t handle = 0;
    friend bool operator==(const FramePlace&, const FramePlace&) = default;
};

enum class LinkKind : std::uint8_t {
    inlet,
    outlet,
    management,  ///< requests come
    replies,     ///< replies leave, or messages to a dynamic node
    anchor,      ///< holds a dynamic node
    refused,
};

/// Thread: its connection's. Lives from the peer's attach until the engine's link is freed.
class Link {
public:
    Link(pn_link_t* handle, LinkId id, LinkKind kind) : handle_(handle), id_(id), kind_(kind) {}
    virtual ~Link() = default;
    Link(const Link&) = delete;
    Link& operator=(const Link&) = delete;

    /// The peer's flow has changed credit or drain.
    virtual void on_flow() {}
    /// A transfer came, or a disposition.
    virtual void on_delivery(pn_delivery_t* delivery) = 0;
    /// Output was written: what waited for room may go on.
    virtual void on_room() {}
    /// The delivery that comes now has a message-format other than 0.
    virtual void on_foreign_format() {}
    /// Once: the link takes part in nothing any more; Proton's deliveries on it go with it.
    virtual void on_gone(Ending ending) = 0;

    /// Closes our end with an error and takes the link out of service; the peer's detach is
    /// awaited.
    void close_with(std::string_view condition, const std::string& text);
    void end(Ending ending) {
        if (is_over_) return;
        is_over_ = true;
        on_gone(ending);
    }

    [[nodiscard]] pn_link_t* handle() const { return handle_; }
    [[nodiscard]] LinkId id() const { return id_; }
    [[nodiscard]] LinkKind kind() const { return kind_; }
    [[nodiscard]] bool is_over() const { return is_over_; }
    /// Where the peer's frames put it.
    void set_place(FramePlace place) { place_ = place; }
    [[nodiscard]] FramePlace place() const { return place_; }

private:
    pn_link_t* handle_;
    LinkId id_;
    LinkKind kind_;
    FramePlace place_;
    bool is_over_ = false;
};

/// Takes the bytes of a delivery that nobody wants; settles it once it is whole.
void discard(pn_delivery_t* delivery);
/// A link whose attach was refused, or that was closed by us: it only waits for the peer's detach.
class RefusedLink final : public Link {
public:
    RefusedLink(pn_link_t* handle, LinkId id) : Link(handle, id, LinkKind::refused) {}
    void on_delivery(pn_delivery_t* delivery) override { discard(delivery); }
    void on_gone(Ending /*ending*/) override {}
};

}  // namespace vera::amqp
