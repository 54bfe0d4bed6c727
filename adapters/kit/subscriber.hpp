#pragma once
// Receives messages from one address, and settles them or only looks.
#include "adapters/kit/link_end.hpp"
#include "adapters/kit/message.hpp"
#include "bus/base/result.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace vera::kit {

struct ReceiverPort;

struct SubscriberOptions {
    std::string address;        ///< source: "sub/<subscription>", "sub/<subscription>/$deadletter",
                                ///< "queue/<name>"
    std::uint32_t credit = 50;  ///< messages that may be here unsettled
    std::uint64_t total = 0;    ///< messages that may come in all; 0: no limit
    bool is_browsing = false;   ///< only look: distribution-mode copy, nothing is taken
    bool is_dynamic = false;    ///< the peer makes a node that ends with the link, and names it;
                                ///< `address` is empty
    std::string reply_to;       ///< target address of the link, for request and reply
    /// Link properties of the attach; values are text.
    std::vector<std::pair<std::string, std::string>> link_properties;
};

/// Used by one thread at a time; handlers run on the thread that calls run(). Destruction detaches:
/// unsettled messages go back uncounted. After a reconnect the peer delivers unsettled messages
/// again; settling the earlier delivery then has no effect.
class Subscriber {
public:
    Subscriber(Subscriber&&) noexcept;
    Subscriber& operator=(Subscriber&&) noexcept;
    Subscriber(const Subscriber&) = delete;
    Subscriber& operator=(const Subscriber&) = delete;
    ~Subscriber();

    /// The next message; none if none came within `wait` or the source is drained. Fails when the
    /// link is gone for good.
    [[nodiscard]] Result<std::optional<Received>> next(Millis wait);
    /// The source as the peer names it: of a dynamic node what others send to. A dynamic node is
    /// another one after a reconnect.
    [[nodiscard]] const std::string& address() const { return address_; }
    /// Tells the peer what became of a message. Does not block; once per message.
    void settle(const Received& message, Settlement settlement);
    /// Asks the peer to send what it has now and to say when there is no more: then next() gives
    /// none and is_drained() holds, and no credit is left at the peer. Needs that messages are
    /// taken, and settled unless browsing.
    void drain();
    [[nodiscard]] bool is_drained() const { return is_drained_ && waiting_.empty(); }

    /// Calls `handler` for each message and settles with what it returns, until `go_on` gives false
    /// (asked at least every `pause`), the total is reached or the source is drained. A handler
    /// must not throw.
    [[nodiscard]] Result<void> run(const std::function<Settlement(const Received&)>& handler,
                                   const std::function<bool()>& go_on,
                                   Millis pause = Millis{200});

private:
    friend class Connection;
    Subscriber(std::shared_ptr<Wire> wire,
               std::shared_ptr<ReceiverPort> port,
               std::uint32_t link,
               SubscriberOptions options);
    Result<void> attached(Millis timeout);
    void pump(Millis wait);

    LinkEnd link_;
    std::shared_ptr<ReceiverPort> port_;
    SubscriberOptions options_;
    std::string address_;
    std::deque<Received> waiting_;
    std::uint64_t taken_ = 0;
    bool is_drained_ = false;
};

}  // namespace vera::kit
