#pragma once
// One I/O thread: an Asio context with its connections, the inbox through which effects reach them,
// and the batch of inputs that leaves for the core once per event. Private to this room.
#include "bus/amqp/door_context.hpp"
#include "bus/amqp/reply_nodes.hpp"
#include "bus/audit/record.hpp"
#include "bus/base/ids.hpp"
#include "bus/base/refusal.hpp"
#include "bus/flow/messages.hpp"
#include "bus/host/mailbox.hpp"

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace vera::amqp {

class Connection;
class Reshaping;

/// A body that the engine was asked for.
struct Fetched {
    LinkId consumer;
    std::uint64_t ticket = 0;
    Result<Body> body;
};

/// What one carry_out has for one I/O thread.
struct Work {
    std::vector<flow::Accept> accepts;
    std::vector<flow::Refuse> refusals;
    std::vector<flow::Deliver> deliveries;
    std::vector<flow::Drained> drained;
    std::vector<flow::SettleDurable> durable;
    std::vector<flow::CloseLink> closes;
    std::vector<Fetched> fetched;
    std::vector<NodeGrant> grants;  ///< these three come from other I/O threads
    std::vector<NodeProbe> probes;
    std::vector<NodeMessage> messages;

    [[nodiscard]] bool is_empty() const;
};

/// What happens as often as strangers like, and is told once a second at most: with a number.
class Untold {
public:
    /// One more. How many there have been since the last telling, if it is time for the next.
    [[nodiscard]] std::optional<std::uint64_t> count() {
        ++count_;
        const auto now = std::chrono::steady_clock::now();
        if (now - told_ < std::chrono::seconds(1)) return std::nullopt;
        told_ = now;
        return std::exchange(count_, 0);
    }

private:
    std::uint64_t count_ = 0;
    std::chrono::steady_clock::time_point told_;
};

/// Thread: its own, but for the calls marked otherwise. Outlives its thread: callbacks of the
/// engine hold weak pointers to it.
class IoThread : public std::enable_shared_from_this<IoThread> {
public:
    IoThread(DoorContext& door, unsigned index);
    ~IoThread();
    IoThread(const IoThread&) = delete;
    IoThread& operator=(const IoThread&) = delete;

    void start();
    /// Any thread: takes over an accepted socket, which was made on this thread's context.
    void adopt(asio::ip::tcp::socket socket,
               const ListenOn& on,
               std::shared_ptr<const TlsContext> tls);
    /// Any thread.
    void put(Work work);
    /// For the thread of that link, this one or another. false: there is no such thread.
    bool put_at(LinkId link, Work work);
    /// Any thread: runs at once if the caller is this thread.
    void post(std::function<void()> job);
    /// Any thread: never at once, so that a callback may come from within the call that it answers.
    void defer(std::function<void()> job);
    [[nodiscard]] bool is_here() { return context_.get_executor().running_in_this_thread(); }
    /// Any thread: connections end in order; `done` gets one value when the last is gone.
    void begin_close(host::Mailbox<unsigned>& done);
    /// Any thread: what is still open gets its close frame at once.
    void force_close();
    /// Ends the thread and then whatever connections it still has. Not from an I/O thread.
    void stop();

    [[nodiscard]] asio::io_context& context() { return context_; }
    [[nodiscard]] DoorContext& door() { return door_; }
    [[nodiscard]] ThreadCounters& counters() { return counters_; }
    [[nodiscard]] unsigned index() const { return index_; }
    [[nodiscard]] bool is_closing() const { return is_closing_; }

    /// For the core, in order; leaves with end_batch().
    void add_input(flow::Input input) { inputs_.push_back(std::move(input)); }
    /// The generation this batch works with.
    [[nodiscard]] const flow::Snapshot& snapshot();
    /// VeRA time of this batch.
    [[nodiscard]] Timestamp now();
    [[nodiscard]] audit::Salt draw_salt();
    /// Ends each handler: hands the inputs over.
    void end_batch();
    /// Scratch bytes, empty; good until the next call.
    [[nodiscard]] std::string& scratch() {
        scratch_.clear();
        return scratch_;
    }
    /// What events become on their way out.
    [[nodiscard]] Reshaping& reshaping() { return *reshaping_; }
    /// Where a TLS connection receives into: large, good until the next connection's turn.
    [[nodiscard]] std::span<char> receive_buffer();
    /// Counted, and told once a second at most.
    void note_tls_failure(const asio::ip::tcp::socket& socket, std::string_view reason);
    /// An attach is refused: counted; what a system may not do is told once a second at most, in
    /// `why`, which names only what is configured.
    void note_refused_link(const std::string& system, const Refusal& why);
    /// Settled message bytes leave the budget; wakes the paused if it fell far enough.
    void release_bytes(std::uint64_t bytes);
    /// The connection has changed outside its own handlers: its output is written at the end of
    /// this job.
    void touch(Connection& connection);
    /// Reading waits until the budget has fallen.
    void pause(std::uint32_t connection) { paused_.push_back(connection); }
    /// A connection has so many bytes of unfinished deliveries.
    void note_partial(std::uint64_t bytes);
    /// Any thread: too many bytes of unfinished deliveries in the process: the connection with most
    /// of them is refused.
    void shed_partial();
    /// Bytes of a TLS handshake have come for it: it gets its turn after those that asked before.
    void queue_handshake(std::uint32_t connection) {
        handshakes_.push_back(connection);
        if (handshakes_.size() == 1) defer([this] { serve_handshake(); });
    }
    /// How much earlier than told a deadline is looked at, so that it is not overstepped while the
    /// thread has other things to do.
    static constexpr std::chrono::milliseconds handshake_lead{20};
    /// It is looked at again handshake_lead before `until`, unless it is gone by then.
    void expect_handshake(std::uint32_t connection, std::chrono::steady_clock::time_point until);
    /// One more connection wants to be looked at often, or one fewer.
    void sweep_often();
    void sweep_seldom() { --impatient_; }
    /// The consumer is lost: copies that are still on their way to it go back as never sent before
    /// it is closed. `received`: how many have come.
    void part_with(LinkId consumer, std::uint64_t received);
    void forget(std::uint32_t connection);
    [[nodiscard]] Connection* find(std::uint32_t connection);

private:
    void run_inbox();
    void carry(Work& work);
    void carry_to_nodes(Work& work);
    void answer(const flow::DeliveryRef& from, std::optional<Refusal> why);
    template <class Job>
    void with_connection(LinkId id, Job job);
    void finish_touched();
    void resume();
    void shed_largest();
    void release_late(const flow::Deliver& deliver);
    void serve_handshake();
    void arm_newcomers();
    void look_at_newcomers();
    void arm_sweep();
    [[nodiscard]] std::chrono::milliseconds sweep_interval() const;
    void sweep();
    void report_if_empty();

    std::unique_ptr<Reshaping> reshaping_;
    DoorContext& door_;
    const unsigned index_;
    asio::io_context context_{1};
    asio::executor_work_guard<asio::io_context::executor_type> guard_;
    asio::steady_timer sweep_timer_;
    asio::steady_timer newcomer_timer_;
    std::chrono::milliseconds sweep_period_;
    std::thread thread_;
    host::Inbox<Work> inbox_;
    std::vector<Work> taken_;
    std::unordered_map<std::uint32_t, std::shared_ptr<Connection>> connections_;
    std::uint32_t last_connection_ = 0;
    Connection* found_ = nullptr;  // by the last find()
    std::vector<std::shared_ptr<Connection>> touched_;
    std::vector<std::uint32_t> paused_;
    std::unordered_set<LinkId> parting_;  // Drained is awaited; nothing comes after it
    std::atomic<std::uint64_t> largest_partial_{
        0};                                 // of one connection here; too high until the next look
    std::deque<std::uint32_t> handshakes_;  // whose turn comes, the front's next
    // Until when their handshakes must be over; some are over already.
    std::set<std::pair<std::chrono::steady_clock::time_point, std::uint32_t>> newcomers_;
    std::size_t impatient_ = 0;  // connections that want to be looked at often
    std::vector<flow::Input> inputs_;
    std::size_t usual_inputs_ = 0;
    std::shared_ptr<const flow::Snapshot> snapshot_;
    bool has_snapshot_ = false;
    Timestamp now_;
    std::vector<audit::Salt> salts_;
    std::string scratch_;
    std::vector<char> receive_buffer_;
    Untold tls_failures_;
    Untold forbidden_links_;
    ThreadCounters counters_;
    host::Mailbox<unsigned>* closed_ = nullptr;
    bool is_closing_ = false;
};

}  // namespace vera::amqp
