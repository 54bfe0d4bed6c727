#include "bus/route/routing_table.hpp"

#include "tests/support/catch.hpp"

#include <algorithm>
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
    table.match(attributes, queues);
    std::vector<std::uint32_t> numbers;
    for (const QueueId queue : queues)
        numbers.push_back(queue.value);
    return numbers;
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
