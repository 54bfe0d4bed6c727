#pragma once
// What the guard knows of a peer's sessions and links, and the rules that follow from it (reasons
// in the room's README). Pure.
#include "bus/amqp/frame_guard.hpp"
#include "bus/amqp/performative.hpp"
#include "bus/amqp/sent_frames.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace vera::amqp {

class PeerSessions {
public:
    /// What becomes of a frame that is well formed.
    enum class Ruling : std::uint8_t { pass, drop, refuse };

    /// `sent`: what has been written to the peer.
    PeerSessions(const GuardLimits& limits, const SentFrames& sent)
        : limits_(limits),
          sent_(sent) {}

    struct Size {
        std::size_t payload = 0;   ///< bytes behind the performative; only a transfer has any
        std::uint64_t weight = 0;  ///< bytes the engine may hold for the performative
    };
    /// refuse: `why` is filled.
    [[nodiscard]] Ruling rule(
        Performative kind, std::uint16_t channel, const Fields& fields, Size size, Objection& why);

    /// The peer's open: it will not take channels above this.
    void set_peer_channel_max(std::uint16_t channel_max);
    /// How far the credit that a receiving peer has just told of reaches beyond what it had told
    /// before, counted in deliveries; negative if it takes some back (§2.6.7).
    [[nodiscard]] std::int64_t credit_change() const { return credit_change_; }
    /// How many transfers the peer's window now ends before those that were sent to it already.
    [[nodiscard]] std::uint32_t window_short() const { return window_short_; }
    /// The flow that has just been ruled on reaches the engine with so much more credit.
    void raise_credit(std::uint16_t channel, std::uint32_t handle, std::uint32_t by);
    /// What a flow to the peer has to say of its session; none: there is no such session.
    [[nodiscard]] std::optional<std::uint32_t> next_incoming(std::uint16_t channel) const;
    [[nodiscard]] std::optional<std::uint32_t> first_transfer_id(std::uint16_t channel) const;
    /// The delivery-count that goes with `credit` which is left of what the receiver of the link
    /// has given; none: there is no such link.
    [[nodiscard]] std::optional<std::uint32_t> link_count(std::uint16_t channel,
                                                          std::uint32_t handle,
                                                          std::uint32_t credit) const;
    void set_link_limit(std::uint16_t channel, std::uint32_t handle, std::uint64_t bytes);
    void delivery_sent(std::uint16_t channel, std::uint64_t deliveries);
    [[nodiscard]] std::uint64_t buffered() const { return buffered_; }
    /// Deliveries that begin from now on have begun at `time`.
    void set_time(std::uint64_t time) { time_ = time; }
    /// When the oldest unfinished delivery began; the time now if there is none.
    [[nodiscard]] std::uint64_t oldest_unfinished() const;

private:
    struct Link {
        bool is_used = false;
        bool is_peer_sender = false;
        bool is_unfinished = false;  ///< a delivery is between its first and its last transfer
        bool is_settled = false;     ///< that delivery has been sent settled
        std::uint32_t delivery_id = 0;
        std::uint32_t delivery_count = 0;
        std::uint64_t credit = 0;  ///< a receiving peer's, counted from delivery_count
        std::uint64_t bytes = 0;   ///< of that delivery
        std::uint64_t began = 0;   ///< that delivery
        std::uint64_t limit = 0;
        std::uint64_t weight = 0;  ///< of its attach
        std::string name;
        std::string tag;  ///< of that delivery
    };
    struct Session {
        std::uint32_t first_incoming = 0;  ///< the peer's first delivery-id
        std::uint32_t first_transfer = 0;  ///< the peer's first transfer-id
        std::uint32_t transfers = 0;       ///< that the peer has sent
        std::uint64_t incoming = 0;        ///< deliveries the peer has begun, ids from there on
        std::uint64_t outgoing = 0;        ///< deliveries sent to the peer, ids from 0 on
        std::uint64_t visits_left = 0;     ///< deliveries that further dispositions may touch
        std::uint64_t links_left = 0;      ///< links the peer can still take (its handle-max)
        std::vector<Link> links;
    };

    Ruling begin(std::uint16_t channel, const Fields& fields, Objection& why);
    Ruling attach(Session& session, const Fields& fields, std::uint64_t weight, Objection& why);
    Ruling flow(std::uint16_t channel, Session& session, const Fields& fields, Objection& why);
    Ruling transfer(Session& session, const Fields& fields, std::size_t payload, Objection& why);
    Ruling first_transfer(Session& session, Link& link, const Fields& fields, Objection& why);
    Ruling receiver_flow(Link& link, const Fields& fields);
    static Ruling sender_flow(Link& link, const Fields& fields, Objection& why);
    static Ruling next_transfer(Link& link, const Fields& fields, Objection& why);
    Ruling disposition(Session& session, const Fields& fields, Objection& why);
    Ruling detach(Session& session, const Fields& fields, Objection& why);
    void end(std::uint16_t channel);
    void forget_delivery(Link& link);
    void forget_link(Link& link);
    Session* session_at(std::uint16_t channel);
    static Link* link_at(Session& session, std::uint64_t handle);

    GuardLimits limits_;
    const SentFrames& sent_;
    std::vector<std::unique_ptr<Session>> sessions_;
    std::uint64_t time_ = 0;
    std::uint64_t buffered_ = 0;
    std::uint64_t attached_ = 0;  ///< weight of all links
    std::int64_t credit_change_ = 0;
    std::uint32_t window_short_ = 0;
};

}  // namespace vera::amqp
