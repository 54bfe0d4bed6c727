#include "bus/cli/running_configuration.hpp"

namespace vera::cli {

using nlohmann::json;

Result<json> ask_running(const ConnectFlags& flags, const std::string& operation) {
    auto connection = connect(flags);
    if (!connection) return fail(connection.error().code, connection.error().text);
    const auto reply =
        connection->manage(operation, {{"type", "configuration"}, {"name", "self"}}, nullptr);
    if (!reply) return fail(reply.error().code, reply.error().text);
    if (!reply->body.is_object())
        return fail(Errc::bad_input, "the bus answered in a form that is not known");
    return reply->body;
}

std::vector<ops::EffectiveOption> options_of(const json& reply) {
    std::vector<ops::EffectiveOption> options;
    const auto rows = reply.find("options");
    if (rows == reply.end() || !rows->is_array()) return options;
    for (const json& row : *rows) {
        if (!row.is_object()) continue;
        ops::EffectiveOption option;
        const json key = row.value("key", json(nullptr));
        if (key.is_string()) option.key = key.get<std::string>();
        option.value = row.value("value", json(nullptr));
        options.push_back(std::move(option));
    }
    return options;
}

}  // namespace vera::cli
