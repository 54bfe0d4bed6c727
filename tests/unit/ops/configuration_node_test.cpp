#include "bus/ops/configuration_node.hpp"

#include "tests/support/catch.hpp"

#include <memory>
#include <string>

using namespace vera;
using namespace vera::ops;

namespace {

Config with_systems() {
    Config config;
    config.digest = "d1";
    config.systems.push_back({"drift", "29189382", {"scrypt$15$8$1$abc"}, {}, {}, true});
    config.systems.push_back({"esdh-læsø", "29189382", {"scrypt$15$8$1$abd"}});
    return config;
}

amqp::ManagementRequest asking(const std::string& operation, const std::string& system) {
    amqp::ManagementRequest request;
    request.operation = operation;
    request.properties = {{"type", "configuration"}, {"name", "self"}};
    request.identity = std::make_shared<event::Identity>(
        event::Identity{system, "", system == "anonymous" ? "ANONYMOUS" : "PLAIN"});
    return request;
}

}  // namespace

TEST_CASE("configuration node: only READ and RELOAD of its type are its own", "[ops]") {
    CHECK(is_about_configuration(asking("READ", "drift")));
    CHECK(is_about_configuration(asking("RELOAD", "drift")));
    CHECK_FALSE(is_about_configuration(asking("DELETE", "drift")));
    auto about_bus = asking("READ", "drift");
    about_bus.properties["type"] = "bus";
    CHECK_FALSE(is_about_configuration(about_bus));
}

TEST_CASE("configuration node: a system that is no operator neither sees nor reloads", "[ops]") {
    const std::string operation = GENERATE("READ", "RELOAD");
    const Config config = with_systems();
    for (const char* system : {"esdh-læsø", "esdh-laesoe", "nobody", ""})
        CHECK(refusal_of(asking(operation, system), config)->status == 401);
    auto nobody = asking(operation, "drift");
    nobody.identity = nullptr;
    CHECK(refusal_of(nobody, config)->status == 401);
    CHECK_FALSE(refusal_of(asking(operation, "drift"), config).has_value());
    CHECK_FALSE(refusal_of(asking(operation, "anonymous"), config).has_value());
    // A system that took the name: how it proved who it is decides.
    auto named = asking(operation, "anonymous");
    named.identity =
        std::make_shared<event::Identity>(event::Identity{"anonymous", "29189382", "PLAIN"});
    CHECK(refusal_of(named, config)->status == 401);
}

TEST_CASE("configuration node: there is one configuration, self", "[ops]") {
    auto request = asking("READ", "drift");
    request.properties["name"] = "other";
    CHECK(refusal_of(request, with_systems())->status == 404);
    request.properties.erase("name");
    request.properties["identity"] = "self";
    CHECK_FALSE(refusal_of(request, with_systems()).has_value());
}

TEST_CASE("configuration node: what is in force is told without its secrets", "[ops]") {
    const auto reply = read_configuration(with_systems(), Generation{7}, "vera.yaml");
    CHECK(reply.status == 200);
    CHECK(reply.body["generation"] == 7);
    CHECK(reply.body["digest"] == "d1");
    CHECK(reply.body.dump().find("scrypt") == std::string::npos);
    bool has_door = false;
    for (const auto& option : reply.body["options"])
        has_door = has_door || (option["key"] == "door.links" && option["value"] == 256);
    CHECK(has_door);
}

TEST_CASE("configuration node: a reload tells both generations, or every error", "[ops]") {
    ReloadReport report;
    report.is_applied = true;
    report.before = Generation{1};
    report.after = Generation{2};
    report.digest_before = "a";
    report.digest_after = "b";
    report.kept = {"door.links"};
    const auto done = reply_of(report);
    CHECK(done.status == 200);
    CHECK(done.body["generationBefore"] == 1);
    CHECK(done.body["generation"] == 2);
    CHECK(done.body["digestBefore"] == "a");
    CHECK(done.body["digest"] == "b");
    CHECK(done.body["needRestart"] == nlohmann::json{"door.links"});

    report.is_applied = false;
    report.problems = {{"v.yaml", 3, "door", "unknown key"}, {"v.yaml", 9, "node", "not a name"}};
    const auto refused = reply_of(report);
    CHECK(refused.status == 400);
    CHECK(refused.description ==
          "not reloaded, generation 1 stays:\nv.yaml:3: door: unknown key\nv.yaml:9: node: not a "
          "name");
}
