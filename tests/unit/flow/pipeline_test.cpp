#include "bus/event/catalogue.hpp"
#include "bus/flow/plan.hpp"
#include "bus/route/filter_compiler.hpp"
#include "bus/route/routing_table.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/event/sample_kuvert.hpp"

#include "vera/audit/v1/record.pb.h"

#include <string>
#include <utility>

using namespace vera;
using namespace vera::flow;

namespace {

route::Subscription subscription(std::uint32_t queue,
                                 std::string name,
                                 std::vector<std::string> types) {
    route::Subscription made;
    made.queue = QueueId{queue};
    made.name = std::move(name);
    made.filter.types = std::move(types);
    return made;
}

Snapshot snapshot_with(std::vector<route::Subscription> subscriptions) {
    Snapshot snapshot;
    snapshot.generation = Generation{4};
    snapshot.catalogue = event::Catalogue::built_in();
    snapshot.routes = std::make_shared<const route::RoutingTable>(std::move(subscriptions));
    snapshot.unrouted = QueueId{9};
    snapshot.hash_seed = 12345;
    return snapshot;
}

event::RawEvent sample(std::string system = "esdh") {
    event::RawEvent raw = event::test::raw_event(event::test::sample_kuvert());
    auto identity = std::make_shared<event::Identity>();
    identity->system = std::move(system);
    identity->authority = "29189382";
    raw.identity = std::move(identity);
    raw.arrival = Timestamp{1'700'000'000'000};
    return raw;
}

Plan plan_of(std::variant<Plan, Refusal> admitted) {
    INFO((admitted.index() == 1 ? std::get<Refusal>(admitted).text : std::string()));
    REQUIRE(admitted.index() == 0);
    return std::get<Plan>(std::move(admitted));
}

}  // namespace

TEST_CASE("pipeline: an event's plan names the queues of the subscriptions that match", "[flow]") {
    const Snapshot snapshot = snapshot_with({subscription(3, "alle", {}),
                                             subscription(1, "sager", {"vera.sag.v1.*"}),
                                             subscription(2, "personer", {"vera.person.v1.*"})});
    const Plan plan = plan_of(admit(snapshot, sample()));
    CHECK(plan.generation.value == 4);
    CHECK((plan.queues == std::vector<QueueId>{QueueId{1}, QueueId{3}}));
    CHECK(plan.unrouted_reason.empty());
    CHECK(plan.order_key != 0);
    CHECK(plan.id_hash != 0);
    CHECK(plan.bytes_hash != 0);
    CHECK_FALSE(static_cast<bool>(plan.expiry));

    vera::audit::v1::Accepted record;
    REQUIRE(record.ParseFromString(plan.audit_record));
    CHECK(record.type() == "vera.sag.v1.SagOprettet");
    CHECK(record.system() == "esdh");
    CHECK(record.authority() == "29189382");
    CHECK(record.at_ms() == 1'700'000'000'000);
    CHECK(record.generation() == 4);
    CHECK(record.message_sha256().size() == 32);
    REQUIRE(record.queues_size() == 2);
    CHECK(record.queues(1) == 3);
}

TEST_CASE(
    "pipeline: the same id of another system is another event, another key changes every hash",
    "[flow]") {
    Snapshot snapshot = snapshot_with({subscription(1, "alle", {})});
    const Plan one = plan_of(admit(snapshot, sample()));
    const Plan again = plan_of(admit(snapshot, sample()));
    const Plan other_system = plan_of(admit(snapshot, sample("fagsystem")));
    CHECK(one.id_hash == again.id_hash);
    CHECK(one.bytes_hash == again.bytes_hash);
    CHECK(one.id_hash != other_system.id_hash);
    CHECK(one.order_key == other_system.order_key);
    snapshot.hash_seed = 54321;
    const Plan other_store = plan_of(admit(snapshot, sample()));
    CHECK(one.id_hash != other_store.id_hash);
    CHECK(one.order_key != other_store.order_key);
    CHECK(one.bytes_hash != other_store.bytes_hash);
}

