#pragma once
// Starts, runs and ends the daemon; checks a configuration. The CLI's verbs `serve` and `config
// check` are thin around these.
#include "bus/base/result.hpp"

#include <string>
#include <vector>

namespace vera::ops {

struct ServeOptions {
    std::string config_file;
    bool is_pilot = false;  ///< may bind beyond loopback although there are no agreements; every
                            ///< listing shows it
    std::string port_file;  ///< if set: the bound port is written there once the daemon serves (for
                            ///< tests with port 0)
    std::string log_level = "info";
};

/// Runs until SIGTERM or SIGINT (graceful stop) or until the store seals itself; SIGHUP reloads. 0:
/// ended in order; 1: could not start, or ended because the store is sealed (the reason is on
/// stderr). Blocks; call once, from the main thread.
[[nodiscard]] int serve(const ServeOptions& options);

/// What `vera config check` prints of a configuration that may be run.
struct CheckedConfig {
    std::vector<std::string> facts;
    std::vector<std::string> warnings;  ///< "file:line: key: reason"
};
/// Errc::bad_input with "file:line: key: reason" lines.
[[nodiscard]] Result<CheckedConfig> check_config(const std::string& config_file);

}  // namespace vera::ops
