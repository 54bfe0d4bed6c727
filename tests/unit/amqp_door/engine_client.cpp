#include "tests/unit/amqp_door/engine_client.hpp"

#include "bus/base/check.hpp"
#include "tests/unit/amqp/wire.hpp"

#include <proton/condition.h>
#include <proton/connection.h>
#include <proton/disposition.h>
#include <proton/event.h>
#include <proton/sasl.h>
#include <proton/terminus.h>
#include <proton/transport.h>

#include <arpa/inet.h>
#include <cerrno>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace vera::amqp::test {

std::string text_message(std::string_view text) {
    return wire::described(0x77, wire::str(text));
}
std::string data_message(std::string_view data) {
    return wire::described(0x75, wire::bin(data));
}

EngineClient::EngineClient(std::uint16_t port, ClientOptions options)
    : options_(std::move(options)) {
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    VERA_CHECK(::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) ==
               0);
    pn_connection_t* connection = pn_connection();
    pn_transport_t* transport = pn_transport();
    if (options_.max_frame != 0) pn_transport_set_max_frame(transport, options_.max_frame);
    if (options_.idle_ms != 0) pn_transport_set_idle_timeout(transport, options_.idle_ms);
    pn_connection_driver_init(&driver_, connection, transport);
    pn_sasl_t* sasl = pn_sasl(transport);
    pn_sasl_set_allow_insecure_mechs(sasl, true);
    pn_sasl_allowed_mechs(sasl, options_.user.empty() ? "ANONYMOUS" : "PLAIN");
    if (!options_.user.empty()) {
        pn_connection_set_user(connection, options_.user.c_str());
        pn_connection_set_password(connection, options_.password.c_str());
    }
    pn_connection_set_container(connection, "test-client");
    pn_connection_open(connection);
    session_ = pn_session(connection);
    pn_session_set_incoming_capacity(session_, 64U << 20U);
    pn_session_open(session_);
    run_until([&] { return (pn_session_state(session_) & PN_REMOTE_ACTIVE) != 0; });
    has_opened_ = true;
}

EngineClient::~EngineClient() {
    if (!is_gone_) {
        pn_connection_close(driver_.connection);
        run_until([&] { return (pn_connection_state(driver_.connection) & PN_REMOTE_CLOSED) != 0; },
                  std::chrono::milliseconds(2000));
    }
    cut();
    pn_connection_driver_close(&driver_);
    while (pn_connection_driver_next_event(&driver_) != nullptr) {
    }
    pn_connection_driver_destroy(&driver_);
}

void EngineClient::cut() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
    is_gone_ = true;
}

bool EngineClient::flush() {
    for (;;) {
        const pn_bytes_t output = pn_connection_driver_write_buffer(&driver_);
        if (output.size == 0) return true;
        const ssize_t sent =
            ::send(socket_, output.start, output.size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && (errno == EAGAIN || errno == EINTR)) return false;
        if (sent < 0) {
            is_gone_ = true;
            return true;
        }
        pn_connection_driver_write_done(&driver_, static_cast<std::size_t>(sent));
    }
}

void EngineClient::step(std::chrono::milliseconds wait) {
    const auto events = [&] {
        while (pn_event_t* event = pn_connection_driver_next_event(&driver_))
            handle(event);
    };
    events();
    if (is_gone_) return;
    const bool is_flushed = flush();
    events();
    if (is_gone_) return;
    pollfd poll{.fd = socket_, .events = 0, .revents = 0};
    const bool reads = options_.reads || !has_opened_;
    if (reads) poll.events = static_cast<short>(poll.events | POLLIN);
    if (!is_flushed) poll.events = static_cast<short>(poll.events | POLLOUT);
    ::poll(&poll, 1, static_cast<int>(wait.count()));
    if (!reads) return;
    const pn_rwbytes_t buffer = pn_connection_driver_read_buffer_sized(&driver_, 65536);
    if (buffer.size == 0) return;
    const ssize_t got = ::recv(socket_, buffer.start, buffer.size, MSG_DONTWAIT);
    if (got > 0) pn_connection_driver_read_done(&driver_, static_cast<std::size_t>(got));
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
        pn_connection_driver_read_close(&driver_);
        is_gone_ = true;
    }
    events();
}

bool EngineClient::run_until(const std::function<bool()>& holds,
                             std::chrono::milliseconds deadline) {
    const auto end = std::chrono::steady_clock::now() + deadline;
    for (;;) {
        if (holds()) {
            if (!is_gone_) flush();
            return true;
        }
        if (is_gone_ || std::chrono::steady_clock::now() > end) return false;
        step(std::chrono::milliseconds(5));
    }
}