TEST_CASE("pipeline: a filter over the payload routes both forms of an event, and says why not",
          "[flow]") {
    const route::FilterCompiler compiler(event::Catalogue::built_in());
    const auto with = [&](std::uint32_t queue, std::string name, const std::string& filter) {
        route::Subscription made = subscription(queue, std::move(name), {});
        CHECK(compiler.compile(filter, made.filter).empty());
        return made;
    };
    const Snapshot snapshot =
        snapshot_with({with(1, "ja", "data.sag.egenskaber.sagsnummer LIKE '2026-%'"),
                       with(2, "nej", "type LIKE 'vera.%' AND kle LIKE '28.%'")});
    event::RawEvent in_protobuf = sample();
    const auto json = event::test::kuvert_to_json(in_protobuf.body, "application/protobuf", false);
    REQUIRE(json);
    event::RawEvent in_json = event::test::raw_event(*json, "application/json");
    for (const event::RawEvent& raw : {in_protobuf, in_json})
        CHECK(plan_of(admit(snapshot, raw)).queues == std::vector<QueueId>{QueueId{1}});
    const Snapshot nobody = snapshot_with({
        with(2, "nej", "type LIKE 'vera.%' AND kle LIKE '28.%'"),
        with(3, "person", "subject = 'urn:oio:cpr-nr:0101010000'"),
        with(4, "lang", "kle IN ('" + std::string(200, 'x') + "')"),
    });
    const Plan plan = plan_of(admit(nobody, sample()));
    CHECK(plan.queues == std::vector<QueueId>{QueueId{9}});
    CHECK(plan.unrouted_reason ==
          "nej: filter: kle LIKE '28.%'; person: filter; lang: filter: kle "
          "IN ('" +
              std::string(111, 'x') + "…");
}

TEST_CASE("pipeline: an event that nobody wants goes to $unrouted and says why, within 4 KiB",
          "[flow]") {
    const bool has_many = GENERATE(false, true);
    std::vector<route::Subscription> subscriptions;
    for (std::uint32_t i = 1; i <= (has_many ? 1000U : 2U); ++i)
        subscriptions.push_back(subscription(i, "sub-" + std::to_string(i), {"vera.person.v1.*"}));
    const Plan plan = plan_of(admit(snapshot_with(std::move(subscriptions)), sample()));
    CHECK((plan.queues == std::vector<QueueId>{QueueId{9}}));
    CHECK(plan.unrouted_reason.rfind("sub-1: types; sub-2: types", 0) == 0);
    CHECK(plan.unrouted_reason.size() <= 4096);
    CHECK((plan.unrouted_reason.find(" more") != std::string::npos) == has_many);
}

TEST_CASE("pipeline: the least of ttl and absolute expiry decides", "[flow]") {
    struct Row {
        const char* name;
        std::uint32_t ttl_ms;
        std::int64_t absolute;
        std::int64_t want;
    };
    const Row row =
        GENERATE(values<Row>({{"neither", 0, 0, 0},
                              {"ttl alone", 500, 0, 1'700'000'000'500},
                              {"absolute alone", 0, 1'700'000'000'300, 1'700'000'000'300},
                              {"ttl is less", 200, 1'700'000'000'300, 1'700'000'000'200},
                              {"absolute is less", 500, 1'700'000'000'300, 1'700'000'000'300}}));
    CAPTURE(row.name);
    event::RawEvent raw = sample();
    raw.ttl_ms = row.ttl_ms;
    raw.absolute_expiry = Timestamp{row.absolute};
    CHECK(plan_of(admit(snapshot_with({}), raw)).expiry.ms == row.want);
    CHECK(admit_plain(snapshot_with({}), QueueId{5}, raw).expiry.ms == row.want);
}

TEST_CASE("pipeline: what is too large or no kuvert is refused", "[flow]") {
    Snapshot snapshot = snapshot_with({});
    event::RawEvent raw = sample();
    raw.body = "garbage";
    auto refused = admit(snapshot, raw);
    REQUIRE(refused.index() == 1);
    CHECK(std::get<Refusal>(refused).condition == Condition::decode_error);
    snapshot.limits.max_event_bytes = 10;
    refused = admit(snapshot, sample());
    REQUIRE(refused.index() == 1);
    CHECK(std::get<Refusal>(refused).condition == Condition::too_large);
}

TEST_CASE("pipeline: a plain message has one queue, no record and no dedup", "[flow]") {
    const Plan plan = admit_plain(snapshot_with({}), QueueId{5}, sample());
    CHECK((plan.queues == std::vector<QueueId>{QueueId{5}}));
    CHECK(plan.id_hash == 0);
    CHECK(plan.order_key == 0);
    CHECK(plan.audit_record.empty());
}

