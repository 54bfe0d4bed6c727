#include "bus/amqp/listener.hpp"

#include "bus/amqp/io_thread.hpp"
#include "bus/host/log.hpp"

#include <asio/ip/address.hpp>
#include <asio/post.hpp>
#include <chrono>
#include <string>
#include <system_error>
#include <utility>

namespace vera::amqp {
namespace {

constexpr int backlog = 4096;  // the kernel takes no more by default
constexpr int accepted_at_once = 64;
constexpr auto pause_after_error =
    std::chrono::milliseconds(100);  // out of descriptors: they come back, spinning does not help

}  // namespace

Listener::Listener(DoorContext& door, IoThread& home, const ListenOn& on)
    : door_(door),
      home_(home),
      on_(on),
      tls_(on.tls),
      acceptor_(home.context()),
      pause_(home.context()) {}

Result<void> Listener::open() {
    const std::string where = on_.address + ":" + std::to_string(on_.port);
    std::error_code error;
    const asio::ip::address address = asio::ip::make_address(on_.address, error);
    if (error) return fail(Errc::refused, "listening on " + where + ": not an IP address");
    if (on_.allows_plain && on_.tls == nullptr && !address.is_loopback())
        return fail(Errc::refused, "listening on " + where + ": PLAIN beyond loopback needs TLS");
    const asio::ip::tcp::endpoint endpoint(address, on_.port);
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.non_blocking(true, error);
    if (!error) acceptor_.listen(backlog, error);
    if (error) {
        const bool is_denied =
            error == std::errc::permission_denied || error == std::errc::address_not_available;
        return fail(is_denied ? Errc::refused : Errc::unavailable,
                    "listening on " + where + ": " + error.message());
    }
    port_ = acceptor_.local_endpoint(error).port();
    return {};
}

void Listener::accept() {
    IoThread& owner = *door_.threads[next_++ % door_.threads.size()];
    acceptor_.async_accept(
        owner.context(),
        [self = shared_from_this(), &owner](std::error_code error, asio::ip::tcp::socket socket) {
            if (error == asio::error::operation_aborted) return;
            if (error) {
                host::log::warn("a connection cannot be accepted", {{"error", error.message()}});
                self->pause_.expires_after(pause_after_error);
                self->pause_.async_wait([self](std::error_code stopped) {
                    if (!stopped) self->accept();
                });
                return;
            }
            self->take(std::move(socket), owner);
            self->accept_waiting();
            self->accept();
        });
}

// A crowd is not let in one by one, each after all that the thread has to do otherwise.
void Listener::accept_waiting() {
    for (int i = 1; i < accepted_at_once; ++i) {
        IoThread& owner = *door_.threads[next_ % door_.threads.size()];
        std::error_code error;
        asio::ip::tcp::socket socket = acceptor_.accept(owner.context(), error);
        if (error) return;  // nobody waits, or the next one hears what is wrong
        ++next_;
        take(std::move(socket), owner);
    }
}

void Listener::take(asio::ip::tcp::socket socket, IoThread& owner) {
    if (door_.connections.fetch_add(1, std::memory_order_relaxed) >=
        door_.options.max_connections) {
        door_.connections.fetch_sub(1, std::memory_order_relaxed);
        return;  // closes it
    }
    std::error_code ignored;
    socket.non_blocking(true, ignored);
    socket.set_option(asio::ip::tcp::no_delay(true), ignored);
    owner.adopt(std::move(socket), on_, tls_.get());
}

void Listener::replace_tls(std::shared_ptr<const TlsContext> tls) {
    if ((tls == nullptr) == (on_.tls == nullptr)) tls_.set(std::move(tls));
}

void Listener::stop() {
    asio::post(home_.context(), [self = shared_from_this()] {
        std::error_code ignored;
        self->acceptor_.close(ignored);
        self->pause_.cancel();
    });
}

}  // namespace vera::amqp