void EngineClient::handle(pn_event_t* event) {
    if (pn_event_type(event) != PN_DELIVERY) return;
    pn_delivery_t* delivery = pn_event_delivery(event);
    pn_link_t* link = pn_delivery_link(delivery);
    if (!pn_link_is_receiver(link) || pn_link_current(link) != delivery ||
        pn_delivery_partial(delivery))
        return;
    Received one{.link = link,
                 .delivery = delivery,
                 .bytes = {},
                 .is_settled = pn_delivery_settled(delivery)};
    one.bytes.resize(pn_delivery_pending(delivery));
    if (!one.bytes.empty()) pn_link_recv(link, one.bytes.data(), one.bytes.size());
    pn_link_advance(link);
    received.push_back(std::move(one));
}

pn_link_t* EngineClient::sender(std::string_view address, bool is_presettled) {
    pn_link_t* link = pn_sender(session_, ("s" + std::to_string(++names_)).c_str());
    pn_terminus_set_address(pn_link_target(link), std::string(address).c_str());
    if (is_presettled) pn_link_set_snd_settle_mode(link, PN_SND_SETTLED);
    pn_link_open(link);
    run_until([&] {
        return is_attached(link) &&
               (pn_link_credit(link) > 0 || (pn_link_state(link) & PN_REMOTE_CLOSED) != 0);
    });
    return link;
}

pn_link_t* EngineClient::receiver(std::string_view address, ReceiverOptions options) {
    pn_link_t* link = pn_receiver(session_, ("r" + std::to_string(++names_)).c_str());
    pn_terminus_set_address(pn_link_source(link), std::string(address).c_str());
    if (options.looks) pn_terminus_set_distribution_mode(pn_link_source(link), PN_DIST_MODE_COPY);
    if (options.is_presettled) pn_link_set_snd_settle_mode(link, PN_SND_SETTLED);
    if (options.settles_second) pn_link_set_rcv_settle_mode(link, PN_RCV_SECOND);
    pn_link_open(link);
    if (options.credit > 0) pn_link_flow(link, options.credit);
    run_until([&] { return is_attached(link); });
    return link;
}

bool EngineClient::is_attached(pn_link_t* link) {
    return (pn_link_state(link) & PN_REMOTE_UNINIT) == 0;
}

std::string EngineClient::closed_reason(pn_link_t* link) {
    if (!run_until([&] { return (pn_link_state(link) & PN_REMOTE_CLOSED) != 0; }))
        return "not closed";
    pn_condition_t* condition = pn_link_remote_condition(link);
    if (!pn_condition_is_set(condition)) return {};
    const char* text = pn_condition_get_description(condition);
    return std::string(pn_condition_get_name(condition)) + ": " + (text == nullptr ? "" : text);
}

std::string EngineClient::connection_reason() {
    run_until([&] { return (pn_connection_state(driver_.connection) & PN_REMOTE_CLOSED) != 0; });
    pn_condition_t* condition = pn_connection_remote_condition(driver_.connection);
    if (!pn_condition_is_set(condition)) return {};
    return pn_condition_get_name(condition);
}

pn_delivery_t* EngineClient::send(pn_link_t* link, std::string_view bytes) {
    const std::uint64_t tag = ++tags_;
    pn_delivery_t* delivery =
        pn_delivery(link, pn_dtag(reinterpret_cast<const char*>(&tag), sizeof tag));
    pn_link_send(link, bytes.data(), bytes.size());
    pn_link_advance(link);
    if (pn_link_snd_settle_mode(link) == PN_SND_SETTLED) pn_delivery_settle(delivery);
    return delivery;
}

std::uint64_t EngineClient::outcome(pn_delivery_t* delivery) {
    run_until(
        [&] { return pn_delivery_settled(delivery) || pn_delivery_remote_state(delivery) != 0; });
    return pn_delivery_remote_state(delivery);
}

std::string EngineClient::error_name(pn_delivery_t* delivery) {
    const char* name =
        pn_condition_get_name(pn_disposition_condition(pn_delivery_remote(delivery)));
    return name == nullptr ? "" : name;
}

std::string EngineClient::error_text(pn_delivery_t* delivery) {
    const char* text =
        pn_condition_get_description(pn_disposition_condition(pn_delivery_remote(delivery)));
    return text == nullptr ? "" : text;
}

void EngineClient::settle(const Received& one, std::uint64_t state) {
    if (state != 0) pn_delivery_update(one.delivery, state);
    if (pn_link_rcv_settle_mode(one.link) != PN_RCV_SECOND) pn_delivery_settle(one.delivery);
}

}  // namespace vera::amqp::test
