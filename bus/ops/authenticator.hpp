#pragma once
// Who a client is, by the configured systems: SASL PLAIN credentials are verified on a thread of
// its own, because one verification takes tens of milliseconds; certificates, which the door has
// verified, are only looked up.
#include "bus/amqp/tls_session.hpp"
#include "bus/event/raw_event.hpp"
#include "bus/host/mailbox.hpp"
#include "bus/ops/config.hpp"

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace vera::ops {

/// An unknown name costs the same time as a wrong secret, so that names cannot be found out: every
/// refusal takes as many verifications as the system with most secrets has. (Equal times need equal
/// scrypt parameters; `vera` makes all hashes alike.) Nothing is cached.
class Authenticator {
public:
    using Done = std::function<void(std::shared_ptr<const event::Identity>)>;

    explicit Authenticator(std::vector<SystemConfig> systems);
    ~Authenticator();
    Authenticator(const Authenticator&) = delete;
    Authenticator& operator=(const Authenticator&) = delete;

    /// `done` is called once, with nothing if refused: on the verifying thread, or at once if
    /// `max_waiting` are waiting already. Any thread.
    void verify(std::string user, std::string password, Done done);
    /// The system whose certificate has this subject, if `wanted` is empty or its name. Nothing:
    /// none, or the subject fits several. Any thread, at once.
    [[nodiscard]] std::shared_ptr<const event::Identity> identify(
        const amqp::CertificateSubject& subject, std::string_view wanted) const;
    /// A new generation's systems. Connections that are in stay in. Any thread.
    void replace(std::vector<SystemConfig> systems);

    /// More could not be answered within the handshake timeout.
    static constexpr std::size_t max_waiting = 64;

private:
    struct Book;
    struct Request {
        std::string user, password;
        Done done;
    };
    static std::shared_ptr<const Book> make_book(std::vector<SystemConfig> systems);
    static std::shared_ptr<const event::Identity> check(const Book& book, const Request& request);
    void work();

    host::Cell<std::shared_ptr<const Book>> book_;
    host::Mailbox<Request> requests_;
    std::atomic<std::size_t> waiting_{0};
    std::jthread worker_;
};

}  // namespace vera::ops
