#include "adapters/kit/load_receiving.hpp"

#include "adapters/kit/load_message.hpp"

#include <proton/netaddr.h>
#include <proton/sasl.h>
#include <proton/session.h>
#include <proton/transport.h>

#include <algorithm>
#include <array>

namespace vera::kit {

ReceiveSide::ReceiveSide(const LoadOptions& options, LoadNotes& notes)
    : LoadSide(options, notes, LoadNote::Kind::receivers_done),
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
void ReceiveSide::begin() {
    if (!options_.is_listening) {
        for (Receiver& receiver : receivers_)
            receiver.connection = dial(&receiver);
        return;
    }
    std::array<char, 1024> address{};
    pn_proactor_addr(address.data(), address.size(), options_.host.c_str(), options_.port.c_str());
    listener_ = pn_listener();
    pn_proactor_listen(proactor(), listener_, address.data(), 16);
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
        notes_.put({LoadNote::Kind::receiver_ready, {}});
    }
}

void ReceiveSide::handle(pn_event_t* event) {
    if (pn_event_type(event) == PN_LISTENER_OPEN) notes_.put({LoadNote::Kind::receiver_ready, {}});
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
            complain(pn_link_remote_condition(pn_event_link(event)), "receiver's link");
            pn_connection_close(connection);
            break;
        case PN_CONNECTION_REMOTE_CLOSE:
            complain(pn_connection_remote_condition(connection), "receiver's connection");
            pn_connection_close(connection);
            break;
        case PN_TRANSPORT_CLOSED:
            complain(pn_transport_condition(pn_event_transport(event)), "receiver's transport");
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

}  // namespace vera::kit
