#pragma once
// Certificates made up for a test, in memory: authorities, and what they issue. P-256 throughout,
// because it is quick.
#include "bus/amqp/tls_material.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace vera::test {

struct CertificateWish {
    std::vector<std::pair<std::string, std::string>> subject{{"CN", "test"}};
    std::vector<std::string> dns{};  ///< subjectAltName
    std::string purpose = "serverAuth,clientAuth";
    bool is_authority = false;
    long valid_from_s = -3600;  ///< from now
    long valid_until_s = 3600;
    int rsa_bits = 0;  ///< RSA instead of P-256
};

class TestAuthority {
public:
    /// Self-signed, or under another.
    explicit TestAuthority(const std::string& name, const TestAuthority* parent = nullptr);
    ~TestAuthority();
    TestAuthority(const TestAuthority&) = delete;
    TestAuthority& operator=(const TestAuthority&) = delete;

    [[nodiscard]] amqp::TlsPair issue(const CertificateWish& wish) const;
    [[nodiscard]] const std::string& pem() const { return pem_; }

private:
    struct Signer;
    std::unique_ptr<Signer> signer_;
    std::string pem_;
};

/// Signed with its own key.
[[nodiscard]] amqp::TlsPair self_signed(const CertificateWish& wish);
/// The key of a pair behind a passphrase.
[[nodiscard]] std::string with_passphrase(const std::string& key_pem);

}  // namespace vera::test
