#include "bus/ops/orders.hpp"

#include "tests/support/catch.hpp"

using namespace vera;
using namespace vera::ops;
using nlohmann::json;

namespace {

using What = decltype(flow::Ask::what);

amqp::ManagementRequest request(std::string operation,
                                std::map<std::string, std::string> properties) {
    auto identity = std::make_shared<event::Identity>();
    identity->system = "drift";
    return {std::move(operation), std::move(properties), json::object(), std::move(identity)};
}

Order order(std::string operation, std::map<std::string, std::string> properties) {
    flow::Snapshot snapshot;
    for (std::uint32_t id = 1; id <= 2; ++id) {
        flow::QueueSpec& queue = snapshot.queues.emplace_back();
        queue.id = QueueId{id};
        queue.name = "sub/læsø";
        queue.is_deleted = id == 1;  // its name has gone to a living one
    }
    return read_order(request(std::move(operation), std::move(properties)), snapshot);
}

template <class T>
T asked(const Order& from) {
    REQUIRE(std::holds_alternative<What>(from));
    REQUIRE(std::holds_alternative<T>(std::get<What>(from)));
    return std::get<T>(std::get<What>(from));
}

}  // namespace

TEST_CASE("orders: PAUSE and RESUME name a living queue, who and why", "[ops]") {
    const auto pause = asked<flow::SetPause>(
        order("PAUSE", {{"type", "queue"}, {"name", "sub/laesoe"}, {"reason", "ombygning"}}));
    CHECK(pause.queue == QueueId{2});
    CHECK(pause.is_paused);
    CHECK(pause.actor == "drift");
    CHECK(pause.reason == "ombygning");
    const auto resume = asked<flow::SetPause>(
        order("RESUME", {{"type", "queue"}, {"identity", "1"}, {"reason", "klar"}}));
    CHECK(resume.queue == QueueId{1});
    CHECK_FALSE(resume.is_paused);
}

TEST_CASE("orders: the schedule is asked for by queue and page, and cancelled by copy or event",
          "[ops]") {
    const auto all = asked<flow::AskSchedule>(order("QUERY", {{"entityType", "schedule"}}));
    CHECK_FALSE(static_cast<bool>(all.queue));
    CHECK(all.most == 1000);
    const auto page = asked<flow::AskSchedule>(order(
        "QUERY",
        {{"entityType", "schedule"}, {"queue", "sub/læsø"}, {"offset", "7"}, {"count", "3"}}));
    CHECK(page.queue == QueueId{2});
    CHECK(page.skip == 7);
    CHECK(page.most == 3);
    CHECK(asked<flow::AskSchedule>(order("READ", {{"type", "schedule"}, {"identity", "9"}})).copy ==
          CopySeq{9});
    const auto copy = asked<flow::Cancel>(
        order("DELETE", {{"type", "schedule"}, {"identity", "9"}, {"reason", "aflyst"}}));
    CHECK(copy.copy == CopySeq{9});
    CHECK(copy.actor == "drift");
    const auto event = asked<flow::Cancel>(
        order("DELETE", {{"type", "schedule"}, {"event", "4"}, {"reason", "aflyst"}}));
    CHECK(event.event == EventSeq{4});
    CHECK_FALSE(static_cast<bool>(event.copy));
}

TEST_CASE("orders: the clock is read and adopted", "[ops]") {
    const Order read = order("READ", {{"type", "clock"}, {"name", "self"}});
    REQUIRE(std::holds_alternative<ClockOrder>(read));
    CHECK_FALSE(std::get<ClockOrder>(read).adopts);
    const Order adopt = order("ADOPT", {{"type", "clock"}, {"reason", "forkert ur"}});
    REQUIRE(std::holds_alternative<ClockOrder>(adopt));
    CHECK(std::get<ClockOrder>(adopt).adopts);
    CHECK(std::get<ClockOrder>(adopt).actor == "drift");
}

