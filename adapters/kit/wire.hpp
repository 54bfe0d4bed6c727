#pragma once
// One AMQP connection on its own thread, behind plain values: what Connection, Publisher and
// Subscriber share. Inside the kit only; what knows the AMQP library is in proton/.
#include "adapters/kit/connection.hpp"
#include "adapters/kit/message.hpp"
#include "adapters/kit/outbox.hpp"
#include "bus/base/result.hpp"
#include "bus/host/mailbox.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace vera::kit {

/// The peer has attached the link (again, after a reconnect).
struct Attached {
    std::string address;  ///< of a receiver's source, as the peer names it
};
/// The answer to Withdraw: from here on the message has no verdict.
struct Withdrawn {
    std::uint64_t ticket = 0;
};
/// The peer has nothing more to send now.
struct Drained {};

using SenderNote = std::variant<Attached, Confirmation, Withdrawn, Error>;
using ReceiverNote = std::variant<Attached, Received, Drained, Error>;

/// What the wire tells a publisher; an Error is final.
struct SenderPort {
    host::Mailbox<SenderNote> notes;
};
/// What the wire tells a subscriber; an Error is final.
struct ReceiverPort {
    host::Mailbox<ReceiverNote> notes;
};

// Commands: link numbers are the caller's, from next_link().
struct OpenSender {
    std::uint32_t link = 0;
    PublisherOptions options;
    std::shared_ptr<SenderPort> port;
};
struct OpenReceiver {
    std::uint32_t link = 0;
    SubscriberOptions options;
    std::shared_ptr<ReceiverPort> port;
};
struct Send {
    std::uint32_t link = 0;
    std::uint64_t ticket = 0;
    std::shared_ptr<const Message> message;
};
struct Withdraw {
    std::uint32_t link = 0;
    std::uint64_t ticket = 0;
};
struct Settle {
    std::uint32_t link = 0;
    std::uint64_t token = 0;  ///< 0: a presettled message was taken
    Settlement settlement;
};
struct Drain {
    std::uint32_t link = 0;
};
struct Detach {
    std::uint32_t link = 0;
};
using Command = std::variant<OpenSender, OpenReceiver, Send, Withdraw, Settle, Drain, Detach>;

/// Thread: any; commands of one thread stay in order. The destructor closes the connection in order
/// (at most 2 s) and joins.
class Wire {
public:
    [[nodiscard]] static Result<std::shared_ptr<Wire>> open(ConnectOptions options);
    Wire(const Wire&) = delete;
    Wire& operator=(const Wire&) = delete;
    ~Wire();

    [[nodiscard]] std::uint32_t next_link();
    void post(Command command);
    [[nodiscard]] std::uint64_t reconnects() const;

private:
    Wire();
    class Driver;
    std::unique_ptr<Driver> driver_;
};

}  // namespace vera::kit
