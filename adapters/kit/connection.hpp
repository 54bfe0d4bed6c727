#pragma once
// A client's connection to VeRA, or to any other AMQP 1.0 peer. Opens publishers and subscribers;
// keeps itself alive: after a loss it connects again with growing waits, and everything opened
// through it continues.
#include "adapters/kit/message.hpp"
#include "adapters/kit/publisher.hpp"
#include "adapters/kit/subscriber.hpp"
#include "adapters/kit/tls_files.hpp"
#include "bus/base/result.hpp"

#include <memory>
#include <string>

namespace vera::kit {

class Wire;

struct ReconnectOptions {
    bool is_enabled = true;
    Millis first_wait{100};  ///< doubles with each attempt, plus up to a quarter at random
    Millis longest_wait{10'000};
};

struct ConnectOptions {
    std::string url = "amqp://127.0.0.1:5672";  ///< amqp://host[:port], amqps:// with TLS
    std::string user;  ///< SASL PLAIN; empty: EXTERNAL with a client certificate, else ANONYMOUS
    std::string secret;
    TlsFiles tls;              ///< only with amqps://
    std::string container_id;  ///< empty: made up
    Millis connect_timeout{
        10'000};  ///< for one attempt, and for each wait for the peer's answer to an attach
    Millis idle_timeout{
        60'000};  ///< the connection counts as lost when nothing came for so long; 0: never
    ReconnectOptions reconnect;
};

/// The peer's answer to a management request (AMQP Management 1.0, working draft 11).
struct Reply {
    int status = 0;  ///< 200, 201, 204 …
    std::string description;
    nlohmann::json properties = nlohmann::json::object();
    nlohmann::json body;  ///< null if there is none
};

/// Threads: one connection has one thread of its own inside; the objects here are used by one
/// thread at a time each, different ones freely in parallel. Nothing throws. Publishers and
/// subscribers may outlive the Connection that opened them.
class Connection {
public:
    /// Blocks until the peer has opened the connection. The first attempt is not repeated.
    /// Errc::refused: credentials not taken, or a secret would go beyond this machine without TLS;
    /// bad_input: no valid url, TLS files that do not fit it; io: they cannot be read; unavailable:
    /// everything else, a server's certificate that is not trusted too.
    [[nodiscard]] static Result<Connection> open(ConnectOptions options);

    /// Blocks until the peer has attached the link. Errc::not_found, refused, unavailable.
    [[nodiscard]] Result<Publisher> publisher(PublisherOptions options);
    [[nodiscard]] Result<Subscriber> subscriber(SubscriberOptions options);

    /// One request to `$management`; `properties` are the application-properties beside `operation`
    /// (type, name, entityType, …), `body` an object that goes as an amqp-value map.
    /// Errc::unavailable without an answer in time; a status of 400 and above is not_found (404),
    /// refused (401, 403) or bad_input, with the peer's text.
    [[nodiscard]] Result<Reply> manage(const std::string& operation,
                                       nlohmann::json properties,
                                       nlohmann::json body,
                                       Millis timeout = Millis{10'000});

    /// How often the connection was lost and made again.
    [[nodiscard]] std::uint64_t reconnects() const;

private:
    Connection(std::shared_ptr<Wire> wire, Millis timeout);
    std::shared_ptr<Wire> wire_;
    Millis timeout_;
};

/// "amqp://host:port", "amqps://host:port" as they stand; "host", "host:port", "amqp://host"
/// completed with the port 5672, "amqps://host" with 5671. Errc::bad_input otherwise.
[[nodiscard]] Result<std::string> complete_url(const std::string& url);

}  // namespace vera::kit
