#include "bus/amqp/tls_material.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>
#include <ctime>
#include <memory>
#include <string_view>
#include <utility>

namespace vera::amqp {
namespace {

struct Free {
    void operator()(BIO* bio) const { BIO_free(bio); }
    void operator()(X509* certificate) const { X509_free(certificate); }
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    void operator()(GENERAL_NAMES* names) const { GENERAL_NAMES_free(names); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;
using Certificates = std::vector<Owned<X509>>;
using TimePoint = std::chrono::system_clock::time_point;

Owned<BIO> bytes_of(const std::string& pem) {
    return Owned<BIO>(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

// A key behind a passphrase is refused, not asked for at a terminal.
int no_passphrase(char* /*buffer*/, int /*size*/, int /*is_writing*/, void* was_asked) {
    *static_cast<bool*>(was_asked) = true;
    return -1;
}

Certificates read_certificates(const std::string& pem) {
    Certificates found;
    const Owned<BIO> bytes = bytes_of(pem);
    while (X509* one = PEM_read_bio_X509(bytes.get(), nullptr, nullptr, nullptr))
        found.emplace_back(one);
    ERR_clear_error();
    return found;
}

TimePoint time_of(const ASN1_TIME* time) {
    std::tm parts{};
    if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
    return std::chrono::system_clock::from_time_t(timegm(&parts));
}

std::string text_of(TimePoint time) {
    const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    std::array<char, 32> text{};
    return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

std::string subject_of(const X509* certificate) {
    const Owned<BIO> text(BIO_new(BIO_s_mem()));
    X509_NAME_print_ex(text.get(),
                       X509_get_subject_name(certificate),
                       0,
                       XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB));
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(text.get(), &bytes);
    return {bytes, static_cast<std::size_t>(size)};
}

/// One reading of the material; collects what is wrong with it.
class Check {
public:
    Check(const TlsMaterial& material, TimePoint now) : material_(material), now_(now) {}

    std::vector<TlsComplaint> all() {
        for (pair_ = 0; pair_ < material_.certificates.size(); ++pair_)
            check_pair(material_.certificates[pair_]);
        pair_ = 0;
        if (!material_.client_ca.empty()) check_client_ca();
        return std::move(complaints_);
    }

private:
    using About = TlsComplaint::About;

    void complain(About about, std::string reason) {
        complaints_.push_back({about, pair_, std::move(reason)});
    }
    void check_pair(const TlsPair& pair);
    void check_chain(const Certificates& chain);
    void check_strength(X509* certificate);
    void check_client_ca();
    /// false: said why.
    bool is_in_time(const X509* certificate, About about, const std::string& which);
    Owned<EVP_PKEY> read_key(const std::string& pem);

    const TlsMaterial& material_;
    const TimePoint now_;
    std::size_t pair_ = 0;
    std::vector<TlsComplaint> complaints_;
};

void Check::check_pair(const TlsPair& pair) {
    const Certificates chain = read_certificates(pair.certificate);
    if (chain.empty())
        complain(About::certificate, "holds no certificate in PEM form");
    else
        check_chain(chain);
    const Owned<EVP_PKEY> key = read_key(pair.key);
    if (!key || chain.empty()) return;
    if (X509_check_private_key(chain.front().get(), key.get()) != 1)
        complain(About::key, "does not belong to the certificate");
    ERR_clear_error();
}

void Check::check_chain(const Certificates& chain) {
    X509* own = chain.front().get();
    is_in_time(own, About::certificate, "the certificate");
    if (X509_check_purpose(own, X509_PURPOSE_SSL_SERVER, 0) != 1)
        complain(About::certificate, "is not for TLS servers (extended key usage)");
    check_strength(own);
    for (std::size_t i = 1; i < chain.size(); ++i) {
        const std::string which = "certificate " + std::to_string(i + 1) + " in it";
        is_in_time(chain[i].get(), About::certificate, which);
        if (X509_check_issued(chain[i].get(), chain[i - 1].get()) != X509_V_OK)
            complain(About::certificate,
                     which +
                         " did not issue the one before it: the server's own comes first, "
                         "then each one's issuer");
    }
}

void Check::check_strength(X509* certificate) {
    const Owned<SSL_CTX> context(SSL_CTX_new(TLS_server_method()));
    SSL_CTX_set_security_level(context.get(), 2);
    if (SSL_CTX_use_certificate(context.get(), certificate) != 1) {
        const char* reason = ERR_reason_error_string(ERR_peek_last_error());
        complain(About::certificate,
                 "cannot be used: " + std::string(reason == nullptr ? "unknown reason" : reason));
    }
    ERR_clear_error();
}

Owned<EVP_PKEY> Check::read_key(const std::string& pem) {
    bool has_passphrase = false;
    Owned<EVP_PKEY> key(
        PEM_read_bio_PrivateKey(bytes_of(pem).get(), nullptr, no_passphrase, &has_passphrase));
    ERR_clear_error();
    if (!key)
        complain(About::key,
                 has_passphrase ? "is behind a passphrase: the bus has nobody to ask for it"
                                : "holds no private key in PEM form");
    return key;
}

void Check::check_client_ca() {
    const Certificates issuers = read_certificates(material_.client_ca);
    if (issuers.empty()) complain(About::client_ca, "holds no certificate in PEM form");
    for (std::size_t i = 0; i < issuers.size(); ++i) {
        X509* issuer = issuers[i].get();
        const std::string which =
            "certificate " + std::to_string(i + 1) + " in it (" + subject_of(issuer) + ")";
        is_in_time(issuer, About::client_ca, which);
        if (X509_check_ca(issuer) == 0)
            complain(About::client_ca, which + " is not that of a certification authority");
    }
}

bool Check::is_in_time(const X509* certificate, About about, const std::string& which) {
    const TimePoint from = time_of(X509_get0_notBefore(certificate));
    const TimePoint until = time_of(X509_get0_notAfter(certificate));
    if (now_ >= from && now_ <= until) return true;
    complain(about,
             which + (now_ > until ? " expired at " + text_of(until)
                                   : " is not valid before " + text_of(from)));
    return false;
}

}  // namespace

std::vector<TlsComplaint> check_tls(const TlsMaterial& material, TimePoint now) {
    return Check(material, now).all();
}

TlsCertificate describe_certificate(const std::string& pem) {
    TlsCertificate description;
    const Certificates chain = read_certificates(pem);
    if (chain.empty()) return description;
    X509* own = chain.front().get();
    description.subject = subject_of(own);
    description.not_after = time_of(X509_get0_notAfter(own));
    const Owned<GENERAL_NAMES> names(
        static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(own, NID_subject_alt_name, nullptr, nullptr)));
    for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
        const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
        if (name->type != GEN_DNS) continue;
        const ASN1_IA5STRING* text = name->d.dNSName;
        description.names.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                                       static_cast<std::size_t>(ASN1_STRING_length(text)));
    }
    return description;
}

}  // namespace vera::amqp
