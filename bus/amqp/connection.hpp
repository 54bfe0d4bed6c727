#pragma once
// One client's connection: socket, TLS, frame guard, Proton's engine, timers. Private to this room.
#include "bus/amqp/frame_guard.hpp"
#include "bus/amqp/front_door.hpp"
#include "bus/amqp/io_thread.hpp"
#include "bus/amqp/link_table.hpp"
#include "bus/amqp/tls_session.hpp"

#include <proton/connection_driver.h>

#include <asio/ip/tcp.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace vera::amqp {

/// Thread: one I/O thread. Held by it and by the socket operations under way.
class Connection : public std::enable_shared_from_this<Connection> {
public:
    Connection(IoThread& io,
               std::uint32_t number,
               asio::ip::tcp::socket socket,
               const ListenOn& on,
               std::shared_ptr<const TlsContext> tls);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    void start();
    /// The byte budget has room again.
    void resume_reading();
    /// It may go on with the TLS handshake, for which bytes have come.
    void take_turn();
    /// The time for TLS and SASL is over, if we have not kept the client waiting meanwhile.
    void end_late_handshake(std::chrono::steady_clock::time_point now);
    /// Looks at the other timers.
    void sweep(std::chrono::steady_clock::time_point now);
    /// The door closes: no more credit; the close frame goes once every delivery is answered.
    void begin_close();
    /// The close frame goes now.
    void force_close();
    /// Nothing of it remains; what its consumers held has `ending`.
    void end(Ending ending);
    /// Refuses the connection: close frame with the condition, then the end.
    void refuse(std::string_view condition, std::string_view text);
    /// Who the client is, nothing: credentials that nobody has.
    void verified(std::shared_ptr<const event::Identity> identity);
    void answer_management(LinkId request,
                           const ManagementReply& reply,
                           std::string_view correlation,
                           std::string_view reply_to);

    /// After work from outside: events, output.
    void finish_work();
    bool is_touched = false;  ///< the I/O thread's note that finish_work() is due

    [[nodiscard]] LinkTable& links() { return links_; }
    [[nodiscard]] std::uint32_t number() const { return number_; }
    [[nodiscard]] std::uint64_t buffered_bytes() const { return partial_bytes_; }
    /// Wants the sweep oftener than usual: the peer wants to hear of us often.
    [[nodiscard]] bool is_impatient() const { return is_impatient_; }

private:
    enum class Phase : std::uint8_t {
        open,       // in use, or still authenticating
        refused,    // the close frame is on its way; input is dropped
        lingering,  // all is written and our side shut; the peer's end is awaited for a while
        dead,
    };
    using Clock = std::chrono::steady_clock;
    /// The peer wants to hear the state of that session, or of that link (AMQP 1.0 §2.7.4).
    struct Echo {
        FramePlace place;
        bool is_of_link = false;
        friend bool operator==(const Echo&, const Echo&) = default;
    };

    void init_engine();
    [[nodiscard]] bool may_read() const {
        return !is_writing_ && !awaits_verdict_ && !awaits_turn_ && phase_ == Phase::open;
    }
    [[nodiscard]] bool must_pause() const;
    void read();
    pn_rwbytes_t engine_room();
    void read_tls();
    void await_turn();
    void receive_tls();
    void decrypt();
    void fail_tls(std::string_view reason);
    bool flush_tls();
    void on_read(std::error_code error, std::size_t size);
    void process_input();
    void take_input();
    bool pass(std::size_t size, bool is_barrier);
    bool pass_flow(const Step& step);
    void drop_input(std::size_t size);
    void note_echo(const Step& step);
    bool answer_echoes();
    void on_consumed();
    void verify(Credentials credentials);
    void adopt_identity(std::shared_ptr<const event::Identity> identity);
    void account_partial();
    void forget_partial();
    void run_events();
    void write();
    void go_on();
    std::size_t send_some(std::string_view bytes);
    std::size_t send_raw(std::string_view bytes);
    void linger();
    void drain_lingering();
    void close_driver();
    void close_if_answered();
    void start_ticking();
    void set_impatient(bool is_impatient);
    void tick(Clock::time_point now);
    bool is_too_slow(Clock::time_point now);
    template <class Work>
    void guarded(Work work);

    IoThread& io_;
    const std::uint32_t number_;
    asio::ip::tcp::socket socket_;
    std::unique_ptr<TlsSession> tls_;  // nothing: TCP as it is
    FrameGuard guard_;
    pn_connection_driver_t driver_{};
    LinkTable links_;
    std::size_t carry_ =
        0;  // bytes at the start of the engine's read buffer that it has not been told of
    std::vector<Echo> echoes_;  // asked for and not sent yet, each once
    std::string guard_output_;  // SASL, to be written before the engine's output
    Phase phase_ = Phase::open;
    bool is_reading_ = false;
    bool is_writing_ = false;  // the socket takes no more just now
    bool is_paused_ = false;
    bool awaits_verdict_ = false;  // PLAIN is being verified
    bool awaits_turn_ = false;     // bytes of a TLS handshake have come
    bool is_tls_ended_ = false;    // we have said that nothing more comes
    bool is_closing_ = false;      // the door closes
    bool is_close_sent_ = false;
    bool has_large_buffer_ = false;
    std::uint64_t partial_bytes_ = 0;
    std::size_t lingered_bytes_ = 0;
    Clock::time_point started_;
    Clock::time_point turn_wanted_;
    Clock::duration waited_{0};  // for turns: not the client's time
    Clock::time_point heard_;    // bytes came, or were not looked for until then
    Clock::time_point swept_;
    std::chrono::nanoseconds listened_{0};  // the time that we were ready to read
    Clock::time_point blocked_since_;       // the socket takes nothing, or the end is awaited
    std::int64_t next_tick_ms_ = 0;         // 0: none
    bool ticks_ = false;
    bool is_impatient_ = false;
    std::shared_ptr<const event::Identity> identity_;
};

}  // namespace vera::amqp
