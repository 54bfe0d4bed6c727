#pragma once
// A consumer's link: copies out in order, credit and outcomes back to the core. Private to this
// room.
#include "bus/amqp/address_right.hpp"
#include "bus/amqp/addresses.hpp"
#include "bus/amqp/frame_guard.hpp"
#include "bus/amqp/io_thread.hpp"
#include "bus/amqp/link.hpp"
#include "bus/amqp/section_scanner.hpp"
#include "bus/flow/messages.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
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
    std::size_t blocked = 0;          ///< links that wait for room

    [[nodiscard]] bool has_room() const { return backlog < most_bytes; }
    void handed(std::size_t bytes) { backlog += bytes + (bytes / frame_bytes + 1) * 64; }
    void written(std::size_t bytes) { backlog -= std::min<std::uint64_t>(backlog, bytes); }
    /// A link begins or ends to wait for room; `was` is its own note of that.
    void set_blocked(bool& was, bool is) {
        if (was == is) return;
        was = is;
        blocked += is ? std::size_t{1} : ~std::size_t{0};
    }
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
    ~Outlet() override { room_.set_blocked(is_blocked_, false); }

    void on_flow() override;
    void on_delivery(pn_delivery_t* delivery) override;
    void on_room() override { pump(); }
    void on_gone(Ending ending) override;

    void deliver(flow::Deliver deliver);
    void fetched(std::uint64_t ticket, Result<Body> body);
    void drained();
    void settle_durable(CopySeq copy);
    /// Sends nothing more: what waits here goes back to its queue.
    void stop();
    /// Deliveries that the consumer has not settled.
    [[nodiscard]] std::size_t pending() const;

private:
    // A copy that could not be sent at once: no room, no credit, or its body is being read.
    struct Waiting {
        flow::Deliver deliver;
        std::uint64_t ticket = 0;  // 0: not asked for
        std::optional<Result<Body>> body;
    };
    void pump();
    void start_fetches();
    void send_or_give_up(const flow::Deliver& deliver, const Result<Body>& body);
    /// The bare message that goes out, and what is said about it.
    struct Other {
        std::string_view bare;
        std::string_view withheld;
        std::string_view transform;
        std::string kept;  ///< what `bare` looks at, if it was made
    };
    bool reshape(const flow::Deliver& deliver,
                 const flow::Outgoing& outgoing,
                 const Sections& sections,
                 const std::string& reduced,
                 Other& shown);
    void note_reply_to(const Sections& sections);
    void send(const flow::Deliver& deliver, std::string_view head, std::string_view bare);
    void give_up(const flow::Deliver& deliver, const Error& error);
    void answer_drain();
    void return_excess();
    void tell_credit();
    [[nodiscard]] std::size_t credit() const;
    [[nodiscard]] flow::Settled settled(CopySeq copy, flow::ConsumerOutcome outcome) const;
    void report(pn_delivery_t* delivery, CopySeq copy, bool is_settled);

    IoThread& io_;
    FrameGuard& guard_;
    OutputRoom& room_;
    QueueId queue_;
    std::string queue_name_;    // as consumed from
    std::string subscription_;  // of "sub/<name>": <name>
    bool is_inbox_;             // what it holds names its sender
    std::string system_;        // who consumes
    AddressRight right_;
    bool has_dead_letters_;  // a rejected copy goes somewhere
    Mode mode_;
    std::deque<Waiting> waiting_;
    std::size_t fetching_ = 0;
    std::size_t last_body_bytes_ = 0;
    std::uint64_t last_ticket_ = 0;
    std::uint64_t received_ = 0;  // Deliver effects in all
    std::uint64_t next_tag_ = 1;
    std::uint64_t told_limit_ = 0;  // what the core holds
    bool told_draining_ = false;    // Drained is awaited
    bool drains_when_empty_ = false;
    bool has_used_limit_ = false;  // when it was drained: there may be more in the queue
    bool is_blocked_ = false;
    bool is_stopped_ = false;
    std::unordered_map<CopySeq, pn_delivery_t*> awaiting_durable_;
};

}  // namespace vera::amqp
