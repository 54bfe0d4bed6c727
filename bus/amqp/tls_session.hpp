#pragma once
// The server's half of one TLS conversation, TLS 1.2 or 1.3: bytes in, bytes out, no sockets and no
// waiting. What all conversations of a listener share is a TlsContext.
#include "bus/amqp/tls_material.hpp"
#include "bus/base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vera::amqp {

/// The subject of a verified client certificate: attributes in its order, by short name ("CN",
/// "serialNumber", "organizationIdentifier"), values in UTF-8.
struct CertificateSubject {
    std::vector<std::pair<std::string, std::string>> attributes;
};

/// Immutable; any thread. A new generation's certificates are a new context; conversations keep
/// the one that they began with.
class TlsContext {
public:
    /// Errc::bad_input for material that check_tls complains about, or that OpenSSL does not take.
    [[nodiscard]] static Result<std::shared_ptr<const TlsContext>> make(
        const TlsMaterial& material);
    struct State;
    /// Only make() has a State to give.
    explicit TlsContext(std::unique_ptr<State> state);
    ~TlsContext();
    TlsContext(const TlsContext&) = delete;
    TlsContext& operator=(const TlsContext&) = delete;

    [[nodiscard]] const State& state() const { return *state_; }
    [[nodiscard]] const std::vector<TlsCertificate>& certificates() const;
    [[nodiscard]] bool asks_for_certificate() const;
    [[nodiscard]] bool requires_certificate() const;

private:
    std::unique_ptr<State> state_;
};

/// Thread: its connection's. Renegotiation, resumption, compression and early data are off.
class TlsSession {
public:
    enum class Phase : std::uint8_t {
        handshake,
        open,
        ended,   ///< the peer has said that it sends nothing more
        failed,  ///< nothing more comes or goes but output(): the alert
    };

    explicit TlsSession(std::shared_ptr<const TlsContext> context);
    ~TlsSession();
    TlsSession(const TlsSession&) = delete;
    TlsSession& operator=(const TlsSession&) = delete;

    /// Bytes from the peer: borrowed until keep_rest().
    void receive(std::string_view bytes);
    /// Goes on with the handshake, then decrypts into `room`; how many bytes. Less than the room:
    /// all that was received is used up.
    [[nodiscard]] std::size_t read(std::span<char> room);
    /// read() was stopped by its room: there may be more.
    [[nodiscard]] bool has_more() const;
    /// Copies what was received and not used yet.
    void keep_rest();

    /// Encrypts all of it. Only in phase open, or ended.
    void write(std::string_view bytes);
    /// Says that nothing more will be sent. Once.
    void close();
    /// For the peer; good until the next call.
    [[nodiscard]] std::string_view output() const;
    void sent(std::size_t bytes);
    /// Gives back the buffers that only traffic needs.
    void release_memory();

    [[nodiscard]] Phase phase() const;
    /// Bytes received during the handshake, whoever sends them is not known.
    [[nodiscard]] std::size_t handshake_bytes() const;
    /// Of phase failed: what for people to read, without the peer's words.
    [[nodiscard]] std::string_view failure() const;
    /// Once open: the client's certificate, if it gave one; it has been verified then.
    [[nodiscard]] const std::optional<CertificateSubject>& peer() const;
    [[nodiscard]] std::string_view version() const;  ///< "TLSv1.3", once open

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace vera::amqp
