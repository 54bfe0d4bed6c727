#include "bus/cli/ordering.hpp"

#include "bus/cli/table.hpp"

namespace vera::cli {

void add_reason_flag(CLI::App& verb, std::string& reason) {
    verb.add_option("--reason", reason, "Why; stored with what was done. No personal data")
        ->required()
        ->check([](const std::string& text) {
            return text.empty() ? std::string("is empty") : std::string{};
        });
}

std::vector<std::string> addresses_of(const std::string& name) {
    if (name.find('/') != std::string::npos || name.starts_with('$')) return {name};
    return {"sub/" + name, "queue/" + name, "inbox/" + name};
}

std::string time_text(const nlohmann::json& object, const char* key) {
    const auto found = object.find(key);
    if (found == object.end() || !found->is_string()) return "-";
    const auto time = parse_rfc3339(found->get<std::string>());
    return time ? danish_time(*time) : "-";
}

Result<kit::Reply> order(const ConnectFlags& flags,
                         const std::string& operation,
                         nlohmann::json properties,
                         const std::string& name_key,
                         const std::vector<std::string>& names) {
    auto connection = connect(flags);
    if (!connection) return fail(connection.error().code, connection.error().text);
    if (name_key.empty()) return connection->manage(operation, std::move(properties), nullptr);
    for (const std::string& name : names) {
        properties[name_key] = name;
        auto reply = connection->manage(operation, properties, nullptr);
        if (reply || reply.error().code != Errc::not_found) return reply;
    }
    return fail(Errc::not_found,
                "no queue '" + (names.size() == 1 ? names[0] : names[0].substr(4)) + "'");
}

}  // namespace vera::cli
