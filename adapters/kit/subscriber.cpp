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
    : wire_(std::move(wire)),
      port_(std::move(port)),
      link_(link),
      options_(std::move(options)) {}

Subscriber::Subscriber(Subscriber&&) noexcept = default;

Subscriber& Subscriber::operator=(Subscriber&& other) noexcept {
    if (this == &other) return *this;
    detach();
    wire_ = std::move(other.wire_);
    port_ = std::move(other.port_);
    link_ = other.link_;
    options_ = std::move(other.options_);
    waiting_ = std::move(other.waiting_);
    taken_ = other.taken_;
    is_attached_ = other.is_attached_;
    is_drained_ = other.is_drained_;
    failure_ = std::move(other.failure_);
    return *this;
}

Subscriber::~Subscriber() {
    detach();
}

void Subscriber::detach() {
    if (wire_) wire_->post(Detach{link_});
    wire_.reset();
}

void Subscriber::pump(Millis wait) {
    std::vector<ReceiverNote> notes;
    port_->notes.take(notes, wait);
    for (ReceiverNote& note : notes) {
        if (auto* received = std::get_if<Received>(&note)) {
            waiting_.push_back(std::move(*received));
        } else if (auto* error = std::get_if<Error>(&note)) {
            if (!failure_) failure_ = std::move(*error);
        } else if (std::holds_alternative<Drained>(note)) {
            is_drained_ = true;
        } else {
            is_attached_ = true;
        }
    }
}

Result<void> Subscriber::attached(Millis timeout) {
    const Millis deadline = host::system_clock().boot() + timeout;
    while (!is_attached_ && !failure_) {
        const Millis left = deadline - host::system_clock().boot();
        if (left <= Millis{0})
            return fail(
                Errc::unavailable,
                "attaching to '" + options_.address + "': no answer within " + to_text(timeout));
        pump(left);
    }
    if (failure_) return fail(failure_->code, failure_->text);
    return {};
}

Result<std::optional<Received>> Subscriber::next(Millis wait) {
    const Millis deadline = host::system_clock().boot() + wait;
    if (waiting_.empty()) pump(Millis{0});
    while (waiting_.empty()) {
        if (failure_) return fail(failure_->code, failure_->text);
        if (is_drained_) return std::optional<Received>{};
        const Millis left = deadline - host::system_clock().boot();
        if (left <= Millis{0}) return std::optional<Received>{};
        pump(left);
    }
    std::optional<Received> first{std::move(waiting_.front())};
    waiting_.pop_front();
    ++taken_;
    if (first->is_settled) wire_->post(Settle{link_, 0, {}});
    return first;
}

void Subscriber::settle(const Received& message, Settlement settlement) {
    if (!message.is_settled) wire_->post(Settle{link_, message.token, std::move(settlement)});
}

void Subscriber::drain() {
    is_drained_ = false;
    wire_->post(Drain{link_});
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
