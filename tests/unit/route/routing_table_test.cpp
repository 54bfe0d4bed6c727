#include "bus/route/routing_table.hpp"

#include "tests/support/catch.hpp"

#include <algorithm>
#include <ctime>
#include <random>
#include <string>
#include <vector>

using namespace vera;
using namespace vera::route;

namespace {

event::Attributes event_of(std::string type,
                           std::string authority,
                           std::vector<std::string> objects) {
    event::Attributes attributes;
    attributes.type = std::move(type);
    attributes.myndighed = std::move(authority);
    attributes.objects = std::move(objects);
    return attributes;
}

std::vector<std::uint32_t> matches(const RoutingTable& table, const event::Attributes& attributes) {
    std::vector<QueueId> queues;
    table.match(attributes, {}, queues);
    std::vector<std::uint32_t> numbers;
    for (const QueueId queue : queues)
        numbers.push_back(queue.value);
    return numbers;
}

std::vector<Exclusion> exclusions_of(const RoutingTable& table,
                                     const event::Attributes& attributes) {
    std::vector<Exclusion> found;
    table.explain(attributes, {}, [&](const Exclusion& one) {
        found.push_back(one);
        return true;
    });
    return found;
}

using Numbers = std::vector<std::uint32_t>;

}  // namespace

TEST_CASE("route: a subscription matches when all its clauses hold", "[route]") {
    const RoutingTable table({
        {QueueId{7}, "all", {}},
        {QueueId{1}, "type", {{"vera.sag.v1.SagOprettet"}, {}, {}}},
        {QueueId{2}, "authority", {{}, {"29189382"}, {}}},
        {QueueId{3}, "object", {{}, {}, {"b"}}},
        {QueueId{4}, "every clause", {{"vera.sag.v1.SagOprettet"}, {"29189382"}, {"a"}}},
        {QueueId{5}, "package", {{"vera.sag.v1.*"}, {}, {}}},
        {QueueId{6}, "packages", {{"vera.*"}, {"29189498", "29189382"}, {}}},
        {QueueId{8}, "any type", {{"*"}, {}, {}}},
    });
    CHECK(matches(table, event_of("vera.sag.v1.SagOprettet", "29189382", {"a", "b"})) ==
          Numbers{1, 2, 3, 4, 5, 6, 7, 8});
    CHECK(matches(table, event_of("vera.sag.v1.SagAfsluttet", "29189498", {"a"})) ==
          Numbers{5, 6, 7, 8});
    CHECK(matches(table, event_of("vera.sag.v10.SagAfsluttet", "29189498", {})) ==
          Numbers{6, 7, 8});
    CHECK(matches(table, event_of("", "", {})) == Numbers{7, 8});
}

TEST_CASE("route: a package wildcard ends at a dot", "[route]") {
    struct Row {
        std::string wanted, type;
        bool matches;
    };
    const auto row = GENERATE(values<Row>({
        {"vera.sag.v1.*", "vera.sag.v1.SagOprettet", true},
        {"vera.sag.*", "vera.sag.v1.SagOprettet", true},
        {"vera.*", "vera.sag.v1.SagOprettet", true},
        {"*", "vera.sag.v1.SagOprettet", true},
        {"*", "", true},
        {"vera.sag.v1.*", "vera.sag.v11.SagOprettet", false},
        {"vera.sag.v1.*", "vera.sag.v1", false},
        {"sag.v1.*", "vera.sag.v1.SagOprettet", false},
        {"vera.sag.v1.Sag*", "vera.sag.v1.SagOprettet", false},
        {".*", "vera.sag.v1.SagOprettet", true},
        {"vera.sag.v1.SagOprettet", "vera.sag.v1.SagOprettet", true},
        {"vera.sag.v1.SagOprettet", "vera.sag.v1.SagOprettetIgen", false},
    }));
    CAPTURE(row.wanted, row.type);
    const RoutingTable table({{QueueId{1}, "s", {{row.wanted}, {}, {}}}});
    CHECK(matches(table, event_of(row.type, "29189382", {})) ==
          (row.matches ? Numbers{1} : Numbers{}));
    CHECK(exclusions_of(table, event_of(row.type, "29189382", {})).size() ==
          (row.matches ? 0U : 1U));
}

TEST_CASE("route: every queue comes once, in order, behind what was there", "[route]") {
    const RoutingTable table({
        {QueueId{9}, "a", {{"t.A", "t.*", "*"}, {"1", "1"}, {}}},
        {QueueId{3}, "b", {{}, {}, {"x", "y", "x"}}},
        {QueueId{3}, "c", {}},
    });
    std::vector<QueueId> queues{QueueId{77}};
    table.match(event_of("t.A", "1", {"x", "y", "x"}), {}, queues);
    CHECK(queues == std::vector<QueueId>{QueueId{77}, QueueId{3}, QueueId{9}});
}

