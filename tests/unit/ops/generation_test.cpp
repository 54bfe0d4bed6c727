#include "bus/ops/generation.hpp"

#include "tests/support/catch.hpp"

#include <algorithm>

using namespace vera;
using namespace vera::ops;

namespace {

const Uuid uuid_one = *parse_uuid("96514e13-afdd-44d6-95a8-adc2ca19b127");
const Uuid uuid_two = *parse_uuid("2b2c8e9a-0000-4000-8000-000000000001");

SubscriptionConfig subscription(std::string name, std::optional<Uuid> id = {}) {
    SubscriptionConfig made;
    made.name = std::move(name);
    made.id = id;
    return made;
}

Config config_of(std::vector<SubscriptionConfig> subscriptions,
                 std::vector<std::string> queues = {}) {
    Config config;
    config.subscriptions = std::move(subscriptions);
    for (std::string& name : queues)
        config.queues.push_back({std::move(name), {}, false});
    return config;
}

std::shared_ptr<const flow::Snapshot> make(const Config& config,
                                           const std::vector<flow::QueueSpec>& known = {}) {
    return make_snapshot(config, known, Generation{1}, {});
}

QueueId id_at(const flow::Snapshot& snapshot, std::string_view address) {
    const flow::QueueSpec* queue = snapshot.find(address);
    REQUIRE(queue != nullptr);
    return queue->id;
}

}  // namespace

TEST_CASE("generation: queues get rising ids, $unrouted is always there", "[ops]") {
    const auto snapshot = make(config_of({subscription("a"), subscription("b")}, {"lager"}));
    REQUIRE(snapshot->queues.size() == 4);
    CHECK(std::ranges::is_sorted(snapshot->queues, {}, &flow::QueueSpec::id));
    CHECK(snapshot->queues.front().id == QueueId{1});
    CHECK(id_at(*snapshot, "$unrouted") == snapshot->unrouted);
    CHECK(snapshot->find("sub/a")->kind == flow::QueueKind::subscription);
    CHECK(snapshot->find("queue/lager")->kind == flow::QueueKind::plain);
    CHECK(snapshot->find("sub/c") == nullptr);
    REQUIRE(snapshot->routes->subscriptions().size() == 2);
    CHECK(snapshot->routes->subscriptions()[0].queue == id_at(*snapshot, "sub/a"));
    CHECK(snapshot->routes->subscriptions()[1].queue == id_at(*snapshot, "sub/b"));
}

TEST_CASE("generation: the same configuration over its own queues changes nothing", "[ops]") {
    const Config config = config_of({subscription("a", uuid_one), subscription("læsø")}, {"lager"});
    const auto first = make(config);
    const auto second = make(config, first->queues);
    REQUIRE(second->queues.size() == first->queues.size());
    for (std::size_t i = 0; i < first->queues.size(); ++i) {
        CHECK(second->queues[i].id == first->queues[i].id);
        CHECK(second->queues[i].uuid == first->queues[i].uuid);
        CHECK(second->queues[i].name == first->queues[i].name);
        CHECK_FALSE(second->queues[i].is_deleted);
    }
}

TEST_CASE("generation: a rename with an id keeps the queue, without one it is a new queue",
          "[ops]") {
    const auto first = make(config_of({subscription("a", uuid_one), subscription("b")}));
    const auto second =
        make(config_of({subscription("a2", uuid_one), subscription("b2")}), first->queues);
    CHECK(id_at(*second, "sub/a2") == id_at(*first, "sub/a"));
    CHECK(second->find("sub/a") == nullptr);
    CHECK(id_at(*second, "sub/b2").value > first->queues.back().id.value);
    CHECK(second->find("sub/b") == nullptr);
    const flow::QueueSpec* old = second->find(id_at(*first, "sub/b"));
    REQUIRE(old != nullptr);
    CHECK(old->is_deleted);
}

TEST_CASE("generation: two subscriptions with ids may swap their names", "[ops]") {
    const auto first = make(config_of({subscription("a", uuid_one), subscription("b", uuid_two)}));
    const auto second =
        make(config_of({subscription("b", uuid_one), subscription("a", uuid_two)}), first->queues);
    CHECK(id_at(*second, "sub/b") == id_at(*first, "sub/a"));
    CHECK(id_at(*second, "sub/a") == id_at(*first, "sub/b"));
}

