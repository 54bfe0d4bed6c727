#pragma once
// A consumer's link: copies out in order, credit and outcomes back to the core. Private to this
// room.
#include "bus/amqp/addresses.hpp"
#include "bus/amqp/frame_guard.hpp"
#include "bus/amqp/io_thread.hpp"
#include "bus/amqp/link.hpp"
#include "bus/flow/messages.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

namespace vera::amqp {

/// What the engine holds of one connection's output. It turns deliveries into frames at once, as
/// far as the peer's session window goes, and does not tell how many bytes wait: so they are
/// counted here, rather too many than too few, and set right whenever all is written.
struct OutputRoom {
    static constexpr std::uint64_t most_bytes = 2U
                                                << 20U;  ///< beyond it copies wait in their outlets
    std::uint64_t backlog = 0;
    std::uint32_t frame_bytes = 512;  ///< the peer's max-frame-size
    std::size_t blocked = 0;          ///< outlets that wait for room

    [[nodiscard]] bool has_room() const { return backlog < most_bytes; }
    void handed(std::size_t bytes) { backlog += bytes + (bytes / frame_bytes + 1) * 64; }
    void written(std::size_t bytes) { backlog -= std::min<std::uint64_t>(backlog, bytes); }
};

class Outlet final : public Link {
public:
    struct Mode {
        flow::ConsumeMode consume = flow::ConsumeMode::take;
        bool is_presettled = false;
        bool settles_second =
            false;  ///< receiver-settle-mode second: the peer waits for our settlement
    };
    /// Tells the core. `address.use` is queue; `room` is the connection's: it tells whether copies
    /// wait for room.
    Outlet(pn_link_t* handle,
           LinkId id,
           IoThread& io,
           FrameGuard& guard,
           OutputRoom& room,
           const event::Identity& identity,
           const Address& address,
           Mode mode);
    ~Outlet() override { set_blocked(false); }

    void on_flow() override;
    void on_delivery(pn_delivery_t* delivery) override;
    void on_room() override { pump(); }
    void on_gone(Ending ending) override;

    void deliver(flow::Deliver deliver);
    void fetched(std::uint64_t ticket, Result<Body> body);
    void drained();
    void settle_durable(CopySeq copy);

private:
    // A copy that could not be sent at once: no room, no credit, or its body is being read.
    struct Waiting {
        flow::Deliver deliver;
        std::uint64_t ticket = 0;  // 0: not asked for
        std::optional<Result<Body>> body;
    };
    void pump();
    void start_fetches();
    void send(const flow::Deliver& deliver, const Body& body);
    void give_up(const flow::Deliver& deliver, std::string reason, std::string error);
    void return_excess();
    void tell_credit();
    [[nodiscard]] flow::Settled released(CopySeq copy) const;
    void report(pn_delivery_t* delivery, CopySeq copy, bool is_settled);

    void set_blocked(bool is_blocked);

    IoThread& io_;
    FrameGuard& guard_;
    OutputRoom& room_;
    QueueId queue_;
    std::string queue_name_;    // as consumed from
    std::string subscription_;  // of "sub/<name>": <name>
    Mode mode_;
    std::deque<Waiting> waiting_;
    std::size_t fetching_ = 0;
    std::size_t last_body_bytes_ = 0;
    std::uint64_t last_ticket_ = 0;
    std::uint64_t received_ = 0;  // Deliver effects in all
    std::uint64_t next_tag_ = 1;
    std::uint64_t told_limit_ = 0;
    bool told_draining_ = false;
    bool drains_when_empty_ = false;
    bool is_blocked_ = false;
    bool has_given_up_ = false;
    std::unordered_map<CopySeq, pn_delivery_t*> awaiting_durable_;
};

}  // namespace vera::amqp
