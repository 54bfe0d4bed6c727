#include "adapters/kit/proton/driver.hpp"
#include "bus/host/clock.hpp"

#include <proton/delivery.h>
#include <proton/disposition.h>
#include <proton/receiver_options.hpp>
#include <proton/sender_options.hpp>
#include <proton/source_options.hpp>
#include <proton/target_options.hpp>
#include <proton/types.hpp>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <variant>

namespace vera::kit {

// ---- commands
// -----------------------------------------------------------------------------------------

void Wire::Driver::sync() {
    if (!is_open_) return;
    std::vector<Command> commands;
    while (inbox_.take(commands))
        for (Command& command : commands)
            std::visit([this](auto& one) { apply(one); }, command);
    for (auto& [number, slot] : senders_)
        pump(slot);
}

void Wire::Driver::apply(OpenSender& command) {
    const std::uint32_t number = command.link;
    Outbox outbox(command.options.retry);
    const auto [at, is_new] =
        senders_.emplace(number, SenderSlot{std::move(command), std::move(outbox), {}, {}});
    attach(at->second);
}

void Wire::Driver::apply(OpenReceiver& command) {
    const std::uint32_t number = command.link;
    ReceiverSlot slot;
    slot.spec = std::move(command);
    attach(receivers_.emplace(number, std::move(slot)).first->second);
}

void Wire::Driver::apply(Send& command) {
    const auto found = senders_.find(command.link);
    if (found != senders_.end())
        found->second.outbox.add(command.ticket, std::move(command.message));
}

void Wire::Driver::apply(Withdraw& command) {
    const auto found = senders_.find(command.link);
    if (found == senders_.end()) return;
    found->second.outbox.withdraw(command.ticket);
    found->second.spec.port->notes.put(Withdrawn{command.ticket});
}

void Wire::Driver::apply(Settle& command) {
    const auto found = receivers_.find(command.link);
    if (found == receivers_.end()) return;
    ReceiverSlot& slot = found->second;
    if (command.token != 0) {
        const auto held = slot.held.find(command.token);
        if (held == slot.held.end()) return;  // of a connection that is gone
        settle(held->second, command.settlement);
        slot.held.erase(held);
    }
    ++slot.owed;
    grant(slot);
}

void Wire::Driver::apply(Drain& command) {
    const auto found = receivers_.find(command.link);
    if (found == receivers_.end() || found->second.is_draining) return;
    found->second.is_draining = true;
    grant(found->second);
}

void Wire::Driver::apply(Detach& command) {
    if (const auto found = senders_.find(command.link); found != senders_.end()) {
        if (!!found->second.link) found->second.link.close();
        senders_.erase(found);
    }
    if (const auto found = receivers_.find(command.link); found != receivers_.end()) {
        for (auto& [token, delivery] : found->second.held)
            settle(delivery, {Outcome::release, {}});
        if (!!found->second.link) found->second.link.close();
        receivers_.erase(found);
    }
}

// ---- links
// --------------------------------------------------------------------------------------------

std::uint32_t Wire::Driver::number_of(const proton::link& link) {
    const std::string name = link.name();  // "<number>-<name_>"
    return static_cast<std::uint32_t>(std::strtoul(name.c_str(), nullptr, 10));
}

void Wire::Driver::attach_all() {
    for (auto& [number, slot] : senders_)
        attach(slot);
    for (auto& [number, slot] : receivers_)
        attach(slot);
}

void Wire::Driver::attach(SenderSlot& slot) {
    proton::sender_options with;
    proton::target_options target;
    target.address(slot.spec.options.address);
    proton::source_options source;
    source.address(name_);
    with.name(std::to_string(slot.spec.link) + "-" + name_)
        .delivery_mode(proton::delivery_mode::AT_LEAST_ONCE)
        .target(target)
        .source(source)
        .properties(to_properties(slot.spec.options.link_properties));
    slot.link = connection_.open_sender(slot.spec.options.address, with);
}

void Wire::Driver::attach(ReceiverSlot& slot) {
    const SubscriberOptions& options = slot.spec.options;
    proton::source_options source;
    if (options.is_dynamic) {
        source.dynamic(true);
    } else {
        source.address(options.address);
    }
    if (options.is_browsing) source.distribution_mode(proton::source::COPY);
    proton::target_options target;
    target.address(options.reply_to.empty() ? name_ : options.reply_to);
    proton::receiver_options with;
    with.name(std::to_string(slot.spec.link) + "-" + name_)
        .auto_accept(false)
        .credit_window(0)
        .delivery_mode(options.is_browsing ? proton::delivery_mode::AT_MOST_ONCE
                                           : proton::delivery_mode::AT_LEAST_ONCE)
        .source(source)
        .target(target)
        .properties(to_properties(options.link_properties));
    slot.link = connection_.open_receiver(options.address, with);
    slot.owed = std::max(options.credit, 1U);
    slot.is_drain_running = false;
    grant(slot);
}

void Wire::Driver::pump(SenderSlot& slot) {
    if (!slot.link || !slot.link.active()) return;
    const Millis now = host::system_clock().boot();
    while (slot.link.credit() > 0) {
        auto next = slot.outbox.next(now);
        if (!next) break;
        const std::uint64_t number = ++last_delivery_;
        proton::binary tag(sizeof number);
        std::memcpy(tag.data(), &number, sizeof number);
        slot.in_flight.emplace(number, next->ticket);
        slot.link.send(to_proton(*next->message), tag);
    }
    // Without credit no timer is needed: pumped again when there is some.
    if (slot.link.credit() > 0) retry_later(slot);
}

// The one timer serves all senders, and is unset when it strikes: each pump asks for it again.
void Wire::Driver::retry_later(const SenderSlot& slot) {
    const auto due = slot.outbox.next_due();
    if (!due || (retry_at_ && *retry_at_ <= *due)) return;
    retry_at_ = due;
    arm();
}

// Gives back credit for what was settled, in halves of the window so that flow frames stay few. A
// drain that used up all credit does not tell whether there is more: it is asked again with new
// credit.
void Wire::Driver::grant(ReceiverSlot& slot) {
    if (!slot.link || slot.is_drain_running) return;
    const SubscriberOptions& options = slot.spec.options;
    const std::uint64_t used = slot.received + slot.granted;
    const std::uint64_t left = options.total == 0     ? UINT64_MAX
                               : options.total > used ? options.total - used
                                                      : 0;
    if (slot.owed * 2 >= std::max(options.credit, 1U)) {
        const auto credit = static_cast<std::uint32_t>(std::min<std::uint64_t>(slot.owed, left));
        slot.owed = 0;
        slot.granted += credit;
        if (credit > 0) slot.link.add_credit(credit);
    }
    if (!slot.is_draining) return;
    if (slot.granted > 0) {
        // In a flow frame of its own: peers that know one drain from the next by a frame without it
        // would not answer.
        slot.is_drain_running = true;
        hop([this, number = slot.spec.link] {
            const auto found = receivers_.find(number);
            if (found == receivers_.end() || !found->second.link) return;
            if (found->second.granted > 0) {
                found->second.link.drain();
            } else {
                found->second.is_drain_running = false;
                grant(found->second);
            }
        });
    } else if (left == 0) {
        slot.is_draining = false;
        slot.spec.port->notes.put(Drained{});
    }
}

void Wire::Driver::settle(const proton::delivery& delivery, const Settlement& settlement) {
    pn_delivery_t* handle = DeliveryHandle(delivery).pn_object();
    pn_disposition_t* local = pn_delivery_local(handle);
    switch (settlement.outcome) {
        case Outcome::accept:
            pn_delivery_update(handle, PN_ACCEPTED);
            break;
        case Outcome::release:
            pn_delivery_update(handle, PN_RELEASED);
            break;
        case Outcome::retry:
            pn_disposition_set_failed(local, true);
            pn_delivery_update(handle, PN_MODIFIED);
            break;
        case Outcome::dead_letter: {
            pn_condition_t* condition = pn_disposition_condition(local);
            pn_condition_set_name(condition, "vera:dead-letter");
            pn_condition_set_description(condition, settlement.reason.c_str());
            pn_delivery_update(handle, PN_REJECTED);
            break;
        }
    }
    pn_delivery_settle(handle);
}

void Wire::Driver::answered(const proton::tracker& tracker, Confirmation answer) {
    const auto found = senders_.find(number_of(tracker.sender()));
    if (found == senders_.end()) return;
    SenderSlot& slot = found->second;
    std::uint64_t number = 0;
    const proton::binary tag = tracker.tag();
    if (tag.size() != sizeof number) return;
    std::memcpy(&number, tag.data(), sizeof number);
    const auto in_flight = slot.in_flight.find(number);
    if (in_flight == slot.in_flight.end()) return;
    answer.ticket = in_flight->second;
    slot.in_flight.erase(in_flight);
    const Millis now = host::system_clock().boot();
    if (auto confirmation = slot.outbox.settled(std::move(answer), now)) {
        slot.spec.port->notes.put(std::move(*confirmation));
        return;
    }
    retry_later(slot);
}

// A closed link is final for its publisher or subscriber; a lost connection is not, and does not
// come here.
void Wire::Driver::link_failed(const proton::link& link) {
    guarded([&] {
        const std::uint32_t number = number_of(link);
        const auto explain = [&](const std::string& address) {
            Error error = to_error(link.error(), "the peer closed the link");
            error.text = "'" + address + "': " + error.text;
            return error;
        };
        if (const auto at = senders_.find(number); at != senders_.end()) {
            at->second.spec.port->notes.put(explain(at->second.spec.options.address));
            senders_.erase(at);
        }
        if (const auto at = receivers_.find(number); at != receivers_.end()) {
            at->second.spec.port->notes.put(explain(at->second.spec.options.address));
            receivers_.erase(at);
        }
    });
}

// ---- callbacks
// ----------------------------------------------------------------------------------------

void Wire::Driver::on_sendable(proton::sender& sender) {
    guarded([&] {
        const auto found = senders_.find(number_of(sender));
        if (found != senders_.end()) pump(found->second);
    });
}

// A refused link is attached too, and detached right behind (AMQP 1.0 §2.6.3): only what survives
// the batch is attached.
void Wire::Driver::on_sender_open(proton::sender& sender) {
    guarded([&] {
        const auto slot = senders_.find(number_of(sender));
        if (slot == senders_.end()) return;
        const bool is_named = !slot->second.spec.options.address.empty();
        if (is_named && sender.target().address().empty()) return;
        hop([this, number = slot->first] {
            const auto found = senders_.find(number);
            if (found != senders_.end()) found->second.spec.port->notes.put(Attached{});
        });
    });
}

void Wire::Driver::on_tracker_accept(proton::tracker& tracker) {
    guarded([&] { answered(tracker, {}); });
}

void Wire::Driver::on_tracker_reject(proton::tracker& tracker) {
    guarded([&] {
        Confirmation answer;
        answer.verdict = Verdict::rejected;
        pn_condition_t* condition =
            pn_disposition_condition(pn_delivery_remote(TrackerHandle(tracker).pn_object()));
        if (condition != nullptr && pn_condition_is_set(condition)) {
            answer.condition = pn_condition_get_name(condition);
            const char* text = pn_condition_get_description(condition);
            answer.text = text == nullptr ? "" : text;
        }
        answered(tracker, std::move(answer));
    });
}

// Called for released and for modified.
void Wire::Driver::on_tracker_release(proton::tracker& tracker) {
    guarded([&] {
        Confirmation answer;
        answer.verdict = Verdict::released;
        if (tracker.state() == proton::transfer::MODIFIED) {
            answer.verdict = Verdict::modified;
            pn_disposition_t* remote = pn_delivery_remote(TrackerHandle(tracker).pn_object());
            if (pn_disposition_is_undeliverable(remote)) {
                answer.verdict = Verdict::rejected;
                answer.text = "undeliverable here";
            }
        }
        answered(tracker, std::move(answer));
    });
}

// Settled without an outcome: the peer has not taken it.
void Wire::Driver::on_tracker_settle(proton::tracker& tracker) {
    guarded([&] {
        Confirmation answer;
        answer.verdict = Verdict::released;
        answered(tracker, std::move(answer));
    });
}

void Wire::Driver::on_receiver_open(proton::receiver& receiver) {
    guarded([&] {
        std::string address = receiver.source().address();
        if (address.empty()) return;
        hop([this, number = number_of(receiver), address = std::move(address)] {
            const auto found = receivers_.find(number);
            if (found != receivers_.end()) found->second.spec.port->notes.put(Attached{address});
        });
    });
}

// The binding calls this as soon as the link has no credit left, with messages of the same read
// still to come: decided behind them.
void Wire::Driver::on_receiver_drain_finish(proton::receiver& receiver) {
    guarded([&] {
        hop([this, number = number_of(receiver)] {
            const auto found = receivers_.find(number);
            if (found == receivers_.end() || !found->second.is_drain_running) return;
            ReceiverSlot& slot = found->second;
            slot.is_drain_running = false;
            if (slot.granted == 0) {
                grant(slot);
                return;
            }
            slot.granted = 0;
            slot.is_draining = false;
            slot.spec.port->notes.put(Drained{});
        });
    });
}

void Wire::Driver::on_message(proton::delivery& delivery, proton::message& message) {
    guarded([&] {
        const auto found = receivers_.find(number_of(delivery.receiver()));
        if (found == receivers_.end()) {
            settle(delivery, {Outcome::release, {}});
            return;
        }
        ReceiverSlot& slot = found->second;
        ++slot.received;
        if (slot.granted > 0) --slot.granted;
        Received received = to_received(message);
        received.is_settled = delivery.settled();
        if (!received.is_settled && slot.spec.options.is_browsing) {
            settle(delivery, {Outcome::release, {}});
            received.is_settled = true;
        } else if (!received.is_settled) {
            received.token = ++last_token_;
            slot.held.emplace(received.token, delivery);
        }
        slot.spec.port->notes.put(std::move(received));
    });
}

}  // namespace vera::kit
