#include "tests/unit/store/rig.hpp"

#include <algorithm>
#include <utility>

namespace vera::test {

using flow::CopyState;

void Collector::on_queue(flow::QueueSpec queue) {
    queues.push_back(std::move(queue));
}
void Collector::on_ids(std::span<const flow::RecoveredId> some) {
    ids.insert(ids.end(), some.begin(), some.end());
}
void Collector::on_event(const flow::RecoveredEvent& event) {
    events.push_back(event);
}
void Collector::start_over() {
    queues.clear();
    ids.clear();
    events.clear();
}

std::string to_text(const flow::QueueSpec& queue) {
    std::string text = queue.name + " " + vera::to_text(queue.uuid) + " " +
                       std::to_string(static_cast<int>(queue.kind)) + " " +
                       std::to_string(queue.retry.max_attempts) +
                       (queue.allows_presettled ? " presettled" : "") +
                       (queue.is_deleted ? " deleted" : "");
    for (const Millis wait : queue.retry.backoff)
        text += " " + std::to_string(wait.count());
    for (const std::uint64_t number : {queue.limits.count,
                                       queue.limits.bytes,
                                       static_cast<std::uint64_t>(queue.limits.age.count()),
                                       static_cast<std::uint64_t>(queue.limits.overflow),
                                       static_cast<std::uint64_t>(queue.ttl.count()),
                                       static_cast<std::uint64_t>(queue.deliver_at),
                                       static_cast<std::uint64_t>(queue.pause.since.ms)})
        text += " " + std::to_string(number);
    return text + " " + queue.pause.actor + " " + queue.pause.reason;
}

flow::QueueSpec make_queue(std::uint32_t id, const std::string& name) {
    flow::QueueSpec queue;
    queue.id = QueueId{id};
    queue.uuid.bytes[0] = static_cast<std::uint8_t>(id);
    queue.uuid.bytes[15] = 7;
    queue.name = name;
    queue.kind = id % 2 == 0 ? flow::QueueKind::plain : flow::QueueKind::subscription;
    queue.retry.max_attempts = 3 + id;
    queue.allows_presettled = id % 3 == 0;
    queue.limits = {id * 1000ULL, id * 1'000'000'000ULL, Millis{id}, flow::Overflow{}};
    if (id % 2 != 0) queue.limits.overflow = flow::Overflow::refuse;
    queue.ttl = Millis{id * 86'400'000LL};
    if (id % 2 != 0) queue.deliver_at = flow::DeliverAt::virkning;
    if (id % 5 == 1) queue.pause = {Timestamp{1'795'000'000'000}, "drift", "ombygning"};
    return queue;
}

void Model::apply(const flow::Batch& batch) {
    for (const flow::QueueSpec& queue : batch.queues)
        shown_.queues[queue.id.value] = to_text(queue);
    for (const flow::EventCommit& event : batch.events) {
        last_event_ = event.seq.value;
        ++events_;
        if (event.leaf) ++leaves_;
        shown_.ids[event.id_hash] = {event.bytes_hash, event.accepted};
        retain_[event.id_hash] = event.retain_until;
        if (event.copies.empty()) continue;
        EventShown& shown = shown_.events[event.seq.value];
        shown = {event.leaf,
                 event.accepted,
                 event.expiry,
                 event.order_key,
                 event.unrouted_reason,
                 std::string(event.message.view()),
                 {}};
        for (const flow::NewCopy& copy : event.copies) {
            shown.copies[copy.seq.value].queue = copy.queue;
            shown.copies[copy.seq.value].ready_at = copy.ready_at;
        }
    }
    for (const flow::Transition& transition : batch.transitions) {
        auto& copies = shown_.events[transition.event.value].copies;
        if (transition.state == CopyState::settled) {
            copies.erase(transition.copy.value);
            if (copies.empty()) shown_.events.erase(transition.event.value);
            continue;
        }
        const bool is_dead = transition.state == CopyState::dead;
        const Timestamp ready_at = copies[transition.copy.value].ready_at;
        copies[transition.copy.value] = {transition.queue,
                                         transition.state,
                                         transition.version,
                                         transition.attempts,
                                         transition.due,
                                         ready_at,
                                         is_dead ? transition.at : Timestamp{},
                                         is_dead ? transition.reason : std::string(),
                                         is_dead ? transition.error : std::string(),
                                         transition.was_acquired};
    }
}

Shown Model::without_retired(Shown shown,
                             const std::map<std::uint64_t, Timestamp>& retain,
                             Timestamp now) {
    std::erase_if(shown.ids, [&](const auto& entry) {
        const auto until = retain.find(entry.first);
        return until == retain.end() || until->second <= now;
    });
    return shown;
}

flow::Batch Traffic::queues_batch(std::uint32_t count) {
    flow::Batch batch;
    batch.ticket = ++ticket_;
    batch.now = now_;
    for (std::uint32_t i = 0; i < count; ++i) {
        ++queues_;
        batch.queues.push_back(make_queue(queues_, "sub/koe-" + std::to_string(queues_)));
    }
    return batch;
}

flow::EventCommit Traffic::event(std::size_t message_bytes, std::uint32_t copies) {
    flow::EventCommit event;
    event.seq.value = ++event_;
    event.leaf.value = random_() % 4 == 0 ? 0 : ++leaf_;
    event.generation.value = 1 + random_() % 3;
    event.accepted = now_;
    if (random_() % 3 == 0) event.expiry = now_ + Millis{60'000};
    event.retain_until = now_ + retention;
    event.order_key = random_();
    event.id_hash = random_() | 1U;
    event.bytes_hash = random_();
    std::string message(message_bytes, '\0');
    for (char& c : message)
        c = static_cast<char>(random_());
    event.message = Block::copy_of(message);
    for (std::uint32_t i = 0; i < copies; ++i)
        event.copies.push_back(
            {CopySeq{++copy_},
             QueueId{1 + static_cast<std::uint32_t>(random_() % std::max(1U, queues_))},
             random_() % 5 == 0 ? now_ + Millis{3'600'000} : Timestamp{}});
    if (random_() % 8 == 0) event.unrouted_reason = "sub/koe-1: types: no match";
    if (event.leaf) event.audit_record = "record of " + std::to_string(event.seq.value);
    for (std::uint8_t& byte : event.salt)
        byte = static_cast<std::uint8_t>(random_());
    return event;
}

flow::Transition Traffic::transition_of(std::uint64_t copy, bool settles) {
    Copy& of = copies_.at(copy);
    flow::Transition transition;
    transition.copy.value = copy;
    transition.event = of.event;
    transition.version = ++of.version;
    transition.queue = of.queue;
    transition.at = now_;
    const std::uint64_t dice = random_() % 4;
    // Not every death has to do with a consumer.
    transition.was_acquired = copy % 3 != 0;
    if (settles || dice < 2) {
        transition.state = CopyState::settled;
        transition.actor = "laesoe-omsorg";
    } else if (dice == 2) {
        transition.state = CopyState::dead;
        transition.reason = "max-attempts";
        transition.error = "amqp:internal-error: journal closed";
        transition.attempts = of.attempts;
    } else {
        transition.attempts = ++of.attempts;
        transition.due = now_ + Millis{1000};
    }
    return transition;
}

flow::Batch Traffic::batch(std::size_t events,
                           std::size_t most_message_bytes,
                           std::size_t transitions) {
    flow::Batch batch;
    batch.ticket = ++ticket_;
    batch.now = now_;
    std::vector<std::uint64_t> there;
    for (const auto& [copy, of] : copies_)
        there.push_back(copy);
    std::ranges::shuffle(there, random_);
    there.resize(std::min(there.size(), transitions));
    for (const std::uint64_t copy : there)
        batch.transitions.push_back(transition_of(copy, false));
    for (std::size_t i = 0; i < events; ++i)
        batch.events.push_back(
            event(random_() % (most_message_bytes + 1), static_cast<std::uint32_t>(random_() % 4)));
    return batch;
}

flow::Batch Traffic::settle_all() {
    flow::Batch batch;
    batch.ticket = ++ticket_;
    batch.now = now_;
    for (const auto& [copy, of] : copies_)
        batch.transitions.push_back(transition_of(copy, true));
    return batch;
}

flow::Batch Traffic::settle_most() {
    flow::Batch batch;
    batch.ticket = ++ticket_;
    batch.now = now_;
    for (const auto& [copy, of] : copies_)
        if (copy % 10 != 0) batch.transitions.push_back(transition_of(copy, true));
    return batch;
}

void Traffic::stored(const flow::Batch& batch) {
    for (const flow::EventCommit& event : batch.events)
        for (const flow::NewCopy& copy : event.copies)
            copies_[copy.seq.value] = {event.seq, copy.queue, 0, 0};
    for (const flow::Transition& transition : batch.transitions)
        if (transition.state == CopyState::settled) copies_.erase(transition.copy.value);
}

void Traffic::take_back(const flow::Batch& batch) {
    for (const flow::Transition& transition : batch.transitions) {
        Copy& of = copies_.at(transition.copy.value);
        if (transition.state == CopyState::waiting) --of.attempts;
    }
}

Result<Opened> open_store(host::FileSystem& files,
                          std::uint64_t segment_bytes,
                          std::uint64_t max_group_bytes,
                          std::uint32_t recycle) {
    store::JournalOptions options;
    options.path = store_path;
    options.segment_bytes = segment_bytes;
    options.max_group_bytes = max_group_bytes;
    return open_store(files, options, recycle);
}

store::JournalOptions busy_options(std::uint64_t segment_bytes) {
    store::JournalOptions options;
    options.path = store_path;
    options.segment_bytes = segment_bytes;
    options.snapshot_bytes = 1;
    options.snapshot_records = 1;
    options.rewrite_every = Millis{0};
    return options;
}

std::string do_job(host::FileSystem& files,
                   store::Journal& journal,
                   Timestamp now,
                   const std::function<void()>& between,
                   std::uint64_t slice_bytes) {
    const auto job = journal.take_job();
    if (!job) return {};
    const store::StoreNames names{store_path};
    const auto made = store::make_snapshot(files, names, *job);
    between();
    const auto sources = journal.take_snapshot(made);
    if (!made) return made.error().text;
    for (std::size_t i = 0; i < sources.size(); ++i) {
        const auto slices = store::slices_of(
            files, names, job->manifest, sources[i], made->waiting[i], job->now, slice_bytes);
        if (!slices) {
            journal.end_job(job->number);
            return slices.error().text;
        }
        for (const store::CarrySlice& slice : *slices) {
            between();
            if (auto carried = journal.carry(slice, now); !carried) return carried.error().text;
        }
    }
    journal.end_job(job->number);
    return {};
}

Result<Opened> open_store(host::FileSystem& files,
                          const store::JournalOptions& options,
                          std::uint32_t recycle) {
    Opened opened;
    opened.spares =
        std::make_unique<store::SyncSpares>(files, store_path, options.segment_bytes, recycle);
    Collector collector;
    auto journal = store::Journal::open(files, options, *opened.spares, collector, opened.recovery);
    if (!journal) return fail(journal.error().code, journal.error().text);
    opened.journal = *std::move(journal);
    for (const flow::QueueSpec& queue : collector.queues)
        opened.shown.queues[queue.id.value] = to_text(queue);
    Timestamp before;
    for (const flow::RecoveredId& id : collector.ids) {
        if (id.accepted < before) return fail(Errc::bad_input, "ids are out of order");
        before = id.accepted;
        opened.shown.ids[id.id_hash] = {id.bytes_hash, id.accepted};
    }
    std::uint64_t last = 0;
    for (const flow::RecoveredEvent& event : collector.events) {
        if (event.seq.value <= last || event.copies.empty())
            return fail(Errc::bad_input, "events are out of order, or have no copies");
        last = event.seq.value;
        opened.bodies[event.seq.value] = event.body;
        auto body = opened.journal->bodies().fetch(event.body);
        if (!body) return fail(body.error().code, body.error().text);
        if (body->view().size() != event.message_bytes)
            return fail(Errc::bad_input, "message_bytes is wrong");
        EventShown& shown = opened.shown.events[event.seq.value];
        shown = {event.leaf,
                 event.accepted,
                 event.expiry,
                 event.order_key,
                 event.unrouted_reason,
                 std::string(body->view()),
                 {}};
        for (const flow::RecoveredCopy& copy : event.copies)
            shown.copies[copy.seq.value] = {copy.queue,
                                            copy.state,
                                            copy.version,
                                            copy.attempts,
                                            copy.due,
                                            copy.ready_at,
                                            copy.died,
                                            copy.reason,
                                            copy.error,
                                            copy.was_acquired};
    }
    return opened;
}

std::vector<flow::Outcome> commit(store::Journal& journal,
                                  const std::vector<flow::Batch>& batches) {
    std::vector<flow::Outcome> outcomes;
    journal.commit(batches,
                   [&outcomes](flow::Outcome outcome) { outcomes.push_back(std::move(outcome)); });
    return outcomes;
}

}  // namespace vera::test
