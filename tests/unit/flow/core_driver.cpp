#include "tests/unit/flow/core_driver.hpp"

#include "bus/base/check.hpp"

#include <iterator>
#include <utility>

namespace vera::flow::test {

namespace {

std::shared_ptr<Snapshot> make_snapshot(std::vector<QueueSpec> queues, std::uint64_t generation) {
    auto made = std::make_shared<Snapshot>();
    made->generation = Generation{generation};
    made->queues = std::move(queues);
    made->limits.dedup_window = CoreDriver::dedup_window;
    made->limits.dedup_ids = CoreDriver::dedup_ids;
    return made;
}

template <class T>
void move_to_end(std::vector<T>& to, std::vector<T>& from) {
    to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

}  // namespace

QueueSpec queue_spec(std::uint32_t id, std::string name, QueueKind kind) {
    QueueSpec spec;
    spec.id = QueueId{id};
    spec.name = std::move(name);
    spec.kind = kind;
    return spec;
}

QueueSpec patient_queue() {
    QueueSpec queue = queue_spec(1, "sub/a");
    queue.retry.backoff = {Millis{1000}, Millis{5000}};
    queue.retry.max_attempts = 3;
    return queue;
}

Copies copies_of(const Effects& out, std::uint64_t link) {
    Copies copies;
    for (const Deliver& deliver : out.deliveries)
        if (deliver.consumer.value == link) copies.push_back(deliver.copy.value);
    return copies;
}

CoreDriver::CoreDriver(std::vector<QueueSpec> queues, CoreOptions options)
    : core(options),
      snapshot(make_snapshot(std::move(queues), 1)) {
    core.start(snapshot, Recovery{}, now, out);
    take_commit();
    while (!commits.empty())
        conclude();
    out.clear();
}

CoreDriver::CoreDriver(std::vector<QueueSpec> queues, MemoryStore& store, Timestamp time)
    : core({.hot_bytes = 1U << 20U, .admit = nullptr}),
      snapshot(make_snapshot(std::move(queues), 1)),
      now(time) {
    const Recovery recovery = store.recover(core);
    core.start(snapshot, recovery, now, out);
    take_commit();
}

void CoreDriver::take_commit() {
    if (!out.has_commit()) return;
    VERA_CHECK(out.commit.ticket == last_ticket + 1);
    last_ticket = out.commit.ticket;
    commits.push_back(out.commit);
}

Effects& CoreDriver::step(std::vector<Input> inputs) {
    out.clear();
    for (Input& input : inputs)
        core.on(std::move(input), now, out);
    core.finish(now, out);
    take_commit();
    return out;
}

Effects& CoreDriver::conclude(bool ok, Errc code) {
    VERA_CHECK(!commits.empty());
    std::vector<BodyRef> bodies;
    if (ok)
        for (std::size_t i = 0; i < commits.front().events.size(); ++i)
            bodies.push_back({next_body++, 1, 1});
    return conclude_with(ok, std::move(bodies), code);
}

Effects& CoreDriver::conclude_with(bool ok, std::vector<BodyRef> bodies, Errc code) {
    Outcome outcome;
    outcome.ticket = commits.front().ticket;
    outcome.ok = ok;
    if (!ok) outcome.error = {code, "no luck"};
    outcome.bodies = std::move(bodies);
    commits.erase(commits.begin());
    std::vector<Input> inputs;
    inputs.emplace_back(std::move(outcome));
    return step(std::move(inputs));
}

Effects& CoreDriver::run(std::vector<Input> inputs) {
    step(std::move(inputs));
    Effects all = std::move(out);
    while (!commits.empty()) {
        conclude();
        move_to_end(all.accepts, out.accepts);
        move_to_end(all.refusals, out.refusals);
        move_to_end(all.deliveries, out.deliveries);
        move_to_end(all.drained, out.drained);
        move_to_end(all.durable, out.durable);
        move_to_end(all.closes, out.closes);
        move_to_end(all.commit.transitions, out.commit.transitions);
        all.wake_at = out.wake_at;
    }
    out = std::move(all);
    return out;
}

Published CoreDriver::publish(const Letter& letter) const {
    Published in;
    in.from = {publisher, letter.delivery};
    in.raw.message = Block::copy_of(letter.bytes);
    in.plan.generation = snapshot->generation;
    for (const std::uint32_t queue : letter.queues)
        in.plan.queues.push_back(QueueId{queue});
    in.plan.order_key = letter.key;
    in.plan.id_hash = letter.id;
    in.plan.bytes_hash = std::hash<std::string>{}(letter.bytes);
    in.plan.expiry = letter.expiry;
    in.plan.ready_at = letter.ready_at;
    in.plan.virkning = letter.virkning;
    in.plan.unrouted_reason = letter.unrouted_reason;
    if (letter.id != 0) in.plan.audit_record = "record";
    in.is_plain = letter.id == 0;
    return in;
}

ConsumerOpened CoreDriver::open(std::uint64_t link,
                                std::uint32_t queue,
                                ConsumeMode mode,
                                bool is_presettled) {
    ConsumerOpened in;
    in.consumer = LinkId{link};
    in.queue = QueueId{queue};
    in.mode = mode;
    in.is_presettled = is_presettled;
    in.system = "system-" + std::to_string(link);
    return in;
}

Credit CoreDriver::credit(std::uint64_t link, std::uint64_t limit, bool is_draining) {
    return {LinkId{link}, limit, is_draining};
}

Settled CoreDriver::settle(std::uint64_t link,
                           CopySeq copy,
                           ConsumerOutcome outcome,
                           bool wants_durable) {
    Settled in;
    in.consumer = LinkId{link};
    in.copy = copy;
    in.outcome = outcome;
    if (outcome == ConsumerOutcome::rejected) in.reason = "rejected";
    in.wants_durable = wants_durable;
    return in;
}

ConsumerClosed CoreDriver::close(std::uint64_t link, bool counts_as_failure) {
    return {LinkId{link}, counts_as_failure};
}

Reloaded CoreDriver::reload(std::vector<QueueSpec> queues) {
    snapshot = make_snapshot(std::move(queues), snapshot->generation.value + 1);
    return {snapshot};
}

Counts CoreDriver::counts() {
    Effects asked;
    core.on(Ask{1, AskCounts{}}, now, asked);
    return std::get<Counts>(asked.answers.at(0).what);
}

ScheduleList CoreDriver::schedule(AskSchedule what) {
    Effects asked;
    core.on(Ask{2, what}, now, asked);
    return std::get<ScheduleList>(asked.answers.at(0).what);
}

QueueCounts CoreDriver::counts(std::uint32_t queue) {
    for (QueueCounts& of : counts().queues)
        if (of.queue.value == queue) return of;
    return {};
}

}  // namespace vera::flow::test
