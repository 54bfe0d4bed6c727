#include "adapters/kit/load_sending.hpp"

#include "bus/host/random.hpp"

#include <proton/session.h>
#include <proton/transport.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <time.h>

namespace vera::kit {

SendSide::SendSide(const LoadOptions& options, LoadNotes& notes)
    : LoadSide(options, notes, LoadNote::Kind::senders_done) {
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
void SendSide::begin() {
    for (Sender& sender : senders_)
        sender.connection = dial(&sender);
    if (options_.rate > 0)
        ticker_ = std::jthread([this](const std::stop_token& stop) { tick(stop); });
}

// The ticker wakes connections: it must end before the proactor goes.
void SendSide::finish() {
    ticker_ = std::jthread();
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
            complain(pn_link_remote_condition(pn_event_link(event)), "sender's link");
            pn_connection_close(connection);
            break;
        case PN_CONNECTION_REMOTE_CLOSE:
            complain(pn_connection_remote_condition(connection), "sender's connection");
            pn_connection_close(connection);
            break;
        case PN_TRANSPORT_CLOSED:
            complain(pn_transport_condition(pn_event_transport(event)), "sender's transport");
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

}  // namespace vera::kit
