#include "bus/cli/connecting.hpp"
#include "bus/cli/table.hpp"
#include "bus/cli/verbs.hpp"

#include <ostream>

namespace vera::cli {
namespace {

using nlohmann::json;

struct StatusFlags {
    bool is_json = false;
    std::shared_ptr<ConnectFlags> connect;
};

std::string text_or_dash(const json& value) {
    if (value.is_string()) return value.get<std::string>();
    if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
    return value.is_null() ? "–" : value.dump();
}

/// What the bus says about its listeners; whatever is missing is a dash.
std::string listener_table(const json& listeners) {
    Table table({{"LISTENER", false},
                 {"TLS", false},
                 {"MECHANISMS", false},
                 {"CLIENT CERTIFICATE", false},
                 {"CERTIFICATE", false},
                 {"UNTIL", false}});
    for (const json& one : listeners) {
        if (!one.is_object()) continue;
        std::string mechanisms;
        for (const json& mechanism : one.value("mechanisms", json::array()))
            mechanisms += (mechanisms.empty() ? "" : " ") + text_or_dash(mechanism);
        const json none = json::array({json::object()});
        json certificates = one.value("certificates", none);
        if (!certificates.is_array() || certificates.empty()) certificates = none;
        for (const json& certificate : certificates)
            table.add({text_or_dash(one.value("address", json())) + ":" +
                           text_or_dash(one.value("port", json())),
                       text_or_dash(one.value("tls", json())),
                       mechanisms,
                       text_or_dash(one.value("clientCertificate", json())),
                       text_or_dash(certificate.value("subject", json())),
                       text_or_dash(certificate.value("notAfter", json()))});
    }
    return table.text();
}

int show(const StatusFlags& flags, Io& io) {
    auto connection = connect(*flags.connect);
    if (!connection) return report(io, connection.error());
    const auto reply = connection->manage("READ", {{"type", "bus"}, {"name", "self"}}, nullptr);
    if (!reply) return report(io, reply.error());
    if (!reply->body.is_object())
        return report(io, {Errc::bad_input, "the bus answered in a form that is not known"});
    if (flags.is_json) {
        json out = reply->body;
        out["version"] = 1;
        io.out << out.dump() << '\n';
        return exit_ok;
    }
    const auto pilot = reply->body.find("pilot");
    if (pilot != reply->body.end() && pilot->is_boolean() && pilot->get<bool>())
        io.out << "PILOT: the bus runs without agreements\n";
    Table table({{"STATUS", false}, {"", false}});
    for (const auto& [name, value] : reply->body.items())
        if (name != "listeners")
            table.add({name, value.is_string() ? value.get<std::string>() : value.dump()});
    io.out << table.text();
    if (const auto listeners = reply->body.find("listeners");
        listeners != reply->body.end() && listeners->is_array())
        io.out << '\n' << listener_table(*listeners);
    return exit_ok;
}

}  // namespace

void add_status(CLI::App& root, Session& session) {
    CLI::App* verb = root.add_subcommand("status", "How the bus is doing");
    auto flags = std::make_shared<StatusFlags>();
    verb->add_flag("--json", flags->is_json, "As JSON");
    flags->connect = add_connect_flags(*verb);
    verb->footer(footer("  vera status\n  vera status --json | jq .sealed\n"));
    verb->callback([flags, &session] { session.exit_code = show(*flags, session.io); });
}

}  // namespace vera::cli
