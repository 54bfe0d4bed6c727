#include "bus/amqp/tls_session.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cstring>
#include <new>

namespace vera::amqp {
namespace {

struct Free {
    void operator()(BIO* bio) const { BIO_free(bio); }
    void operator()(BIO_METHOD* method) const { BIO_meth_free(method); }
    void operator()(X509* certificate) const { X509_free(certificate); }
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    void operator()(SSL* ssl) const { SSL_free(ssl); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

// Forward secrecy and authenticated encryption only; TLS 1.3 has no others. No aNULL, no RSA key
// exchange, no CBC.
constexpr const char* ciphers_of_tls12 = "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL";
// Without the large finite fields, which cost a server much and a client nothing.
constexpr const char* groups = "X25519:P-256:P-384:P-521";
constexpr long longest_client_chain = 16L << 10U;
constexpr std::size_t record_bytes = 16U << 10U;
constexpr std::size_t record_overhead = 64;

// A client that speaks AMQP without TLS here is told what is spoken (AMQP 1.0 §5.2.1).
constexpr std::string_view amqp_name = "AMQP";
constexpr std::string_view tls_header{"AMQP\x02\x01\x00\x00", 8};

std::string last_reason() {
    const char* reason = ERR_reason_error_string(ERR_peek_last_error());
    return reason == nullptr ? "unknown reason" : reason;
}

Owned<BIO> bytes_of(const std::string& pem) {
    return Owned<BIO>(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

CertificateSubject subject_of(const X509* certificate) {
    CertificateSubject subject;
    const X509_NAME* name = X509_get_subject_name(certificate);
    for (int i = 0; i < X509_NAME_entry_count(name); ++i) {
        const X509_NAME_ENTRY* entry = X509_NAME_get_entry(name, i);
        const int kind = OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry));
        if (kind == NID_undef) continue;
        unsigned char* text = nullptr;
        const int size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(entry));
        if (size < 0) continue;
        subject.attributes.emplace_back(
            OBJ_nid2sn(kind),
            std::string(reinterpret_cast<const char*>(text), static_cast<std::size_t>(size)));
        OPENSSL_free(text);
    }
    ERR_clear_error();
    return subject;
}

}  // namespace

// ---- what the conversations of a listener share
// ------------------------------------------------------------------------------

struct TlsContext::State {
    struct Entry {
        Owned<SSL_CTX> context;
        Owned<X509> certificate;
    };
    std::vector<Entry> entries;
    std::vector<TlsCertificate> certificates;
    bool asks_for_certificate = false;
    bool requires_certificate = false;

