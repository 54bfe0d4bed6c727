#include "bus/ops/configuration_node.hpp"

#include "bus/ops/effective.hpp"
#include "bus/ops/names.hpp"

#include <algorithm>

namespace vera::ops {
namespace {

using amqp::ManagementReply;
using nlohmann::json;

std::string property(const amqp::ManagementRequest& request, const std::string& key) {
    const auto at = request.properties.find(key);
    return at == request.properties.end() ? std::string{} : at->second;
}

}  // namespace

bool is_about_configuration(const amqp::ManagementRequest& request) {
    return property(request, "type") == "configuration" &&
           (request.operation == "READ" || request.operation == "RELOAD");
}

bool is_operator(const Config& config, const event::Identity* identity) {
    if (identity == nullptr) return false;
    if (identity->mechanism == "ANONYMOUS") return true;
    return std::ranges::any_of(config.systems, [&](const SystemConfig& system) {
        return system.is_operator && fold(system.name) == fold(identity->system);
    });
}

std::optional<ManagementReply> refusal_of(const amqp::ManagementRequest& request,
                                          const Config& config) {
    if (!is_operator(config, request.identity.get()))
        return ManagementReply{
            401, "the configuration is for systems that have `operator: true`", json::object()};
    if (property(request, "name") != "self" && property(request, "identity") != "self")
        return ManagementReply{404, "no such configuration: its name is self", json::object()};
    return std::nullopt;
}

ManagementReply read_configuration(const Config& config,
                                   Generation generation,
                                   const std::string& file) {
    json options = json::array();
    for (const EffectiveOption& option : effective(config))
        options.push_back({{"key", option.key}, {"value", option.value}});
    return {200,
            "OK",
            {{"name", "self"},
             {"identity", "self"},
             {"type", "configuration"},
             {"generation", generation.value},
             {"digest", config.digest},
             {"file", file},
             {"options", std::move(options)}}};
}

ManagementReply reply_of(const ReloadReport& report) {
    if (!report.is_applied)
        return {400,
                "not reloaded, generation " + std::to_string(report.before.value) + " stays:\n" +
                    to_text(report.problems),
                json::object()};
    return {200,
            "OK",
            {{"generationBefore", report.before.value},
             {"generation", report.after.value},
             {"digestBefore", report.digest_before},
             {"digest", report.digest_after},
             {"needRestart", report.kept}}};
}

}  // namespace vera::ops
