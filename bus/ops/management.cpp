#include "bus/ops/management.hpp"

#include "bus/ops/configuration_node.hpp"
#include "bus/ops/names.hpp"
#include "bus/ops/orders.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <functional>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace vera::ops {
namespace {

using amqp::ManagementReply;
using amqp::ManagementRequest;
using nlohmann::json;

std::string_view kind_of(std::string_view address) {
    if (address.rfind("sub/", 0) == 0) return "subscription";
    if (address.rfind("queue/", 0) == 0) return "plain";
    if (address.starts_with(flow::inbox_prefix)) return "inbox";
    return "unrouted";
}

/// Every object has name, identity and type (WD11 §3.2), then its own.
json to_json(const flow::QueueCounts& queue) {
    return {{"name", queue.name},
            {"identity", std::to_string(queue.queue.value)},
            {"type", "queue"},
            {"kind", kind_of(queue.name)},
            {"ready", queue.ready},
            {"inFlight", queue.in_flight},
            {"delayed", queue.delayed},
            {"blocked", queue.blocked},
            {"dead", queue.dead},
            {"consumers", queue.consumers},
            {"enqueued", queue.enqueued},
            {"settled", queue.settled},
            {"redelivered", queue.redelivered},
            {"scheduled", queue.scheduled},
            {"bytes", queue.bytes},
            {"expired", queue.expired},
            {"limited", queue.limited},
            {"paused", static_cast<bool>(queue.pause.since)},
            {"pausedSince", time_or_null(queue.pause.since)},
            {"pauseActor", queue.pause.actor},
            {"pauseReason", queue.pause.reason},
            {"oldest", time_or_null(queue.oldest)},
            {"deleted", queue.is_deleted}};
}

json to_json(const ListenerFacts& listener) {
    json certificates = json::array();
    for (const amqp::TlsCertificate& one : listener.certificates)
        certificates.push_back({{"subject", one.subject},
                                {"names", one.names},
                                {"notAfter", time_or_null(timestamp_of(one.not_after))}});
    json mechanisms = json::array();
    if (listener.asks_for_certificate) mechanisms.push_back("EXTERNAL");
    if (listener.allows_anonymous) mechanisms.push_back("ANONYMOUS");
    if (listener.allows_plain) mechanisms.push_back("PLAIN");
    return {{"address", listener.address},
            {"port", listener.port},
            {"tls", listener.has_tls},
            {"mechanisms", std::move(mechanisms)},
            {"clientCertificate",
             !listener.asks_for_certificate  ? "none"
             : listener.requires_certificate ? "required"
                                             : "optional"},
            {"certificates", std::move(certificates)}};
}

std::uint64_t total_of(const flow::Counts& counts, std::uint64_t flow::QueueCounts::*field) {
    std::uint64_t total = 0;
    for (const flow::QueueCounts& queue : counts.queues)
        total += queue.*field;
    return total;
}

json to_json(const flow::Counts& counts, const BusFacts& facts) {
    json listeners = json::array();
    for (const ListenerFacts& one : facts.listeners)
        listeners.push_back(to_json(one));
    return {{"name", "self"},
            {"listeners", std::move(listeners)},
            {"tlsHandshakes", facts.door.tls_handshakes},
            {"tlsFailures", facts.door.tls_failures},
            {"identity", "self"},
            {"type", "bus"},
            {"node", facts.node},
            {"version", facts.version},
            {"pilot", facts.is_pilot},
            {"generation", counts.generation.value},
            {"digest", facts.digest},
            {"storePath", facts.store_path},
            {"started", time_or_null(facts.started)},
            {"accepted", counts.accepted},
            {"duplicates", counts.duplicates},
            {"refused", counts.refused},
            {"released", counts.released},
            {"dedupIds", counts.dedup_ids},
            {"scheduled", total_of(counts, &flow::QueueCounts::scheduled)},
            {"pausedQueues",
             std::ranges::count_if(
                 counts.queues,
                 [](const flow::QueueCounts& queue) { return bool{queue.pause.since}; })},
            {"wallAheadMs", facts.clock.wall_ahead.count()},
            {"sealed", counts.is_sealed},
            {"sealReason", counts.seal_reason},
            {"connections", facts.door.connections},
            {"connectionsTotal", facts.door.connections_total},
            {"refusedFrames", facts.door.refused_frames},
            {"refusedLinks", facts.door.refused_links},
            {"decodeErrors", facts.door.decode_errors},
            {"handshakeTimeouts", facts.door.handshake_timeouts},
            {"idleTimeouts", facts.door.idle_timeouts},
            {"bytesIn", facts.door.bytes_in},
            {"bytesOut", facts.door.bytes_out},
            {"deliveriesIn", facts.door.deliveries_in},
            {"deliveriesOut", facts.door.deliveries_out},
            {"refusedAtDoor", facts.door.refused}};
}

const std::string known_types = "bus, clock, configuration, queue and schedule are known";
const std::string queried_types = "bus, queue and schedule can be queried";

bool is_type(std::string_view type) {
    return type == "queue" || type == "bus";
}

/// All objects of the type; of both types if it is empty.
std::vector<json> objects(std::string_view type,
                          const flow::Counts& counts,
                          const BusFacts& facts) {
    std::vector<json> found;
    if (type.empty() || type == "bus") found.push_back(to_json(counts, facts));
    if (type.empty() || type == "queue")
        for (const flow::QueueCounts& queue : counts.queues)
            found.push_back(to_json(queue));
    return found;
}

/// WD11 §3.4.2: operations of a type with the names of what they take.
json operations_of(std::string_view type) {
    if (type == "queue")
        return {{"READ", json::array()},
                {"PAUSE", json::array({"reason"})},
                {"RESUME", json::array({"reason"})}};
    if (type == "schedule")
        return {{"READ", json::array()}, {"DELETE", json::array({"reason", "event"})}};
    if (type == "clock") return {{"READ", json::array()}, {"ADOPT", json::array({"reason"})}};
    if (type == "configuration") return {{"READ", json::array()}, {"RELOAD", json::array()}};
    return {{"READ", json::array()}};
}

json attribute_names(std::string_view type) {
    const json sample = type == "queue"           ? to_json(flow::QueueCounts{})
                        : type == "schedule"      ? ops::to_json(flow::ScheduledCopy{})
                        : type == "clock"         ? ops::to_json(ClockFacts{})
                        : type == "configuration" ? read_configuration(Config{}, {}, {}).body
                                                  : to_json(flow::Counts{}, BusFacts{});
    json names = json::array();
    for (const auto& entry : sample.items())
        names.push_back(entry.key());
    return names;
}

ManagementReply query(const ManagementRequest& request,
                      const flow::Counts& counts,
                      const BusFacts& facts) {
    const std::string type = property(request, "entityType");
    if (!type.empty() && !is_type(type)) return refuse(404, "no such entityType: " + queried_types);
    const auto offset = count_property(request, "offset", 0);
    const auto count = count_property(request, "count", SIZE_MAX);
    if (!offset || !count) return refuse(400, "offset and count are whole numbers");
    std::vector<json> found = objects(type, counts, facts);
    found.erase(found.begin(),
                found.begin() +
                    static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(*offset, found.size())));
    if (found.size() > *count) found.resize(static_cast<std::size_t>(*count));
    return table_of(request, found, attribute_names(type.empty() ? "queue" : type));
}

