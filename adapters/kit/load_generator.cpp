#include "adapters/kit/load_generator.hpp"

#include "adapters/kit/load_message.hpp"
#include "adapters/kit/process_facts.hpp"
#include "bus/host/mailbox.hpp"
#include "bus/host/random.hpp"

#include <proton/condition.h>
#include <proton/connection.h>
#include <proton/delivery.h>
#include <proton/event.h>
#include <proton/link.h>
#include <proton/listener.h>
#include <proton/netaddr.h>
#include <proton/proactor.h>
#include <proton/sasl.h>
#include <proton/session.h>
#include <proton/terminus.h>
#include <proton/transport.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <memory>
#include <thread>
#include <time.h>

namespace vera::kit {
namespace {

std::uint64_t now_ns() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U +
           static_cast<std::uint64_t>(now.tv_nsec);
}

// What the two sides tell the thread that waits for them.
struct Note {
    enum class Kind { receiver_ready, receivers_done, senders_done, error } kind;
    std::string text;
};
using Notes = host::Mailbox<Note>;

struct ProactorFree {
    void operator()(pn_proactor_t* proactor) const { pn_proactor_free(proactor); }
};
using Proactor = std::unique_ptr<pn_proactor_t, ProactorFree>;

struct Sender {
    Sender(const LoadOptions& options, std::uint64_t run) : message(options, run) {}
    std::string address;
    LoadMessage message;
    std::uint64_t first_number = 0, todo = 0, sent = 0, settled = 0, not_accepted = 0;
    pn_connection_t* connection = nullptr;
    pn_link_t* link = nullptr;
    std::uint64_t first_ns = 0, last_ns = 0;
    std::uint64_t due_ns = 0, gap_ns = 0;
    bool is_closing = false;
};

struct Receiver {
    std::string address;
    pn_connection_t* connection = nullptr;
    std::uint32_t outstanding = 0;
    std::uint64_t received = 0, first_ns = 0, last_ns = 0;
    std::vector<std::uint32_t> latencies;  // tenths of a microsecond
    bool is_ready = false;
};

void dial(pn_proactor_t* proactor, pn_connection_t* connection, const LoadOptions& options) {
    pn_transport_t* transport = pn_transport();
    const std::string id = "vera-bench-" + vera::to_text(host::random_uuid());
    pn_connection_set_container(connection, id.c_str());
    pn_connection_set_hostname(connection, options.host.c_str());
    if (options.user.empty()) {
        pn_sasl_allowed_mechs(pn_sasl(transport), "ANONYMOUS");
    } else {
        pn_connection_set_user(connection, options.user.c_str());
        pn_connection_set_password(connection, options.secret.c_str());
        pn_sasl_allowed_mechs(pn_sasl(transport), "PLAIN");
        pn_sasl_set_allow_insecure_mechs(pn_sasl(transport), true);
    }
    std::array<char, 1024> address{};
    pn_proactor_addr(address.data(), address.size(), options.host.c_str(), options.port.c_str());
    pn_proactor_connect2(proactor, connection, transport, address.data());
}

void put_capability(pn_terminus_t* terminus, const std::string& symbol) {
    if (symbol.empty()) return;
    pn_data_put_symbol(pn_terminus_capabilities(terminus), pn_bytes(symbol.size(), symbol.data()));
}

std::string text_of(pn_condition_t* condition) {
    const char* name = pn_condition_get_name(condition);
    const char* text = pn_condition_get_description(condition);
    return std::string(name == nullptr ? "" : name) + ": " + (text == nullptr ? "" : text);
}

void complain(Notes& notes, pn_condition_t* condition, const char* what) {
    if (condition != nullptr && pn_condition_is_set(condition))
        notes.put({Note::Kind::error, std::string(what) + ": " + text_of(condition)});
}

// ---- sending: all on one thread
// -----------------------------------------------------------------------

class SendSide {
public:
    SendSide(const LoadOptions& options, Notes& notes)
        : options_(options),
          notes_(notes),
          proactor_(pn_proactor()) {
        const std::uint64_t run = host::random_u64() & 0xfffffU;
        const std::size_t senders = options.send_to.size();
        std::uint64_t next = 0;
        for (std::size_t i = 0; i < senders; ++i) {
            senders_.emplace_back(options, run);
            Sender& sender = senders_.back();
            sender.address = options.send_to[i];
            sender.todo = options.count / senders + (i < options.count % senders ? 1 : 0);
            sender.first_number = next;
            next += sender.todo;
            if (options.rate > 0)
                sender.gap_ns =
                    static_cast<std::uint64_t>(1e9 * static_cast<double>(senders) / options.rate);
        }
        open_ = senders;
    }
    void start() {
        thread_ = std::jthread([this] { run(); });
    }
    void stop() {
        is_stopped_ = true;
        pn_proactor_interrupt(proactor_.get());
        if (thread_.joinable()) thread_.join();
    }

