#include "bus/amqp/io_thread.hpp"

#include "bus/amqp/connection.hpp"
#include "bus/amqp/reshaping.hpp"
#include "bus/host/log.hpp"
#include "bus/host/random.hpp"

#include <algorithm>
#include <asio/post.hpp>
#include <exception>
#include <system_error>
#include <utility>

namespace vera::amqp {
namespace {

constexpr std::size_t receive_bytes = 64U << 10U;  // of a TLS connection, at once
constexpr std::size_t salts_drawn_at_once = 256;
constexpr std::size_t largest_scratch = 1U << 20U;
constexpr std::chrono::milliseconds often{250};  // serves an idle time-out of a second

std::chrono::milliseconds sweep_period(const DoorOptions& options) {
    const auto shortest = std::min(options.idle_timeout, options.write_stall_timeout);
    return std::clamp<std::chrono::milliseconds>(shortest / 5, Millis{10}, Millis{1000});
}

}  // namespace

bool Work::is_empty() const {
    return accepts.empty() && refusals.empty() && deliveries.empty() && drained.empty() &&
           durable.empty() && closes.empty() && fetched.empty() && grants.empty() &&
           probes.empty() && messages.empty();
}

IoThread::IoThread(DoorContext& door, unsigned index)
    : reshaping_(std::make_unique<Reshaping>()),
      door_(door),
      index_(index),
      guard_(asio::make_work_guard(context_)),
      sweep_timer_(context_),
      newcomer_timer_(context_),
      sweep_period_(sweep_period(door.options)) {}

IoThread::~IoThread() = default;

void IoThread::start() {
    arm_sweep();
    thread_ = std::thread([this] { context_.run(); });
}

void IoThread::stop() {
    context_.stop();
    if (thread_.joinable()) thread_.join();
    while (!connections_.empty()) {
        const std::shared_ptr<Connection> connection = connections_.begin()->second;
        connection->end(Ending::orderly);
    }
    touched_.clear();
    for (const LinkId consumer : std::exchange(parting_, {}))
        add_input(flow::ConsumerClosed{.consumer = consumer, .counts_as_failure = true});
    end_batch();
}

void IoThread::adopt(asio::ip::tcp::socket socket,
                     const ListenOn& on,
                     std::shared_ptr<const TlsContext> tls) {
    asio::post(context_, [this, socket = std::move(socket), &on, tls = std::move(tls)]() mutable {
        if (is_closing_) {
            door_.connections.fetch_sub(1, std::memory_order_relaxed);
            return;
        }
        const std::uint32_t number = ++last_connection_;
        try {
            auto connection =
                std::make_shared<Connection>(*this, number, std::move(socket), on, std::move(tls));
            connections_.emplace(number, connection);
            count(counters_.connections_total);
            counters_.connections.store(connections_.size(), std::memory_order_relaxed);
            connection->start();
        } catch (const std::exception& error) {
            host::log::error("a connection cannot be set up", {{"error", error.what()}});
            if (connections_.erase(number) == 0)
                door_.connections.fetch_sub(1, std::memory_order_relaxed);
        }
        end_batch();
    });
}

Connection* IoThread::find(std::uint32_t connection) {
    if (found_ != nullptr && found_->number() == connection) return found_;
    const auto at = connections_.find(connection);
    found_ = at == connections_.end() ? nullptr : at->second.get();
    return found_;
}

void IoThread::forget(std::uint32_t connection) {
    found_ = nullptr;
    const auto at = connections_.find(connection);
    if (at == connections_.end()) return;
    if (at->second->is_impatient()) --impatient_;
    connections_.erase(at);
    door_.connections.fetch_sub(1, std::memory_order_relaxed);
    counters_.connections.store(connections_.size(), std::memory_order_relaxed);
    report_if_empty();
}

void IoThread::put(Work work) {
    std::vector<Work> one;
    one.push_back(std::move(work));
    if (inbox_.put(std::move(one))) asio::post(context_, [this] { run_inbox(); });
}

bool IoThread::put_at(LinkId link, Work work) {
    const unsigned thread = thread_of(link);
    if (thread >= door_.threads.size()) return false;
    door_.threads[thread]->put(std::move(work));
    return true;
}

void IoThread::post(std::function<void()> job) {
    if (is_here())
        job();
    else
        asio::post(context_, std::move(job));
}

void IoThread::defer(std::function<void()> job) {
    asio::post(context_, std::move(job));
}

void IoThread::run_inbox() {
    while (inbox_.take(taken_)) {
        for (Work& work : taken_)
            carry(work);
        taken_.clear();
        finish_touched();
    }
}

// Whatever goes wrong for one link ends its connection alone.
template <class Job>
void IoThread::with_connection(LinkId id, Job job) {
    Connection* connection = find(connection_of(id));
    if (connection == nullptr) return;
    touch(*connection);
    try {
        job(connection->links());
    } catch (const std::exception& error) {
        host::log::error("a connection is ended by an internal error", {{"error", error.what()}});
        connection->end(Ending::lost);
    }
}

// Within one effect list a link's deliveries stay in order, and Drained comes after them.
void IoThread::carry(Work& work) {
    for (const flow::Accept& accept : work.accepts)
        with_connection(accept.to.link, [&](LinkTable& links) {
            if (Inlet* inlet = links.inlet(accept.to.link)) inlet->accept(accept.to.delivery);
        });
    for (const flow::Refuse& refusal : work.refusals)
        with_connection(refusal.to.link, [&](LinkTable& links) {
            if (Inlet* inlet = links.inlet(refusal.to.link))
                inlet->refuse(refusal.to.delivery, refusal.why);
        });
    for (flow::Deliver& deliver : work.deliveries) {
        if (!parting_.empty()) release_late(deliver);
        with_connection(deliver.consumer, [&](LinkTable& links) {
            if (Outlet* outlet = links.outlet(deliver.consumer))
                outlet->deliver(std::move(deliver));
        });
    }
    for (Fetched& fetched : work.fetched)
        with_connection(fetched.consumer, [&](LinkTable& links) {
            if (Outlet* outlet = links.outlet(fetched.consumer))
                outlet->fetched(fetched.ticket, std::move(fetched.body));
        });
    for (const flow::SettleDurable& settle : work.durable)
        with_connection(settle.consumer, [&](LinkTable& links) {
            if (Outlet* outlet = links.outlet(settle.consumer)) outlet->settle_durable(settle.copy);
        });
    for (const flow::Drained& drained : work.drained) {
        if (parting_.erase(drained.consumer) > 0)
            add_input(
                flow::ConsumerClosed{.consumer = drained.consumer, .counts_as_failure = true});
        with_connection(drained.consumer, [&](LinkTable& links) {
            if (Outlet* outlet = links.outlet(drained.consumer)) outlet->drained();
        });
    }
    for (const flow::CloseLink& close : work.closes) {
        parting_.erase(close.link);
        with_connection(close.link, [&](LinkTable& links) {
            if (Link* link = links.find(close.link))
                link->close_with(symbol(close.condition), close.text);
        });
    }
    carry_to_nodes(work);
}

// Grants first: whoever was given an address answers later.
void IoThread::carry_to_nodes(Work& work) {
    for (const NodeGrant& grant : work.grants)
        with_connection(grant.node.owner, [&](LinkTable& links) { links.nodes().allow(grant); });
    for (const NodeProbe& probe : work.probes) {
        std::optional<Refusal> why = no_such_node();
        with_connection(probe.node.owner, [&](LinkTable& links) {
            why = links.nodes().judge(probe.node, probe.system);
        });
        if (!why) continue;
        note_refused_link(probe.system, *why);
        Work answers;
        answers.closes.push_back(
            {.link = probe.from, .condition = why->condition, .text = std::move(why->text)});
        put_at(probe.from, std::move(answers));
    }
    for (NodeMessage& message : work.messages) {
        const flow::DeliveryRef from = message.from;
        std::optional<Refusal> why = no_such_node();
        with_connection(message.node.owner,
                        [&](LinkTable& links) { why = links.offer(std::move(message)); });
        answer(from, std::move(why));
    }
}

void IoThread::answer(const flow::DeliveryRef& from, std::optional<Refusal> why) {
    Work answers;
    if (why)
        answers.refusals.push_back({from, std::move(*why)});
    else
        answers.accepts.push_back({from, false});
    put_at(from.link, std::move(answers));
}

void IoThread::touch(Connection& connection) {
    if (std::exchange(connection.is_touched, true)) return;
    touched_.push_back(connection.shared_from_this());
}

void IoThread::finish_touched() {
    std::vector<std::shared_ptr<Connection>> touched;
    touched.swap(touched_);
    for (const auto& connection : touched) {
        connection->is_touched = false;
        connection->finish_work();
    }
    touched.clear();
    if (touched_.empty()) touched_.swap(touched);  // keeps its memory
    end_batch();
}

const flow::Snapshot& IoThread::snapshot() {
    if (!std::exchange(has_snapshot_, true)) {
        snapshot_ = door_.bus.snapshot();
        now_ = door_.bus.now();
    }
    return *snapshot_;
}

Timestamp IoThread::now() {
    static_cast<void>(snapshot());
    return now_;
}

audit::Salt IoThread::draw_salt() {
    if (salts_.empty()) {
        salts_.resize(salts_drawn_at_once);
        host::fill_random(salts_.data(), salts_.size() * sizeof(audit::Salt));
    }
    const audit::Salt salt = salts_.back();
    salts_.pop_back();
    return salt;
}

void IoThread::end_batch() {
    has_snapshot_ = false;
    if (scratch_.capacity() > largest_scratch) scratch_ = std::string{};
    if (inputs_.empty()) return;
    std::vector<flow::Input> inputs;
    inputs.reserve(std::min<std::size_t>(usual_inputs_, 1024));
    inputs.swap(inputs_);
    usual_inputs_ = inputs.size();
    door_.bus.post(std::move(inputs));
}

std::span<char> IoThread::receive_buffer() {
    receive_buffer_.resize(receive_bytes);
    return receive_buffer_;
}

void IoThread::note_tls_failure(const asio::ip::tcp::socket& socket, std::string_view reason) {
    count(counters_.tls_failures);
    const auto failures = tls_failures_.count();
    if (!failures) return;
    std::error_code ignored;
    host::log::info("TLS failed",
                    {{"peer", socket.remote_endpoint(ignored).address().to_string()},
                     {"reason", std::string(reason)},
                     {"failures", std::to_string(*failures)}});
}

// Other refusals quote what the client wrote: they are for the client alone.
void IoThread::note_refused_link(const std::string& system, const Refusal& why) {
    count(counters_.refused_links);
    if (why.condition != Condition::unauthorized) return;
    if (const auto times = forbidden_links_.count())
        host::log::info(
            "access refused",
            {{"system", system}, {"reason", why.text}, {"times", std::to_string(*times)}});
}

void IoThread::release_bytes(std::uint64_t bytes) {
    if (bytes == 0 || !door_.in_flight.remove(bytes)) return;
    for (IoThread* thread : door_.threads)
        asio::post(thread->context_, [thread] { thread->resume(); });
}

void IoThread::resume() {
    std::vector<std::uint32_t> paused;
    paused.swap(paused_);
    for (const std::uint32_t number : paused)
        if (Connection* connection = find(number)) connection->resume_reading();
}

void IoThread::note_partial(std::uint64_t bytes) {
    if (bytes > largest_partial_.load(std::memory_order_relaxed))
        largest_partial_.store(bytes, std::memory_order_relaxed);
}

void IoThread::shed_partial() {
    if (door_.is_shedding.exchange(true, std::memory_order_relaxed)) return;
    IoThread* greatest = *std::ranges::max_element(door_.threads, {}, [](const IoThread* thread) {
        return thread->largest_partial_.load(std::memory_order_relaxed);
    });
    asio::post(greatest->context_, [greatest] { greatest->shed_largest(); });
}

// What the threads have noted may be out of date: whoever was taken for the one with most looks
// again, and passes it on if another has more.
void IoThread::shed_largest() {
    Connection* largest = nullptr;
    for (const auto& [number, connection] : connections_)
        if (largest == nullptr || connection->buffered_bytes() > largest->buffered_bytes())
            largest = connection.get();
    const std::uint64_t most = largest == nullptr ? 0 : largest->buffered_bytes();
    largest_partial_.store(most, std::memory_order_relaxed);
    door_.is_shedding.store(false, std::memory_order_relaxed);
    if (door_.partial_bytes.load(std::memory_order_relaxed) <= door_.options.in_flight_bytes)
        return;
    const bool is_elsewhere = std::ranges::any_of(door_.threads, [&](const IoThread* thread) {
        return thread->largest_partial_.load(std::memory_order_relaxed) > most;
    });
    if (is_elsewhere) return shed_partial();
    if (most > 0)
        largest->refuse("amqp:resource-limit-exceeded", "too many bytes of unfinished deliveries");
}

void IoThread::sweep_often() {
    // Only ever sooner: connections that come and go must not put it off for ever.
    const bool is_late = sweep_timer_.expiry() > std::chrono::steady_clock::now() + often;
    if (impatient_++ == 0 && is_late) arm_sweep();
}

void IoThread::part_with(LinkId consumer, std::uint64_t received) {
    parting_.insert(consumer);
    add_input(flow::Credit{.consumer = consumer, .limit = received, .is_draining = true});
}

void IoThread::release_late(const flow::Deliver& deliver) {
    if (!parting_.contains(deliver.consumer)) return;
    flow::Settled settled;
    settled.consumer = deliver.consumer;
    settled.copy = deliver.copy;
    settled.outcome = flow::ConsumerOutcome::released;
    add_input(std::move(settled));
}

std::chrono::milliseconds IoThread::sweep_interval() const {
    return impatient_ > 0 ? std::min(sweep_period_, often) : sweep_period_;
}

void IoThread::serve_handshake() {
    if (Connection* connection = find(handshakes_.front())) connection->take_turn();
    handshakes_.pop_front();
    if (!handshakes_.empty()) defer([this] { serve_handshake(); });
}

void IoThread::expect_handshake(std::uint32_t connection,
                                std::chrono::steady_clock::time_point until) {
    const auto at = newcomers_.emplace(until - handshake_lead, connection).first;
    if (at == newcomers_.begin()) arm_newcomers();
}

void IoThread::arm_newcomers() {
    newcomer_timer_.expires_at(newcomers_.begin()->first);
    newcomer_timer_.async_wait([this](std::error_code error) {
        if (!error) look_at_newcomers();
    });
}

void IoThread::look_at_newcomers() {
    const auto now = std::chrono::steady_clock::now();
    while (!newcomers_.empty() && newcomers_.begin()->first <= now) {
        const std::uint32_t number = newcomers_.begin()->second;
        newcomers_.erase(newcomers_.begin());
        if (Connection* connection = find(number)) connection->end_late_handshake(now);
    }
    if (!newcomers_.empty()) arm_newcomers();
}

void IoThread::arm_sweep() {
    sweep_timer_.expires_after(sweep_interval());
    sweep_timer_.async_wait([this](std::error_code error) {
        if (error) return;
        sweep();
        arm_sweep();
    });
}

void IoThread::sweep() {
    std::vector<std::shared_ptr<Connection>> all;
    all.reserve(connections_.size());
    for (const auto& [number, connection] : connections_)
        all.push_back(connection);
    const auto now = std::chrono::steady_clock::now();
    for (const auto& connection : all)
        connection->sweep(now);
    if (!paused_.empty() && !door_.in_flight.is_over()) resume();
}

void IoThread::begin_close(host::Mailbox<unsigned>& done) {
    asio::post(context_, [this, &done] {
        is_closing_ = true;
        closed_ = &done;
        std::vector<std::shared_ptr<Connection>> all;
        for (const auto& [number, connection] : connections_)
            all.push_back(connection);
        for (const auto& connection : all)
            connection->begin_close();
        report_if_empty();
    });
}

void IoThread::force_close() {
    asio::post(context_, [this] {
        std::vector<std::shared_ptr<Connection>> all;
        for (const auto& [number, connection] : connections_)
            all.push_back(connection);
        for (const auto& connection : all)
            connection->force_close();
    });
}

void IoThread::report_if_empty() {
    if (is_closing_ && connections_.empty() && closed_ != nullptr)
        std::exchange(closed_, nullptr)->put(index_);
}

}  // namespace vera::amqp
