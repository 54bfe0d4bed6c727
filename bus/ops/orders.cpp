#include "bus/ops/orders.hpp"

#include "bus/ops/management.hpp"
#include "bus/ops/names.hpp"

#include <optional>
#include <utility>
#include <vector>

namespace vera::ops {
namespace {

using amqp::ManagementReply;
using amqp::ManagementRequest;
using nlohmann::json;

constexpr std::size_t max_rows = 1000;
constexpr std::size_t max_reason_bytes = 1024;

/// One who is told what comes of it: the name, or "anonymous".
std::string actor_of(const ManagementRequest& request) {
    return request.identity && !request.identity->system.empty() ? request.identity->system
                                                                 : "anonymous";
}

std::optional<ManagementReply> wrong_reason(const std::string& reason) {
    if (reason.empty()) return refuse(400, "the property reason is missing: why?");
    if (reason.size() > max_reason_bytes)
        return refuse(400, "the property reason is longer than 1024 bytes");
    return std::nullopt;
}

const flow::QueueSpec* find_queue(const flow::Snapshot& snapshot,
                                  const std::string& name,
                                  const std::string& identity) {
    for (const flow::QueueSpec& queue : snapshot.queues) {
        if (!identity.empty() && std::to_string(queue.id.value) == identity) return &queue;
        if (!name.empty() && !queue.is_deleted && fold(queue.name) == fold(name)) return &queue;
    }
    return nullptr;
}

Order read_pause(const ManagementRequest& request,
                 const flow::Snapshot& snapshot,
                 const std::string& type) {
    if (type != "queue") return refuse(400, request.operation + " is of the type queue");
    const std::string name = property(request, "name");
    const std::string identity = property(request, "identity");
    if (name.empty() == identity.empty())
        return refuse(400, request.operation + " needs either name or identity");
    std::string reason = property(request, "reason");
    if (auto wrong = wrong_reason(reason)) return *std::move(wrong);
    const flow::QueueSpec* queue = find_queue(snapshot, name, identity);
    if (queue == nullptr) return refuse(404, "no such queue");
    return flow::SetPause{
        queue->id, request.operation == "PAUSE", actor_of(request), std::move(reason)};
}

Order read_schedule_query(const ManagementRequest& request, const flow::Snapshot& snapshot) {
    flow::AskSchedule ask;
    if (const std::string name = property(request, "queue"); !name.empty()) {
        const flow::QueueSpec* queue = find_queue(snapshot, name, {});
        if (queue == nullptr) return refuse(404, "no such queue");
        ask.queue = queue->id;
    }
    const auto offset = count_property(request, "offset", 0);
    const auto count = count_property(request, "count", max_rows);
    if (!offset || !count) return refuse(400, "offset and count are whole numbers");
    ask.skip = static_cast<std::size_t>(*offset);
    ask.most = static_cast<std::size_t>(std::min<std::uint64_t>(*count, max_rows));
    return ask;
}

Order read_schedule(const ManagementRequest& request) {
    const auto copy = count_property(request, "identity", 0);
    if (!copy || *copy == 0)
        return refuse(400, "READ of a schedule needs identity: the copy's number");
    flow::AskSchedule ask;
    ask.copy = CopySeq{*copy};
    ask.most = 1;
    return ask;
}

Order read_cancel(const ManagementRequest& request) {
    const auto copy = count_property(request, "identity", 0);
    const auto event = count_property(request, "event", 0);
    if (!copy || !event || (*copy == 0) == (*event == 0))
        return refuse(400,
                      "DELETE of a schedule needs either identity, a copy's number, or event, an "
                      "event's number");
    std::string reason = property(request, "reason");
    if (auto wrong = wrong_reason(reason)) return *std::move(wrong);
    return flow::Cancel{CopySeq{*copy}, EventSeq{*event}, actor_of(request), std::move(reason)};
}

Order read_clock(const ManagementRequest& request) {
    ClockOrder order;
    if (request.operation == "READ") return order;
    order.adopts = true;
    order.actor = actor_of(request);
    order.reason = property(request, "reason");
    if (auto wrong = wrong_reason(order.reason)) return *std::move(wrong);
    return order;
}

ManagementReply reply_of(const ManagementRequest& request, const flow::ScheduleList& list) {
    std::vector<json> rows;
    for (const flow::ScheduledCopy& copy : list.copies)
        rows.push_back(to_json(copy));
    if (request.operation == "READ") {
        if (rows.empty()) return refuse(404, "no such scheduled copy");
        return {200, "OK", std::move(rows.front())};
    }
    const json sample = to_json(flow::ScheduledCopy{});  // outlives the loop over its items
    json names = json::array();
    for (const auto& entry : sample.items())
        names.push_back(entry.key());
    ManagementReply reply = table_of(request, rows, std::move(names));
    if (reply.status == 200) reply.body["total"] = list.total;
    return reply;
}

ManagementReply reply_of(const ManagementRequest& request, const flow::OrderDone& done) {
    if (done.error)
        return refuse(done.error->code == Errc::not_found ? 404 : 503, done.error->text);
    if (request.operation == "DELETE") return {200, "OK", {{"cancelled", done.copies}}};
    return {200, "OK", json::object()};
}

}  // namespace

Order read_order(const ManagementRequest& request, const flow::Snapshot& snapshot) {
    const std::string& operation = request.operation;
    const std::string type = property(request, "type");
    if (operation == "QUERY" && property(request, "entityType") == "schedule")
        return read_schedule_query(request, snapshot);
    if (operation == "READ" && type == "schedule") return read_schedule(request);
    if (operation == "DELETE") {
        if (type != "schedule") return refuse(400, "DELETE is of the type schedule");
        return read_cancel(request);
    }
    if (operation == "PAUSE" || operation == "RESUME") return read_pause(request, snapshot, type);
    if (operation == "ADOPT" && type != "clock") return refuse(400, "ADOPT is of the type clock");
    if ((operation == "READ" && type == "clock") || operation == "ADOPT")
        return read_clock(request);
    return std::monostate{};
}

ManagementReply reply_of(const ManagementRequest& request, const flow::Answer& answer) {
    if (const auto* list = std::get_if<flow::ScheduleList>(&answer.what))
        return reply_of(request, *list);
    if (const auto* done = std::get_if<flow::OrderDone>(&answer.what))
        return reply_of(request, *done);
    return refuse(500, "the core answered something else");
}

ManagementReply reply_of(const ClockFacts& clock) {
    if (!clock.refusal.empty()) return refuse(409, clock.refusal);
    return {200, "OK", to_json(clock)};
}

json to_json(const flow::ScheduledCopy& copy) {
    return {{"name", std::to_string(copy.copy.value)},
            {"identity", std::to_string(copy.copy.value)},
            {"type", "schedule"},
            {"event", copy.event.value},
            {"queue", copy.queue_name},
            {"readyAt", time_or_null(copy.ready_at)},
            {"accepted", time_or_null(copy.accepted)},
            {"expiry", time_or_null(copy.expiry)},
            {"bytes", copy.bytes}};
}

json to_json(const ClockFacts& clock) {
    json steps = json::array();
    for (const ClockStep& step : clock.steps)
        steps.push_back({{"at", time_or_null(step.at)},
                         {"stepMs", step.step.count()},
                         {"adoptedBy", step.actor},
                         {"reason", step.reason}});
    return {{"name", "self"},
            {"identity", "self"},
            {"type", "clock"},
            {"time", time_or_null(clock.now)},
            {"wallAheadMs", clock.wall_ahead.count()},
            {"startedFrom", to_text(clock.started_from)},
            {"steps", std::move(steps)}};
}

}  // namespace vera::ops
