#include "tests/support/test_pki.hpp"

#include "bus/base/check.hpp"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <atomic>

namespace vera::test {
namespace {

struct Free {
    void operator()(BIO* bio) const { BIO_free(bio); }
    void operator()(X509* certificate) const { X509_free(certificate); }
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

std::string text_of(BIO* bio) {
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(bio, &bytes);
    return {bytes, static_cast<std::size_t>(size)};
}

std::string pem_of(X509* certificate) {
    const Owned<BIO> out(BIO_new(BIO_s_mem()));
    VERA_CHECK(PEM_write_bio_X509(out.get(), certificate) == 1);
    return text_of(out.get());
}

std::string pem_of(EVP_PKEY* key) {
    const Owned<BIO> out(BIO_new(BIO_s_mem()));
    VERA_CHECK(PEM_write_bio_PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr) ==
               1);
    return text_of(out.get());
}

Owned<EVP_PKEY> new_key(int rsa_bits) {
    Owned<EVP_PKEY> key(rsa_bits > 0 ? EVP_RSA_gen(static_cast<unsigned>(rsa_bits))
                                     : EVP_EC_gen("P-256"));
    VERA_CHECK(key != nullptr);
    return key;
}

void extend(X509* certificate, X509* issuer, int kind, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
    VERA_CHECK(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1);
    X509_EXTENSION_free(extension);
}

/// `issuer` and `issuer_key` none: self-signed.
Owned<X509> new_certificate(const CertificateWish& wish,
                            EVP_PKEY* key,
                            X509* issuer,
                            EVP_PKEY* issuer_key) {
    static std::atomic<long> serial{1};
    Owned<X509> made(X509_new());
    X509_set_version(made.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(made.get()), wish.valid_from_s);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), wish.valid_until_s);
    X509_NAME* name = X509_get_subject_name(made.get());
    for (const auto& [attribute, value] : wish.subject)
        VERA_CHECK(X509_NAME_add_entry_by_txt(name,
                                              attribute.c_str(),
                                              MBSTRING_UTF8,
                                              reinterpret_cast<const unsigned char*>(value.data()),
                                              static_cast<int>(value.size()),
                                              -1,
                                              0) == 1);
    X509* by = issuer == nullptr ? made.get() : issuer;
    X509_set_issuer_name(made.get(), X509_get_subject_name(by));
    X509_set_pubkey(made.get(), key);
    extend(made.get(), by, NID_subject_key_identifier, "hash");
    extend(made.get(),
           by,
           NID_basic_constraints,
           wish.is_authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
    if (wish.is_authority) extend(made.get(), by, NID_key_usage, "critical,keyCertSign,cRLSign");
    if (!wish.is_authority && !wish.purpose.empty())
        extend(made.get(), by, NID_ext_key_usage, wish.purpose);
    std::string names;
    for (const std::string& one : wish.dns)
        names += (names.empty() ? "DNS:" : ",DNS:") + one;
    if (!names.empty()) extend(made.get(), by, NID_subject_alt_name, names);
    VERA_CHECK(X509_sign(made.get(), issuer_key == nullptr ? key : issuer_key, EVP_sha256()) > 0);
    return made;
}

}  // namespace

struct TestAuthority::Signer {
    Owned<EVP_PKEY> key;
    Owned<X509> certificate;
};

TestAuthority::TestAuthority(const std::string& name, const TestAuthority* parent)
    : signer_(std::make_unique<Signer>()) {
    CertificateWish wish;
    wish.subject = {{"CN", name}};
    wish.is_authority = true;
    signer_->key = new_key(0);
    signer_->certificate = new_certificate(wish,
                                           signer_->key.get(),
                                           parent ? parent->signer_->certificate.get() : nullptr,
                                           parent ? parent->signer_->key.get() : nullptr);
    pem_ = pem_of(signer_->certificate.get());
}

TestAuthority::~TestAuthority() = default;

amqp::TlsPair TestAuthority::issue(const CertificateWish& wish) const {
    const Owned<EVP_PKEY> key = new_key(wish.rsa_bits);
    const Owned<X509> made =
        new_certificate(wish, key.get(), signer_->certificate.get(), signer_->key.get());
    return {pem_of(made.get()), pem_of(key.get())};
}

amqp::TlsPair self_signed(const CertificateWish& wish) {
    const Owned<EVP_PKEY> key = new_key(wish.rsa_bits);
    const Owned<X509> made = new_certificate(wish, key.get(), nullptr, nullptr);
    return {pem_of(made.get()), pem_of(key.get())};
}

std::string with_passphrase(const std::string& key_pem) {
    const Owned<BIO> in(BIO_new_mem_buf(key_pem.data(), static_cast<int>(key_pem.size())));
    const Owned<EVP_PKEY> key(PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr));
    const Owned<BIO> out(BIO_new(BIO_s_mem()));
    const std::string passphrase = "for a test";
    VERA_CHECK(PEM_write_bio_PKCS8PrivateKey(out.get(),
                                             key.get(),
                                             EVP_aes_128_cbc(),
                                             passphrase.data(),
                                             static_cast<int>(passphrase.size()),
                                             nullptr,
                                             nullptr) == 1);
    return text_of(out.get());
}

}  // namespace vera::test
