#pragma once
// The front door: sockets, I/O threads, connections, links. Clients speak AMQP 1.0 to it; it speaks
// values and tokens to the core.
#include "bus/amqp/tls_session.hpp"
#include "bus/base/result.hpp"
#include "bus/event/raw_event.hpp"
#include "bus/flow/bus_core.hpp"
#include "bus/flow/engine.hpp"
#include "bus/flow/messages.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vera::amqp {

struct ListenOn {
    std::string address = "127.0.0.1";
    std::uint16_t port = 5672;  ///< 0: any free one, see FrontDoor::ports
    bool allows_anonymous = false;
    bool allows_plain = true;                 ///< beyond loopback only with `tls`
    std::shared_ptr<const TlsContext> tls{};  ///< nothing: TCP as it is
};

struct DoorOptions {
    std::vector<ListenOn> listeners;
    unsigned io_threads = 2;
    std::string container_id = "vera";
    std::uint32_t max_frame_bytes = 65536;
    std::uint16_t max_sessions = 32;  ///< per connection
    std::uint32_t max_links = 256;    ///< per session
    std::uint32_t max_connections = 20000;
    Millis idle_timeout{
        60000};  ///< a peer silent for this long is closed; half of it is advertised
    Millis handshake_timeout{5000};         ///< until TLS and SASL have ended
    Millis write_stall_timeout{60000};      ///< a peer that does not read while output waits
    std::uint32_t publisher_credit = 1000;  ///< deliveries
    std::uint32_t reply_messages = 1000;    ///< that wait in dynamic nodes, per connection
    std::uint64_t reply_bytes = 8U << 20U;  ///< the same in bytes; all connections: in_flight_bytes
    std::uint64_t in_flight_bytes =
        256U
        << 20U;  ///< received and not yet settled, all connections; beyond it sockets are not read
};

/// Verifies PLAIN credentials. `done` is called once, from any thread; nothing = refused. Must not
/// block the caller.
using Authenticate =
    std::function<void(std::string user,
                       std::string password,
                       std::function<void(std::shared_ptr<const event::Identity>)> done)>;

/// Whose a verified client certificate is, for SASL EXTERNAL; `wanted` is the identity that the
/// client asks for, or empty. Nothing = refused. Any thread; must not block.
using Identify = std::function<std::shared_ptr<const event::Identity>(
    const CertificateSubject& subject, std::string_view wanted)>;

/// A request to `$management` (AMQP Management WD11, "generation A"): operation, type, name … are
/// in `properties`, strings.
struct ManagementRequest {
    std::string operation;
    std::map<std::string, std::string> properties;
    nlohmann::json body;
    std::shared_ptr<const event::Identity> identity;
};
struct ManagementReply {
    int status = 200;
    std::string description = "OK";
    nlohmann::json
        body;  ///< sent as amqp-value: objects as maps, arrays as lists, integers as long
};
/// `done` is called once, from any thread.
using Manage =
    std::function<void(ManagementRequest request, std::function<void(ManagementReply)> done)>;

struct DoorCounters {
    std::uint64_t connections = 0, connections_total = 0, refused_frames = 0, decode_errors = 0,
                  handshake_timeouts = 0, idle_timeouts = 0, bytes_in = 0, bytes_out = 0,
                  deliveries_in = 0, deliveries_out = 0;
    std::uint64_t refused = 0;  ///< deliveries that were refused without asking the core
    std::uint64_t tls_handshakes = 0, tls_failures = 0;
    std::uint64_t refused_links = 0;  ///< attaches
};

class FrontDoor {
public:
    /// `bus`, `engine` outlive the door. Without `identify` EXTERNAL is not offered.
    FrontDoor(DoorOptions options,
              flow::BusPort& bus,
              flow::Engine& engine,
              Authenticate authenticate,
              Manage manage,
              Identify identify = {});
    ~FrontDoor();
    FrontDoor(const FrontDoor&) = delete;
    FrontDoor& operator=(const FrontDoor&) = delete;

    /// Binds and starts the I/O threads. Errors: unavailable (address in use), refused.
    [[nodiscard]] Result<void> open();
    /// In the order of the listeners, after open().
    [[nodiscard]] std::vector<std::uint16_t> ports() const;
    /// New connections get these, one for each listener in their order; those that are in keep what
    /// they have. A listener stays with or without TLS as it was made. Any thread, after open().
    void replace_tls(const std::vector<std::shared_ptr<const TlsContext>>& contexts);
    /// Carries out what concerns links: accepts, refusals, deliveries, drained, durable, closes.
    /// Any thread; posts once per I/O thread.
    void carry_out(flow::Effects& effects);
    /// Wakes nobody twice: a job for the I/O threads, run on one of them. Any thread. Used by the
    /// daemon to run the core.
    void post(std::function<void()> job);
    [[nodiscard]] DoorCounters counters() const;
    /// Stops listening, ends links and connections with amqp:connection:forced, joins the threads;
    /// waits at most `grace`.
    void close(Millis grace);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace vera::amqp
