#pragma once
// The client's half of a TLS conversation, in memory. For tests: it trusts what it is told to and
// offers what it is told to, sensible or not.
#include "bus/amqp/tls_material.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace vera::test {

struct TlsClientOptions {
    std::string ca{};      ///< PEM; empty: the server is not verified
    amqp::TlsPair pair{};  ///< empty: no client certificate
    std::string server_name{};
    int lowest_version = 0, highest_version = 0;  ///< TLS1_2_VERSION …
    std::string ciphers{};                        ///< of TLS 1.2 and below
    int security_level = 2;
};

class TlsClient {
public:
    explicit TlsClient(const TlsClientOptions& options);
    ~TlsClient();
    TlsClient(const TlsClient&) = delete;
    TlsClient& operator=(const TlsClient&) = delete;

    /// Bytes from the server; goes on with the handshake and decrypts into `input`.
    void receive(std::string_view bytes);
    void write(std::string_view bytes);
    void close();
    /// Asks for a renegotiation (TLS 1.2); false: not even the client's library does it.
    bool renegotiate();
    /// For the server; each byte once.
    [[nodiscard]] std::string take_output();

    [[nodiscard]] bool is_open() const;
    /// The server has given something by which a later conversation could skip the proofs.
    [[nodiscard]] bool has_session() const;
    [[nodiscard]] std::string version() const;
    [[nodiscard]] std::string cipher() const;
    /// Common name of the server's certificate.
    [[nodiscard]] std::string server() const;

    std::string input;      ///< decrypted
    std::string error;      ///< reason of the last failure; empty: none
    std::string alert;      ///< last alert received: "handshake failure", or its number
    bool is_ended = false;  ///< the server says that nothing more comes

private:
    struct State;
    void step();
    std::unique_ptr<State> state_;
};

}  // namespace vera::test
