#pragma once
// The files that a client's TLS is made of. Which they are is said once, here; that they can be
// used is found before the first attempt to connect.
#include "bus/base/result.hpp"

#include <string>
#include <string_view>

namespace vera::kit {

/// For amqps://. The server's certificate is always verified, its name too.
struct TlsFiles {
    std::string ca;           ///< whom to trust, PEM; empty: whom the system trusts
    std::string certificate;  ///< the client's own, PEM, with what issued it; empty: none
    std::string key;          ///< of `certificate`, PEM; for nobody else to read
    [[nodiscard]] bool is_empty() const { return ca.empty() && certificate.empty() && key.empty(); }
};

/// Errc::bad_input: one of certificate and key is missing; io: a file cannot be read; refused:
/// others can read the key. Each names the file.
[[nodiscard]] Result<void> check_tls_files(const TlsFiles& files);

/// Where the certificates lie that the system trusts (OpenSSL's folder of Debian).
constexpr const char* system_trust = "/etc/ssl/certs";

[[nodiscard]] bool is_secure_url(std::string_view url);
/// The host of a complete url is this machine by its text: localhost, 127.x, ::1.
[[nodiscard]] bool is_loopback_url(std::string_view url);
/// What every client of ours keeps to before it connects to a complete url: no secret leaves this
/// machine without TLS (Errc::refused), TLS files are for amqps:// (Errc::bad_input), and are as
/// check_tls_files wants them.
[[nodiscard]] Result<void> check_transport(const std::string& url,
                                           bool has_secret,
                                           const TlsFiles& files);

}  // namespace vera::kit
