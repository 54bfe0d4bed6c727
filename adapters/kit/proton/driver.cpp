#include "adapters/kit/proton/driver.hpp"

#include "bus/host/clock.hpp"
#include "bus/host/random.hpp"

#include <proton/connection_options.hpp>
#include <proton/engine.h>
#include <proton/ssl.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace vera::kit {
namespace {

constexpr Millis longest_tick{20};
constexpr Millis closing_time{2'000};

struct ConnectionHandle : proton::connection {
    explicit ConnectionHandle(const proton::connection& of) : proton::connection(of) {}
    using proton::connection::pn_object;
};

Millis now() {
    return host::system_clock().boot();
}

proton::ssl_client_options tls_options(const TlsFiles& files) {
    const std::string trusted = files.ca.empty() ? system_trust : files.ca;
    if (files.certificate.empty())
        return proton::ssl_client_options(trusted, proton::ssl::VERIFY_PEER_NAME);
    return proton::ssl_client_options(proton::ssl_certificate(files.certificate, files.key),
                                      trusted,
                                      proton::ssl::VERIFY_PEER_NAME);
}

}  // namespace

Wire::Driver::Driver(ConnectOptions options)
    : options_(std::move(options)),
      name_(to_text(host::random_uuid())),
      next_wait_(options_.reconnect.first_wait),
      container_(*this,
                 options_.container_id.empty() ? "vera-kit-" + name_ : options_.container_id) {
    container_.auto_stop(false);
}

Wire::Driver::~Driver() {
    if (!thread_.joinable()) return;
    is_closing_ = true;
    if (!wake([this] { close(); })) container_.stop();
    thread_.join();
}

Result<void> Wire::Driver::open() {
    thread_ = std::jthread([this] {
        try {
            container_.run();
        } catch (const std::exception& error) {
            fail_for_good({Errc::unavailable, error.what()});
        }
    });
    std::vector<std::optional<Error>> answers;
    opened_.take(answers, options_.connect_timeout + 2 * longest_tick);
    if (answers.empty())
        return fail(Errc::unavailable, "no answer within " + to_text(options_.connect_timeout));
    if (answers.front()) return fail(answers.front()->code, answers.front()->text);
    return {};
}

void Wire::Driver::on_container_start(proton::container& /*container*/) {
    guarded([this] { connect(); });
}

void Wire::Driver::connect() {
    if (is_closing_) {
        end();
        return;
    }
    last_error_.reset();
    proton::connection_options with;
    if (!options_.user.empty())
        with.user(options_.user).password(options_.secret).sasl_allowed_mechs("PLAIN");
    else
        with.sasl_allowed_mechs(options_.tls.certificate.empty() ? "ANONYMOUS" : "EXTERNAL");
    with.sasl_allow_insecure_mechs(!is_secure_url(options_.url));
    // Read anew for each attempt: a certificate may have been renewed meanwhile.
    if (is_secure_url(options_.url)) with.ssl_client_options(tls_options(options_.tls));
    if (options_.idle_timeout > Millis{0}) with.idle_timeout(to_proton(options_.idle_timeout));
    connection_ = container_.connect(options_.url, with);
    give_up_connecting_at_ = now() + options_.connect_timeout;
    arm();
}

void Wire::Driver::on_connection_open(proton::connection& connection) {
    guarded([&] {
        connection_ = connection;
        give_up_connecting_at_.reset();
        is_open_ = true;
        next_wait_ = options_.reconnect.first_wait;
        if (was_open_)
            ++reconnects_;
        else
            opened_.put(std::nullopt);
        was_open_ = true;
        queue_ = &connection_.work_queue();
        attach_all();
        sync();  // what was posted while there was no queue to wake
        if (is_closing_) close();
    });
}

void Wire::Driver::on_connection_error(proton::connection& connection) {
    guarded([&] { last_error_ = to_error(connection.error(), "the peer closed the connection"); });
}

void Wire::Driver::on_transport_error(proton::transport& transport) {
    guarded([&] {
        if (!last_error_) last_error_ = to_error(transport.error(), "the connection broke");
    });
}

void Wire::Driver::on_session_error(proton::session& session) {
    guarded([&] {
        last_error_ = to_error(session.error(), "the peer closed the session");
        session.connection().close();
    });
}

void Wire::Driver::on_error(const proton::error_condition& condition) {
    guarded([&] { last_error_ = to_error(condition, "error"); });
}

void Wire::Driver::on_transport_close(proton::transport& /*transport*/) {
    guarded([this] { lost(); });
}

void Wire::Driver::lost() {
    is_open_ = false;
    queue_ = nullptr;
    give_up_connecting_at_.reset();
    for (auto& [number, slot] : senders_) {
        slot.link = proton::sender();
        slot.in_flight.clear();
        slot.outbox.connection_lost();
    }
    for (auto& [number, slot] : receivers_) {
        slot.link = proton::receiver();
        slot.held.clear();
        slot.granted = 0;
        slot.owed = 0;
    }
    if (!!connection_) old_connections_.push_back(connection_);
    connection_ = proton::connection();
    forget_old_connections();
    if (is_closing_) {
        end();
        return;
    }
    const Error error =
        last_error_.value_or(Error{Errc::unavailable, "the peer closed the connection"});
    if (!was_open_ || !options_.reconnect.is_enabled || error.code == Errc::refused) {
        fail_for_good(error);
        return;
    }
    const auto part = static_cast<std::int64_t>(host::random_u64() % 1000);
    connect_at_ = now() + next_wait_ + next_wait_ * part / 4000;
    next_wait_ = std::min(options_.reconnect.longest_wait, next_wait_ * 2);
    arm();
}

void Wire::Driver::forget_old_connections() {
    if (wakers_ == 0) old_connections_.clear();
}

void Wire::Driver::fail_for_good(const Error& error) {
    if (!was_open_) opened_.put(error);
    failed_.set(error);
    for (auto& [number, slot] : senders_)
        slot.spec.port->notes.put(error);
    for (auto& [number, slot] : receivers_)
        slot.spec.port->notes.put(error);
    senders_.clear();
    receivers_.clear();
    refuse_commands();
}

void Wire::Driver::close() {
    sync();
    connection_.close();
    give_up_closing_at_ = now() + closing_time;
    arm();
}

// The container's loop returns once nothing is open and no timeout is pending.
void Wire::Driver::end() {
    is_ended_ = true;
    container_.stop();
}

// Ends the transport at once, whatever state the connection is in; on_transport_close follows.
void Wire::Driver::break_off() {
    if (!connection_) return;
    pn_transport_t* transport = pn_connection_transport(ConnectionHandle(connection_).pn_object());
    if (transport == nullptr) return;
    pn_transport_close_tail(transport);
    pn_transport_close_head(transport);
}

// ---- time
// ---------------------------------------------------------------------------------------------

void Wire::Driver::arm() {
    if (is_ticking_ || is_ended_) return;
    std::optional<Millis> first;
    for (const auto& due : {give_up_connecting_at_, connect_at_, retry_at_, give_up_closing_at_})
        if (due && (!first || *due < *first)) first = due;
    if (!first) return;
    is_ticking_ = true;
    const Millis wait = std::clamp(*first - now(), Millis{1}, longest_tick);
    container_.schedule(to_proton(wait), [this] {
        guarded([this] {
            is_ticking_ = false;
            tick();
            arm();
        });
    });
}

void Wire::Driver::tick() {
    const Millis at = now();
    const auto is_due = [&](std::optional<Millis>& due) {
        if (!due || *due > at) return false;
        due.reset();
        return true;
    };
    if ((is_closing_ && !is_open_) || is_due(give_up_closing_at_)) {
        end();
        return;
    }
    if (is_due(connect_at_)) connect();
    if (is_due(retry_at_) && is_open_) hop([this] { sync(); });
    if (is_due(give_up_connecting_at_) && !is_open_ && !!connection_)
        hop([this] {
            if (is_open_) return;
            last_error_ =
                Error{Errc::unavailable, "no answer within " + to_text(options_.connect_timeout)};
            break_off();
        });
}

// ---- between threads
// ----------------------------------------------------------------------------------

bool Wire::Driver::wake(std::function<void()> job) {
    ++wakers_;
    proton::work_queue* queue = queue_;
    const bool is_awake =
        queue != nullptr && queue->add([this, job = std::move(job)] { guarded(job); });
    --wakers_;
    return is_awake;
}

// From the wire thread itself: into the context of its connection.
void Wire::Driver::hop(std::function<void()> job) {
    connection_.work_queue().add([this, job = std::move(job)] { guarded(job); });
}

void Wire::Driver::post(Command command) {
    std::vector<Command> one;
    one.push_back(std::move(command));
    if (!inbox_.put(std::move(one))) return;
    if (wake([this] { sync(); })) return;
    // No connection now: the next one takes what waits when it opens. If there will be none, nobody
    // but this thread tells.
    if (failed_.get()) refuse_commands();
}

void Wire::Driver::refuse_commands() {
    const std::optional<Error> failed = failed_.get();
    std::vector<Command> batch;
    while (inbox_.take(batch)) {
        for (Command& command : batch) {
            if (auto* sender = std::get_if<OpenSender>(&command))
                sender->port->notes.put(*failed);
            else if (auto* receiver = std::get_if<OpenReceiver>(&command))
                receiver->port->notes.put(*failed);
        }
    }
}

}  // namespace vera::kit
