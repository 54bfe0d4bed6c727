#include "bus/cli/type_usage.hpp"

#include "bus/ops/config.hpp"
#include "bus/ops/daemon.hpp"
#include "bus/route/filter.hpp"

#include <algorithm>

namespace vera::cli {
namespace {

/// "Hjørring Kommune (29189382)".
std::string authority_text(const ops::Config& config, const std::string& cvr) {
    const auto known = std::ranges::find(config.authorities, cvr, &ops::AuthorityConfig::cvr);
    return known == config.authorities.end() ? cvr : known->name + " (" + cvr + ")";
}

/// "127.0.0.1:5672", "[::1]:5672".
std::string host_of(const ops::ListenConfig& listen) {
    const bool is_v6 = listen.address.find(':') != std::string::npos;
    const std::string address = is_v6 ? "[" + listen.address + "]" : listen.address;
    return address + ":" + std::to_string(listen.port);
}

pages::Subscriber subscriber_of(const ops::Config& config, const ops::SubscriptionConfig& one) {
    pages::Subscriber subscriber{one.name, {}, one.filter.objects.size(), one.filter_text};
    for (const std::string& cvr : one.filter.authorities)
        subscriber.authorities.push_back(authority_text(config, cvr));
    return subscriber;
}

}  // namespace

Result<Uses> uses_of(const std::string& config_file, const std::vector<std::string>& types) {
    ops::LoadOptions options;
    options.allows_beyond_loopback = true;  // nothing is served here
    const ops::LoadedConfig loaded = ops::load_config(config_file, options);
    if (!loaded.is_good()) return fail(Errc::bad_input, ops::to_text(loaded.problems));
    const ops::Config& config = loaded.config;
    Uses uses;
    for (const ops::ListenConfig& one : config.listen)
        uses.servers.push_back({host_of(one), one.tls.is_on(), !one.tls.client_ca.empty()});
    pages::Usage& usage = uses.usage;
    usage.node = config.node;
    for (const ops::SystemConfig& system : config.systems)
        usage.systems.push_back({system.name, authority_text(config, system.authority)});
    for (const std::string& type : types)
        for (const ops::SubscriptionConfig& one : config.subscriptions)
            if (route::may_match_type(one.filter, type))
                usage.subscribers[type].push_back(subscriber_of(config, one));
    return uses;
}

}  // namespace vera::cli
