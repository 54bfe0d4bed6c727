#pragma once
// The frame guard: sees every byte a client sends before the protocol engine does, speaks SASL
// itself, and lets only whole frames pass that the engine can bear (AMQP 1.0 §2, §5.3; the reasons
// are in the room's README). Pure: no sockets, no engine, no clock.
//
// What passes and is still the door's to refuse: an attach to a transaction coordinator (the C
// engine bears it: answer with a detach `amqp:not-implemented`), an unknown address, a
// message-format other than 0, deliveries beyond the link's credit.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace vera::amqp {

struct GuardLimits {
    std::uint32_t max_frame = 65536;  ///< bytes, as advertised in open
    std::uint16_t channel_max = 31;   ///< highest channel number: sessions per connection - 1
    std::uint32_t handle_max = 255;   ///< highest handle: links per session - 1
    std::uint64_t max_message =
        16U << 20U;  ///< bytes of one delivery; a link may have less, see set_link_limit
    std::uint64_t max_unfinished = 64U
                                   << 20U;  ///< bytes of all unfinished deliveries of a connection
    std::uint64_t max_attached =
        16U << 20U;           ///< bytes the engine holds for attaches of a connection's links
    bool knows_sent = false;  ///< delivery_sent() is called: dispositions of what was never sent
                              ///< are dropped, repeats bounded
    std::uint32_t preauth_bytes = 16384;  ///< before SASL has ended
    std::uint32_t preauth_frames = 4;
    int nesting = 8;                   ///< of lists, maps, arrays in a performative
    int values = 1024;                 ///< in one performative
    std::uint32_t min_idle_ms = 1000;  ///< a shorter idle-time-out of the peer is refused
};

/// What one call of next() found at the beginning of the input.
enum class Verdict : std::uint8_t {
    need_more,  ///< not whole yet: read on
    pass,       ///< `bytes` may go to the engine
    consumed,   ///< `bytes` were for the guard (SASL): drop them, write take_output() to the peer
    wait,       ///< the outcome of a verification is awaited: call next() again after verified()
    refuse,     ///< close with condition() and text(), use nothing of the input; not authenticated:
                ///< take_output(), then close the socket, no engine bytes
};

struct Step {
    Verdict verdict = Verdict::need_more;
    std::size_t bytes = 0;
    bool is_barrier = false;    ///< begin, attach, detach, end, close: let the engine read, handle
                                ///< its events and write before the next
    std::uint16_t channel = 0;  ///< of a passed frame
    std::uint32_t handle = 0;   ///< of a passed attach, detach, has_foreign_format or flow
    bool has_foreign_format = false;  ///< a transfer whose message-format is not 0
    std::int64_t credit_change = 0;  ///< a flow of a receiving peer: negative if it takes some back
    bool wants_echo = false;         ///< a flow that asks for our state (§2.7.4)
    bool is_of_link = false;         ///< a flow: of the link at `handle`, else of the session
    std::uint32_t window_short = 0;  ///< a flow: so many transfers more were sent than its window
};

struct Credentials {
    bool is_external = false;  ///< EXTERNAL: no password, `user` may be empty
    std::string user;
    std::string password;
};

/// One per connection. Thread: the connection's I/O thread.
class FrameGuard {
public:
    /// Mechanisms offered: ANONYMOUS first if allowed, then PLAIN if allowed. Neither: every
    /// connection is refused.
    FrameGuard(const GuardLimits& limits, bool allows_anonymous, bool allows_plain);
    ~FrameGuard();
    /// A client certificate has been verified: EXTERNAL is offered first. Before any next().
    void offer_external();
    FrameGuard(const FrameGuard&) = delete;
    FrameGuard& operator=(const FrameGuard&) = delete;

    /// Looks at the first unit (protocol header or frame) of `input`. Never throws on any input.
    [[nodiscard]] Step next(std::string_view input);
    /// Bytes for the peer that do not come from the engine: SASL header, mechanisms, outcome. To be
    /// written before the engine's.
    [[nodiscard]] std::string take_output();
    /// Credentials to verify, once, after next() gave `consumed` for the last SASL frame of PLAIN
    /// or EXTERNAL; next() gives `wait` until verified().
    [[nodiscard]] std::optional<Credentials> take_credentials();
    void verified(bool is_right);

    [[nodiscard]] bool is_authenticated() const;
    [[nodiscard]] std::string_view mechanism()
        const;                           ///< "EXTERNAL", "ANONYMOUS" or "PLAIN" once authenticated
    [[nodiscard]] bool is_open() const;  ///< the peer's open has passed
    [[nodiscard]] bool is_closed() const;  ///< the peer's close has passed
    [[nodiscard]] std::string_view condition()
        const;  ///< after refuse: error condition, e.g. "amqp:decode-error"
    [[nodiscard]] std::string_view text() const;

    /// What the engine has written to the peer, all of it, in order.
    void written(std::string_view bytes);
    /// The flow that has just passed, with so much more link-credit and incoming-window. What is on
    /// its way may be more than the peer now takes; the engine counts without a sign, and would
    /// take that for a credit or window without end.
    [[nodiscard]] std::string eased_flow(std::string_view frame,
                                         std::uint32_t credit,
                                         std::uint32_t window);
    /// A flow that tells the peer our state and asks for nothing: of the session, and of the link
    /// if one is given, with the credit that is left of what its receiver has given. All that the
    /// engine has for the peer must have been written before. Empty: there is no such session or
    /// link, or its attach has not been answered.
    struct LinkState {
        std::uint32_t handle = 0;  ///< the peer's
        std::uint32_t credit = 0;
        bool is_draining = false;
    };
    [[nodiscard]] std::string state_flow(std::uint16_t channel,
                                         const std::optional<LinkState>& link) const;
    /// After the attach of a sending peer: deliveries on it may have at most this many bytes (never
    /// above limits.max_message).
    void set_link_limit(std::uint16_t channel, std::uint32_t handle, std::uint64_t bytes);
    /// Deliveries were given to the engine on the session that the peer has begun on `channel`
    /// (with limits.knows_sent).
    void delivery_sent(std::uint16_t channel, std::uint64_t deliveries = 1);
    /// Message bytes of unfinished deliveries that the engine buffers for this connection.
    [[nodiscard]] std::uint64_t buffered_bytes() const;
    /// Milliseconds of the caller's choice, never backwards: the age of unfinished deliveries is
    /// told by it.
    void set_time(std::uint64_t ms);
    /// How long the oldest unfinished delivery has been coming; 0 if there is none.
    [[nodiscard]] std::uint64_t unfinished_ms() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace vera::amqp
