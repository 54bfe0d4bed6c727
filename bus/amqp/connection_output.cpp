// The writing and ending half of Connection.
#include "bus/amqp/connection.hpp"
#include "bus/amqp/connection_guarded.hpp"

#include <proton/condition.h>
#include <proton/connection.h>
#include <proton/transport.h>

#include <algorithm>
#include <array>
#include <asio/buffer.hpp>
#include <cerrno>
#include <string>
#include <sys/socket.h>
#include <utility>

namespace vera::amqp {
namespace {

constexpr std::size_t large_write_bytes = 64U << 10U;
constexpr std::size_t full_write_buffer =
    8U << 10U;  // the engine's first one; a full one doubles at the next call
constexpr auto linger_time = std::chrono::seconds(2);
constexpr auto idle_before_release = std::chrono::seconds(2);
constexpr std::size_t most_lingered_bytes = 4U << 20U;

std::int64_t milliseconds(std::chrono::steady_clock::time_point time) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

// As much as the engine has, up to large_write_bytes.
pn_bytes_t pending_output(pn_connection_driver_t& driver) {
    pn_bytes_t output = pn_connection_driver_write_buffer(&driver);
    for (std::size_t before = 0; output.size > before && output.size >= full_write_buffer &&
                                 output.size < large_write_bytes;) {
        before = output.size;
        output = pn_connection_driver_write_buffer(&driver);
    }
    return output;
}

}  // namespace

void Connection::start_ticking() {
    ticks_ = true;
    next_tick_ms_ = pn_transport_tick(driver_.transport, milliseconds(Clock::now()));
    const pn_millis_t wanted = pn_transport_get_remote_idle_timeout(driver_.transport);
    set_impatient(wanted > 0 && wanted < 10000);
}

void Connection::set_impatient(bool is_impatient) {
    if (is_impatient_ == is_impatient) return;
    is_impatient_ = is_impatient;
    if (is_impatient_)
        io_.sweep_often();
    else
        io_.sweep_seldom();
}

// Input that had to wait for the socket to take the answers to what came before it.
void Connection::go_on() {
    if (carry_ == 0 || is_writing_ || awaits_verdict_ || phase_ != Phase::open) return;
    process_input();
    io_.end_batch();
    write();
}

void Connection::write() {
    while (!is_writing_ && (phase_ == Phase::open || phase_ == Phase::refused)) {
        if (tls_ && !flush_tls()) return;
        if (!guard_output_.empty()) {
            const std::size_t written = send_some(guard_output_);
            guard_output_.erase(0, written);
            continue;
        }
        const pn_bytes_t output = pending_output(driver_);
        if (output.size == 0) {
            if (pn_connection_driver_has_event(&driver_)) {
                run_events();
                continue;
            }
            if (links_.on_all_written()) continue;
            if (phase_ == Phase::open && !echoes_.empty() && answer_echoes()) continue;
            if (phase_ != Phase::refused && !pn_connection_driver_write_closed(&driver_)) return;
            if (tls_ && !std::exchange(is_tls_ended_, true)) {
                tls_->close();
                continue;
            }
            linger();
            return;
        }
        const std::size_t written = send_some({output.start, output.size});
        if (phase_ == Phase::dead) return;
        if (written > 0) {
            guard_.written({output.start, written});
            pn_connection_driver_write_done(&driver_, written);
            links_.on_written(written);
        }
        run_events();
    }
}

// Of bytes in the clear, as many as were taken: with TLS all, and what the socket does not take of
// them waits encrypted.
std::size_t Connection::send_some(std::string_view bytes) {
    if (!tls_) return send_raw(bytes);
    tls_->write(bytes);
    flush_tls();
    return bytes.size();
}

// What the socket takes at once; if that is not all, waits for it to take more.
std::size_t Connection::send_raw(std::string_view bytes) {
    const ssize_t sent =
        ::send(socket_.native_handle(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
        end(Ending::lost);
        return 0;
    }
    const std::size_t written = sent > 0 ? static_cast<std::size_t>(sent) : 0;
    count(io_.counters().bytes_out, written);
    if (written == bytes.size()) return written;
    is_writing_ = true;
    blocked_since_ = Clock::now();
    socket_.async_wait(asio::ip::tcp::socket::wait_write,
                       [self = shared_from_this()](std::error_code error) {
                           self->is_writing_ = false;
                           self->heard_ = Clock::now();
                           self->guarded([&] {
                               if (error) return self->end(Ending::lost);
                               self->write();
                               self->go_on();
                               self->read();
                           });
                       });
    return written;
}

void Connection::refuse(std::string_view condition, std::string_view text) {
    guarded([&] {
        if (phase_ != Phase::open) return;
        carry_ = 0;
        pn_connection_driver_errorf(
            &driver_, std::string(condition).c_str(), "%s", std::string(text).c_str());
        pn_connection_driver_read_close(&driver_);
        run_events();
        phase_ = Phase::refused;
        blocked_since_ = Clock::now();
        links_.end_all(Ending::lost);
        forget_partial();
        write();
    });
}

// All is written. Closing now could make the kernel throw away what the peer has not read yet
// (input may be waiting): our side is shut, and the peer's end awaited for a moment.
void Connection::linger() {
    links_.end_all(Ending::orderly);
    phase_ = Phase::lingering;
    blocked_since_ = Clock::now();
    std::error_code ignored;
    socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    drain_lingering();
}

void Connection::drain_lingering() {
    std::array<char, 4096> sink{};
    for (int i = 0; i < 16; ++i) {
        const ssize_t got = ::recv(socket_.native_handle(), sink.data(), sink.size(), MSG_DONTWAIT);
        if (got > 0) {
            lingered_bytes_ += static_cast<std::size_t>(got);
            if (lingered_bytes_ > most_lingered_bytes) return end(Ending::orderly);
            continue;
        }
        if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) break;
        end(Ending::orderly);
        return;
    }
    if (std::exchange(is_reading_, true)) return;
    socket_.async_wait(asio::ip::tcp::socket::wait_read,
                       [self = shared_from_this()](std::error_code error) {
                           self->is_reading_ = false;
                           self->guarded([&] {
                               if (error)
                                   self->end(Ending::orderly);
                               else
                                   self->drain_lingering();
                           });
                       });
}

void Connection::end(Ending ending) {
    if (phase_ == Phase::dead) return;
    phase_ = Phase::dead;
    links_.end_all(ending);
    forget_partial();
    std::error_code ignored;
    socket_.close(
        ignored);  // first: the operations under way must not find the engine's buffers gone
    close_driver();
    io_.forget(number_);
}

void Connection::close_driver() {
    links_.forget_all();
    pn_connection_driver_close(&driver_);
    while (pn_connection_driver_next_event(&driver_) != nullptr) {
    }
    pn_connection_driver_destroy(&driver_);
}

// The time that we have kept the client waiting for its turns is not the client's; but a client
// that wants a turn for every byte does not stay for ever.
void Connection::end_late_handshake(Clock::time_point now) {
    guarded([&] {
        if (phase_ != Phase::open || guard_.is_open()) return;
        const Clock::duration waits = awaits_turn_ ? now - turn_wanted_ : Clock::duration{0};
        const Clock::duration most = io_.door().options.handshake_timeout;
        const auto until = started_ + most + std::min(waited_ + waits, 2 * most);
        if (until > now + IoThread::handshake_lead) return io_.expect_handshake(number_, until);
        count(io_.counters().handshake_timeouts);
        end(Ending::lost);
    });
}

void Connection::sweep(Clock::time_point now) {
    guarded([&] {
        const DoorOptions& options = io_.door().options;
        const bool is_leaving = phase_ == Phase::lingering || phase_ == Phase::refused;
        if (is_leaving && now - blocked_since_ > linger_time) return end(Ending::lost);
        if (is_writing_ && now - blocked_since_ > options.write_stall_timeout)
            return end(Ending::lost);
        if (tls_ && now - heard_ > idle_before_release) tls_->release_memory();
        if (!is_too_slow(now)) tick(now);
    });
}

// The peer has fallen silent, or does not come to the end of a delivery. While it is we who do not
// read, no time passes.
bool Connection::is_too_slow(Clock::time_point now) {
    const DoorOptions& options = io_.door().options;
    const bool is_listening = is_reading_ && !is_paused_;
    if (is_listening) listened_ += now - swept_;
    swept_ = now;
    guard_.set_time(static_cast<std::uint64_t>(std::chrono::floor<Millis>(listened_).count()));
    if (!ticks_ || is_writing_ || phase_ != Phase::open || options.idle_timeout <= Millis{0})
        return false;
    // The open frame is out: from here on silence is counted here, the engine knows of no pauses.
    pn_transport_set_idle_timeout(driver_.transport, 0);
    if (is_listening && now - heard_ > options.idle_timeout) {
        count(io_.counters().idle_timeouts);
        refuse("amqp:resource-limit-exceeded", "nothing was heard for too long");
        return true;
    }
    if (partial_bytes_ > 0 &&
        guard_.unfinished_ms() > static_cast<std::uint64_t>(options.idle_timeout.count()) * 2) {
        refuse("amqp:resource-limit-exceeded", "a delivery does not come to its end");
        return true;
    }
    return false;
}

void Connection::tick(Clock::time_point now) {
    if (!ticks_ || phase_ != Phase::open || next_tick_ms_ == 0 || milliseconds(now) < next_tick_ms_)
        return;
    next_tick_ms_ = pn_transport_tick(driver_.transport, milliseconds(now));
    run_events();
    write();
}

void Connection::begin_close() {
    guarded([&] {
        is_closing_ = true;
        links_.stop();
        close_if_answered();
    });
}

void Connection::close_if_answered() {
    if (phase_ == Phase::open && links_.pending() == 0) force_close();
}

void Connection::force_close() {
    guarded([&] {
        if (phase_ != Phase::open) return;
        if (!guard_.is_open()) return end(Ending::orderly);
        if (std::exchange(is_close_sent_, true)) return;
        links_.end_all(Ending::orderly);
        pn_condition_t* error = pn_connection_condition(driver_.connection);
        pn_condition_set_name(error, "amqp:connection:forced");
        pn_condition_set_description(error, "the bus is stopping");
        pn_connection_close(driver_.connection);
        run_events();
        write();
        read();
    });
}

}  // namespace vera::amqp
