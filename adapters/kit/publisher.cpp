#include "adapters/kit/publisher.hpp"

#include "adapters/kit/wire.hpp"
#include "bus/host/clock.hpp"

#include <algorithm>
#include <utility>

namespace vera::kit {

Publisher::Publisher(std::shared_ptr<Wire> wire,
                     std::shared_ptr<SenderPort> port,
                     std::uint32_t link,
                     PublisherOptions options)
    : wire_(std::move(wire)),
      port_(std::move(port)),
      link_(link),
      options_(std::move(options)) {
    options_.window = std::max(options_.window, 1U);
}

Publisher::Publisher(Publisher&&) noexcept = default;

Publisher& Publisher::operator=(Publisher&& other) noexcept {
    if (this == &other) return *this;
    detach();
    wire_ = std::move(other.wire_);
    port_ = std::move(other.port_);
    link_ = other.link_;
    options_ = std::move(other.options_);
    last_ticket_ = other.last_ticket_;
    unsettled_ = other.unsettled_;
    is_attached_ = other.is_attached_;
    confirmed_ = std::move(other.confirmed_);
    failure_ = std::move(other.failure_);
    withdrawn_ = std::move(other.withdrawn_);
    return *this;
}

Publisher::~Publisher() {
    detach();
}

void Publisher::detach() {
    if (wire_) wire_->post(Detach{link_});
    wire_.reset();
}

Result<void> Publisher::pump(Millis wait) {
    if (failure_) return fail(failure_->code, failure_->text);
    std::vector<SenderNote> notes;
    port_->notes.take(notes, wait);
    for (SenderNote& note : notes) {
        if (auto* confirmation = std::get_if<Confirmation>(&note)) {
            // The verdict of a withdrawn message may have been on its way already.
            if (withdrawn_.contains(confirmation->ticket)) continue;
            --unsettled_;
            confirmed_.push_back(std::move(*confirmation));
        } else if (const auto* withdrawn = std::get_if<Withdrawn>(&note)) {
            withdrawn_.erase(withdrawn->ticket);
        } else if (auto* error = std::get_if<Error>(&note)) {
            if (!failure_) failure_ = std::move(*error);
        } else {
            is_attached_ = true;
        }
    }
    return {};
}

Result<void> Publisher::attached(Millis timeout) {
    const Millis deadline = host::system_clock().boot() + timeout;
    while (!is_attached_ && !failure_) {
        const Millis left = deadline - host::system_clock().boot();
        if (left <= Millis{0})
            return fail(
                Errc::unavailable,
                "attaching to '" + options_.address + "': no answer within " + to_text(timeout));
        if (const auto pumped = pump(left); !pumped) return pumped;
    }
    if (failure_) return fail(failure_->code, failure_->text);
    return {};
}

Result<std::uint64_t> Publisher::send(Message message) {
    const Millis deadline = host::system_clock().boot() + options_.confirm_timeout;
    while (unsettled_ >= options_.window) {
        const Millis left = deadline - host::system_clock().boot();
        if (left <= Millis{0})
            return fail(Errc::unavailable,
                        "no verdict from '" + options_.address + "' within " +
                            to_text(options_.confirm_timeout));
        if (const auto pumped = pump(left); !pumped)
            return fail(pumped.error().code, pumped.error().text);
    }
    if (failure_) return fail(failure_->code, failure_->text);
    const std::uint64_t ticket = ++last_ticket_;
    ++unsettled_;
    wire_->post(Send{link_, ticket, std::make_shared<const Message>(std::move(message))});
    return ticket;
}

Result<void> Publisher::confirmations(std::vector<Confirmation>& out, Millis wait) {
    out.clear();
    const Millis deadline = host::system_clock().boot() + wait;
    Result<void> pumped = pump(Millis{0});
    while (pumped && confirmed_.empty() && !failure_) {
        const Millis left = deadline - host::system_clock().boot();
        if (left <= Millis{0}) break;
        pumped = pump(left);
    }
    out.assign(std::make_move_iterator(confirmed_.begin()),
               std::make_move_iterator(confirmed_.end()));
    confirmed_.clear();
    if (out.empty() && failure_) return fail(failure_->code, failure_->text);
    return {};
}

Result<Confirmation> Publisher::publish(Message message) {
    const auto ticket = send(std::move(message));
    if (!ticket) return fail(ticket.error().code, ticket.error().text);
    const Millis deadline = host::system_clock().boot() + options_.confirm_timeout;
    for (;;) {
        const auto found = std::ranges::find(confirmed_, *ticket, &Confirmation::ticket);
        if (found != confirmed_.end()) {
            Confirmation confirmation = std::move(*found);
            confirmed_.erase(found);
            return confirmation;
        }
        const Millis left = deadline - host::system_clock().boot();
        if (left <= Millis{0}) break;
        if (const auto pumped = pump(left); !pumped)
            return fail(pumped.error().code, pumped.error().text);
    }
    wire_->post(Withdraw{link_, *ticket});
    --unsettled_;
    withdrawn_.insert(*ticket);
    return fail(Errc::unavailable,
                "no verdict from '" + options_.address + "' within " +
                    to_text(options_.confirm_timeout) +
                    "; it is not known whether the message was taken");
}

}  // namespace vera::kit