TEST_CASE("route: the first clause that says no is told for each subscription", "[route]") {
    const RoutingTable table({
        {QueueId{1}, "other type", {{"t.B"}, {"2"}, {"z"}}},
        {QueueId{2}, "other authority", {{"t.A"}, {"2"}, {"z"}}},
        {QueueId{3}, "other object", {{"t.A"}, {"1"}, {"z"}}},
        {QueueId{4}, "matches", {{"t.A"}, {"1"}, {"x"}}},
    });
    const auto exclusions = exclusions_of(table, event_of("t.A", "1", {"x"}));
    REQUIRE(exclusions.size() == 3);
    CHECK(exclusions[0].subscription == "other type");
    CHECK(name_of(exclusions[0].clause) == "types");
    CHECK(exclusions[1].subscription == "other authority");
    CHECK(name_of(exclusions[1].clause) == "authorities");
    CHECK(exclusions[2].subscription == "other object");
    CHECK(name_of(exclusions[2].clause) == "objects");
}

TEST_CASE("route: the index says what a look at every subscription says", "[route]") {
    std::mt19937 random(20261123);
    const std::vector<std::string> types{"", "a.A", "a.B", "a.b.A", "a.b.c.A", "b.A"};
    const std::vector<std::string> wanted{"a.A", "a.B", "a.b.A", "a.*", "a.b.*", "b.*", "*", "c.A"};
    const std::vector<std::string> authorities{"", "1", "2", "3"};
    const auto some = [&random](const std::vector<std::string>& from, std::size_t most) {
        std::vector<std::string> picked;
        for (auto count = random() % (most + 1); count != 0; --count)
            picked.push_back(from[random() % from.size()]);
        return picked;
    };
    std::vector<std::string> objects;
    for (int i = 0; i < 40; ++i)
        objects.push_back("o" + std::to_string(i));
    for (int round = 0; round < 200; ++round) {
        std::vector<Subscription> subscriptions;
        for (std::uint32_t i = 1; i <= 30; ++i)
            subscriptions.push_back(
                {QueueId{i},
                 "s" + std::to_string(i),
                 {some(wanted, 2), some(authorities, 2), some(objects, i % 3 == 0 ? 30 : 1)}});
        const RoutingTable table(subscriptions);
        for (const std::string& type : types) {
            const auto attributes =
                event_of(type, authorities[random() % authorities.size()], some(objects, 3));
            const auto matched = matches(table, attributes);
            const auto excluded = exclusions_of(table, attributes);
            CAPTURE(round, type, attributes.myndighed, attributes.objects);
            REQUIRE(matched.size() + excluded.size() == subscriptions.size());
            for (const Exclusion& exclusion : excluded)
                REQUIRE(std::ranges::none_of(matched, [&](std::uint32_t queue) {
                    return "s" + std::to_string(queue) == exclusion.subscription;
                }));
        }
    }
}

TEST_CASE("route: without subscriptions nothing matches", "[route]") {
    const RoutingTable table({});
    CHECK(matches(table, event_of("t.A", "1", {"x"})).empty());
    CHECK(exclusions_of(table, event_of("t.A", "1", {"x"})).empty());
}

TEST_CASE("route: with 100,000 subscriptions an event that 5 match costs at most twice that of 10",
          "[route]") {
    const auto five_of = [](std::uint32_t count) {
        std::vector<Subscription> subscriptions{
            {QueueId{1}, "type", {{"vera.sag.v1.SagOprettet"}, {}, {}}},
            {QueueId{2}, "authority", {{}, {"29189382"}, {}}},
            {QueueId{3}, "both", {{"vera.sag.v1.*"}, {"29189382"}, {}}},
            {QueueId{4}, "object", {{}, {}, {"a"}}},
            {QueueId{5}, "all", {}}};
        for (std::uint32_t i = 6; i <= count; ++i) {
            const std::string number = std::to_string(i);
            Filter filter;
            if (i % 3 == 0)
                filter = {{"vera.sag.v1.SagOprettet"}, {"29189439"}, {"object-" + number}};
            if (i % 3 == 1)
                filter = {
                    {"vera.sag.v1.SagOprettet", "vera.sag.v1.*"}, {"authority-" + number}, {}};
            if (i % 3 == 2) filter = {{"vera.type" + number + ".v1.*"}, {"29189382"}, {}};
            subscriptions.push_back({QueueId{i}, number, filter});
        }
        return RoutingTable(std::move(subscriptions));
    };
    const RoutingTable few = five_of(10);
    const RoutingTable many = five_of(100'000);
    const auto attributes = event_of("vera.sag.v1.SagOprettet", "29189382", {"a", "b"});
    REQUIRE(matches(few, attributes) == Numbers{1, 2, 3, 4, 5});
    REQUIRE(matches(many, attributes) == Numbers{1, 2, 3, 4, 5});

    // CPU time of this thread, the best of several rounds, taken in turns: what the machine does
    // besides does not count.
    std::vector<QueueId> queues;
    const auto cost = [&](const RoutingTable& table) {
        const auto start = std::clock();
        for (int i = 0; i < 5'000; ++i) {
            queues.clear();
            table.match(attributes, {}, queues);
        }
        return std::clock() - start;
    };
    auto cost_of_few = cost(few);
    auto cost_of_many = cost(many);
    for (int round = 0; round < 15; ++round) {
        cost_of_few = std::min(cost_of_few, cost(few));
        cost_of_many = std::min(cost_of_many, cost(many));
    }
    CAPTURE(cost_of_few, cost_of_many);
    CHECK(cost_of_many <= 2 * cost_of_few);
}
