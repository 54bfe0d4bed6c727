#pragma once
// Load for any AMQP 1.0 broker, and what it did with it: one thread for all senders, one for all
// receivers, messages encoded once and patched in place, so that the generator costs little beside
// the broker under test. `vera bench` is a thin command around it.
#include "adapters/kit/tls_files.hpp"
#include "bus/base/result.hpp"
#include "bus/base/time.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace vera::kit {

/// An encoded kuvert as the body of each message: its BeskedId (UUID text, 36 characters) is
/// replaced for every message, its object's id (UUID text too) by one of `objects`. An offset is
/// where the text lies in `body`.
struct EventTemplate {
    std::string body;
    std::vector<std::size_t> id_at;      ///< the first carries the time of sending
    std::vector<std::size_t> object_at;  ///< may be empty
    std::uint64_t objects = 1000;
};

struct LoadOptions {
    std::string host = "127.0.0.1";
    std::string port = "5672";
    std::string user;  ///< SASL PLAIN; empty: EXTERNAL with a client certificate, else ANONYMOUS
    std::string secret;
    bool is_secure = false;  ///< with TLS
    TlsFiles tls;
    std::vector<std::string> send_to;       ///< one sender on a connection of its own for each
    std::vector<std::string> receive_from;  ///< one receiver on a connection of its own for each
    std::uint64_t count = 100'000;          ///< messages in all, over all senders
    std::size_t body_bytes = 256;           ///< at least 8
    bool is_durable = false;
    bool is_rich = false;  ///< with properties and application-properties as applications set them
    bool is_presettled = false;
    bool is_fanout = false;       ///< every receiver expects every message
    std::uint32_t window = 1000;  ///< messages without a verdict per sender
    std::uint32_t credit = 1000;
    double rate = 0;           ///< messages per second over all senders; 0: as fast as it goes
    std::uint64_t warmup = 0;  ///< messages at each receiver that latency leaves out
    Millis timeout{120'000};
    Millis pause{200};              ///< between the receivers' attach and the first message
    long broker_pid = 0;            ///< whose CPU time and memory to read; 0: nobody's
    std::string source_capability;  ///< symbol on the terminus: "queue", "topic"
    std::string target_capability;
    bool is_listening =
        false;  ///< no broker: the receiver listens on host:port, for the generator's own ceiling
    EventTemplate event;  ///< used if its body is not empty
};

struct LoadReport {
    std::uint64_t sent = 0, settled = 0, not_accepted = 0, received = 0;
    double send_rate = 0, receive_rate = 0;  ///< per second, first to last
    double rate =
        0;  ///< messages (deliveries with fan-out) over first send to last receipt or verdict
    bool has_latency = false;
    /// From when the message was due with a rate (no coordinated omission); without, time in the
    /// queue. Microseconds.
    double p50_us = 0, p99_us = 0, p999_us = 0, longest_us = 0;
    double broker_user_s = 0, broker_system_s = 0, broker_cpu_per_100k_s = 0, broker_rss_mib = 0;
    double sender_cpu_s = 0, receiver_cpu_s = 0, wall_s = 0;
    bool is_timed_out = false;
    std::string error;          ///< what ended it early
    std::string first_refusal;  ///< condition and text of the first message that was not accepted
};

/// Blocks; its own threads end before it returns. Errc::bad_input for options that make no sense.
/// What goes wrong under way is in the report.
[[nodiscard]] Result<LoadReport> generate_load(const LoadOptions& options);

}  // namespace vera::kit