    // Read after stop().
    [[nodiscard]] const std::vector<Sender>& senders() const { return senders_; }
    [[nodiscard]] double cpu_s() const { return cpu_s_; }
    [[nodiscard]] const std::string& first_refusal() const { return first_refusal_; }

private:
    void run();
    void tick(const std::stop_token& stop);
    void handle(pn_event_t* event);
    void open(Sender& sender);
    void answered(Sender& sender, pn_delivery_t* delivery);
    void pump(Sender& sender);
    void close_if_done(Sender& sender);

    const LoadOptions& options_;
    Notes& notes_;
    Proactor proactor_;
    std::vector<Sender> senders_;
    std::size_t open_ = 0;
    std::atomic<bool> is_stopped_{false};
    std::atomic<bool> may_tick_{false};
    double cpu_s_ = 0;
    std::string first_refusal_;
    std::jthread thread_;
};

void SendSide::run() {
    for (Sender& sender : senders_) {
        sender.connection = pn_connection();
        pn_connection_set_context(sender.connection, &sender);
        dial(proactor_.get(), sender.connection, options_);
    }
    std::jthread ticker;
    if (options_.rate > 0)
        ticker = std::jthread([this](const std::stop_token& stop) { tick(stop); });
    while (open_ > 0 && !is_stopped_) {
        pn_event_batch_t* batch = pn_proactor_wait(proactor_.get());
        while (pn_event_t* event = pn_event_batch_next(batch))
            handle(event);
        pn_proactor_done(proactor_.get(), batch);
    }
    // The ticker wakes connections: it must end before the proactor goes.
    ticker = std::jthread();
    cpu_s_ = thread_cpu_s();
    notes_.put({Note::Kind::senders_done, {}});
}

// Wakes the connections when messages are due: each one up to 5,000 per second, beyond that in
// ticks of 200 µs.
void SendSide::tick(const std::stop_token& stop) {
    const double per_s = std::min(options_.rate, 5'000.0);
    const auto gap = static_cast<std::uint64_t>(1e9 / per_s);
    std::uint64_t at = now_ns();
    while (!stop.stop_requested()) {
        at += gap;
        const timespec until{static_cast<time_t>(at / 1'000'000'000U),
                             static_cast<long>(at % 1'000'000'000U)};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr);
        if (!may_tick_) continue;
        for (Sender& sender : senders_)
            pn_connection_wake(sender.connection);
    }
}

void SendSide::open(Sender& sender) {
    pn_connection_open(sender.connection);
    pn_session_t* session = pn_session(sender.connection);
    pn_session_open(session);
    pn_link_t* link = pn_sender(session, "bench-sender");
    pn_terminus_set_address(pn_link_target(link), sender.address.c_str());
    pn_terminus_set_address(pn_link_source(link), "vera-bench");
    put_capability(pn_link_target(link), options_.target_capability);
    pn_link_set_snd_settle_mode(link, options_.is_presettled ? PN_SND_SETTLED : PN_SND_UNSETTLED);
    pn_link_open(link);
}

void SendSide::handle(pn_event_t* event) {
    pn_connection_t* connection = pn_event_connection(event);
    if (connection == nullptr) return;
    Sender& sender = *static_cast<Sender*>(pn_connection_get_context(connection));
    switch (pn_event_type(event)) {
        case PN_CONNECTION_INIT:
            open(sender);
            break;
        case PN_LINK_REMOTE_OPEN:
            sender.link = pn_event_link(event);
            break;
        case PN_LINK_FLOW:
        case PN_CONNECTION_WAKE:
            if (sender.link != nullptr && pn_link_credit(sender.link) > 0) may_tick_ = true;
            pump(sender);
            break;
        case PN_DELIVERY:
            answered(sender, pn_event_delivery(event));
            break;
        case PN_LINK_REMOTE_CLOSE:
            complain(notes_, pn_link_remote_condition(pn_event_link(event)), "sender's link");
            pn_connection_close(connection);
            break;
        case PN_CONNECTION_REMOTE_CLOSE:
            complain(notes_, pn_connection_remote_condition(connection), "sender's connection");
            pn_connection_close(connection);
            break;
        case PN_TRANSPORT_CLOSED:
            complain(
                notes_, pn_transport_condition(pn_event_transport(event)), "sender's transport");
            --open_;
            break;
        default:
            break;
    }
    close_if_done(sender);
}

void SendSide::answered(Sender& sender, pn_delivery_t* delivery) {
    const std::uint64_t state = pn_delivery_remote_state(delivery);
    if (!pn_delivery_updated(delivery) || (state == 0 && !pn_delivery_settled(delivery))) return;
    if (state != PN_ACCEPTED) {
        ++sender.not_accepted;
        pn_condition_t* condition = pn_disposition_condition(pn_delivery_remote(delivery));
        if (first_refusal_.empty())
            first_refusal_ = condition != nullptr && pn_condition_is_set(condition)
                                 ? text_of(condition)
                                 : pn_disposition_type_name(state);
    }
    pn_delivery_settle(delivery);
    ++sender.settled;
    sender.last_ns = now_ns();
    // Refilled in halves of the window, so that frames go out in batches.
    if (options_.rate > 0 || sender.sent - sender.settled <= options_.window / 2) pump(sender);
}

void SendSide::pump(Sender& sender) {
    if (sender.link == nullptr || sender.is_closing) return;
    int batch = 0;
    while (sender.sent < sender.todo && pn_link_credit(sender.link) > 0 &&
           (options_.is_presettled || sender.sent - sender.settled < options_.window)) {
        const std::uint64_t now = now_ns();
        std::uint64_t stamp = now;
        if (sender.gap_ns > 0) {
            if (sender.due_ns == 0) sender.due_ns = now;
            if (now < sender.due_ns) break;
            stamp = sender.due_ns;
            sender.due_ns += sender.gap_ns;
        }
        if (sender.first_ns == 0) sender.first_ns = now;
        std::array<char, sizeof sender.sent> tag{};
        std::memcpy(tag.data(), &sender.sent, tag.size());
        pn_delivery_t* delivery = pn_delivery(sender.link, pn_dtag(tag.data(), tag.size()));
        const auto bytes = sender.message.stamped(sender.first_number + sender.sent, stamp);
        pn_link_send(sender.link, bytes.data(), bytes.size());
        ++sender.sent;
        if (!options_.is_presettled) {
            pn_link_advance(sender.link);
            continue;
        }
        pn_delivery_settle(delivery);
        ++sender.settled;
        sender.last_ns = now;
        if (++batch >= 256) {  // let the frames out
            pn_connection_wake(sender.connection);
            break;
        }
    }
}

void SendSide::close_if_done(Sender& sender) {
    if (sender.is_closing || sender.link == nullptr || sender.settled < sender.todo) return;
    sender.is_closing = true;
    pn_link_close(sender.link);
    pn_connection_close(sender.connection);
}

// ---- receiving: all on one thread
// ---------------------------------------------------------------------

class ReceiveSide {
public:
    ReceiveSide(const LoadOptions& options, Notes& notes)
        : options_(options),
          notes_(notes),
          proactor_(pn_proactor()),
          receivers_(options.is_listening ? 1 : options.receive_from.size()),
          id_at_(options.event.body.empty() ? std::string::npos : options.event.id_at.front()),
          buffer_(1U << 20U) {
        for (std::size_t i = 0; i < receivers_.size(); ++i) {
            if (!options.is_listening) receivers_[i].address = options.receive_from[i];
            receivers_[i].latencies.reserve(std::min<std::uint64_t>(options.count, 5'000'000));
        }
        expected_ = options.is_fanout ? options.count * receivers_.size() : options.count;
        open_ = receivers_.size();
    }
    void start() {
        thread_ = std::jthread([this] { run(); });
    }
    void stop() {
        is_stopped_ = true;
        pn_proactor_interrupt(proactor_.get());
        if (thread_.joinable()) thread_.join();
    }

    // Read after stop().
    [[nodiscard]] const std::vector<Receiver>& receivers() const { return receivers_; }
    [[nodiscard]] double cpu_s() const { return cpu_s_; }

private:
    void run();
    void handle(pn_event_t* event);
    void accept(pn_event_t* event);
    void open(Receiver& receiver);
    void link_opened(Receiver& receiver, pn_link_t* link);
    void received(Receiver& receiver, pn_delivery_t* delivery);
    void close_all(pn_connection_t* current);

    const LoadOptions& options_;
    Notes& notes_;
    Proactor proactor_;
    pn_listener_t* listener_ = nullptr;
    std::vector<Receiver> receivers_;
    std::size_t id_at_;
    std::vector<char> buffer_;
    std::uint64_t expected_ = 0, total_ = 0;
    std::size_t open_ = 0;
    bool is_closing_ = false;
    std::atomic<bool> is_stopped_{false};
    double cpu_s_ = 0;
    std::jthread thread_;
};

void ReceiveSide::run() {
    if (options_.is_listening) {
        std::array<char, 1024> address{};
        pn_proactor_addr(
            address.data(), address.size(), options_.host.c_str(), options_.port.c_str());
        listener_ = pn_listener();
        pn_proactor_listen(proactor_.get(), listener_, address.data(), 16);
    } else {
        for (Receiver& receiver : receivers_) {
            receiver.connection = pn_connection();
            pn_connection_set_context(receiver.connection, &receiver);
            dial(proactor_.get(), receiver.connection, options_);
        }
    }
    while (open_ > 0 && !is_stopped_) {
        pn_event_batch_t* batch = pn_proactor_wait(proactor_.get());
        while (pn_event_t* event = pn_event_batch_next(batch))
            handle(event);
        pn_proactor_done(proactor_.get(), batch);
    }
    cpu_s_ = thread_cpu_s();
    notes_.put({Note::Kind::receivers_done, {}});
}

void ReceiveSide::accept(pn_event_t* event) {
    pn_transport_t* transport = pn_transport();
    pn_transport_set_server(transport);
    pn_sasl_allowed_mechs(pn_sasl(transport), "ANONYMOUS");
    pn_transport_require_auth(transport, false);
    receivers_.front().connection = pn_connection();
    pn_connection_set_context(receivers_.front().connection, &receivers_.front());
    pn_listener_accept2(pn_event_listener(event), receivers_.front().connection, transport);
}

void ReceiveSide::open(Receiver& receiver) {
    pn_connection_open(receiver.connection);
    pn_session_t* session = pn_session(receiver.connection);
    pn_session_set_incoming_capacity(session, 64U << 20U);
    pn_session_open(session);
    pn_link_t* link = pn_receiver(session, "bench-receiver");
    pn_terminus_set_address(pn_link_source(link), receiver.address.c_str());
    pn_terminus_set_address(pn_link_target(link), "vera-bench");
    put_capability(pn_link_source(link), options_.source_capability);
    if (options_.is_presettled) pn_link_set_snd_settle_mode(link, PN_SND_SETTLED);
    pn_link_open(link);
    pn_link_flow(link, static_cast<int>(options_.credit));
    receiver.outstanding = options_.credit;
}

void ReceiveSide::link_opened(Receiver& receiver, pn_link_t* link) {
    if (options_.is_listening) {
        pn_terminus_copy(pn_link_target(link), pn_link_remote_target(link));
        pn_terminus_copy(pn_link_source(link), pn_link_remote_source(link));
        pn_link_open(link);
        pn_link_flow(link, static_cast<int>(options_.credit));
        receiver.outstanding = options_.credit;
    } else if (!receiver.is_ready) {
        receiver.is_ready = true;
        notes_.put({Note::Kind::receiver_ready, {}});
    }
}

void ReceiveSide::handle(pn_event_t* event) {
    if (pn_event_type(event) == PN_LISTENER_OPEN) notes_.put({Note::Kind::receiver_ready, {}});
    if (pn_event_type(event) == PN_LISTENER_ACCEPT) accept(event);
    pn_connection_t* connection = pn_event_connection(event);
    if (connection == nullptr) return;
    Receiver& receiver = *static_cast<Receiver*>(pn_connection_get_context(connection));
    switch (pn_event_type(event)) {
        case PN_CONNECTION_INIT:
            if (!options_.is_listening) open(receiver);
            break;
        case PN_CONNECTION_REMOTE_OPEN:
            if (options_.is_listening) pn_connection_open(connection);
            break;
        case PN_SESSION_REMOTE_OPEN:
            if (!options_.is_listening) break;
            pn_session_set_incoming_capacity(pn_event_session(event), 64U << 20U);
            pn_session_open(pn_event_session(event));
            break;
        case PN_LINK_REMOTE_OPEN:
            link_opened(receiver, pn_event_link(event));
            break;
        case PN_DELIVERY:
            received(receiver, pn_event_delivery(event));
            break;
        case PN_CONNECTION_WAKE:
            if (is_closing_) pn_connection_close(connection);
            break;
        case PN_LINK_REMOTE_CLOSE:
            complain(notes_, pn_link_remote_condition(pn_event_link(event)), "receiver's link");
            pn_connection_close(connection);
            break;
        case PN_CONNECTION_REMOTE_CLOSE:
            complain(notes_, pn_connection_remote_condition(connection), "receiver's connection");
            pn_connection_close(connection);
            break;
        case PN_TRANSPORT_CLOSED:
            complain(
                notes_, pn_transport_condition(pn_event_transport(event)), "receiver's transport");
            --open_;
            if (listener_ != nullptr) pn_listener_close(listener_);
            break;
        default:
            break;
    }
}

void ReceiveSide::received(Receiver& receiver, pn_delivery_t* delivery) {
    if (!pn_delivery_readable(delivery) || pn_delivery_partial(delivery)) return;
    pn_link_t* link = pn_delivery_link(delivery);
    const std::size_t size = pn_delivery_pending(delivery);
    if (size > buffer_.size()) buffer_.resize(size);
    pn_link_recv(link, buffer_.data(), size);
    const std::uint64_t now = now_ns();
    if (receiver.received >= options_.warmup) {
        const std::uint64_t stamp = stamp_of(body_of({buffer_.data(), size}), id_at_);
        // A stamp from before this boot or from the future is not ours: an old message in the
        // queue.
        if (stamp != 0 && stamp <= now)
            receiver.latencies.push_back(static_cast<std::uint32_t>(
                std::min<std::uint64_t>((now - stamp) / 100, UINT32_MAX)));
    }
    if (receiver.first_ns == 0) receiver.first_ns = now;
    receiver.last_ns = now;
    ++receiver.received;
    if (!pn_delivery_settled(delivery)) pn_delivery_update(delivery, PN_ACCEPTED);
    pn_delivery_settle(delivery);
    if (--receiver.outstanding <= options_.credit / 2) {
        pn_link_flow(link, static_cast<int>(options_.credit - receiver.outstanding));
        receiver.outstanding = options_.credit;
    }
    if (++total_ == expected_ && !options_.is_listening) close_all(receiver.connection);
}

void ReceiveSide::close_all(pn_connection_t* current) {
    is_closing_ = true;
    for (Receiver& receiver : receivers_)
        if (receiver.connection != nullptr && receiver.connection != current)
            pn_connection_wake(receiver.connection);
    pn_connection_close(current);
}

// ---- the run
// ------------------------------------------------------------------------------------------

Result<void> check(const LoadOptions& options) {
    if (options.send_to.empty() && options.receive_from.empty())
        return fail(Errc::bad_input, "neither an address to send to nor one to receive from");
    if (options.is_listening && (options.send_to.empty() || !options.receive_from.empty()))
        return fail(Errc::bad_input,
                    "listening needs an address to send to and none to receive from");
    if (options.event.body.empty() && options.body_bytes < 8)
        return fail(Errc::bad_input, "the body must have 8 bytes or more");
    if (options.window == 0 || options.credit == 0 || options.count == 0)
        return fail(Errc::bad_input, "window, credit and count must be 1 or more");
    if (options.rate < 0) return fail(Errc::bad_input, "the rate must not be negative");
    if (!options.event.body.empty() && options.event.id_at.empty())
        return fail(Errc::bad_input, "the event template has no id to replace");
    return {};
}

struct Waiting {
    std::size_t ready = 0;
    bool are_senders_done = false, are_receivers_done = false;
    std::string error;
};

// Takes notes until `is_enough`, an error or the deadline. false: the deadline came first.
template <class Enough>
bool wait_for(Notes& notes, Waiting& state, std::uint64_t deadline_ns, Enough is_enough) {
    std::vector<Note> batch;
    while (!is_enough() && state.error.empty()) {
        const std::uint64_t now = now_ns();
        if (now >= deadline_ns) return false;
        notes.take(batch, Millis{static_cast<std::int64_t>((deadline_ns - now) / 1'000'000U + 1)});
        for (Note& note : batch) {
            if (note.kind == Note::Kind::receiver_ready) ++state.ready;
            if (note.kind == Note::Kind::senders_done) state.are_senders_done = true;
            if (note.kind == Note::Kind::receivers_done) state.are_receivers_done = true;
            if (note.kind == Note::Kind::error && state.error.empty())
                state.error = std::move(note.text);
        }
    }
    return true;
}

double per_second(std::uint64_t count, std::uint64_t from_ns, std::uint64_t to_ns) {
    return from_ns == UINT64_MAX || to_ns <= from_ns
               ? 0
               : static_cast<double>(count) * 1e9 / static_cast<double>(to_ns - from_ns);
}

void add_results(LoadReport& report, const SendSide* sending, const ReceiveSide* receiving) {
    std::uint64_t first_sent = UINT64_MAX, last_settled = 0;
    std::uint64_t first_received = UINT64_MAX, last_received = 0;
    std::vector<std::uint32_t> latencies;
    if (sending != nullptr) {
        for (const Sender& sender : sending->senders()) {
            report.sent += sender.sent;
            report.settled += sender.settled;
            report.not_accepted += sender.not_accepted;
            if (sender.first_ns > 0) first_sent = std::min(first_sent, sender.first_ns);
            last_settled = std::max(last_settled, sender.last_ns);
        }
        report.sender_cpu_s = sending->cpu_s();
        report.first_refusal = sending->first_refusal();
    }
    if (receiving != nullptr) {
        for (const Receiver& receiver : receiving->receivers()) {
            report.received += receiver.received;
            if (receiver.first_ns > 0) first_received = std::min(first_received, receiver.first_ns);
            last_received = std::max(last_received, receiver.last_ns);
            latencies.insert(latencies.end(), receiver.latencies.begin(), receiver.latencies.end());
        }
        report.receiver_cpu_s = receiving->cpu_s();
    }
    report.send_rate = per_second(report.settled, first_sent, last_settled);
    report.receive_rate = per_second(report.received, first_received, last_received);
    report.rate = per_second(std::max(report.received, report.settled),
                             first_sent != UINT64_MAX ? first_sent : first_received,
                             std::max(last_received, last_settled));
    if (latencies.empty()) return;
    std::ranges::sort(latencies);
    const auto quantile = [&](double part) {
        const auto at = static_cast<std::size_t>(part * static_cast<double>(latencies.size()));
        return static_cast<double>(latencies[std::min(at, latencies.size() - 1)]) / 10.0;
    };
    report.has_latency = true;
    report.p50_us = quantile(0.5);
    report.p99_us = quantile(0.99);
    report.p999_us = quantile(0.999);
    report.longest_us = static_cast<double>(latencies.back()) / 10.0;
}

}  // namespace

Result<LoadReport> generate_load(const LoadOptions& options) {
    if (const auto checked = check(options); !checked)
        return fail(checked.error().code, checked.error().text);
    if (options.broker_pid != 0)
        if (const auto facts = read_process(options.broker_pid); !facts)
            return fail(facts.error().code, facts.error().text);
    Notes notes;
    std::unique_ptr<SendSide> sending;
    std::unique_ptr<ReceiveSide> receiving;
    if (!options.send_to.empty()) sending = std::make_unique<SendSide>(options, notes);
    if (!options.receive_from.empty() || options.is_listening)
        receiving = std::make_unique<ReceiveSide>(options, notes);

    LoadReport report;
    Waiting state;
    const std::uint64_t deadline =
        now_ns() + static_cast<std::uint64_t>(options.timeout.count()) * 1'000'000U;
    const std::size_t receivers =
        receiving ? std::max<std::size_t>(options.receive_from.size(), 1) : 0;
    if (receiving) receiving->start();
    bool is_in_time = wait_for(notes, state, deadline, [&] { return state.ready >= receivers; });
    if (receiving && sending) {
        const auto pause = static_cast<std::uint64_t>(options.pause.count()) * 1'000'000U;
        // The whole pause, unless something fails meanwhile.
        (void)wait_for(notes, state, std::min(deadline, now_ns() + pause), [] { return false; });
    }
    const auto before = read_process(options.broker_pid);
    const std::uint64_t began = now_ns();
    if (is_in_time && state.error.empty()) {
        if (sending) sending->start();
        is_in_time = wait_for(notes, state, deadline, [&] {
            return (!sending || state.are_senders_done) && (!receiving || state.are_receivers_done);
        });
    }
    const auto after = read_process(options.broker_pid);
    report.wall_s = static_cast<double>(now_ns() - began) / 1e9;
    if (sending) sending->stop();
    if (receiving) receiving->stop();
    report.is_timed_out = !is_in_time;
    report.error = state.error;
    add_results(report, sending.get(), receiving.get());
    if (options.broker_pid != 0 && before && after) {
        report.broker_user_s = after->user_s - before->user_s;
        report.broker_system_s = after->system_s - before->system_s;
        report.broker_rss_mib = after->rss_mib;
        const std::uint64_t base = report.sent > 0 ? report.sent : report.received;
        if (base > 0)
            report.broker_cpu_per_100k_s =
                (report.broker_user_s + report.broker_system_s) * 1e5 / static_cast<double>(base);
    }
    return report;
}

}  // namespace vera::kit