TEST_CASE("generation: a freed name with an id does not take the renamed queue", "[ops]") {
    const auto first = make(config_of({subscription("a", uuid_one)}));
    const auto second =
        make(config_of({subscription("b", uuid_one), subscription("a")}), first->queues);
    CHECK(id_at(*second, "sub/b") == id_at(*first, "sub/a"));
    CHECK(id_at(*second, "sub/a") != id_at(*first, "sub/a"));
}

TEST_CASE("generation: giving an id to a subscription that had none keeps its queue", "[ops]") {
    const auto first = make(config_of({subscription("a")}));
    const auto second = make(config_of({subscription("a", uuid_one)}), first->queues);
    CHECK(id_at(*second, "sub/a") == id_at(*first, "sub/a"));
    const auto third = make(config_of({subscription("b", uuid_one)}), second->queues);
    CHECK(id_at(*third, "sub/b") == id_at(*first, "sub/a"));
}

TEST_CASE("generation: another id under the same name is another queue", "[ops]") {
    const auto first = make(config_of({subscription("a", uuid_one)}));
    const auto second = make(config_of({subscription("a", uuid_two)}), first->queues);
    CHECK(id_at(*second, "sub/a") != id_at(*first, "sub/a"));
    CHECK(second->find(id_at(*first, "sub/a"))->is_deleted);
}

TEST_CASE("generation: what comes back gets its old queue, and no id is used twice", "[ops]") {
    const auto first = make(config_of({subscription("a"), subscription("b")}));
    const auto without = make(config_of({subscription("c")}), first->queues);
    CHECK(id_at(*without, "sub/c").value == 4);
    const auto again = make(config_of({subscription("a")}), without->queues);
    CHECK(id_at(*again, "sub/a") == id_at(*first, "sub/a"));
    CHECK_FALSE(again->find("sub/a")->is_deleted);
    CHECK(again->queues.size() == 4);
}

TEST_CASE("generation: a subscription and a queue of one name do not meet", "[ops]") {
    const auto first = make(config_of({subscription("a")}));
    const auto second = make(config_of({}, {"a"}), first->queues);
    CHECK(id_at(*second, "queue/a") != id_at(*first, "sub/a"));
}

TEST_CASE(
    "generation: a name with Danish letters is reachable by its ASCII spelling, and a respelling "
    "keeps the queue",
    "[ops]") {
    const auto first = make(config_of({subscription("læsø-omsorg")}));
    CHECK(id_at(*first, "sub/laesoe-omsorg") == id_at(*first, "sub/læsø-omsorg"));
    const auto second = make(config_of({subscription("laesoe-omsorg")}), first->queues);
    CHECK(id_at(*second, "sub/laesoe-omsorg") == id_at(*first, "sub/læsø-omsorg"));
}

TEST_CASE("generation: uuids of names differ by address and are RFC 9562 version 8", "[ops]") {
    CHECK(uuid_of_name("sub/a") != uuid_of_name("queue/a"));
    CHECK(uuid_of_name("sub/læsø") == uuid_of_name("sub/laesoe"));
    CHECK(uuid_of_name("sub/a").bytes[6] >> 4U == 8);
    CHECK(uuid_of_name("sub/a").bytes[8] >> 6U == 2);
}

TEST_CASE("generation: each system has an inbox; a system that goes leaves it, and finds it again",
          "[ops]") {
    Config config = config_of({subscription("a")}, {"lager"});
    config.systems = {{"læsø-omsorg", "45973328", {}}, {"lager", "45973328", {}}};
    const auto first = make(config);
    REQUIRE(first->find("inbox/læsø-omsorg") != nullptr);
    CHECK(first->find("inbox/læsø-omsorg")->kind == flow::QueueKind::inbox);
    CHECK(id_at(*first, "inbox/laesoe-omsorg") == id_at(*first, "inbox/læsø-omsorg"));
    CHECK(id_at(*first, "inbox/lager") != id_at(*first, "queue/lager"));
    REQUIRE(first->routes->subscriptions().size() == 1);
    CHECK(first->routes->subscriptions()[0].queue == id_at(*first, "sub/a"));
    config.systems.erase(config.systems.begin());
    const auto second = make(config, first->queues);
    CHECK(second->find("inbox/læsø-omsorg") == nullptr);
    CHECK(second->find(id_at(*first, "inbox/læsø-omsorg"))->is_deleted);
    config.systems.push_back({"laesoe-omsorg", "45973328", {}});
    const auto third = make(config, second->queues);
    CHECK(id_at(*third, "inbox/laesoe-omsorg") == id_at(*first, "inbox/læsø-omsorg"));
}