    Result<void> add(const TlsPair& pair, const TlsMaterial& material);
};

namespace {

// SNI, RFC 6066 §3: the first certificate that is for the name; otherwise the first of all, and the
// client decides.
int choose_certificate(SSL* ssl, int* /*alert*/, void* state) {
    const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    if (name == nullptr) return SSL_TLSEXT_ERR_NOACK;
    for (const auto& entry : static_cast<const TlsContext::State*>(state)->entries) {
        if (X509_check_host(entry.certificate.get(),
                            name,
                            std::strlen(name),
                            X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS,
                            nullptr) != 1)
            continue;
        SSL_set_SSL_CTX(ssl, entry.context.get());
        return SSL_TLSEXT_ERR_OK;
    }
    return SSL_TLSEXT_ERR_NOACK;
}

bool set_rules(SSL_CTX* context) {
    SSL_CTX_set_security_level(context, 2);
    SSL_CTX_set_options(context,
                        SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION |
                            SSL_OP_CIPHER_SERVER_PREFERENCE);
    // Every connection proves who it is anew; they last for days.
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_max_cert_list(context, longest_client_chain);
    return SSL_CTX_set_num_tickets(context, 0) == 1 &&
           SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
           SSL_CTX_set_max_proto_version(context, 0) == 1 &&
           SSL_CTX_set_cipher_list(context, ciphers_of_tls12) == 1 &&
           SSL_CTX_set1_groups_list(context, groups) == 1;
}

// An issuing authority may be trusted without its root. That the certificate is for TLS clients is
// checked by OpenSSL (extended key usage).
bool trust_clients_of(SSL_CTX* context, const TlsMaterial& material) {
    const Owned<BIO> bytes = bytes_of(material.client_ca);
    X509_STORE* store = SSL_CTX_get_cert_store(context);
    while (const Owned<X509> issuer{PEM_read_bio_X509(bytes.get(), nullptr, nullptr, nullptr)})
        if (X509_STORE_add_cert(store, issuer.get()) != 1 ||
            SSL_CTX_add_client_CA(context, issuer.get()) != 1)
            return false;
    ERR_clear_error();
    X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
    SSL_CTX_set_verify(
        context,
        SSL_VERIFY_PEER |
            (material.requires_client_certificate ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
        nullptr);
    return true;
}

}  // namespace

Result<void> TlsContext::State::add(const TlsPair& pair, const TlsMaterial& material) {
    Entry entry{Owned<SSL_CTX>(SSL_CTX_new(TLS_server_method())), nullptr};
    SSL_CTX* context = entry.context.get();
    if (context == nullptr || !set_rules(context)) return fail(Errc::unavailable, last_reason());
    if (!material.client_ca.empty() && !trust_clients_of(context, material))
        return fail(Errc::bad_input, "client_ca: " + last_reason());
    const Owned<BIO> chain = bytes_of(pair.certificate);
    entry.certificate.reset(PEM_read_bio_X509(chain.get(), nullptr, nullptr, nullptr));
    const Owned<EVP_PKEY> key(
        PEM_read_bio_PrivateKey(bytes_of(pair.key).get(), nullptr, nullptr, nullptr));
    if (!entry.certificate || !key ||
        SSL_CTX_use_certificate(context, entry.certificate.get()) != 1 ||
        SSL_CTX_use_PrivateKey(context, key.get()) != 1)
        return fail(Errc::bad_input, "certificate: " + last_reason());
    while (const Owned<X509> issuer{PEM_read_bio_X509(chain.get(), nullptr, nullptr, nullptr)})
        if (SSL_CTX_add1_chain_cert(context, issuer.get()) != 1)
            return fail(Errc::bad_input, "certificate chain: " + last_reason());
    ERR_clear_error();
    // What the macro of this name does, without its cast.
    SSL_CTX_callback_ctrl(context,
                          SSL_CTRL_SET_TLSEXT_SERVERNAME_CB,
                          reinterpret_cast<void (*)()>(choose_certificate));
    SSL_CTX_set_tlsext_servername_arg(context, this);
    entries.push_back(std::move(entry));
    certificates.push_back(describe_certificate(pair.certificate));
    return {};
}

TlsContext::TlsContext(std::unique_ptr<State> state) : state_(std::move(state)) {}
TlsContext::~TlsContext() = default;

Result<std::shared_ptr<const TlsContext>> TlsContext::make(const TlsMaterial& material) {
    if (material.certificates.empty()) return fail(Errc::bad_input, "no certificate");
    const auto complaints = check_tls(material, std::chrono::system_clock::now());
    if (!complaints.empty()) return fail(Errc::bad_input, complaints.front().reason);
    auto state = std::make_unique<State>();
    state->asks_for_certificate = !material.client_ca.empty();
    state->requires_certificate =
        state->asks_for_certificate && material.requires_client_certificate;
    for (const TlsPair& pair : material.certificates)
        if (auto added = state->add(pair, material); !added)
            return fail(added.error().code, added.error().text);
    return std::make_shared<const TlsContext>(std::move(state));
}

const std::vector<TlsCertificate>& TlsContext::certificates() const {
    return state_->certificates;
}

bool TlsContext::asks_for_certificate() const {
    return state_->asks_for_certificate;
}

bool TlsContext::requires_certificate() const {
    return state_->requires_certificate;
}

// ---- one conversation
// ------------------------------------------------------------------------------

struct TlsSession::State {
    explicit State(std::shared_ptr<const TlsContext> from) : context(std::move(from)) {}

