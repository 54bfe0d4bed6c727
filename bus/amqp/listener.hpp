#pragma once
// One listening socket: accepts, and deals the connections out to the I/O threads in turn. Private
// to this room.
#include "bus/amqp/door_context.hpp"
#include "bus/base/result.hpp"
#include "bus/host/mailbox.hpp"

#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace vera::amqp {

/// Thread: the I/O thread it is made on, after open().
class Listener : public std::enable_shared_from_this<Listener> {
public:
    Listener(DoorContext& door, IoThread& home, const ListenOn& on);

    /// Binds; before the thread runs. Errors: unavailable (address in use), refused (also PLAIN
    /// beyond loopback without TLS).
    [[nodiscard]] Result<void> open();
    [[nodiscard]] std::uint16_t port() const { return port_; }
    /// Begins to accept; before the thread runs.
    void start() { accept(); }
    /// Any thread: for connections from now on. A listener without TLS stays so, one with it too.
    void replace_tls(std::shared_ptr<const TlsContext> tls);
    /// Any thread.
    void stop();

private:
    void accept();
    void accept_waiting();
    void take(asio::ip::tcp::socket socket, IoThread& owner);

    DoorContext& door_;
    IoThread& home_;
    const ListenOn& on_;
    host::Cell<std::shared_ptr<const TlsContext>> tls_;
    asio::ip::tcp::acceptor acceptor_;
    asio::steady_timer pause_;
    std::uint16_t port_ = 0;
    std::size_t next_ = 0;
};

}  // namespace vera::amqp
