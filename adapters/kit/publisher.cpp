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
    : link_(std::move(wire), link),
      port_(std::move(port)),
      options_(std::move(options)) {
    options_.window = std::max(options_.window, 1U);
}

Publisher::Publisher(Publisher&&) noexcept = default;

Publisher& Publisher::operator=(Publisher&&) noexcept = default;

Publisher::~Publisher() = default;

Result<void> Publisher::pump(Millis wait) {
    if (const auto alive = link_.alive(); !alive) return alive;
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
            link_.note_failure(std::move(*error));
        } else {
            link_.note_attached();
        }
    }
    return {};
}

Result<void> Publisher::attached(Millis timeout) {
    return link_.attached(options_.address, timeout, [this](Millis wait) { (void)pump(wait); });
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
    if (const auto alive = link_.alive(); !alive)
        return fail(alive.error().code, alive.error().text);
    const std::uint64_t ticket = ++last_ticket_;
    ++unsettled_;
    link_.wire().post(
        Send{link_.number(), ticket, std::make_shared<const Message>(std::move(message))});
    return ticket;
}

Result<void> Publisher::confirmations(std::vector<Confirmation>& out, Millis wait) {
    out.clear();
    const Millis deadline = host::system_clock().boot() + wait;
    Result<void> pumped = pump(Millis{0});
    while (pumped && confirmed_.empty() && !link_.has_failed()) {
        const Millis left = deadline - host::system_clock().boot();
        if (left <= Millis{0}) break;
        pumped = pump(left);
    }
    out.assign(std::make_move_iterator(confirmed_.begin()),
               std::make_move_iterator(confirmed_.end()));
    confirmed_.clear();
    if (!out.empty()) return {};
    return link_.alive();
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
    link_.wire().post(Withdraw{link_.number(), *ticket});
    --unsettled_;
    withdrawn_.insert(*ticket);
    return fail(Errc::unavailable,
                "no verdict from '" + options_.address + "' within " +
                    to_text(options_.confirm_timeout) +
                    "; it is not known whether the message was taken");
}

}  // namespace vera::kit