    [[nodiscard]] std::size_t unread() const { return rest.size() - rest_used + fresh.size(); }
    void run_handshake();
    bool is_plain_amqp();
    void on_trouble(int result);
    void fail(std::string reason);

    // OpenSSL's own memory BIO clears and grows a buffer of its own; these copy from and to ours.
    static const BIO_METHOD* transport();
    static int take(BIO* bio, char* into, int size);
    static int give(BIO* bio, const char* bytes, int size);
    static long control(BIO* /*bio*/, int command, long /*number*/, void* /*pointer*/) {
        return command == BIO_CTRL_FLUSH ? 1 : 0;
    }

    std::shared_ptr<const TlsContext> context;
    Owned<SSL> ssl;
    std::string rest;  // received earlier; used before `fresh`
    std::size_t rest_used = 0;
    std::string_view fresh;
    std::string output;
    std::size_t output_sent = 0;
    std::size_t handshake_bytes = 0;
    Phase phase = Phase::handshake;
    bool has_more = false;
    std::string failure;
    std::optional<CertificateSubject> peer;
};

const BIO_METHOD* TlsSession::State::transport() {
    static const Owned<BIO_METHOD> method = [] {
        Owned<BIO_METHOD> made(BIO_meth_new(BIO_TYPE_SOURCE_SINK, "vera"));
        if (made == nullptr) throw std::bad_alloc();
        BIO_meth_set_read(made.get(), take);
        BIO_meth_set_write(made.get(), give);
        BIO_meth_set_ctrl(made.get(), control);
        return made;
    }();
    return method.get();
}

int TlsSession::State::take(BIO* bio, char* into, int size) {
    State& self = *static_cast<State*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    const auto room = static_cast<std::size_t>(std::max(size, 0));
    std::size_t taken = std::min(room, self.rest.size() - self.rest_used);
    std::memcpy(into, self.rest.data() + self.rest_used, taken);
    self.rest_used += taken;
    if (const std::size_t more = std::min(room - taken, self.fresh.size()); more > 0) {
        std::memcpy(into + taken, self.fresh.data(), more);
        self.fresh.remove_prefix(more);
        taken += more;
    }
    if (taken > 0) return static_cast<int>(taken);
    BIO_set_retry_read(bio);
    return -1;
}

int TlsSession::State::give(BIO* bio, const char* bytes, int size) {
    BIO_clear_retry_flags(bio);
    static_cast<State*>(BIO_get_data(bio))->output.append(bytes, static_cast<std::size_t>(size));
    return size;
}

TlsSession::TlsSession(std::shared_ptr<const TlsContext> context)
    : state_(std::make_unique<State>(std::move(context))) {
    state_->ssl.reset(SSL_new(state_->context->state().entries.front().context.get()));
    BIO* bio = BIO_new(State::transport());
    if (state_->ssl == nullptr || bio == nullptr) {
        BIO_free(bio);
        throw std::bad_alloc();
    }
    BIO_set_data(bio, state_.get());
    BIO_set_init(bio, 1);
    SSL_set_bio(state_->ssl.get(), bio, bio);
    SSL_set_accept_state(state_->ssl.get());
}

TlsSession::~TlsSession() = default;

void TlsSession::receive(std::string_view bytes) {
    State& state = *state_;
    state.fresh = bytes;
    if (state.phase == Phase::handshake) state.handshake_bytes += bytes.size();
}

std::size_t TlsSession::read(std::span<char> room) {
    State& state = *state_;
    state.has_more = false;
    if (state.phase == Phase::handshake) state.run_handshake();
    std::size_t size = 0;
    while (state.phase == Phase::open && size < room.size()) {
        ERR_clear_error();
        std::size_t got = 0;
        const int result =
            SSL_read_ex(state.ssl.get(), room.data() + size, room.size() - size, &got);
        size += got;
        if (result != 1) {
            state.on_trouble(result);
            return size;
        }
    }
    state.has_more = state.phase == Phase::open;
    return size;
}

bool TlsSession::has_more() const {
    return state_->has_more;
}

void TlsSession::keep_rest() {
    State& state = *state_;
    state.rest.erase(0, std::exchange(state.rest_used, 0));
    state.rest.append(std::exchange(state.fresh, {}));
}

void TlsSession::State::run_handshake() {
    if (is_plain_amqp()) return;
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl.get());
    if (result != 1) return on_trouble(result);
    phase = Phase::open;
    const Owned<X509> certificate(SSL_get1_peer_certificate(ssl.get()));
    if (certificate && SSL_get_verify_result(ssl.get()) == X509_V_OK)
        peer = subject_of(certificate.get());
}

// Before a byte has gone to OpenSSL, which would only call it a wrong version.
bool TlsSession::State::is_plain_amqp() {
    if (handshake_bytes != unread()) return false;
    const std::string_view first = rest.size() > rest_used ? std::string_view(rest) : fresh;
    if (first.substr(0, amqp_name.size()) != amqp_name) return false;
    output.append(tls_header);
    fail("AMQP was spoken without TLS");
    return true;
}

void TlsSession::State::on_trouble(int result) {
    switch (SSL_get_error(ssl.get(), result)) {
        case SSL_ERROR_WANT_READ:
            return;
        case SSL_ERROR_ZERO_RETURN:
            phase = Phase::ended;
            return;
        default:
            break;
    }
    const long verified = SSL_get_verify_result(ssl.get());
    if (verified != X509_V_OK)
        fail("client certificate: " + std::string(X509_verify_cert_error_string(verified)));
    else
        fail(last_reason());
    ERR_clear_error();
}

void TlsSession::State::fail(std::string reason) {
    phase = Phase::failed;
    failure = std::move(reason);
}

void TlsSession::write(std::string_view bytes) {
    State& state = *state_;
    if (bytes.empty() || (state.phase != Phase::open && state.phase != Phase::ended)) return;
    const std::size_t records = bytes.size() / record_bytes + 1;
    state.output.reserve(state.output.size() + bytes.size() + records * record_overhead);
    ERR_clear_error();
    std::size_t written = 0;
    const int result = SSL_write_ex(state.ssl.get(), bytes.data(), bytes.size(), &written);
    if (result != 1) state.on_trouble(result);
}

void TlsSession::close() {
    ERR_clear_error();
    if (state_->phase == Phase::open || state_->phase == Phase::ended)
        static_cast<void>(SSL_shutdown(state_->ssl.get()));
    ERR_clear_error();
}

std::string_view TlsSession::output() const {
    return std::string_view(state_->output).substr(state_->output_sent);
}

void TlsSession::sent(std::size_t bytes) {
    State& state = *state_;
    state.output_sent += bytes;
    if (state.output_sent < state.output.size()) return;
    state.output.clear();
    state.output_sent = 0;
}

void TlsSession::release_memory() {
    State& state = *state_;
    if (state.output.empty()) state.output.shrink_to_fit();
    if (state.rest.size() == state.rest_used) {
        state.rest_used = 0;
        state.rest.clear();
        state.rest.shrink_to_fit();
    }
}

TlsSession::Phase TlsSession::phase() const {
    return state_->phase;
}

std::size_t TlsSession::handshake_bytes() const {
    return state_->handshake_bytes;
}

std::string_view TlsSession::failure() const {
    return state_->failure;
}

const std::optional<CertificateSubject>& TlsSession::peer() const {
    return state_->peer;
}

std::string_view TlsSession::version() const {
    return SSL_get_version(state_->ssl.get());
}

}  // namespace vera::amqp
