#include "adapters/kit/subscriber.hpp"

#include "adapters/kit/wire.hpp"
#include "bus/host/clock.hpp"

#include <algorithm>
#include <utility>

namespace vera::kit {

Subscriber::Subscriber(std::shared_ptr<Wire> wire,
                       std::shared_ptr<ReceiverPort> port,
                       std::uint32_t link,
                       SubscriberOptions options)
    : link_(std::move(wire), link),
      port_(std::move(port)),
      options_(std::move(options)) {}

Subscriber::Subscriber(Subscriber&&) noexcept = default;

Subscriber& Subscriber::operator=(Subscriber&&) noexcept = default;

Subscriber::~Subscriber() = default;

void Subscriber::pump(Millis wait) {
    std::vector<ReceiverNote> notes;
    port_->notes.take(notes, wait);
    for (ReceiverNote& note : notes) {
        if (auto* received = std::get_if<Received>(&note)) {
            waiting_.push_back(std::move(*received));
        } else if (auto* error = std::get_if<Error>(&note)) {
            link_.note_failure(std::move(*error));
        } else if (std::holds_alternative<Drained>(note)) {
            is_drained_ = true;
        } else if (auto* attached = std::get_if<Attached>(&note)) {
            address_ = std::move(attached->address);
            link_.note_attached();
        }
    }
}

Result<void> Subscriber::attached(Millis timeout) {
    return link_.attached(options_.is_dynamic ? "dynamic node" : options_.address,
                          timeout,
                          [this](Millis wait) { pump(wait); });
}

Result<std::optional<Received>> Subscriber::next(Millis wait) {
    const Millis deadline = host::system_clock().boot() + wait;
    if (waiting_.empty()) pump(Millis{0});
    while (waiting_.empty()) {
        if (const auto alive = link_.alive(); !alive)
            return fail(alive.error().code, alive.error().text);
        if (is_drained_) return std::optional<Received>{};
        const Millis left = deadline - host::system_clock().boot();
        if (left <= Millis{0}) return std::optional<Received>{};
        pump(left);
    }
    std::optional<Received> first{std::move(waiting_.front())};
    waiting_.pop_front();
    ++taken_;
    if (first->is_settled) link_.wire().post(Settle{link_.number(), 0, {}});
    return first;
}

void Subscriber::settle(const Received& message, Settlement settlement) {
    if (!message.is_settled)
        link_.wire().post(Settle{link_.number(), message.token, std::move(settlement)});
}

void Subscriber::drain() {
    is_drained_ = false;
    link_.wire().post(Drain{link_.number()});
}

Result<void> Subscriber::run(const std::function<Settlement(const Received&)>& handler,
                             const std::function<bool()>& go_on,
                             Millis pause) {
    while (go_on()) {
        if (options_.total > 0 && taken_ >= options_.total) break;
        auto received = next(pause);
        if (!received) return fail(received.error().code, received.error().text);
        if (received->has_value()) {
            settle(**received, handler(**received));
        } else if (is_drained_) {
            break;
        }
    }
    return {};
}

}  // namespace vera::kit
