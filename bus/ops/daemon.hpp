#pragma once
// The daemon put together: configuration, store, core, front door. Signals, files and exit codes
// are serve.cpp's.
#include "bus/base/result.hpp"
#include "bus/ops/config.hpp"
#include "bus/ops/configuration_node.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace vera::ops {

struct DaemonOptions {
    std::string config_file;
    bool is_pilot = false;
    std::function<void(std::string)>
        on_sealed{};  ///< once, from any thread: the store takes nothing more, stop()
    std::function<void()> on_request{};  ///< from any thread: answer_requests() has something to do
    std::function<void(bool)> on_reload{};  ///< a reload begins (true), and is over (false)
};

/// Thread: one (the main one) calls it; its own threads do the work.
class Daemon {
    struct Parts;

public:
    /// Loads the configuration, recovers the store, opens the door. Errors: bad_input (lines
    /// "file:line: key: reason"), and what store and door say, each with what it was about.
    [[nodiscard]] static Result<std::unique_ptr<Daemon>> start(DaemonOptions options);
    /// Only start() has Parts to give.
    explicit Daemon(std::unique_ptr<Parts> parts);
    ~Daemon();
    Daemon(const Daemon&) = delete;
    Daemon& operator=(const Daemon&) = delete;

    /// "127.0.0.1:5672" or "127.0.0.1:5671 (TLS)", in the order of the configuration, with the
    /// ports that are bound.
    [[nodiscard]] std::vector<std::string> addresses() const;
    [[nodiscard]] std::vector<std::uint16_t> ports() const;
    /// All or nothing: a configuration with errors changes nothing and is logged line by line.
    ReloadReport reload();
    /// Of clients, about the configuration: to be seen or reloaded.
    void answer_requests();
    /// `answered` once the core has answered a question, on the thread that runs it; not at all if
    /// I/O threads or core have come to a halt.
    void ask_core(std::function<void()> answered);
    /// Of the configuration in force.
    [[nodiscard]] Millis stop_timeout() const;
    /// Graceful: the door closes (links and connections end within `grace`), what was submitted is
    /// finished, the store is marked as ended in order. Once; the destructor does it without grace
    /// otherwise.
    void stop(Millis grace);

private:
    std::unique_ptr<Parts> parts_;
};

/// How long the core may need to end what it began once the door is closed.
constexpr Millis finish_within{10'000};

/// How many connections may come in if the process may have `open_files` descriptors: 256 of them
/// are for the rest, and one may always come.
[[nodiscard]] std::uint32_t allowed_connections(std::uint32_t wanted, std::uint64_t open_files);

}  // namespace vera::ops
