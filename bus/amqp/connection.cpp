#include "bus/amqp/connection.hpp"

#include "bus/amqp/connection_guarded.hpp"
#include "bus/amqp/management_node.hpp"
#include "bus/amqp/reply_outlet.hpp"
#include "bus/base/check.hpp"
#include "bus/host/log.hpp"

#include <proton/condition.h>
#include <proton/connection.h>
#include <proton/transport.h>

#include <algorithm>
#include <asio/buffer.hpp>
#include <cstring>
#include <utility>

namespace vera::amqp {
namespace {

constexpr std::size_t large_read_bytes = 64U << 10U;  // of connections that carry deliveries

GuardLimits guard_limits(const DoorOptions& options, const flow::Snapshot& snapshot) {
    GuardLimits limits;
    limits.max_frame = options.max_frame_bytes;
    limits.channel_max = static_cast<std::uint16_t>(std::max<int>(options.max_sessions, 1) - 1);
    limits.handle_max = std::max(options.max_links, 1U) - 1;
    limits.knows_sent = true;
    limits.max_message =
        std::max(snapshot.limits.max_event_bytes, snapshot.limits.max_message_bytes) * 2 +
        options.max_frame_bytes;
    return limits;
}

bool takes_back(const Step& step) {
    return step.credit_change < 0 || step.window_short > 0;
}

}  // namespace

Connection::Connection(IoThread& io,
                       std::uint32_t number,
                       asio::ip::tcp::socket socket,
                       const ListenOn& on,
                       std::shared_ptr<const TlsContext> tls)
    : io_(io),
      number_(number),
      socket_(std::move(socket)),
      tls_(tls ? std::make_unique<TlsSession>(std::move(tls)) : nullptr),
      guard_(guard_limits(io.door().options, io.snapshot()), on.allows_anonymous, on.allows_plain),
      links_(io, number, guard_),
      started_(Clock::now()),
      heard_(started_),
      swept_(started_) {
    init_engine();
}

Connection::~Connection() {
    if (phase_ == Phase::dead) return;
    close_driver();
}

void Connection::init_engine() {
    const DoorOptions& options = io_.door().options;
    pn_connection_t* connection = pn_connection();
    pn_transport_t* transport = pn_transport();
    pn_transport_set_server(transport);
    pn_transport_set_max_frame(transport, options.max_frame_bytes);
    pn_transport_set_channel_max(
        transport, static_cast<std::uint16_t>(std::max<int>(options.max_sessions, 1) - 1));
    pn_transport_set_idle_timeout(transport,
                                  static_cast<pn_millis_t>(options.idle_timeout.count()));
    pn_connection_driver_init(&driver_, connection, transport);
    while (pn_connection_driver_next_event(&driver_) != nullptr) {
    }  // binds the transport
}

void Connection::start() {
    guarded([&] {
        io_.expect_handshake(number_, started_ + io_.door().options.handshake_timeout);
        guard_output_ += guard_.take_output();
        write();
        read();
    });
}

void Connection::read() {
    if (is_reading_ || !may_read()) return;
    if (must_pause()) {
        if (!std::exchange(is_paused_, true)) io_.pause(number_);
        return;
    }
    if (tls_) return read_tls();
    const pn_rwbytes_t buffer = engine_room();
    if (buffer.size <= carry_) return;  // the engine reads no more
    is_reading_ = true;
    socket_.async_read_some(asio::buffer(buffer.start + carry_, buffer.size - carry_),
                            [self = shared_from_this()](std::error_code error, std::size_t size) {
                                self->is_reading_ = false;
                                self->guarded([&] { self->on_read(error, size); });
                            });
}

bool Connection::must_pause() const {
    return links_.has_inlets() && io_.door().in_flight.is_over();
}

// The engine's read buffer, of which the first carry_ bytes are in use.
pn_rwbytes_t Connection::engine_room() {
    const bool wants_large = links_.has_inlets() && !has_large_buffer_;
    const pn_rwbytes_t buffer = pn_connection_driver_read_buffer(&driver_);
    if (!wants_large && (buffer.size == 0 || buffer.size > carry_)) return buffer;
    has_large_buffer_ = true;
    return pn_connection_driver_read_buffer_sized(
        &driver_, std::max<std::size_t>(large_read_bytes, io_.door().options.max_frame_bytes));
}

void Connection::resume_reading() {
    guarded([&] {
        is_paused_ = false;
        heard_ = Clock::now();
        read();
    });
}

void Connection::on_read(std::error_code error, std::size_t size) {
    if (phase_ == Phase::lingering) return drain_lingering();
    if (error) {
        // A peer that closed in order has said so in a close frame before.
        end(guard_.is_closed() ? Ending::orderly : Ending::lost);
        return;
    }
    count(io_.counters().bytes_in, size);
    if (phase_ != Phase::open) return;
    heard_ = Clock::now();
    carry_ += size;
    process_input();
    io_.end_batch();
    if (is_closing_) close_if_answered();
    write();
    read();
}

void Connection::process_input() {
    take_input();
    if (phase_ == Phase::open) account_partial();
}

void Connection::take_input() {
    while (carry_ > 0 && phase_ == Phase::open) {
        const pn_rwbytes_t buffer = pn_connection_driver_read_buffer(&driver_);
        if (buffer.size < carry_) {  // the engine closed its read side
            carry_ = 0;
            return;
        }
        const std::string_view input(buffer.start, carry_);
        std::size_t good = 0;
        Step step;
        for (;;) {
            step = good < carry_ ? guard_.next(input.substr(good)) : Step{};
            if (step.verdict != Verdict::pass || step.has_foreign_format || takes_back(step)) break;
            good += step.bytes;
            if (step.wants_echo) note_echo(step);
            if (step.is_barrier) break;
        }
        if (step.is_barrier) links_.begin_attach({.channel = step.channel, .handle = step.handle});
        if (good > 0 && !pass(good, step.is_barrier)) return;
        if (step.has_foreign_format) {
            links_.note_foreign_format({.channel = step.channel, .handle = step.handle});
            if (!pass(step.bytes, false)) return;
        }
        if (step.verdict == Verdict::pass && takes_back(step)) {
            if (step.wants_echo) note_echo(step);
            if (!pass_flow(step)) return;
            continue;
        }
        if (step.verdict == Verdict::consumed) {
            drop_input(step.bytes);
            on_consumed();
        } else if (step.verdict == Verdict::wait) {
            awaits_verdict_ = true;
            return;
        } else if (step.verdict == Verdict::refuse) {
            count(io_.counters().refused_frames);
            guard_output_ += guard_.take_output();
            refuse(guard_.condition(), guard_.text());
            return;
        } else if (step.verdict == Verdict::need_more) {
            return;
        }
    }
}

// Hands whole, checked frames to the engine. false: it takes no more, or not before the socket
// does.
bool Connection::pass(std::size_t size, bool is_barrier) {
    const char* rest = pn_connection_driver_read_buffer(&driver_).start + size;
    pn_connection_driver_read_done(&driver_, size);
    carry_ -= size;
    if (carry_ > 0) {
        const pn_rwbytes_t buffer = pn_connection_driver_read_buffer(&driver_);
        if (buffer.size < carry_)
            carry_ = 0;
        else
            std::memmove(buffer.start, rest, carry_);
    }
    run_events();
    if (phase_ != Phase::open) return false;
    if (!is_barrier) return true;
    // The engine maps or unmaps its own end of a session or link when it writes, and it does not
    // write while its output buffer is full; before that the next frame could confuse it. What the
    // peer is told has been told to the core before.
    io_.end_batch();
    write();
    return phase_ == Phase::open && !is_writing_;
}

// Credit or window that is taken back, in a form that the engine can bear.
bool Connection::pass_flow(const Step& step) {
    const FramePlace place{.channel = step.channel, .handle = step.handle};
    const std::uint32_t credit =
        step.credit_change < 0 ? links_.overdrawn(place, step.credit_change) : 0;
    if (credit == 0 && step.window_short == 0) return pass(step.bytes, false);
    const std::string_view input(pn_connection_driver_read_buffer(&driver_).start, carry_);
    const std::string frame =
        guard_.eased_flow(input.substr(0, step.bytes), credit, step.window_short);
    const std::string rest(input.substr(step.bytes));
    const pn_rwbytes_t buffer =
        pn_connection_driver_read_buffer_sized(&driver_, frame.size() + rest.size());
    carry_ = frame.size() + rest.size();
    VERA_CHECK(buffer.size >= carry_);
    std::memcpy(buffer.start, frame.data(), frame.size());
    std::memcpy(buffer.start + frame.size(), rest.data(), rest.size());
    return pass(frame.size(), false);
}

void Connection::note_echo(const Step& step) {
    const Echo echo{{.channel = step.channel, .handle = step.is_of_link ? step.handle : 0},
                    step.is_of_link};
    if (std::ranges::find(echoes_, echo) == echoes_.end()) echoes_.push_back(echo);
}

// The engine answers none. Its own output is written: what is told here is so on the peer's side
// of it too. false: there was nothing to tell.
bool Connection::answer_echoes() {
    for (const Echo& echo : std::exchange(echoes_, {})) {
        std::optional<FrameGuard::LinkState> state;
        if (echo.is_of_link) state = links_.state_of(echo.place);
        if (state || !echo.is_of_link)
            guard_output_ += guard_.state_flow(echo.place.channel, state);
    }
    return !guard_output_.empty();
}

void Connection::drop_input(std::size_t size) {
    const pn_rwbytes_t buffer = pn_connection_driver_read_buffer(&driver_);
    carry_ -= size;
    std::memmove(buffer.start, buffer.start + size, carry_);
}

void Connection::on_consumed() {
    guard_output_ += guard_.take_output();
    if (auto credentials = guard_.take_credentials()) return verify(std::move(*credentials));
    if (guard_.is_authenticated() && identity_ == nullptr && guard_.mechanism() == "ANONYMOUS")
        adopt_identity(std::make_shared<const event::Identity>(
            event::Identity{.system = "anonymous", .authority = "", .mechanism = "ANONYMOUS"}));
}

void Connection::verify(Credentials credentials) {
    if (credentials.is_external) {
        auto identity = io_.door().identify(*tls_->peer(), credentials.user);
        guard_.verified(identity != nullptr);
        guard_output_ += guard_.take_output();
        if (!guard_.is_authenticated()) return refuse(guard_.condition(), guard_.text());
        return adopt_identity(std::move(identity));
    }
    io_.door().authenticate(
        std::move(credentials.user),
        std::move(credentials.password),
        [io = io_.weak_from_this(),
         number = number_](std::shared_ptr<const event::Identity> identity) {
            const auto thread = io.lock();
            if (!thread) return;
            thread->defer([raw = thread.get(), number, identity = std::move(identity)] {
                if (Connection* connection = raw->find(number)) connection->verified(identity);
            });
        });
}

void Connection::verified(std::shared_ptr<const event::Identity> identity) {
    const auto self = shared_from_this();
    guarded([&] {
        guard_.verified(identity != nullptr);
        guard_output_ += guard_.take_output();
        awaits_verdict_ = false;
        if (!guard_.is_authenticated()) return refuse(guard_.condition(), guard_.text());
        adopt_identity(std::move(identity));
        process_input();
        io_.end_batch();
        write();
        read();
    });
}

void Connection::adopt_identity(std::shared_ptr<const event::Identity> identity) {
    identity_ = std::move(identity);
    links_.set_identity(identity_);
}

// Bytes of deliveries that are not whole yet are bounded over all connections.
void Connection::account_partial() {
    const std::uint64_t now = guard_.buffered_bytes();
    if (now == partial_bytes_) return;
    auto& sum = io_.door().partial_bytes;
    const std::uint64_t total =
        sum.fetch_add(now - partial_bytes_, std::memory_order_relaxed) + now - partial_bytes_;
    const bool has_grown = now > partial_bytes_;
    partial_bytes_ = now;
    if (!has_grown) return;
    io_.note_partial(now);
    if (total > io_.door().options.in_flight_bytes) io_.shed_partial();
}

// They go with the connection.
void Connection::forget_partial() {
    io_.door().partial_bytes.fetch_sub(std::exchange(partial_bytes_, 0), std::memory_order_relaxed);
}

void Connection::run_events() {
    while (pn_event_t* event = pn_connection_driver_next_event(&driver_)) {
        switch (pn_event_type(event)) {
            case PN_CONNECTION_REMOTE_OPEN: {
                pn_connection_t* connection = driver_.connection;
                pn_connection_set_container(connection, io_.door().options.container_id.c_str());
                pn_data_t* properties = pn_connection_properties(connection);
                pn_data_put_map(properties);
                pn_data_enter(properties);
                pn_data_put_symbol(properties, pn_bytes(7, "product"));
                pn_data_put_string(properties, pn_bytes(4, "VeRA"));
                pn_data_put_symbol(properties, pn_bytes(7, "version"));
                pn_data_put_string(properties, pn_bytes(std::strlen(VERA_VERSION), VERA_VERSION));
                pn_data_exit(properties);
                pn_data_t* offered = pn_connection_offered_capabilities(connection);
                pn_data_put_array(offered, false, PN_SYMBOL);
                pn_data_enter(offered);
                // AMQP anonterm 1.0 §2.1; without it JMS opens a link for every message.
                pn_data_put_symbol(offered, pn_bytes(15, "ANONYMOUS-RELAY"));
                pn_data_exit(offered);
                pn_connection_open(connection);
                links_.set_peer_frame(pn_transport_get_remote_max_frame(driver_.transport));
                start_ticking();
                break;
            }
            case PN_TRANSPORT_ERROR:
                if (phase_ != Phase::open) break;
                phase_ = Phase::refused;
                blocked_since_ = Clock::now();
                links_.end_all(Ending::lost);
                break;
            case PN_CONNECTION_REMOTE_CLOSE:
                links_.end_all(Ending::orderly);
                pn_connection_close(driver_.connection);
                break;
            default:
                links_.on_event(event);
                break;
        }
    }
}

void Connection::finish_work() {
    guarded([&] {
        run_events();
        if (is_closing_) close_if_answered();
        write();
        read();
    });
}

void Connection::answer_management(LinkId request,
                                   const ManagementReply& reply,
                                   std::string_view correlation,
                                   std::string_view reply_to) {
    guarded([&] {
        if (phase_ != Phase::open) return;
        const Result<std::string> message = write_reply(reply, correlation, reply_to);
        ReplyOutlet* replies = links_.replies(reply_to);
        if (!message || replies == nullptr || !replies->send(request, *message)) {
            host::log::warn("a management reply is dropped",
                            {{"connection", std::to_string(number_)}});
            links_.answered(request);
        }
        run_events();
        write();
    });
}

}  // namespace vera::amqp
