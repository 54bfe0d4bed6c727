#pragma once
// What started this process and wants to be told how it is doing: systemd's notify protocol
// (sd_notify(3)), spoken here because it is one datagram and libsystemd a library of its own.
#include "bus/base/time.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace vera::host {

/// Nobody asked: tell() does nothing. Thread: one.
class Supervisor {
public:
    /// From NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID, which are taken out of the environment.
    [[nodiscard]] static Supervisor from_environment();

    Supervisor(Supervisor&& other) noexcept;
    Supervisor& operator=(Supervisor&&) = delete;
    ~Supervisor();

    /// Assignments, one per line: "READY=1\nSTATUS=serves". false: it could not be delivered.
    bool tell(std::string_view state) const;
    /// "RELOADING=1" with the time that systemd wants beside it; "READY=1" ends it.
    bool tell_reloading() const;
    /// It expects "WATCHDOG=1" at least this often, or else ends the process.
    [[nodiscard]] std::optional<Millis> watchdog() const { return watchdog_; }

private:
    Supervisor() = default;

    int socket_ = -1;
    std::string address_;  ///< of the socket, as in sockaddr_un: a first byte of 0 is abstract
    std::optional<Millis> watchdog_;
};

}  // namespace vera::host
