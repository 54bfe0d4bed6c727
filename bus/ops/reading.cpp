#include "bus/ops/reading.hpp"

#include "bus/ops/names.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <netinet/in.h>

namespace vera::ops {

bool is_ip_address(const std::string& text) {
    in_addr v4{};
    in6_addr v6{};
    return inet_pton(AF_INET, text.c_str(), &v4) == 1 ||
           inet_pton(AF_INET6, text.c_str(), &v6) == 1;
}

bool is_digits(std::string_view text, std::size_t least, std::size_t most) {
    return text.size() >= least && text.size() <= most &&
           text.find_first_not_of("0123456789") == std::string_view::npos;
}

void Reading::check_listen(Section& section, const ListenConfig& listen) {
    if (is_ip_address(listen.address) && !listen.is_loopback()) {
        if (listen.allows_anonymous)
            section.problem("anonymous",
                            "only on a loopback address: nobody knows who is on the other end");
        if (!options_.allows_beyond_loopback)
            section.problem("address",
                            "until a configuration has agreements, the bus listens on loopback "
                            "only (127.0.0.1 or ::1); "
                            "`vera serve --pilot` overrides this");
    }
    if (!listen.allows_anonymous && !listen.allows_plain)
        section.problem("plain", "neither plain nor anonymous: nobody could connect");
    if (listen.port == 0) return;
    if (const auto first =
            first_use("listener", listen.address + " " + std::to_string(listen.port), section))
        section.problem("port", "this address and port are taken by " + *first);
}

void Reading::check_authority(Section& section, const AuthorityConfig& authority) {
    if (const auto first = first_use("authority", authority.cvr, section))
        section.problem("cvr", "already given by " + *first);
}

void Reading::check_system(Section& section, const SystemConfig& system) {
    check_name(section, "system", system.name);
    if (fold(system.name) == "anonymous")
        section.problem("name", "is what clients without a name are called");
    const auto& authorities = so_far_.authorities;
    if (is_digits(system.authority, 8, 8) &&
        std::ranges::none_of(
            authorities, [&](const AuthorityConfig& one) { return one.cvr == system.authority; }))
        section.problem("authority", "this CVR number is not among `authorities`");
}

void Reading::check_subscription(Section& section, const SubscriptionConfig& subscription) {
    if (subscription.id)
        if (const auto first = first_use("subscription id", to_text(*subscription.id), section))
            section.problem("id", "already the id of " + *first);
    check_name(section, "subscription", subscription.name);
    for (std::size_t i = 0; i < subscription.filter.types.size(); ++i)
        check_type(section, i, subscription.filter.types[i]);
}

void Reading::check_type(Section& section, std::size_t index, const std::string& type) {
    const std::string place = "[" + std::to_string(index) + "] ";
    if (std::ranges::find(options_.known_types, type) != options_.known_types.end()) return;
    if (type.size() > 2 && type.compare(type.size() - 2, 2, ".*") == 0) {
        const std::string_view prefix = std::string_view(type).substr(0, type.size() - 1);
        // A package of one level: `vera.sag.v1.*` covers vera.sag.v1.SagOprettet.
        for (const std::string& known : options_.known_types)
            if (known.size() > prefix.size() && known.compare(0, prefix.size(), prefix) == 0 &&
                known.find('.', prefix.size()) == std::string::npos)
                return;
        return section.problem("types", place + "`" + type + "` covers no type of the catalogue");
    }
    const std::string near = nearest(type, options_.known_types);
    section.problem("types",
                    place + "`" + type + "` is not in the catalogue" +
                        (near.empty() ? "" : "; did you mean `" + near + "`?"));
}

void Reading::check_queue(Section& section, const QueueConfig& queue) {
    check_name(section, "queue", queue.name);
}

std::optional<std::string> Reading::first_use(const std::string& kind,
                                              const std::string& value,
                                              const Section& section) {
    const std::string here = section.file() + ":" + std::to_string(section.line()) +
                             (section.key().empty() ? "" : ": " + section.key());
    const auto [at, is_new] = seen_.try_emplace({kind, value}, here);
    if (is_new) return std::nullopt;
    return at->second;
}

void Reading::check_name(Section& section, const std::string& kind, const std::string& name) {
    if (!is_name(name)) return;  // its form has been refused
    if (const auto first = first_use(kind, fold(name), section))
        section.problem("name",
                        "the same " + kind + " as " + *first + " (æ, ø, å count as ae, oe, aa)");
}

}  // namespace vera::ops
