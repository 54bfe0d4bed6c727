#pragma once
// The AMQP side of a Wire: one container with one connection, on one thread. driver.cpp has its
// life, driver_links.cpp what happens on it.
#include "adapters/kit/proton/values.hpp"
#include "adapters/kit/wire.hpp"

#include <proton/connection.hpp>
#include <proton/container.hpp>
#include <proton/delivery.hpp>
#include <proton/message.hpp>
#include <proton/messaging_handler.hpp>
#include <proton/receiver.hpp>
#include <proton/sender.hpp>
#include <proton/session.hpp>
#include <proton/tracker.hpp>
#include <proton/transport.hpp>
#include <proton/work_queue.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

namespace vera::kit {

/// Thread: wire (the container's), but for open(), post() and the counters. Everything of Proton is
/// touched within a callback or a job of the connection's work queue. Timers: Proton 0.37 loses
/// timeouts that several threads set, and a container does not end while one is pending; so only
/// the wire thread sets them, and none is longer than a tick.
class Wire::Driver : public proton::messaging_handler {
public:
    explicit Driver(ConnectOptions options);
    Driver(const Driver&) = delete;
    Driver& operator=(const Driver&) = delete;
    ~Driver() override;

    Result<void> open();
    void post(Command command);
    std::uint32_t next_link() { return ++last_link_; }
    std::uint64_t reconnects() const { return reconnects_; }

private:
    struct SenderSlot {
        OpenSender spec;
        Outbox outbox;
        proton::sender link;
        std::map<std::uint64_t, std::uint64_t> in_flight;  // delivery number → ticket
    };

    struct ReceiverSlot {
        OpenReceiver spec;
        proton::receiver link;
        std::unordered_map<std::uint64_t, proton::delivery> held;
        std::uint64_t received = 0;
        std::uint32_t granted = 0;      // credit given and not used
        std::uint32_t owed = 0;         // settled since credit was last given
        bool is_draining = false;       // wanted by the subscriber, until the peer has no more
        bool is_drain_running = false;  // asked of the peer
    };

    // Life.
    template <class Job>
    void guarded(Job&& job) noexcept;
    void connect();
    void lost();
    void fail_for_good(const Error& error);
    void close();
    void break_off();
    void end();
    void arm();
    void tick();
    bool wake(std::function<void()> job);
    void hop(std::function<void()> job);
    void forget_old_connections();
    void refuse_commands();

    // Commands.
    void sync();
    void apply(OpenSender& command);
    void apply(OpenReceiver& command);
    void apply(Send& command);
    void apply(Withdraw& command);
    void apply(Settle& command);
    void apply(Drain& command);
    void apply(Detach& command);

    // Links.
    void attach_all();
    void attach(SenderSlot& slot);
    void attach(ReceiverSlot& slot);
    void pump(SenderSlot& slot);
    void retry_later(const SenderSlot& slot);
    void grant(ReceiverSlot& slot);
    static void settle(const proton::delivery& delivery, const Settlement& settlement);
    void answered(const proton::tracker& tracker, Confirmation answer);
    void link_failed(const proton::link& link);
    [[nodiscard]] static std::uint32_t number_of(const proton::link& link);

    // messaging_handler: each is guarded, since a throw stops the container; on_error would throw
    // if it were not here.
    void on_container_start(proton::container& container) override;
    void on_connection_open(proton::connection& connection) override;
    void on_connection_error(proton::connection& connection) override;
    void on_transport_error(proton::transport& transport) override;
    void on_transport_close(proton::transport& transport) override;
    void on_session_error(proton::session& session) override;
    void on_error(const proton::error_condition& condition) override;
    void on_sendable(proton::sender& sender) override;
    void on_sender_open(proton::sender& sender) override;
    void on_sender_close(proton::sender& sender) override { link_failed(sender); }
    void on_sender_error(proton::sender& sender) override { link_failed(sender); }
    void on_sender_detach(proton::sender& sender) override { link_failed(sender); }
    void on_tracker_accept(proton::tracker& tracker) override;
    void on_tracker_reject(proton::tracker& tracker) override;
    void on_tracker_release(proton::tracker& tracker) override;
    void on_tracker_settle(proton::tracker& tracker) override;
    void on_receiver_open(proton::receiver& receiver) override;
    void on_receiver_close(proton::receiver& receiver) override { link_failed(receiver); }
    void on_receiver_error(proton::receiver& receiver) override { link_failed(receiver); }
    void on_receiver_detach(proton::receiver& receiver) override { link_failed(receiver); }
    void on_receiver_drain_finish(proton::receiver& receiver) override;
    void on_message(proton::delivery& delivery, proton::message& message) override;

    // Any thread.
    ConnectOptions options_;
    std::string name_;
    host::Mailbox<std::optional<Error>> opened_;
    host::Inbox<Command> inbox_;
    host::Cell<std::optional<Error>> failed_{std::nullopt};
    std::atomic<std::uint32_t> last_link_{0};
    std::atomic<std::uint64_t> reconnects_{0};
    // The open connection's queue. Threads inside wake() are counted, and an old connection is kept
    // until none is: its queue may still be in somebody's hand.
    std::atomic<proton::work_queue*> queue_{nullptr};
    std::atomic<int> wakers_{0};
    std::atomic<bool> is_closing_{false};

    // Wire thread.
    std::map<std::uint32_t, SenderSlot> senders_;
    std::map<std::uint32_t, ReceiverSlot> receivers_;
    std::uint64_t last_delivery_ = 0;
    std::uint64_t last_token_ = 0;
    Millis next_wait_{0};
    std::optional<Millis> give_up_connecting_at_;
    std::optional<Millis> connect_at_;
    std::optional<Millis> retry_at_;
    std::optional<Millis> give_up_closing_at_;
    bool is_ticking_ = false;
    bool is_ended_ = false;
    bool was_open_ = false;
    bool is_open_ = false;
    std::optional<Error> last_error_;
    proton::connection connection_;
    std::vector<proton::connection> old_connections_;

    proton::container container_;
    std::jthread thread_;
};

// What goes wrong in a callback ends the connection, which is then made again.
template <class Job>
void Wire::Driver::guarded(Job&& job) noexcept {
    try {
        job();
    } catch (const std::exception& error) {
        if (!last_error_) last_error_ = Error{Errc::unavailable, error.what()};
        break_off();
    }
}

}  // namespace vera::kit