TEST_CASE("orders: what is wrong with an order is told, and the rest is none", "[ops]") {
    struct Row {
        std::string operation;
        std::map<std::string, std::string> properties;
        int status;
        std::string part;
    };
    const auto row = GENERATE(values<Row>({
        {"PAUSE", {{"type", "queue"}, {"name", "sub/læsø"}}, 400, "reason is missing"},
        {"PAUSE", {{"type", "queue"}, {"reason", "x"}}, 400, "either name or identity"},
        {"PAUSE", {{"type", "bus"}, {"name", "self"}, {"reason", "x"}}, 400, "of the type queue"},
        {"PAUSE", {{"type", "queue"}, {"name", "sub/x"}, {"reason", "x"}}, 404, "no such queue"},
        {"RESUME",
         {{"type", "queue"}, {"name", "sub/læsø"}, {"reason", std::string(1025, 'x')}},
         400,
         "1024 bytes"},
        {"DELETE", {{"type", "schedule"}, {"reason", "x"}}, 400, "either identity"},
        {"DELETE",
         {{"type", "schedule"}, {"identity", "1"}, {"event", "2"}, {"reason", "x"}},
         400,
         "either identity"},
        {"DELETE", {{"type", "schedule"}, {"identity", "1"}}, 400, "reason is missing"},
        {"DELETE", {{"type", "queue"}, {"identity", "1"}}, 400, "of the type schedule"},
        {"READ", {{"type", "schedule"}, {"identity", "en"}}, 400, "copy's number"},
        {"QUERY", {{"entityType", "schedule"}, {"queue", "sub/x"}}, 404, "no such queue"},
        {"QUERY", {{"entityType", "schedule"}, {"count", "-1"}}, 400, "whole numbers"},
        {"ADOPT", {{"type", "clock"}}, 400, "reason is missing"},
        {"ADOPT", {{"type", "queue"}, {"reason", "x"}}, 400, "of the type clock"},
    }));
    CAPTURE(row.operation, row.part);
    const Order wrong = order(row.operation, row.properties);
    REQUIRE(std::holds_alternative<amqp::ManagementReply>(wrong));
    CHECK(std::get<amqp::ManagementReply>(wrong).status == row.status);
    CHECK(std::get<amqp::ManagementReply>(wrong).description.find(row.part) != std::string::npos);
    CHECK(std::holds_alternative<std::monostate>(order("QUERY", {{"entityType", "queue"}})));
    CHECK(std::holds_alternative<std::monostate>(order("READ", {{"type", "bus"}})));
}

TEST_CASE("orders: answers become replies", "[ops]") {
    flow::ScheduleList list;
    list.total = 12;
    list.copies.push_back({CopySeq{9},
                           EventSeq{4},
                           QueueId{2},
                           "sub/læsø",
                           Timestamp{1'800'000'000'000},
                           Timestamp{1'790'000'000'000},
                           {},
                           77});
    const auto query = reply_of(request("QUERY", {}), flow::Answer{1, list});
    CHECK(query.status == 200);
    CHECK(query.body["total"] == 12);
    CHECK(query.body["results"].size() == 1);
    const auto read = reply_of(request("READ", {}), flow::Answer{1, list});
    CHECK(read.body["readyAt"] == "2027-01-15T08:00:00.000Z");
    CHECK(read.body["expiry"].is_null());
    CHECK(read.body["queue"] == "sub/læsø");
    CHECK(reply_of(request("READ", {}), flow::Answer{1, flow::ScheduleList{}}).status == 404);
    flow::OrderDone done;
    done.copies = 3;
    CHECK(reply_of(request("DELETE", {}), flow::Answer{1, done}).body["cancelled"] == 3);
    done.error = Error{Errc::not_found, "no such scheduled copy"};
    CHECK(reply_of(request("DELETE", {}), flow::Answer{1, done}).status == 404);
    done.error = Error{Errc::unavailable, "the store is sealed"};
    CHECK(reply_of(request("PAUSE", {}), flow::Answer{1, done}).status == 503);
    ClockFacts refused;
    refused.refusal = "never back";
    CHECK(reply_of(refused).status == 409);
}