TEST_CASE("pipeline: a message to a system is opaque and audited", "[flow]") {
    const Snapshot snapshot = snapshot_with({});
    QueueSpec inbox;
    inbox.id = QueueId{12};
    inbox.name = "inbox/læge";
    inbox.kind = QueueKind::inbox;
    const event::RawEvent raw = sample();
    const auto admitted =
        admit_message(snapshot, inbox, raw, {.message_id = std::string(300, 'm'), .reply_to = {}});
    REQUIRE(admitted.index() == 0);
    const Plan& plan = std::get<Plan>(admitted);
    CHECK(plan.queues == std::vector{QueueId{12}});
    CHECK(plan.id_hash == 0);
    CHECK(plan.order_key == 0);
    audit::v1::Accepted record;
    REQUIRE(record.ParseFromString(plan.audit_record));
    CHECK(record.event_id() == std::string(256, 'm'));
    CHECK(record.type().empty());
    CHECK(record.system() == "esdh");
    CHECK(record.authority() == "29189382");
    CHECK(record.receiver() == "læge");
    CHECK(record.generation() == 4);
    REQUIRE(record.queues_size() == 1);
    CHECK(record.queues(0) == 12);
    const auto hash = audit::sha256(raw.message.view());
    CHECK(record.message_sha256() == std::string(hash.begin(), hash.end()));
}

TEST_CASE("pipeline: an inbox that says what it accepts takes kuverts of these types alone",
          "[flow]") {
    const Snapshot snapshot = snapshot_with({});
    QueueSpec inbox;
    inbox.id = QueueId{12};
    inbox.name = "inbox/familie";
    inbox.kind = QueueKind::inbox;
    inbox.accepts = {"vera.barn.v1.*", "vera.sag.v1.SagOprettet"};
    const auto refusal_of = [&](const event::RawEvent& raw, std::string_view reply_to = {}) {
        const auto admitted =
            admit_message(snapshot, inbox, raw, {.message_id = "m-1", .reply_to = reply_to});
        REQUIRE(admitted.index() == 1);
        return std::get<Refusal>(admitted);
    };

    const Plan plan =
        plan_of(admit_message(snapshot, inbox, sample(), {.message_id = "m-1", .reply_to = {}}));
    audit::v1::Accepted record;
    REQUIRE(record.ParseFromString(plan.audit_record));
    CHECK(record.type() == "vera.sag.v1.SagOprettet");
    CHECK(record.receiver() == "familie");
    CHECK(record.event_id() == "5d0c9a7e-7a3b-4c0e-8b61-1f2e3d4c5b6a");

    event::RawEvent raw = sample();
    raw.body = "garbage";
    CHECK(refusal_of(raw).condition == Condition::decode_error);
    inbox.accepts = {"vera.barn.v1.*", "vera.sag.v1.SagRettet"};
    CHECK(refusal_of(sample()).condition == Condition::not_allowed);
    CHECK(refusal_of(sample()).text ==
          "Beskeddata[0]: 'inbox/familie' does not take vera.sag.v1.SagOprettet; it takes "
          "vera.barn.v1.*, vera.sag.v1.SagRettet");
}

TEST_CASE("pipeline: who asks for a response says where to", "[flow]") {
    const Snapshot snapshot = snapshot_with({});
    QueueSpec inbox;
    inbox.id = QueueId{12};
    inbox.name = "inbox/familie";
    inbox.kind = QueueKind::inbox;
    inbox.accepts = {"*"};
    auto kuvert = event::test::sample_kuvert();
    kuvert.mutable_beskedkuvert()
        ->mutable_modtagerhandling()
        ->mutable_responsmodtager()
        ->set_urn_identifikator("urn:oio:cvr-nr:29189382");
    const bool is_json = GENERATE(false, true);
    std::string body = kuvert.SerializeAsString();
    if (is_json) body = *event::test::kuvert_to_json(body, "application/protobuf", false);
    event::RawEvent raw =
        event::test::raw_event(body, is_json ? "application/json" : "application/protobuf");
    raw.identity = sample().identity;
    const auto refused = admit_message(snapshot, inbox, raw, {.message_id = "m", .reply_to = {}});
    REQUIRE(refused.index() == 1);
    CHECK(std::get<Refusal>(refused).condition == Condition::precondition);
    CHECK(std::get<Refusal>(refused).text.rfind("Beskedkuvert.Modtagerhandling.Responsmodtager",
                                                0) == 0);
    CHECK(admit_message(snapshot, inbox, raw, {.message_id = "m", .reply_to = "inbox/skole"})
              .index() == 0);
}
