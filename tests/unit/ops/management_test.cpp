#include "bus/ops/management.hpp"

#include "tests/support/catch.hpp"

#include <chrono>

using namespace vera;
using namespace vera::ops;
using nlohmann::json;

namespace {

amqp::ManagementReply ask(std::string operation,
                          std::map<std::string, std::string> properties,
                          json body = json::object()) {
    flow::Counts counts;
    counts.queues.resize(2);
    counts.queues[0].queue = QueueId{1};
    counts.queues[0].name = "$unrouted";
    counts.queues[1].queue = QueueId{2};
    counts.queues[1].name = "sub/læsø";
    counts.queues[1].ready = 7;
    counts.queues[1].oldest = Timestamp{1'800'000'000'000};
    counts.accepted = 42;
    counts.generation = Generation{3};
    BusFacts facts;
    facts.node = "demo";
    facts.is_pilot = true;
    facts.door.connections = 5;
    facts.door.tls_failures = 3;
    ListenerFacts open;
    open.address = "127.0.0.1";
    open.port = 5672;
    open.allows_anonymous = true;
    ListenerFacts secured;
    secured.address = "10.0.0.1";
    secured.port = 5671;
    secured.has_tls = secured.asks_for_certificate = secured.allows_plain = true;
    secured.certificates = {
        {"CN=bus", {"bus.example"}, std::chrono::system_clock::from_time_t(1'800'000'000)}};
    facts.listeners = {open, secured};
    return manage(
        {std::move(operation), std::move(properties), std::move(body), nullptr}, counts, facts);
}

}  // namespace

TEST_CASE("management: QUERY gives a table of the attributes asked for", "[ops]") {
    const auto reply = ask("QUERY",
                           {{"entityType", "queue"}},
                           {{"attributeNames", {"name", "kind", "ready", "oldest", "nothing"}}});
    REQUIRE(reply.status == 200);
    CHECK(reply.body["attributeNames"] == json({"name", "kind", "ready", "oldest", "nothing"}));
    CHECK(reply.body["results"] == json::parse(R"([["$unrouted","unrouted",0,null,null],
                                                  ["sub/læsø","subscription",7,"2027-01-15T08:00:00.000Z",null]])"));
}

TEST_CASE("management: QUERY without names gives all attributes, and pages", "[ops]") {
    const auto reply = ask("QUERY", {{"entityType", "queue"}, {"offset", "1"}, {"count", "5"}});
    REQUIRE(reply.status == 200);
    CHECK(reply.body["attributeNames"].size() == 23);
    REQUIRE(reply.body["results"].size() == 1);
    CHECK(reply.body["results"][0].size() == 23);
}

TEST_CASE("management: READ gives one object", "[ops]") {
    const auto bus = ask("READ", {{"type", "bus"}, {"name", "self"}});
    REQUIRE(bus.status == 200);
    CHECK(bus.body["accepted"] == 42);
    CHECK(bus.body["generation"] == 3);
    CHECK(bus.body["pilot"] == true);
    CHECK(bus.body["connections"] == 5);
    const auto queue = ask("READ", {{"type", "queue"}, {"name", "sub/laesoe"}});
    REQUIRE(queue.status == 200);
    CHECK(queue.body["ready"] == 7);
    CHECK(ask("READ", {{"type", "queue"}, {"identity", "2"}}).body["name"] == "sub/læsø");
}

TEST_CASE("management: the bus tells of each listener whether it has TLS, and as whom", "[ops]") {
    const auto bus = ask("READ", {{"type", "bus"}, {"name", "self"}});
    CHECK(bus.body["tlsFailures"] == 3);
    CHECK(bus.body["listeners"] == json::parse(R"([
        {"address": "127.0.0.1", "port": 5672, "tls": false, "mechanisms": ["ANONYMOUS"],
         "clientCertificate": "none", "certificates": []},
        {"address": "10.0.0.1", "port": 5671, "tls": true, "mechanisms": ["EXTERNAL", "PLAIN"],
         "clientCertificate": "optional",
         "certificates": [{"subject": "CN=bus", "names": ["bus.example"],
                           "notAfter": "2027-01-15T08:00:00.000Z"}]}])"));
}

TEST_CASE("management: the types tell what can be asked", "[ops]") {
    CHECK(ask("GET-TYPES", {}).body == json({{"queue", json::array()},
                                             {"bus", json::array()},
                                             {"schedule", json::array()},
                                             {"clock", json::array()},
                                             {"configuration", json::array()}}));
    CHECK(ask("GET-TYPES", {{"entityType", "configuration"}}).body ==
          json({{"configuration", json::array()}}));
    CHECK(ask("GET-OPERATIONS", {}).body["configuration"].contains("RELOAD"));
    CHECK(ask("GET-ATTRIBUTES", {{"entityType", "configuration"}}).body["configuration"] ==
          json({"digest", "file", "generation", "identity", "name", "options", "type"}));
    CHECK(ask("GET-OPERATIONS", {}).body["queue"]["PAUSE"] == json::array({"reason"}));
    CHECK(ask("GET-ATTRIBUTES", {{"entityType", "schedule"}}).body["schedule"].size() == 9);
    CHECK(ask("GET-OPERATIONS", {{"entityType", "bus"}}).body.size() == 1);
    CHECK(ask("GET-ATTRIBUTES", {}).body["queue"].size() == 23);
    CHECK(ask("GET-MGMT-NODES", {}).body == json::array());
}

TEST_CASE("management: what cannot be answered has its status", "[ops]") {
    struct Row {
        std::string operation;
        std::map<std::string, std::string> properties;
        json body;
        int want;
    };
    const auto row = GENERATE(values<Row>({
        {"", {}, {}, 400},
        {"DELETE", {{"type", "queue"}, {"name", "sub/læsø"}}, {}, 501},
        {"QUERY", {{"entityType", "link"}}, {}, 404},
        {"QUERY", {{"offset", "-1"}}, {}, 400},
        {"QUERY", {{"count", "many"}}, {}, 400},
        {"QUERY", {}, {{"attributeNames", "name"}}, 400},
        {"QUERY", {}, {{"attributeNames", {1}}}, 400},
        {"QUERY", {}, json("text"), 200},
        {"READ", {{"name", "self"}}, {}, 400},
        {"READ", {{"type", "bus"}}, {}, 400},
        {"READ", {{"type", "bus"}, {"name", "self"}, {"identity", "self"}}, {}, 400},
        {"READ", {{"type", "link"}, {"name", "a"}}, {}, 404},
        {"READ", {{"type", "queue"}, {"name", "sub/b"}}, {}, 404},
        {"GET-TYPES", {{"entityType", "link"}}, {}, 404},
        {"QUERY", {{"entityType", "configuration"}}, {}, 404},
    }));
    CAPTURE(row.operation, row.want);
    CHECK(ask(row.operation, row.properties, row.body).status == row.want);
}
