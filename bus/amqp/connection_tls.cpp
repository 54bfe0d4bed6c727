// The TLS half of Connection: between the socket and what reads and writes in the clear.
#include "bus/amqp/connection.hpp"
#include "bus/amqp/connection_guarded.hpp"

#include <algorithm>
#include <cerrno>
#include <span>
#include <string>
#include <sys/socket.h>
#include <utility>

namespace vera::amqp {
namespace {

// As much as the guard takes before authentication.
constexpr std::size_t most_handshake_bytes = 16U << 10U;

}  // namespace

// Waits without a buffer: thousands of idle connections hold none. What came before and had to wait
// for room is used first.
void Connection::read_tls() {
    if (tls_->has_more()) {
        decrypt();
        if (!may_read()) return;
        if (tls_->has_more()) {  // over the byte budget, or the engine reads no more
            if (must_pause() && !std::exchange(is_paused_, true)) io_.pause(number_);
            return;
        }
    }
    is_reading_ = true;
    socket_.async_wait(asio::ip::tcp::socket::wait_read,
                       [self = shared_from_this()](std::error_code error) {
                           self->is_reading_ = false;
                           self->guarded([&] {
                               if (self->phase_ == Phase::lingering) return self->drain_lingering();
                               if (error) return self->end(Ending::lost);
                               if (self->phase_ != Phase::open) return;
                               if (self->tls_->phase() == TlsSession::Phase::handshake)
                                   return self->await_turn();
                               self->receive_tls();
                           });
                       });
}

// A handshake is a millisecond of arithmetic: many at once go one by one, in the order in which
// their bytes came, with everybody else's turns between them.
void Connection::await_turn() {
    awaits_turn_ = true;
    turn_wanted_ = Clock::now();
    io_.queue_handshake(number_);
}

void Connection::take_turn() {
    guarded([&] {
        if (!std::exchange(awaits_turn_, false) || phase_ != Phase::open) return;
        waited_ += Clock::now() - turn_wanted_;
        receive_tls();
    });
}

void Connection::receive_tls() {
    std::span<char> buffer = io_.receive_buffer();
    if (tls_->phase() == TlsSession::Phase::handshake) {
        if (tls_->handshake_bytes() >= most_handshake_bytes)
            return fail_tls("the handshake has too many bytes");
        buffer =
            buffer.first(std::min(buffer.size(), most_handshake_bytes - tls_->handshake_bytes()));
    }
    const ssize_t got = ::recv(socket_.native_handle(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return read();
    if (got <= 0) return end(guard_.is_closed() ? Ending::orderly : Ending::lost);
    const auto size = static_cast<std::size_t>(got);
    count(io_.counters().bytes_in, size);
    heard_ = Clock::now();
    tls_->receive({buffer.data(), size});
    decrypt();
    write();
    read();
}

// Until all that was received is used or something has to wait; the buffer it came in may go then.
void Connection::decrypt() {
    do {
        const pn_rwbytes_t room = engine_room();
        if (room.size <= carry_) break;
        const bool was_open = tls_->phase() == TlsSession::Phase::open;
        const std::size_t size = tls_->read({room.start + carry_, room.size - carry_});
        if (!was_open && tls_->phase() == TlsSession::Phase::open) {
            count(io_.counters().tls_handshakes);
            if (tls_->peer() && io_.door().identify) guard_.offer_external();
        }
        if (size > 0) {
            carry_ += size;
            process_input();
            io_.end_batch();
            write();
        }
        if (phase_ == Phase::open && tls_->phase() == TlsSession::Phase::failed)
            fail_tls(tls_->failure());
        else if (phase_ == Phase::open && tls_->phase() == TlsSession::Phase::ended)
            end(guard_.is_closed() ? Ending::orderly : Ending::lost);
    } while (tls_->has_more() && may_read() && !must_pause());
    tls_->keep_rest();
}

// The alert goes to the peer, then the connection ends.
void Connection::fail_tls(std::string_view reason) {
    io_.note_tls_failure(socket_, reason);
    phase_ = Phase::refused;
    blocked_since_ = Clock::now();
    is_tls_ended_ = true;
    links_.end_all(Ending::lost);
    forget_partial();
    write();
}

// false: the socket takes no more just now, or the connection is dead.
bool Connection::flush_tls() {
    while (!tls_->output().empty()) {
        if (is_writing_) return false;
        const std::size_t sent = send_raw(tls_->output());
        if (phase_ == Phase::dead) return false;
        tls_->sent(sent);
    }
    return !is_writing_;
}

}  // namespace vera::amqp
