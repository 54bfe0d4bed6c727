#include "tests/fuzz/engine_server.hpp"

#include "tests/fuzz/conversation.hpp"

#include <proton/condition.h>
#include <proton/connection.h>
#include <proton/delivery.h>
#include <proton/disposition.h>
#include <proton/event.h>
#include <proton/link.h>
#include <proton/session.h>
#include <proton/terminus.h>
#include <proton/transport.h>

#include <algorithm>
#include <cstring>
#include <iterator>

namespace vera::fuzz {

namespace {

constexpr std::uint32_t max_frame = 65536;
constexpr int credit = 20;

amqp::GuardLimits limits() {
    amqp::GuardLimits limits;
    limits.max_frame = max_frame;
    limits.max_message = 40000;
    limits.max_unfinished = 100000;
    limits.knows_sent = true;
    return limits;
}

}  // namespace

EngineServer::EngineServer(std::uint64_t seed, Tally& tally)
    : tally_(tally),
      dice_(seed),
      guard_(limits(), true, true),
      most_sent_(dice_.once_in(8) ? 300 : 30) {
    pn_connection_t* connection = pn_connection();
    pn_transport_t* transport = pn_transport();
    pn_transport_set_server(transport);
    pn_transport_set_max_frame(transport, max_frame);
    pn_transport_set_channel_max(transport, limits().channel_max);
    pn_transport_set_idle_timeout(transport, 60000);
    pn_connection_driver_init(&driver_, connection, transport);
    run_events();
}

EngineServer::~EngineServer() {
    held_.clear();
    links_.clear();
    pn_connection_driver_close(&driver_);
    while (pn_connection_driver_next_event(&driver_) != nullptr) {
    }
    pn_connection_driver_destroy(&driver_);
}

void EngineServer::converse(std::string_view input) {
    tally_.bytes += input.size();
    while (!input.empty() && !is_refused_) {
        const std::size_t piece = dice_.once_in(4) ? 1 + dice_.below(40) : 1 + dice_.below(16384);
        const std::string_view next = input.substr(0, piece);
        input.remove_prefix(next.size());
        input_.append(next);
        if (!take()) break;
        if (dice_.once_in(4)) settle_some(false);
        if (dice_.once_in(12)) end_something();
        if (dice_.once_in(2)) write_out();
        if (dice_.once_in(16)) pn_transport_tick(driver_.transport, 1000);
    }
    if (!is_refused_) {
        settle_some(true);
        write_out();
        pn_connection_driver_read_close(&driver_);
        run_events();
        write_out();
    }
    if (guard_.is_closed()) ++tally_.closed;
    if (!is_refused_) note_engine_error();
}

bool EngineServer::take() {
    for (;;) {
        const amqp::Step step = guard_.next(input_);
        switch (step.verdict) {
            case amqp::Verdict::need_more:
                give(waiting_);
                run_events();
                return true;
            case amqp::Verdict::pass:
                ++tally_.frames;
                waiting_.append(input_, 0, step.bytes);
                input_.erase(0, step.bytes);
                if (step.is_barrier) {
                    last_channel_ = step.channel;
                    last_handle_ = step.handle;
                    barrier();
                }
                break;
            case amqp::Verdict::consumed:
                ++tally_.consumed;
                input_.erase(0, step.bytes);
                (void)guard_.take_output();
                break;
            case amqp::Verdict::wait: {
                const auto credentials = guard_.take_credentials();
                guard_.verified(credentials && credentials->password == "secret");
                break;
            }
            case amqp::Verdict::refuse:
                refuse();
                return false;
        }
    }
}

void EngineServer::give(std::string_view frames) {
    while (!frames.empty()) {
        const pn_rwbytes_t space = pn_connection_driver_read_buffer(&driver_);
        if (space.size == 0) break;  // the engine has closed its side
        const std::size_t n = std::min(space.size, frames.size());
        std::memcpy(space.start, frames.data(), n);
        pn_connection_driver_read_done(&driver_, n);
        frames.remove_prefix(n);
        run_events();
    }
    waiting_.clear();
}

void EngineServer::barrier() {
    give(waiting_);
    run_events();
    write_out();
}

void EngineServer::refuse() {
    ++tally_.refusals[std::string(guard_.condition())];
    give(waiting_);
    note_engine_error();
    is_refused_ = true;
    pn_connection_driver_errorf(&driver_,
                                std::string(guard_.condition()).c_str(),
                                "%s",
                                std::string(guard_.text()).c_str());
    pn_connection_driver_read_close(&driver_);
    run_events();
    write_out();
}

void EngineServer::run_events() {
    while (pn_event_t* event = pn_connection_driver_next_event(&driver_))
        on_event(event);
}

void EngineServer::write_out() {
    for (;;) {
        const pn_bytes_t bytes = pn_connection_driver_write_buffer(&driver_);
        run_events();
        if (bytes.size == 0) return;
        const std::size_t n =
            dice_.once_in(8) ? 1 + dice_.below(static_cast<std::uint32_t>(bytes.size)) : bytes.size;
        pn_connection_driver_write_done(&driver_, std::min(n, bytes.size));
    }
}

void EngineServer::on_event(pn_event_t* event) {
    switch (pn_event_type(event)) {
        case PN_CONNECTION_REMOTE_OPEN:
            pn_connection_set_container(driver_.connection, "server");
            pn_connection_open(driver_.connection);
            break;
        case PN_SESSION_REMOTE_OPEN:
            on_session_open(pn_event_session(event));
            break;
        case PN_SESSION_REMOTE_CLOSE:
            on_session_end(pn_event_session(event));
            break;
        case PN_LINK_REMOTE_OPEN:
            on_link_open(pn_event_link(event));
            break;
        case PN_LINK_REMOTE_CLOSE:
            on_link_end(pn_event_link(event), true);
            break;
        case PN_LINK_REMOTE_DETACH:
            on_link_end(pn_event_link(event), false);
            break;
        case PN_LINK_FLOW:
            if (links_.contains(pn_event_link(event))) send_some(pn_event_link(event));
            break;
        case PN_DELIVERY:
            on_delivery(pn_event_delivery(event));
            break;
        case PN_CONNECTION_REMOTE_CLOSE:
            held_.clear();
            links_.clear();
            pn_connection_close(driver_.connection);
            break;
        default:
            break;
    }
}

void EngineServer::on_session_open(pn_session_t* session) {
    pn_session_set_incoming_capacity(session, std::size_t{max_frame} * 64);
    pn_session_open(session);
}

void EngineServer::on_link_open(pn_link_t* link) {
    pn_terminus_copy(pn_link_source(link), pn_link_remote_source(link));
    pn_terminus_copy(pn_link_target(link), pn_link_remote_target(link));
    pn_link_set_max_message_size(link, 40000);
    const bool is_coordinator = pn_terminus_get_type(pn_link_remote_target(link)) == PN_COORDINATOR;
    if (is_coordinator || dice_.once_in(16)) {
        pn_condition_set_name(pn_link_condition(link),
                              is_coordinator ? "amqp:not-implemented" : "amqp:not-found");
        if (dice_.once_in(2)) pn_terminus_set_type(pn_link_target(link), PN_UNSPECIFIED);
        pn_link_open(link);
        pn_link_close(link);
        return;
    }
    pn_link_open(link);
    links_[link] = LinkState{last_channel_, last_handle_, credit};
    if (pn_link_is_receiver(link)) {
        guard_.set_link_limit(last_channel_, last_handle_, dice_.once_in(4) ? 1000 : 40000);
        pn_link_flow(link, credit);
    }
}

void EngineServer::forget(pn_link_t* link) {
    std::erase_if(held_,
                  [link](pn_delivery_t* delivery) { return pn_delivery_link(delivery) == link; });
    links_.erase(link);
}

void EngineServer::on_link_end(pn_link_t* link, bool is_closed) {
    forget(link);
    if (is_closed) {
        pn_link_close(link);
    } else {
        pn_link_detach(link);
    }
    pn_link_free(link);
}

void EngineServer::forget_session(pn_session_t* session) {
    std::vector<pn_link_t*> gone;
    for (const auto& [link, state] : links_) {
        if (pn_link_session(link) == session) gone.push_back(link);
    }
    for (pn_link_t* link : gone)
        forget(link);
}

void EngineServer::on_session_end(pn_session_t* session) {
    forget_session(session);
    pn_session_close(session);
    pn_session_free(session);
}

void EngineServer::on_delivery(pn_delivery_t* delivery) {
    pn_link_t* link = pn_delivery_link(delivery);
    if (!links_.contains(link)) return;
    if (pn_link_is_receiver(link)) {
        on_received(delivery, link);
        return;
    }
    if (!pn_delivery_updated(delivery)) return;
    const std::uint64_t state = pn_delivery_remote_state(delivery);
    const bool is_final = state != 0 && state != PN_RECEIVED;
    if (pn_delivery_settled(delivery) || is_final) {
        if (is_final && dice_.once_in(2)) pn_delivery_update(delivery, state);
        pn_delivery_settle(delivery);
    } else {
        pn_delivery_clear(delivery);
    }
}

void EngineServer::on_received(pn_delivery_t* delivery, pn_link_t* link) {
    LinkState& state = links_[link];
    if (pn_delivery_aborted(delivery)) {
        pn_delivery_settle(delivery);
        pn_link_flow(link, 1);
        return;
    }
    if (!pn_delivery_readable(delivery) || pn_delivery_partial(delivery)) return;
    if (pn_link_current(link) != delivery) return;
    if (pn_link_credit(link) < 0 && dice_.once_in(2)) {
        pn_condition_set_name(pn_link_condition(link), "amqp:link:transfer-limit-exceeded");
        forget(link);
        pn_link_close(link);
        return;
    }
    std::string message(pn_delivery_pending(delivery), '\0');
    if (!message.empty()) (void)pn_link_recv(link, message.data(), message.size());
    ++tally_.deliveries_in;
    pn_link_advance(link);
    if (--state.issued <= credit / 2) {
        pn_link_flow(link, credit - state.issued);
        state.issued = credit;
    }
    if (dice_.once_in(3)) {
        settle(delivery, dice_.once_in(2));
    } else {
        held_.push_back(delivery);
    }
}

void EngineServer::settle(pn_delivery_t* delivery, bool is_good) {
    if (is_good) {
        pn_delivery_update(delivery, PN_ACCEPTED);
    } else {
        pn_condition_set_name(pn_disposition_condition(pn_delivery_local(delivery)),
                              "amqp:decode-error");
        pn_condition_set_description(pn_disposition_condition(pn_delivery_local(delivery)), "text");
        pn_delivery_update(delivery, PN_REJECTED);
    }
    pn_delivery_settle(delivery);
}

void EngineServer::settle_some(bool all) {
    std::vector<pn_delivery_t*> held;
    held.swap(held_);
    for (pn_delivery_t* delivery : held) {
        if (all || dice_.once_in(2)) {
            settle(delivery, dice_.once_in(4));
        } else {
            held_.push_back(delivery);
        }
    }
    run_events();
}

// What the server ends by itself while the client goes on: a link, a session, the connection.
void EngineServer::end_something() {
    if (links_.empty()) return;
    auto chosen = links_.begin();
    std::advance(chosen, dice_.below(static_cast<std::uint32_t>(links_.size())));
    pn_link_t* link = chosen->first;
    if (dice_.once_in(16)) {
        pn_condition_set_name(pn_connection_condition(driver_.connection),
                              "amqp:connection:forced");
        held_.clear();
        links_.clear();
        pn_connection_close(driver_.connection);
    } else if (dice_.once_in(8)) {
        pn_session_t* session = pn_link_session(link);
        forget_session(session);
        pn_session_close(session);
    } else {
        pn_condition_set_name(pn_link_condition(link), "amqp:link:detach-forced");
        forget(link);
        if (dice_.once_in(4)) {
            pn_link_detach(link);
        } else {
            pn_link_close(link);
        }
    }
    run_events();
}

void EngineServer::send_some(pn_link_t* link) {
    if (!pn_link_is_sender(link)) return;
    const int wanted = next_tag_ < most_sent_ ? std::min(pn_link_credit(link), 8) : 0;
    const bool is_presettled = pn_link_remote_snd_settle_mode(link) == PN_SND_SETTLED;
    const LinkState& state = links_[link];
    for (int i = 0; i < wanted; ++i) {
        const std::uint64_t tag = next_tag_++;
        char bytes[sizeof tag];
        std::memcpy(bytes, &tag, sizeof tag);
        pn_delivery_t* delivery = pn_delivery(link, pn_dtag(bytes, sizeof bytes));
        const std::string message(dice_.once_in(8) ? 3000 : 30, 'm');
        (void)pn_link_send(link, message.data(), message.size());
        if (is_presettled) {
            pn_delivery_settle(delivery);
        } else {
            pn_link_advance(link);
        }
        ++tally_.deliveries_out;
        guard_.delivery_sent(state.channel);
    }
    if (pn_link_get_drain(link)) pn_link_drained(link);
}

void EngineServer::note_engine_error() {
    pn_condition_t* condition = pn_transport_condition(driver_.transport);
    if (!pn_condition_is_set(condition)) return;
    const char* name = pn_condition_get_name(condition);
    const char* text = pn_condition_get_description(condition);
    if (text != nullptr && std::string_view(text) == "connection aborted")
        return;  // the client was gone without a close
    // The window is the engine's to keep: only it knows what it has offered.
    if (name != nullptr && std::string_view(name) == "amqp:session:window-violation") {
        ++tally_.window_violations;
        return;
    }
    ++tally_.engine_refusals[std::string(name == nullptr ? "" : name) + ": " +
                             (text == nullptr ? "" : text)];
}

void run_conversation(std::string_view bytes, std::uint64_t seed, Tally& tally) {
    Choices choices(bytes);
    const std::string input = Conversation(choices).make();
    ++tally.conversations;
    EngineServer server(seed, tally);
    server.converse(input);
}

}  // namespace vera::fuzz
