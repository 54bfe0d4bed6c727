#pragma once
// What a listener's TLS is made of, as PEM text, and whether it fits together: found when a
// configuration is loaded, not when the first client comes. No files here: who read them knows
// their names.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace vera::amqp {

/// A certificate with its private key, both PEM.
struct TlsPair {
    std::string certificate;  ///< the server's own first, then those that issued it, in order
    std::string key;          ///< without a passphrase
};

struct TlsMaterial {
    /// The first is for clients that name no host, or one that no certificate is for.
    std::vector<TlsPair> certificates;
    std::string client_ca;  ///< issuers of client certificates; empty: no client is asked for one
    bool requires_client_certificate = false;
};

/// One thing that is wrong with it. `pair` counts from 0 and says nothing with `client_ca`.
struct TlsComplaint {
    enum class About : std::uint8_t { certificate, key, client_ca };
    About about = About::certificate;
    std::size_t pair = 0;
    std::string reason;
};

/// All that is wrong: unreadable, not a pair, expired or not yet valid at `now`, not for servers,
/// too weak (below 112 bits: RSA under 2048, SHA-1), a chain out of order, no CA.
[[nodiscard]] std::vector<TlsComplaint> check_tls(const TlsMaterial& material,
                                                  std::chrono::system_clock::time_point now);

/// What operators see of a server certificate.
struct TlsCertificate {
    std::string subject;             ///< RFC 2253, such as "CN=bus.example.dk,O=Eksempel"
    std::vector<std::string> names;  ///< DNS names it is for
    std::chrono::system_clock::time_point not_after;
};
/// Of the first certificate in the text; empty if there is none.
[[nodiscard]] TlsCertificate describe_certificate(const std::string& pem);

}  // namespace vera::amqp
