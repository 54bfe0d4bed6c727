#pragma once
// Sends messages to one address and tells what became of each.
#include "adapters/kit/link_end.hpp"
#include "adapters/kit/message.hpp"
#include "adapters/kit/outbox.hpp"
#include "bus/base/result.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace vera::kit {

struct SenderPort;

struct PublisherOptions {
    std::string address;             ///< target: "events", "queue/<name>", "inbox/<system>"
    std::uint32_t window = 100;      ///< messages without a verdict; send() waits beyond it
    Millis confirm_timeout{30'000};  ///< publish() and a full window wait no longer
    RetryOptions retry;
    /// Link properties of the attach; values are text.
    std::vector<std::pair<std::string, std::string>> link_properties;
};

/// Used by one thread at a time. Destruction detaches; what has no verdict then is given up.
/// Messages without a verdict are sent again after a reconnect, in order, so a receiver may see one
/// twice: VeRA recognises the repeated BeskedId.
class Publisher {
public:
    Publisher(Publisher&&) noexcept;
    Publisher& operator=(Publisher&&) noexcept;
    Publisher(const Publisher&) = delete;
    Publisher& operator=(const Publisher&) = delete;
    ~Publisher();

    /// Sends and blocks until the verdict. Errc::unavailable: none came in time, and it is not
    /// known whether the message was taken (send it again with the same id); it is not sent again
    /// by the kit.
    [[nodiscard]] Result<Confirmation> publish(Message message);

    /// Hands the message over and gives its ticket; the verdict comes through confirmations().
    /// Blocks while the window is full.
    [[nodiscard]] Result<std::uint64_t> send(Message message);
    /// Moves the verdicts that have come into `out` (cleared first); waits for at least one for up
    /// to `wait`. Fails when the link is gone for good.
    [[nodiscard]] Result<void> confirmations(std::vector<Confirmation>& out, Millis wait);
    /// Messages handed over whose verdict has not been given out by confirmations() or publish().
    [[nodiscard]] std::size_t pending() const { return unsettled_ + confirmed_.size(); }

private:
    friend class Connection;
    Publisher(std::shared_ptr<Wire> wire,
              std::shared_ptr<SenderPort> port,
              std::uint32_t link,
              PublisherOptions options);
    Result<void> attached(Millis timeout);
    Result<void> pump(Millis wait);

    LinkEnd link_;
    std::shared_ptr<SenderPort> port_;
    PublisherOptions options_;
    std::uint64_t last_ticket_ = 0;
    std::size_t unsettled_ = 0;
    std::deque<Confirmation> confirmed_;
    std::set<std::uint64_t>
        withdrawn_;  ///< timed out in publish(), until the wire has forgotten them too
};

}  // namespace vera::kit
