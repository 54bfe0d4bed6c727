#include "tests/contract/engine_contract.hpp"

#include "tests/contract/engine_session.hpp"
#include "tests/support/catch.hpp"

#include <string>
#include <utility>

namespace vera::flow::test {

namespace {

constexpr Timestamp start_time{1'700'000'000'000};

QueueSpec queue(std::uint32_t id) {
    QueueSpec spec;
    spec.id = QueueId{id};
    spec.uuid.bytes[0] = static_cast<std::uint8_t>(id);
    spec.name = "sub/" + std::to_string(id);
    return spec;
}

EventCommit event(std::uint64_t seq,
                  std::uint64_t first_copy,
                  std::vector<std::uint32_t> queues,
                  std::string_view message) {
    EventCommit commit;
    commit.seq = EventSeq{seq};
    commit.leaf = LeafIndex{seq};
    commit.generation = Generation{3};
    commit.accepted = start_time;
    commit.retain_until = start_time + Millis{1000};
    commit.order_key = seq * 7;
    commit.id_hash = seq * 11;
    commit.bytes_hash = seq * 13;
    commit.message = Block::copy_of(message);
    for (const std::uint32_t id : queues)
        commit.copies.push_back({CopySeq{first_copy++}, QueueId{id}});
    commit.audit_record = "record " + std::to_string(seq);
    commit.salt[0] = 9;
    return commit;
}

Batch batch_of(EventCommit commit) {
    Batch batch;
    batch.now = start_time;
    batch.events.push_back(std::move(commit));
    return batch;
}

Batch first_batch() {
    Batch batch = batch_of(event(1, 1, {1, 2}, "one"));
    batch.queues = {queue(1), queue(2)};
    return batch;
}

Transition change(std::uint64_t copy,
                  std::uint64_t of_event,
                  std::uint32_t id,
                  std::uint32_t version,
                  CopyState state) {
    Transition made;
    made.copy = CopySeq{copy};
    made.event = EventSeq{of_event};
    made.version = version;
    made.queue = QueueId{id};
    made.state = state;
    made.at = start_time + Millis{5};
    made.actor = "receiver";
    return made;
}

Batch batch_of(Transition transition, bool is_urgent = true) {
    Batch batch;
    batch.now = start_time;
    batch.transitions.push_back(std::move(transition));
    batch.is_urgent = is_urgent;
    return batch;
}

// ---- the checks
// --------------------------------------------------------------------------------------------------------

void empty_store(EngineUnderTest& store) {
    Uuid uuid;
    std::uint64_t seed = 0;
    {
        EngineSession session(store);
        CHECK(session.recovered.events.empty());
        CHECK(session.recovered.queues.empty());
        CHECK(session.recovery.last_event.value == 0);
        CHECK(session.recovery.last_copy.value == 0);
        CHECK(session.recovery.last_leaf.value == 0);
        CHECK(session.recovery.was_clean);
        uuid = session.recovery.store;
        seed = session.recovery.hash_seed;
        session.stop();
    }
    EngineSession again(store);
    CHECK(again.recovery.store == uuid);
    CHECK(again.recovery.hash_seed == seed);
    CHECK(again.recovery.was_clean);
    again.stop();
}

void everything_comes_back(EngineUnderTest& store) {
    {
        EngineSession session(store);
        Batch batch = first_batch();
        batch.now = start_time + Millis{77};
        batch.events[0].expiry = start_time + Millis{50};
        batch.events[0].copies[1].ready_at = start_time + Millis{86'400'000};
        batch.events.push_back(event(2, 3, {2}, ""));
        batch.events[1].leaf = LeafIndex{};
        batch.events[1].audit_record.clear();
        batch.events[1].id_hash = 0;
        batch.events[1].order_key = 0;
        batch.events[1].unrouted_reason = "a: types; b: authorities";
        CHECK(session.commit(std::move(batch)).size() == 2);
        session.stop();
    }
    EngineSession session(store);
    CHECK(session.recovery.was_clean);
    CHECK(session.recovery.last_event.value == 2);
    CHECK(session.recovery.last_copy.value == 3);
    CHECK(session.recovery.last_leaf.value == 1);
    CHECK(session.recovery.last_stamp == start_time + Millis{77});
    CHECK(session.recovery.last_generation == Generation{3});
    const auto& events = session.recovered.events;
    REQUIRE(events.size() == 2);
    CHECK(events[0].seq.value == 1);
    CHECK(events[0].leaf.value == 1);
    CHECK(events[0].accepted == start_time);
    CHECK(events[0].expiry == start_time + Millis{50});
    CHECK(events[0].order_key == 7);
    REQUIRE(session.recovered.ids.size() == 1);
    CHECK(session.recovered.ids[0].id_hash == 11);
    CHECK(session.recovered.ids[0].bytes_hash == 13);
    CHECK(session.recovered.ids[0].accepted == start_time);
    CHECK(events[0].message_bytes == 3);
    REQUIRE(events[0].copies.size() == 2);
    CHECK(events[0].copies[0].seq.value == 1);
    CHECK(events[0].copies[0].queue.value == 1);
    CHECK(events[0].copies[1].seq.value == 2);
    CHECK(events[0].copies[1].queue.value == 2);
    CHECK(events[0].copies[0].version == 0);
    CHECK_FALSE(static_cast<bool>(events[0].copies[0].ready_at));
    CHECK(events[0].copies[1].ready_at == start_time + Millis{86'400'000});
    CHECK(events[1].leaf.value == 0);
    CHECK_FALSE(static_cast<bool>(events[1].expiry));
    CHECK(events[1].unrouted_reason == "a: types; b: authorities");
    CHECK(session.fetch(events[0].body) == "one");
    CHECK(session.fetch(events[1].body).empty());
    session.stop();
}

void acquisitions_come_back(EngineUnderTest& store) {
    {
        EngineSession session(store);
        session.commit(first_batch());
        Transition acquired = change(2, 1, 2, 1, CopyState::waiting);
        acquired.was_acquired = true;
        session.commit(batch_of(acquired));
        session.stop();
    }
    {
        EngineSession session(store);
        CHECK(session.recovery.maybe_acquired.value == 0);
        REQUIRE((session.recovered.copy(1) != nullptr && session.recovered.copy(2) != nullptr));
        CHECK_FALSE(session.recovered.copy(1)->was_acquired);
        CHECK(session.recovered.copy(2)->was_acquired);
        CHECK(session.recovered.copy(2)->version == 1);
    }
    store.crash();
    {
        EngineSession session(store);
        CHECK_FALSE(session.recovery.was_clean);
        CHECK(session.recovery.maybe_acquired.value == 2);
        session.commit(batch_of(event(2, 3, {1}, "later")));
        session.stop();
    }
    // However orderly the runs after it end: nobody knows what that one delivered.
    EngineSession session(store);
    CHECK(session.recovery.was_clean);
    CHECK(session.recovery.maybe_acquired.value == 2);
    CHECK(session.recovered.copy(2)->was_acquired);
    session.stop();
}

void accepted_survives_a_crash(EngineUnderTest& store) {
    {
        EngineSession session(store);
        session.commit(first_batch());
        for (std::uint64_t seq = 2; seq <= 50; ++seq)
            session.commit(batch_of(event(seq, seq + 1, {1}, "message " + std::to_string(seq))));
        session.submit(batch_of(event(51, 52, {1}, "perhaps")));
    }
    store.crash();
    EngineSession session(store);
    CHECK_FALSE(session.recovery.was_clean);
    const auto& events = session.recovered.events;
    REQUIRE((events.size() == 50 || events.size() == 51));
    for (std::size_t i = 0; i < events.size(); ++i) {
        CHECK(events[i].seq.value == i + 1);
        CHECK(events[i].copies.size() == (i == 0 ? 2 : 1));
    }
    CHECK(session.fetch(events[49].body) == "message 50");
    CHECK(session.recovery.last_event.value == events.size());
    CHECK(session.recovery.last_copy.value == events.size() + 1);
    // The numbers go on where they were.
    const std::uint64_t next = events.size() + 1;
    session.commit(batch_of(event(next, next + 1, {1}, "next")));
    session.stop();
}

void outcomes_in_order(EngineUnderTest& store) {
    EngineSession session(store);
    session.commit(first_batch());
    for (std::uint64_t seq = 2; seq <= 200; ++seq) {
        if (seq % 3 == 0) {
            Batch batch = batch_of(event(seq, seq + 1, {1}, "x"));
            session.submit(std::move(batch));
        } else {
            session.submit(batch_of(event(seq, seq + 1, {2}, std::string(seq * 10, 'y'))));
        }
    }
    for (std::uint64_t ticket = 2; ticket <= 200; ++ticket) {
        const Outcome outcome = session.wait();
        CHECK(outcome.ok);
        CHECK(outcome.ticket == ticket);
        REQUIRE(outcome.bodies.size() == 1);
        if (ticket % 50 == 0)
            CHECK(session.fetch(outcome.bodies[0]).size() ==
                  ticket * (ticket % 3 == 0 ? 0 : 10) + (ticket % 3 == 0 ? 1 : 0));
    }
    session.stop();
    CHECK(session.outcomes() == 0);
}

void stop_reports_everything(EngineUnderTest& store) {
    {
        EngineSession session(store);
        session.submit(first_batch());
        session.submit(batch_of(change(1, 1, 1, 1, CopyState::settled), false));
        session.stop();
        CHECK(session.outcomes() == 2);
    }
    EngineSession session(store);
    CHECK(session.recovery.was_clean);
    CHECK(session.recovered.copy(1) == nullptr);
    CHECK(session.recovered.copy(2) != nullptr);
    session.stop();
}

void settled_stays_settled(EngineUnderTest& store) {
    {
        EngineSession session(store);
        session.commit(first_batch());
        session.commit(batch_of(change(1, 1, 1, 1, CopyState::settled), false));
    }
    store.crash();
    {
        EngineSession session(store);
        REQUIRE(session.recovered.events.size() == 1);
        CHECK(session.recovered.copy(1) == nullptr);
        CHECK(session.recovered.copy(2) != nullptr);
        session.commit(batch_of(change(2, 1, 2, 1, CopyState::settled)));
        session.stop();
    }
    // With no copies left the event still tells who repeats it.
    EngineSession session(store);
    CHECK(session.recovered.events.empty());
    REQUIRE(session.recovered.ids.size() == 1);
    CHECK(session.recovered.ids[0].id_hash == 11);
    session.stop();
}

void highest_version_wins(EngineUnderTest& store) {
    {
        EngineSession session(store);
        session.commit(first_batch());
        Transition second = change(1, 1, 1, 2, CopyState::waiting);
        second.attempts = 2;
        second.due = start_time + Millis{900};
        session.commit(batch_of(second));
        Transition first = change(1, 1, 1, 1, CopyState::waiting);
        first.attempts = 1;
        session.commit(batch_of(first));
        session.commit(batch_of(second));
        Transition dead = change(2, 1, 2, 1, CopyState::dead);
        dead.reason = "rejected";
        dead.error = "vera:nej: kan ikke læses";
        dead.attempts = 4;
        session.commit(batch_of(dead));
        session.stop();
    }
    EngineSession session(store);
    const RecoveredCopy* waiting = session.recovered.copy(1);
    REQUIRE(waiting != nullptr);
    CHECK(waiting->version == 2);
    CHECK(waiting->attempts == 2);
    CHECK(waiting->due == start_time + Millis{900});
    CHECK(waiting->state == CopyState::waiting);
    const RecoveredCopy* dead = session.recovered.copy(2);
    REQUIRE(dead != nullptr);
    CHECK(dead->state == CopyState::dead);
    CHECK(dead->reason == "rejected");
    CHECK(dead->error == "vera:nej: kan ikke læses");
    CHECK(dead->attempts == 4);
    CHECK(dead->died == start_time + Millis{5});
    session.stop();
}

void bodies_byte_for_byte(EngineUnderTest& store) {
    std::string every_byte;
    for (int i = 0; i < 256; ++i)
        every_byte.push_back(static_cast<char>(i));
    const std::string large(3U << 20U, 'L');
    {
        EngineSession session(store);
        Batch batch = first_batch();
        batch.events.push_back(event(2, 3, {1}, every_byte));
        batch.events.push_back(event(3, 4, {1}, large));
        const std::vector<BodyRef> bodies = session.commit(std::move(batch));
        REQUIRE(bodies.size() == 3);
        CHECK(session.fetch(bodies[0]) == "one");
        CHECK(session.fetch(bodies[1]) == every_byte);
        CHECK((session.fetch(bodies[2]) == large));
    }
    store.crash();
    EngineSession session(store);
    REQUIRE(session.recovered.events.size() == 3);
    CHECK(session.fetch(session.recovered.events[1].body) == every_byte);
    CHECK((session.fetch(session.recovered.events[2].body) == large));
    session.stop();
}

void queues_come_back(EngineUnderTest& store) {
    QueueSpec changed = queue(2);
    changed.name = "queue/æøå";
    changed.kind = QueueKind::plain;
    changed.retry.backoff = {Millis{5}, Millis{10}};
    changed.retry.max_attempts = 17;
    changed.allows_presettled = true;
    changed.is_deleted = true;
    changed.limits = {1'000'000, 5'000'000'000, Millis{60'000}, Overflow::drop_oldest};
    changed.ttl = Millis{86'400'000};
    changed.deliver_at = DeliverAt::virkning;
    changed.pause = {start_time, "drift", "modtageren er under ombygning"};
    QueueSpec inbox = queue(3);
    inbox.kind = QueueKind::inbox;
    {
        EngineSession session(store);
        Batch batch;
        batch.now = start_time;
        batch.queues = {queue(1), queue(2), inbox};
        session.commit(std::move(batch));
        Batch later;
        later.now = start_time;
        later.queues = {changed};
        session.commit(std::move(later));
    }
    store.crash();
    EngineSession session(store);
    REQUIRE(session.recovered.queues.size() == 3);
    CHECK((session.recovered.queues.at(3) == inbox));
    CHECK((session.recovered.queues.at(1) == queue(1)));
    CHECK((session.recovered.queues.at(2) == changed));
    session.stop();
}

void retire_keeps_what_is_needed(EngineUnderTest& store) {
    {
        EngineSession session(store);
        session.commit(first_batch());
        Batch batch = batch_of(event(2, 3, {1}, "two"));
        session.commit(std::move(batch));
        session.commit(batch_of(change(3, 2, 1, 1, CopyState::settled)));
        // Before its time nothing may go, and event 1 has copies that nobody has settled.
        session.retire(start_time + Millis{10});
        session.stop();
    }
    {
        EngineSession session(store);
        REQUIRE(session.recovered.ids.size() == 2);
        session.retire(start_time + Millis{1'000'000});
        session.commit(batch_of(event(3, 4, {1}, "three")));
        session.stop();
    }
    EngineSession session(store);
    REQUIRE(session.recovered.copy(1) != nullptr);
    REQUIRE(session.recovered.copy(4) != nullptr);
    CHECK(session.fetch(session.recovered.events.front().body) == "one");
    CHECK(session.recovery.last_event.value == 3);
    CHECK(session.recovery.last_copy.value == 4);
    session.stop();
}

void late_transitions_do_no_harm(EngineUnderTest& store) {
    {
        EngineSession session(store);
        session.commit(first_batch());
        session.commit(batch_of(change(1, 1, 1, 1, CopyState::settled)));
        session.commit(batch_of(change(1, 1, 1, 1, CopyState::settled)));
        session.commit(batch_of(change(2, 1, 2, 1, CopyState::settled)));
        session.retire(start_time + Millis{1'000'000});
        session.commit(batch_of(change(2, 1, 2, 1, CopyState::settled)));
        session.stop();
    }
    EngineSession session(store);
    CHECK(session.recovered.copy(1) == nullptr);
    CHECK(session.recovered.copy(2) == nullptr);
    CHECK(session.recovery.last_event.value == 1);
    session.stop();
}

}  // namespace

const std::vector<ContractCheck>& engine_contract() {
    static const std::vector<ContractCheck> checks{
        {"an empty store is empty and keeps its identity", empty_store},
        {"everything comes back after an orderly stop", everything_comes_back},
        {"what was in a consumer's hands comes back as such", acquisitions_come_back},
        {"what had its outcome survives a crash, whole and in order", accepted_survives_a_crash},
        {"each batch has one outcome, in the order of submission", outcomes_in_order},
        {"stop reports everything that was submitted", stop_reports_everything},
        {"a settled copy stays settled, its event is remembered", settled_stays_settled},
        {"the highest version of a copy wins, whatever the order", highest_version_wins},
        {"bodies come back byte for byte", bodies_byte_for_byte},
        {"queues come back as they were last committed", queues_come_back},
        {"retire forgets nothing that is waiting or young", retire_keeps_what_is_needed},
        {"a repeated or late transition does no harm", late_transitions_do_no_harm},
    };
    return checks;
}

}  // namespace vera::flow::test
