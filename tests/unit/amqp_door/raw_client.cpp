#include "tests/unit/amqp_door/raw_client.hpp"

#include "bus/base/check.hpp"
#include "tests/unit/amqp/wire.hpp"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace vera::amqp::test {

RawClient::RawClient(std::uint16_t port) {
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    VERA_CHECK(::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) ==
               0);
}

RawClient::~RawClient() {
    ::close(socket_);
}

void RawClient::shut_sending() {
    ::shutdown(socket_, SHUT_WR);
}

bool RawClient::send(std::string_view bytes) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!bytes.empty() && std::chrono::steady_clock::now() < end) {
        const ssize_t sent =
            ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent > 0) {
            bytes.remove_prefix(static_cast<std::size_t>(sent));
            continue;
        }
        if (sent < 0 && errno != EAGAIN && errno != EINTR) return false;
        pollfd poll{.fd = socket_, .events = POLLOUT, .revents = 0};
        ::poll(&poll, 1, 100);
    }
    return bytes.empty();
}

bool RawClient::read(std::chrono::milliseconds wait) {
    pollfd poll{.fd = socket_, .events = POLLIN, .revents = 0};
    if (::poll(&poll, 1, static_cast<int>(wait.count())) <= 0) return true;
    std::array<char, 65536> buffer{};
    const ssize_t got = ::recv(socket_, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got > 0) input.append(buffer.data(), static_cast<std::size_t>(got));
    is_ended_ = got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
    return !is_ended_;
}

bool RawClient::expect(std::string_view part, std::chrono::milliseconds deadline) {
    const auto end = std::chrono::steady_clock::now() + deadline;
    while (input.find(part) == std::string::npos) {
        if (is_ended_ || std::chrono::steady_clock::now() > end) return false;
        read(std::chrono::milliseconds(20));
    }
    return true;
}

bool RawClient::expect_end(std::chrono::milliseconds deadline) {
    const auto end = std::chrono::steady_clock::now() + deadline;
    while (!is_ended_) {
        if (std::chrono::steady_clock::now() > end) return false;
        read(std::chrono::milliseconds(20));
    }
    return true;
}

bool RawClient::open() {
    using namespace std::string_literals;
    if (!send(wire::sasl_header + wire::sasl_init("ANONYMOUS"))) return false;
    if (!send(wire::amqp_header + wire::open() + wire::begin())) return false;
    return expect("\x00\x53\x11"s) || expect("\x00\x80\x00\x00\x00\x00\x00\x00\x00\x11"s);
}

}  // namespace vera::amqp::test
