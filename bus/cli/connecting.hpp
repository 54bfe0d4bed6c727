#pragma once
// The flags by which every verb that speaks to a bus finds it, and the connection made of them.
#include "adapters/kit/connection.hpp"
#include "bus/base/result.hpp"
#include "bus/cli/verbs.hpp"

#include <memory>
#include <string>

namespace vera::cli {

struct ConnectFlags {
    std::string url = "amqp://127.0.0.1:5672";
    std::string user;
    std::string secret_file;
    kit::TlsFiles tls;
};

/// --url, --user, --secret-file, --tls-ca, --tls-cert, --tls-key; of the environment VERA_URL,
/// VERA_TLS_CA, VERA_TLS_CERT, VERA_TLS_KEY, the last three only for amqps://.
[[nodiscard]] std::shared_ptr<ConnectFlags> add_connect_flags(CLI::App& verb);
[[nodiscard]] Result<kit::ConnectOptions> connect_options(const ConnectFlags& flags);
/// A connection that ends the verb when it breaks, unless `reconnects`.
[[nodiscard]] Result<kit::Connection> connect(const ConnectFlags& flags, bool reconnects = false);

/// The first line of a file that only its owner may read (mode 0400 or 0600). Errc::io, refused,
/// bad_input.
[[nodiscard]] Result<std::string> read_secret_file(const std::string& path);

/// true once SIGINT or SIGTERM came; the first call starts listening.
[[nodiscard]] bool is_interrupted();
/// Waits for that, for `wait` at most.
[[nodiscard]] bool wait_interrupted(Millis wait);

}  // namespace vera::cli