/// WD11 §3.3.2: by name or by identity.
ManagementReply read(const ManagementRequest& request,
                     const flow::Counts& counts,
                     const BusFacts& facts) {
    const std::string type = property(request, "type");
    if (type.empty()) return refuse(400, "READ needs the property type");
    if (!is_type(type)) return refuse(404, "no such type: " + known_types);
    const std::string name = property(request, "name");
    const std::string identity = property(request, "identity");
    if (name.empty() == identity.empty()) return refuse(400, "READ needs either name or identity");
    for (json& one : objects(type, counts, facts)) {
        const bool is_it = name.empty() ? one["identity"] == identity
                                        : fold(one["name"].get<std::string>()) == fold(name);
        // The name of a deleted queue may have gone to a living one.
        if (is_it && (name.empty() || !one.value("deleted", false)))
            return {200, "OK", std::move(one)};
    }
    return refuse(404, "no such " + type);
}

/// An answer about types: for the one asked for, or for all.
ManagementReply about_types(const ManagementRequest& request,
                            const std::function<json(std::string_view)>& tell) {
    const std::string type = property(request, "entityType");
    json body = json::object();
    for (const std::string known : {"queue", "bus", "schedule", "clock", "configuration"})
        if (type.empty() || type == known) body[known] = tell(known);
    if (body.empty()) return refuse(404, "no such entityType: " + known_types);
    return {200, "OK", std::move(body)};
}

}  // namespace

Timestamp timestamp_of(std::chrono::system_clock::time_point time) {
    return Timestamp{
        std::chrono::floor<std::chrono::milliseconds>(time).time_since_epoch().count()};
}

ManagementReply refuse(int status, std::string text) {
    return {status, std::move(text), json::object()};
}

std::string property(const ManagementRequest& request, const std::string& key) {
    const auto at = request.properties.find(key);
    return at == request.properties.end() ? std::string{} : at->second;
}

json time_or_null(Timestamp time) {
    return time ? json(to_rfc3339(time)) : json(nullptr);
}

std::optional<std::uint64_t> count_property(const ManagementRequest& request,
                                            const std::string& key,
                                            std::uint64_t absent) {
    const std::string text = property(request, key);
    if (text.empty()) return absent;
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

ManagementReply table_of(const ManagementRequest& request,
                         const std::vector<json>& objects,
                         json all) {
    json names = json::array();
    if (request.body.is_object() && request.body.contains("attributeNames"))
        names = request.body["attributeNames"];
    if (!names.is_array() || names.size() > 256)
        return refuse(400, "attributeNames is a list of at most 256 names");
    for (const json& name : names)
        if (!name.is_string()) return refuse(400, "attributeNames is a list of text");
    if (names.empty()) names = std::move(all);
    json results = json::array();
    for (const json& object : objects) {
        json row = json::array();
        for (const json& name : names)
            row.push_back(object.value(name.get<std::string>(), json(nullptr)));
        results.push_back(std::move(row));
    }
    return {200, "OK", {{"attributeNames", std::move(names)}, {"results", std::move(results)}}};
}

ManagementReply manage(const ManagementRequest& request,
                       const flow::Counts& counts,
                       const BusFacts& facts) {
    if (request.operation == "QUERY") return query(request, counts, facts);
    if (request.operation == "READ") return read(request, counts, facts);
    if (request.operation == "GET-TYPES")
        return about_types(request, [](std::string_view) { return json::array(); });
    if (request.operation == "GET-ATTRIBUTES") return about_types(request, attribute_names);
    if (request.operation == "GET-OPERATIONS") return about_types(request, operations_of);
    if (request.operation == "GET-MGMT-NODES") return {200, "OK", json::array()};
    if (request.operation.empty()) return refuse(400, "the property operation is missing");
    return refuse(
        501, "operations: QUERY, READ, GET-TYPES, GET-ATTRIBUTES, GET-OPERATIONS, GET-MGMT-NODES");
}

}  // namespace vera::ops
