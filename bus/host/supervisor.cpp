#include "bus/host/supervisor.hpp"

#include "bus/host/log.hpp"

#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include <utility>

namespace vera::host {
namespace {

/// Its value, taken out of the environment: what this process starts is not supervised.
std::string take(const char* name) {
    const char* value = std::getenv(name);
    std::string text = value == nullptr ? std::string{} : value;
    ::unsetenv(name);
    return text;
}

std::optional<std::uint64_t> number(const std::string& text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

}  // namespace

Supervisor Supervisor::from_environment() {
    Supervisor supervisor;
    std::string address = take("NOTIFY_SOCKET");
    const auto period = number(take("WATCHDOG_USEC"));
    const std::string watched = take("WATCHDOG_PID");
    if (address.empty()) return supervisor;
    const bool is_known = address.front() == '/' || address.front() == '@';
    if (!is_known || address.size() >= sizeof(sockaddr_un::sun_path)) {
        log::warn("NOTIFY_SOCKET is no socket of this machine: nobody is told",
                  {{"address", address}});
        return supervisor;
    }
    if (address.front() == '@') address.front() = '\0';
    supervisor.socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    supervisor.address_ = std::move(address);
    if (period && *period > 0 && (watched.empty() || number(watched) == ::getpid()))
        supervisor.watchdog_ = Millis{*period / 1000};
    return supervisor;
}

Supervisor::Supervisor(Supervisor&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)),
      address_(std::move(other.address_)),
      watchdog_(other.watchdog_) {}

Supervisor::~Supervisor() {
    if (socket_ >= 0) ::close(socket_);
}

bool Supervisor::tell(std::string_view state) const {
    if (socket_ < 0) return address_.empty();
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    std::memcpy(to.sun_path, address_.data(), address_.size());
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size());
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): the form of the socket calls
    const auto* address = reinterpret_cast<const sockaddr*>(&to);
    if (::sendto(socket_, state.data(), state.size(), MSG_NOSIGNAL, address, length) >= 0)
        return true;
    log::warn("the supervisor cannot be told", {{"reason", std::strerror(errno)}});
    return false;
}

bool Supervisor::tell_reloading() const {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    const std::int64_t micros = now.tv_sec * std::int64_t{1'000'000} + now.tv_nsec / 1000;
    return tell("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(micros));
}

}  // namespace vera::host
