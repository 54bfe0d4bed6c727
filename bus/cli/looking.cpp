#include "bus/cli/looking.hpp"

#include "bus/cli/event_text.hpp"
#include "bus/cli/marked_fields.hpp"
#include "bus/cli/masking.hpp"
#include "bus/event/catalogue.hpp"
#include "bus/event/uuid_names.hpp"

#include <algorithm>
#include <optional>
#include <ostream>

namespace vera::cli {
namespace {

using nlohmann::json;

Result<kit::Subscriber> open_first(kit::Connection& connection,
                                   const LookFlags& flags,
                                   const Source& source) {
    std::optional<Error> first_error;
    for (const std::string& address : source.addresses) {
        kit::SubscriberOptions options;
        options.address = address;
        options.total = flags.count;
        options.is_browsing = !source.takes;
        if (!flags.reason.empty()) options.link_properties = {{"vera:reason", flags.reason}};
        auto subscriber = connection.subscriber(std::move(options));
        if (subscriber) return subscriber;
        if (!first_error) first_error = subscriber.error();
        if (subscriber.error().code != Errc::not_found)
            return fail(subscriber.error().code, subscriber.error().text);
    }
    return fail(first_error->code, first_error->text);
}

}  // namespace

void print(const kit::Received& message,
           const LookFlags& flags,
           const event::Catalogue& catalogue,
           Io& io) {
    json body = decoded_body(message, catalogue);
    if (!flags.is_unmasked) {
        mask_marked(body, catalogue);
        mask(body);
    }
    if (!flags.is_json) {
        io.out << pretty(message, body, catalogue.names(), !flags.is_unmasked);
    } else if (!flags.has_meta) {
        io.out << body.dump(-1, ' ', false, json::error_handler_t::replace) << '\n';
    } else {
        json facts = facts_of(message);
        if (!flags.is_unmasked) mask(facts);
        if (json names = names_of(body, catalogue.names()); !names.empty())
            facts["names"] = std::move(names);
        facts["kuvert"] = std::move(body);
        io.out << facts.dump(-1, ' ', false, json::error_handler_t::replace) << '\n';
    }
    io.out.flush();
}

bool has_reason(const LookFlags& flags, Io& io) {
    if (!flags.is_unmasked || flags.reason.find_first_not_of(' ') != std::string::npos) return true;
    io.err << "vera: --reason: say why personal data must be seen\n";
    return false;
}

void add_look_flags(CLI::App& verb, LookFlags& flags) {
    verb.add_option("-n,--count", flags.count, "Show so many and end; 0: no limit")
        ->capture_default_str();
    add_show_flags(verb, flags);
    flags.connect = add_connect_flags(verb);
}

void add_show_flags(CLI::App& verb, LookFlags& flags) {
    CLI::Option* as_json = verb.add_flag("--json", flags.is_json, "One JSON kuvert per line");
    verb.add_flag("--meta", flags.has_meta, "With --json: around the kuvert what VeRA says of it")
        ->needs(as_json);
    CLI::Option* reason =
        verb.add_option("--reason",
                        flags.reason,
                        "Why personal data must be seen; goes to the bus with the request");
    verb.add_flag("--unmasked", flags.is_unmasked, "Show personal data; needs --reason")
        ->needs(reason);
    add_schema_and_config_flags(verb, flags.schemas);
}

int look(const LookFlags& flags, const Source& source, Io& io) {
    if (!has_reason(flags, io)) return exit_usage;
    const auto catalogue = catalogue_of(flags.schemas);
    if (!catalogue) return report(io, catalogue.error());
    auto connection = connect(*flags.connect);
    if (!connection) return report(io, connection.error());
    auto subscriber = open_first(*connection, flags, source);
    if (!subscriber) return report(io, subscriber.error());
    if (!source.follows) subscriber->drain();
    std::uint64_t shown = 0;
    while (!is_interrupted() && (flags.count == 0 || shown < flags.count)) {
        auto message = subscriber->next(Millis{200});
        if (!message) return report(io, message.error());
        if (!message->has_value()) {
            if (subscriber->is_drained()) break;
            continue;
        }
        print(**message, flags, **catalogue, io);
        if (source.takes) subscriber->settle(**message, {});
        ++shown;
        if (!io.out) break;
    }
    if (shown == 0 && !flags.is_json && io.err_is_terminal) io.err << "nothing there\n";
    return exit_ok;
}

}  // namespace vera::cli
