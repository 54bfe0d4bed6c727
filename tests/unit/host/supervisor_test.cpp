#include "bus/host/supervisor.hpp"

#include "tests/support/catch.hpp"

#include <array>
#include <cstdlib>
#include <cstring>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

using namespace vera;
using namespace std::chrono_literals;

namespace {

/// The other end: a datagram socket in the abstract namespace.
class Listener {
public:
    Listener() : socket_(::socket(AF_UNIX, SOCK_DGRAM, 0)) {
        sockaddr_un at{};
        at.sun_family = AF_UNIX;
        REQUIRE(::bind(socket_, reinterpret_cast<sockaddr*>(&at), sizeof(sa_family_t)) == 0);
        socklen_t length = sizeof at;
        REQUIRE(::getsockname(socket_, reinterpret_cast<sockaddr*>(&at), &length) == 0);
        name_ = "@" + std::string(at.sun_path + 1, length - sizeof(sa_family_t) - 1);
    }
    ~Listener() { ::close(socket_); }
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;
    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] std::string heard() const {
        pollfd ready{socket_, POLLIN, 0};
        if (::poll(&ready, 1, 5000) != 1) return "(nothing)";
        std::array<char, 512> buffer{};
        const ssize_t got = ::recv(socket_, buffer.data(), buffer.size(), 0);
        return {buffer.data(), static_cast<std::size_t>(got)};
    }

private:
    int socket_;
    std::string name_;
};

}  // namespace

TEST_CASE("supervisor: without one nothing is told and nothing is expected", "[host]") {
    ::unsetenv("NOTIFY_SOCKET");
    ::setenv("WATCHDOG_USEC", "1000000", 1);
    const auto nobody = host::Supervisor::from_environment();
    CHECK(nobody.tell("READY=1"));
    CHECK_FALSE(nobody.watchdog().has_value());
}

TEST_CASE("supervisor: it hears what is told, and its wish for a watchdog is known", "[host]") {
    const Listener listener;
    ::setenv("NOTIFY_SOCKET", listener.name().c_str(), 1);
    ::setenv("WATCHDOG_USEC", "1500000", 1);
    ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
    const auto supervisor = host::Supervisor::from_environment();
    CHECK(std::getenv("NOTIFY_SOCKET") == nullptr);
    CHECK(supervisor.watchdog() == 1500ms);
    CHECK(supervisor.tell("READY=1\nSTATUS=serves"));
    CHECK(listener.heard() == "READY=1\nSTATUS=serves");
    CHECK(supervisor.tell_reloading());
    CHECK(listener.heard().starts_with("RELOADING=1\nMONOTONIC_USEC="));
}

TEST_CASE("supervisor: a watchdog of another process is not ours", "[host]") {
    const Listener listener;
    ::setenv("NOTIFY_SOCKET", listener.name().c_str(), 1);
    ::setenv("WATCHDOG_USEC", "1500000", 1);
    ::setenv("WATCHDOG_PID", "1", 1);
    CHECK_FALSE(host::Supervisor::from_environment().watchdog().has_value());
}

TEST_CASE("supervisor: one that is gone is a failure, not a crash", "[host]") {
    ::setenv("NOTIFY_SOCKET", "/nowhere/notify", 1);
    CHECK_FALSE(host::Supervisor::from_environment().tell("READY=1"));
    ::setenv("NOTIFY_SOCKET", "vsock:2:1", 1);
    CHECK(host::Supervisor::from_environment().tell("READY=1"));
}
