#include "adapters/kit/load_side.hpp"

#include "adapters/kit/process_facts.hpp"
#include "bus/host/random.hpp"

#include <proton/netaddr.h>
#include <proton/sasl.h>
#include <proton/transport.h>

#include <array>
#include <time.h>

namespace vera::kit {

std::uint64_t now_ns() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U +
           static_cast<std::uint64_t>(now.tv_nsec);
}

LoadSide::LoadSide(const LoadOptions& options, LoadNotes& notes, LoadNote::Kind done)
    : options_(options),
      notes_(notes),
      proactor_(pn_proactor()),
      done_(done) {}

void LoadSide::start() {
    thread_ = std::jthread([this] { run(); });
}

void LoadSide::stop() {
    is_stopped_ = true;
    pn_proactor_interrupt(proactor_.get());
    if (thread_.joinable()) thread_.join();
}

void LoadSide::run() {
    if (!options_.is_secure || prepare_tls()) begin();
    while (open_ > 0 && !is_stopped_) {
        pn_event_batch_t* batch = pn_proactor_wait(proactor_.get());
        while (pn_event_t* event = pn_event_batch_next(batch))
            handle(event);
        pn_proactor_done(proactor_.get(), batch);
    }
    finish();
    cpu_s_ = thread_cpu_s();
    notes_.put({done_, {}});
}

bool LoadSide::prepare_tls() {
    tls_.reset(pn_ssl_domain(PN_SSL_MODE_CLIENT));
    const TlsFiles& files = options_.tls;
    const char* trusted = files.ca.empty() ? system_trust : files.ca.c_str();
    const char* what = nullptr;
    if (pn_ssl_domain_set_trusted_ca_db(tls_.get(), trusted) != 0) what = trusted;
    if (pn_ssl_domain_set_peer_authentication(tls_.get(), PN_SSL_VERIFY_PEER_NAME, nullptr) != 0)
        what = "the name check";
    if (!files.certificate.empty() &&
        pn_ssl_domain_set_credentials(
            tls_.get(), files.certificate.c_str(), files.key.c_str(), nullptr) != 0)
        what = files.certificate.c_str();
    if (what != nullptr)
        notes_.put({LoadNote::Kind::error, "TLS cannot be used with " + std::string(what)});
    return what == nullptr;
}

pn_connection_t* LoadSide::dial(void* context) {
    pn_connection_t* connection = pn_connection();
    pn_connection_set_context(connection, context);
    pn_transport_t* transport = pn_transport();
    const std::string id = "vera-bench-" + vera::to_text(host::random_uuid());
    pn_connection_set_container(connection, id.c_str());
    pn_connection_set_hostname(connection, options_.host.c_str());
    if (tls_) {
        pn_ssl_t* tls = pn_ssl(transport);
        pn_ssl_init(tls, tls_.get(), nullptr);
        pn_ssl_set_peer_hostname(tls, options_.host.c_str());
    }
    if (options_.user.empty()) {
        pn_sasl_allowed_mechs(pn_sasl(transport),
                              options_.tls.certificate.empty() ? "ANONYMOUS" : "EXTERNAL");
    } else {
        pn_connection_set_user(connection, options_.user.c_str());
        pn_connection_set_password(connection, options_.secret.c_str());
        pn_sasl_allowed_mechs(pn_sasl(transport), "PLAIN");
        pn_sasl_set_allow_insecure_mechs(pn_sasl(transport), true);
    }
    std::array<char, 1024> address{};
    pn_proactor_addr(address.data(), address.size(), options_.host.c_str(), options_.port.c_str());
    pn_proactor_connect2(proactor_.get(), connection, transport, address.data());
    return connection;
}

void put_capability(pn_terminus_t* terminus, const std::string& symbol) {
    if (symbol.empty()) return;
    pn_data_put_symbol(pn_terminus_capabilities(terminus), pn_bytes(symbol.size(), symbol.data()));
}

std::string text_of(pn_condition_t* condition) {
    const char* name = pn_condition_get_name(condition);
    const char* text = pn_condition_get_description(condition);
    return std::string(name == nullptr ? "" : name) + ": " + (text == nullptr ? "" : text);
}

void LoadSide::complain(pn_condition_t* condition, const char* what) {
    if (condition != nullptr && pn_condition_is_set(condition))
        notes_.put({LoadNote::Kind::error, std::string(what) + ": " + text_of(condition)});
}

}  // namespace vera::kit
