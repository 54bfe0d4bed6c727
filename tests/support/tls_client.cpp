#include "tests/support/tls_client.hpp"

#include "bus/base/check.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <array>

namespace vera::test {
namespace {

struct Free {
    void operator()(BIO* bio) const { BIO_free(bio); }
    void operator()(X509* certificate) const { X509_free(certificate); }
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    void operator()(SSL* ssl) const { SSL_free(ssl); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

Owned<BIO> bytes_of(const std::string& pem) {
    return Owned<BIO>(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

void note_alert(const SSL* ssl, int where, int value) {
    if ((where & SSL_CB_READ_ALERT) != SSL_CB_READ_ALERT) return;
    auto* client = static_cast<TlsClient*>(SSL_get_app_data(ssl));
    client->alert = SSL_alert_desc_string_long(value);
    if (client->alert == "unknown") client->alert = std::to_string(value & 0xff);
}

}  // namespace

struct TlsClient::State {
    Owned<SSL_CTX> context;
    Owned<SSL> ssl;
    BIO* in = nullptr;   // owned by ssl
    BIO* out = nullptr;  // owned by ssl
};

TlsClient::TlsClient(const TlsClientOptions& options) : state_(std::make_unique<State>()) {
    State& state = *state_;
    state.context.reset(SSL_CTX_new(TLS_client_method()));
    SSL_CTX* context = state.context.get();
    SSL_CTX_set_security_level(context, options.security_level);
    SSL_CTX_set_min_proto_version(context, options.lowest_version);
    SSL_CTX_set_max_proto_version(context, options.highest_version);
    if (!options.ciphers.empty())
        VERA_CHECK(SSL_CTX_set_cipher_list(context, options.ciphers.c_str()) == 1);
    if (!options.ca.empty()) {
        const Owned<BIO> bytes = bytes_of(options.ca);
        while (const Owned<X509> one{PEM_read_bio_X509(bytes.get(), nullptr, nullptr, nullptr)})
            X509_STORE_add_cert(SSL_CTX_get_cert_store(context), one.get());
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    }
    if (!options.pair.certificate.empty()) {
        const Owned<BIO> chain = bytes_of(options.pair.certificate);
        const Owned<X509> own(PEM_read_bio_X509(chain.get(), nullptr, nullptr, nullptr));
        const Owned<EVP_PKEY> key(
            PEM_read_bio_PrivateKey(bytes_of(options.pair.key).get(), nullptr, nullptr, nullptr));
        VERA_CHECK(SSL_CTX_use_certificate(context, own.get()) == 1);
        VERA_CHECK(SSL_CTX_use_PrivateKey(context, key.get()) == 1);
        while (const Owned<X509> one{PEM_read_bio_X509(chain.get(), nullptr, nullptr, nullptr)})
            SSL_CTX_add1_chain_cert(context, one.get());
    }
    ERR_clear_error();
    state.ssl.reset(SSL_new(context));
    state.in = BIO_new(BIO_s_mem());
    state.out = BIO_new(BIO_s_mem());
    SSL_set_bio(state.ssl.get(), state.in, state.out);
    SSL_set_app_data(state.ssl.get(), this);
    SSL_set_info_callback(state.ssl.get(), note_alert);
    if (!options.server_name.empty())
        SSL_ctrl(state.ssl.get(),
                 SSL_CTRL_SET_TLSEXT_HOSTNAME,
                 TLSEXT_NAMETYPE_host_name,
                 const_cast<char*>(options.server_name.c_str()));
    SSL_set_connect_state(state.ssl.get());
    step();
}

TlsClient::~TlsClient() = default;

void TlsClient::receive(std::string_view bytes) {
    if (!bytes.empty()) BIO_write(state_->in, bytes.data(), static_cast<int>(bytes.size()));
    step();
}

void TlsClient::step() {
    SSL* ssl = state_->ssl.get();
    std::array<char, 16384> buffer{};
    for (;;) {
        ERR_clear_error();
        const int got = SSL_read(ssl, buffer.data(), static_cast<int>(buffer.size()));
        if (got > 0) {
            input.append(buffer.data(), static_cast<std::size_t>(got));
            continue;
        }
        const int what = SSL_get_error(ssl, got);
        if (what == SSL_ERROR_ZERO_RETURN) is_ended = true;
        if (what == SSL_ERROR_SSL) {
            const char* reason = ERR_reason_error_string(ERR_peek_last_error());
            error = reason == nullptr ? "unknown" : reason;
        }
        ERR_clear_error();
        return;
    }
}

void TlsClient::write(std::string_view bytes) {
    VERA_CHECK(SSL_write(state_->ssl.get(), bytes.data(), static_cast<int>(bytes.size())) ==
               static_cast<int>(bytes.size()));
}

void TlsClient::close() {
    SSL_shutdown(state_->ssl.get());
}

bool TlsClient::renegotiate() {
    ERR_clear_error();
    if (SSL_renegotiate(state_->ssl.get()) != 1) return false;
    SSL_do_handshake(state_->ssl.get());
    ERR_clear_error();
    return true;
}

std::string TlsClient::take_output() {
    std::string bytes;
    std::array<char, 16384> buffer{};
    for (int got = 0;
         (got = BIO_read(state_->out, buffer.data(), static_cast<int>(buffer.size()))) > 0;)
        bytes.append(buffer.data(), static_cast<std::size_t>(got));
    return bytes;
}

bool TlsClient::is_open() const {
    return SSL_is_init_finished(state_->ssl.get()) == 1 && error.empty();
}

bool TlsClient::has_session() const {
    const SSL_SESSION* session = SSL_get0_session(state_->ssl.get());
    return session != nullptr && SSL_SESSION_is_resumable(session) == 1;
}

std::string TlsClient::version() const {
    return SSL_get_version(state_->ssl.get());
}

std::string TlsClient::cipher() const {
    return SSL_get_cipher_name(state_->ssl.get());
}

std::string TlsClient::server() const {
    const Owned<X509> certificate(SSL_get1_peer_certificate(state_->ssl.get()));
    if (!certificate) return {};
    std::array<char, 256> text{};
    const int size = X509_NAME_get_text_by_NID(X509_get_subject_name(certificate.get()),
                                               NID_commonName,
                                               text.data(),
                                               static_cast<int>(text.size()));
    return {text.data(), static_cast<std::size_t>(size < 0 ? 0 : size)};
}

}  // namespace vera::test
