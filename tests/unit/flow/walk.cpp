#include "tests/unit/flow/walk.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace vera::flow::test {

Walk::Walk(std::uint64_t seed) : random_(seed) {
    start();
}

void Walk::configure() {
    for (std::uint32_t id = 1; id <= 3; ++id) {
        specs_.push_back(queue_spec(id, "sub/" + std::to_string(id)));
        specs_.back().retry.backoff = {Millis{100}, Millis{1000}};
        specs_.back().retry.max_attempts = 3;
    }
}

void Walk::require(bool holds, const std::string& what) {
    if (!holds) throw std::logic_error(what);
}

QueueSpec& Walk::spec(std::uint32_t queue) {
    return *std::ranges::find(specs_, QueueId{queue}, &QueueSpec::id);
}

Millis Walk::wait_of(std::uint32_t queue) {
    return std::max(Millis{1000}, spec(queue).retry.backoff.front());
}

void Walk::start() {
    // The first time, and when the power went before anything was stored.
    if (specs_.empty()) configure();
    drive_ = std::make_unique<CoreDriver>(specs_, store_, now_);
    for (const Batch& batch : drive_->commits)
        require(batch.events.empty(), "start commits no events");
}

// ---- inputs
// ------------------------------------------------------------------------------------------------------------

void Walk::publish(std::vector<Input>& inputs) {
    Letter letter;
    letter.delivery = next_delivery_++;
    letter.queues.clear();
    for (const QueueSpec& queue : specs_)
        if (!queue.is_deleted && chance(60)) letter.queues.push_back(queue.id.value);
    if (letter.queues.empty()) return;
    letter.key = pick(5);
    letter.id = chance(15) ? 1 + pick(next_id_) : ++next_id_;
    letter.bytes = "message " + std::to_string(letter.id) + (chance(5) ? " altered" : "");
    if (chance(15)) letter.expiry = now_ + Millis{static_cast<std::int64_t>(pick(3000))};
    if (chance(15)) letter.ready_at = now_ + Millis{static_cast<std::int64_t>(pick(2000))};
    const Published in = drive_->publish(letter);

    const auto pending = pending_ids_.find(letter.id);
    const auto known = known_ids_.find(letter.id);
    unanswered_[letter.delivery] = {letter.id, in.plan.bytes_hash};
    if (pending == pending_ids_.end() && known == known_ids_.end()) {
        pending_ids_[letter.id] = in.plan.bytes_hash;
    } else if (known != known_ids_.end()) {
        Expected& answer = expected_[letter.delivery];
        if (known->second == in.plan.bytes_hash) {
            answer.is_duplicate = true;
        } else {
            answer.condition = Condition::id_reused;
        }
    }
    inputs.emplace_back(in);
}

void Walk::open_consumer(std::vector<Input>& inputs) {
    if (consumers_.size() >= 8) return;
    const std::uint64_t link = next_link_++;
    ModelConsumer consumer;
    consumer.queue = specs_[pick(specs_.size())].id.value;
    consumer.is_dead_letter = chance(25);
    consumer.mode = chance(20) ? ConsumeMode::look : ConsumeMode::take;
    consumer.is_presettled = chance(10);
    const QueueId id{consumer.queue};
    inputs.emplace_back(CoreDriver::open(link,
                                         (consumer.is_dead_letter ? dead_letter_of(id) : id).value,
                                         consumer.mode,
                                         consumer.is_presettled));
    consumers_.emplace(link, std::move(consumer));
}

void Walk::give_credit(std::vector<Input>& inputs) {
    if (consumers_.empty()) return;
    auto& [link, consumer] =
        *std::next(consumers_.begin(), static_cast<std::ptrdiff_t>(pick(consumers_.size())));
    consumer.limit = consumer.delivered + pick(6);
    consumer.is_draining = chance(20);
    inputs.emplace_back(CoreDriver::credit(link, consumer.limit, consumer.is_draining));
}

void Walk::take_input_failure(ModelCopy& copy, bool backs_off) {
    const RetryPolicy& retry = spec(copy.queue).retry;
    ++copy.attempts;
    if (copy.attempts >= retry.max_attempts) {
        copy.state = State::dead;
        ++dead_;
    } else if (backs_off) {
        copy.state = State::delayed;
        copy.due =
            now_ + retry.backoff[std::min<std::size_t>(copy.attempts, retry.backoff.size()) - 1];
    } else {
        copy.state = State::ready;
    }
}

void Walk::settle_one(std::vector<Input>& inputs) {
    std::vector<std::uint64_t> held;
    for (const auto& [seq, copy] : copies_)
        if (copy.state == State::held || copy.state == State::dead_held) held.push_back(seq);
    if (held.empty()) return;
    const std::uint64_t seq = held[pick(held.size())];
    ModelCopy& copy = copies_.at(seq);
    const bool is_dead = copy.state == State::dead_held;
    // What is sent settled is accepted when it is sent, or given back unsent.
    const std::uint64_t die = pick(consumers_.at(copy.holder.value).is_presettled ? 7 : 10);
    const ConsumerOutcome outcome = die < 5   ? ConsumerOutcome::accepted
                                    : die < 7 ? ConsumerOutcome::released
                                    : die < 9 ? ConsumerOutcome::failed
                                              : ConsumerOutcome::rejected;
    inputs.emplace_back(CoreDriver::settle(copy.holder.value, CopySeq{seq}, outcome, chance(20)));
    copy.holder = LinkId{};
    switch (outcome) {
        case ConsumerOutcome::accepted:
            copy.state = State::settled;
            break;
        case ConsumerOutcome::released:
            copy.state = is_dead ? State::dead : State::ready;
            break;
        case ConsumerOutcome::failed:
            if (is_dead) {
                copy.state = State::dead_delayed;
                copy.due = now_ + wait_of(copy.queue);
            } else {
                take_input_failure(copy, true);
            }
            break;
        case ConsumerOutcome::rejected:
            dead_ += is_dead ? 0 : 1;
            copy.state = is_dead ? State::dead_delayed : State::dead;
            if (is_dead) copy.due = now_ + wait_of(copy.queue);
            break;
    }
}

void Walk::close_consumer(std::vector<Input>& inputs) {
    if (consumers_.empty()) return;
    const auto gone =
        std::next(consumers_.begin(), static_cast<std::ptrdiff_t>(pick(consumers_.size())));
    const bool counts = chance(50);
    inputs.emplace_back(CoreDriver::close(gone->first, counts));
    for (auto& [seq, copy] : copies_) {
        if (copy.holder.value != gone->first) continue;
        copy.holder = LinkId{};
        if (copy.state == State::dead_held) {
            copy.state = State::dead;
        } else if (counts && !gone->second.is_presettled) {
            take_input_failure(copy, false);
        } else {
            copy.state = State::ready;
        }
    }
    consumers_.erase(gone);
}

void Walk::reload(std::vector<Input>& inputs) {
    const auto id = static_cast<std::uint32_t>(specs_.size() + 1);
    if (chance(30) && specs_.size() < 6) {
        QueueSpec added = specs_.front();
        added.id = QueueId{id};
        added.name = "sub/" + std::to_string(id);
        added.is_deleted = false;
        specs_.push_back(std::move(added));
    } else {
        QueueSpec& changed = specs_[pick(specs_.size())];
        if (chance(50)) {
            changed.is_deleted = !changed.is_deleted;
        } else {
            changed.retry.max_attempts = static_cast<std::uint32_t>(2 + pick(3));
        }
    }
    inputs.emplace_back(drive_->reload(specs_));
}

void Walk::conclude(bool ok) {
    if (drive_->commits.empty()) return;
    const Batch batch = drive_->commits.front();
    if (!ok) ++failures_;
    std::vector<BodyRef> bodies;
    if (ok) bodies = store_.apply(batch);
    std::map<std::uint64_t, std::uint64_t> concluded;
    for (const EventCommit& event : batch.events) {
        concluded[event.id_hash] = event.bytes_hash;
        if (!ok) continue;
        ++accepted_;
        bodies_[event.seq.value] = event.message.view();
        for (const NewCopy& copy : event.copies)
            copies_[copy.seq.value] = {copy.queue.value,
                                       event.seq.value,
                                       event.order_key,
                                       event.expiry,
                                       State::ready,
                                       {},
                                       {},
                                       0,
                                       copy.ready_at,
                                       event.accepted};
    }
    std::set<std::uint64_t> answered;
    for (const auto& [delivery, what] : unanswered_) {
        const auto of = concluded.find(what.id);
        if (of == concluded.end()) continue;
        Expected& answer = expected_[delivery];
        if (!ok) {
            answer.condition = Condition::unavailable;
        } else if (of->second != what.bytes_hash) {
            answer.condition = Condition::id_reused;
        } else {
            answer.is_duplicate = !answered.insert(what.id).second;
        }
    }
    for (const auto& [id, hash] : concluded) {
        pending_ids_.erase(id);
        if (ok) known_ids_[id] = hash;
    }
    drive_->conclude_with(ok, std::move(bodies));
    check_effects();
}

void Walk::crash() {
    ++crashes_;
    // What was submitted may or may not have reached the disk, in order.
    for (const Batch& batch : drive_->commits) {
        if (chance(50)) break;
        store_.apply(batch);
        for (const EventCommit& event : batch.events)
            bodies_[event.seq.value] = event.message.view();
    }
    store_.set_was_clean(false);
    copies_.clear();
    consumers_.clear();
    unanswered_.clear();
    expected_.clear();
    pending_ids_.clear();
    known_ids_.clear();
    specs_.clear();
    for (const auto& [id, spec] : store_.queues())
        specs_.push_back(spec);
    for (const auto& [seq, event] : store_.events()) {
        known_ids_[event.commit.id_hash] = event.commit.bytes_hash;
        for (const auto& [copy_seq, copy] : event.copies) {
            if (copy.state == CopyState::settled) continue;
            ModelCopy& known = copies_[copy_seq];
            known = {copy.queue.value,
                     seq,
                     event.commit.order_key,
                     event.commit.expiry,
                     State::ready,
                     {},
                     copy.due,
                     copy.attempts,
                     copy.ready_at,
                     event.commit.accepted};
            if (copy.state == CopyState::dead) known.state = State::dead;
        }
    }
    for (auto& [seq, copy] : copies_) {
        // Behind an older one of its key, whose settlement was lost, it does not back off.
        const bool is_behind =
            copy.key != 0 && std::ranges::any_of(copies_, [&](const auto& entry) {
                const auto& [other_seq, other] = entry;
                return other_seq != seq && other.queue == copy.queue && other.key == copy.key &&
                       other.state != State::dead && other.ready_at <= now_ &&
                       order_of(other_seq, other) < order_of(seq, copy);
            });
        if (copy.state == State::ready && copy.due > now_ && !is_behind)
            copy.state = State::delayed;
    }
    paused_.clear();
    for (const QueueSpec& queue : specs_)
        if (queue.pause.since) paused_.insert(queue.id.value);
    start();
    check_effects();
}

// ---- steps
// -------------------------------------------------------------------------------------------------------------

void Walk::perform(std::vector<Input> inputs) {
    drive_->now = now_;
    drive_->step(std::move(inputs));
    check_effects();
}

void Walk::step() {
    now_ = now_ + Millis{static_cast<std::int64_t>(pick(60))};
    drive_->now = now_;
    const std::uint64_t die = pick(1000);
    if (die < 250) {
        if (drive_->commits.empty()) return;
        // A full disk has a reserve for what has no events.
        return conclude(is_full_ ? drive_->commits.front().events.empty() : !chance(10));
    }
    if (die < 252) return crash();
    if (die < 256) is_full_ = !is_full_;
    std::vector<Input> inputs;
    for (std::uint64_t count = 1 + pick(3); count != 0; --count) {
        const std::uint64_t what = pick(100);
        if (what < 30)
            publish(inputs);
        else if (what < 36)
            open_consumer(inputs);
        else if (what < 60)
            give_credit(inputs);
        else if (what < 92)
            settle_one(inputs);
        else if (what < 95)
            close_consumer(inputs);
        else if (what < 96)
            reload(inputs);
        else if (what < 97)
            pause(inputs);
        else
            inputs.emplace_back(Tick{});
    }
    perform(std::move(inputs));
}

void Walk::pause(std::vector<Input>& inputs) {
    const std::uint32_t queue = specs_[pick(specs_.size())].id.value;
    const bool is_paused = chance(40);
    if (is_paused) {
        paused_.insert(queue);
    } else {
        paused_.erase(queue);
    }
    // In one expression g++ 12 warns, with optimization, of a Cancel that is not there.
    Ask ask{.token = 1};
    ask.what = SetPause{QueueId{queue}, is_paused, "drift", "test"};
    inputs.emplace_back(std::move(ask));
}

void Walk::finish() {
    while (!paused_.empty()) {
        const QueueId queue{*paused_.begin()};
        paused_.erase(paused_.begin());
        perform({Ask{1, SetPause{queue, false, "drift", "test"}}});
    }
    while (!drive_->commits.empty())
        conclude(true);
    while (!consumers_.empty()) {
        std::vector<Input> inputs;
        close_consumer(inputs);
        perform(std::move(inputs));
    }
    const auto is_alive = [](const auto& entry) { return entry.second.state != State::settled; };
    for (int round = 0; std::ranges::any_of(copies_, is_alive); ++round) {
        require(round < 10'000, "not everything comes out in the end");
        now_ = now_ + Millis{500};
        drive_->now = now_;
        std::vector<Input> inputs;
        if (round == 0) {
            for (const QueueSpec& queue : specs_) {
                for (const bool is_dead : {false, true}) {
                    const std::uint64_t link = next_link_++;
                    consumers_[link].queue = queue.id.value;
                    consumers_[link].is_dead_letter = is_dead;
                    inputs.emplace_back(CoreDriver::open(
                        link, (is_dead ? dead_letter_of(queue.id) : queue.id).value));
                }
            }
        }
        for (auto& [link, consumer] : consumers_) {
            consumer.limit = consumer.delivered + 10;
            inputs.emplace_back(CoreDriver::credit(link, consumer.limit));
        }
        for (auto& [seq, copy] : copies_) {
            if (copy.state != State::held && copy.state != State::dead_held) continue;
            inputs.emplace_back(CoreDriver::settle(copy.holder.value, CopySeq{seq}));
            copy.state = State::settled;
            copy.holder = LinkId{};
        }
        perform(std::move(inputs));
        while (!drive_->commits.empty())
            conclude(true);
    }
    for (const auto& [seq, event] : store_.events())
        for (const auto& [copy_seq, copy] : event.copies)
            require(copy.state == CopyState::settled, "settled but not stored as such");
    require(unanswered_.empty(), "a publisher waits for ever");
}

std::string Walk::summary() const {
    return std::to_string(accepted_) + " accepted, " + std::to_string(deliveries_) +
           " deliveries, " + std::to_string(dead_) + " dead, " + std::to_string(crashes_) +
           " crashes, " + std::to_string(failures_) + " failed commits";
}

// ---- checks
// ------------------------------------------------------------------------------------------------------------

bool Walk::is_expired(const ModelCopy& copy) const {
    return copy.expiry && copy.expiry <= now_;
}

std::pair<Timestamp, std::uint64_t> Walk::order_of(std::uint64_t seq, const ModelCopy& copy) {
    return {std::max(copy.accepted, copy.ready_at), seq};
}

bool Walk::is_due(const ModelCopy& copy) const {
    if (!copy.ready_at) return true;
    return copy.ready_at <= now_ && std::ranges::none_of(drive_->commits, [&](const Batch& batch) {
               return !batch.events.empty() && batch.events.front().accepted < copy.ready_at;
           });
}

bool Walk::is_deliverable(std::uint64_t seq, const ModelCopy& copy) const {
    if (copy.state != State::ready || is_expired(copy) || !is_due(copy)) return false;
    if (paused_.contains(copy.queue)) return false;
    if (copy.key == 0) return true;
    return std::ranges::none_of(copies_, [&](const auto& entry) {
        const auto& [other_seq, other] = entry;
        if (other.queue != copy.queue || other.key != copy.key || other_seq == seq) return false;
        if (other.state == State::held || other.state == State::delayed) return true;
        return order_of(other_seq, other) < order_of(seq, copy) && other.state == State::ready &&
               is_due(other) && !is_expired(other);
    });
}

bool Walk::is_empty(std::uint32_t queue, bool is_dead_letter) const {
    return std::ranges::none_of(copies_, [&](const auto& entry) {
        const ModelCopy& copy = entry.second;
        if (copy.queue != queue || copy.state == State::settled) return false;
        const bool is_dead = copy.state == State::dead || copy.state == State::dead_held ||
                             copy.state == State::dead_delayed;
        return is_dead == is_dead_letter;
    });
}

void Walk::check_delivery(const Deliver& deliver) {
    ++deliveries_;
    const auto consumer_at = consumers_.find(deliver.consumer.value);
    require(consumer_at != consumers_.end(), "delivered to nobody");
    ModelConsumer& consumer = consumer_at->second;
    const auto copy_at = copies_.find(deliver.copy.value);
    require(copy_at != copies_.end(), "delivered what was never committed");
    const auto& [seq, known] = *copy_at;
    ModelCopy& copy = copy_at->second;
    require(++consumer.delivered <= consumer.limit, "credit exceeded");
    require(deliver.event.value == copy.event, "another event");
    require(main_queue_of(deliver.queue).value == consumer.queue && copy.queue == consumer.queue,
            "another queue");
    require(is_dead_letter(deliver.queue) == consumer.is_dead_letter, "dead and living mixed");
    require(!deliver.hot || deliver.hot.view() == bodies_.at(copy.event), "another message");
    if (consumer.is_dead_letter && copy.state == State::ready && is_expired(copy))
        copy.state = State::dead;
    require(deliver.attempts == copy.attempts, "attempts miscounted");
    require((deliver.death != nullptr) == consumer.is_dead_letter, "death told of the living");
    if (consumer.mode == ConsumeMode::look) {
        require(deliver.is_presettled, "looking takes nothing");
        require(copy.state != State::settled, "looked at what is gone");
        require(copy.ready_at <= now_ || consumer.is_dead_letter, "looked at what is not ready");
        require(consumer.seen.insert(seq).second, "looked twice");
        return;
    }
    if (consumer.is_dead_letter) {
        require(copy.state == State::dead, "dead letter given twice at a time");
    } else {
        require(copy.state == State::ready, "copy given twice at a time");
        require(!is_expired(copy), "expired copy delivered");
        require(copy.ready_at <= now_, "delivered before its time");
        require(!paused_.contains(copy.queue), "delivered from a paused queue");
        require(is_deliverable(seq, known), "order of its key broken");
    }
    require(deliver.is_presettled == consumer.is_presettled, "settlement mode lost");
    copy.holder = deliver.consumer;
    copy.state = consumer.is_dead_letter ? State::dead_held : State::held;
}

void Walk::check_close(LinkId link) {
    const auto at = consumers_.find(link.value);
    require(at != consumers_.end(), "closed a link that is not there");
    require(spec(at->second.queue).is_deleted, "closed a link of a living queue");
    consumers_.erase(at);
}

void Walk::check_effects() {
    for (auto& [seq, copy] : copies_) {
        if (copy.state == State::delayed && copy.due <= now_) copy.state = State::ready;
        if (copy.state == State::dead_delayed && copy.due <= now_) copy.state = State::dead;
    }
    const Effects& out = drive_->out;
    const auto answer =
        [&](DeliveryRef to, std::optional<bool> is_duplicate, std::optional<Condition> condition) {
            const auto at = expected_.find(to.delivery);
            require(at != expected_.end(), "an answer that nobody waits for");
            require(at->second.is_duplicate == is_duplicate && at->second.condition == condition,
                    "another answer");
            expected_.erase(at);
            unanswered_.erase(to.delivery);
        };
    for (const Accept& accept : out.accepts)
        answer(accept.to, accept.is_duplicate, std::nullopt);
    for (const Refuse& refusal : out.refusals)
        answer(refusal.to, std::nullopt, refusal.why.condition);
    require(expected_.empty(), "an answer is missing");
    for (const Deliver& deliver : out.deliveries)
        check_delivery(deliver);
    for (const Drained& drained : out.drained) {
        ModelConsumer& consumer = consumers_.at(drained.consumer.value);
        require(std::exchange(consumer.is_draining, false), "drained without being asked");
        if (consumer.mode == ConsumeMode::take && consumer.delivered < consumer.limit) {
            for (const auto& [seq, copy] : copies_) {
                if (copy.queue != consumer.queue) continue;
                require(consumer.is_dead_letter ? copy.state != State::dead
                                                : !is_deliverable(seq, copy),
                        "drained too early");
            }
        }
        consumer.limit = std::min(consumer.limit, consumer.delivered);
    }
    for (const CloseLink& close : out.closes)
        check_close(close.link);
    std::erase_if(copies_, [](const auto& entry) { return entry.second.state == State::settled; });
    check_rest();
}

void Walk::check_rest() {
    for (const auto& [link, consumer] : consumers_) {
        require(!consumer.is_draining, "drain not answered");
        if (consumer.delivered >= consumer.limit) continue;
        for (const auto& [seq, copy] : copies_) {
            if (copy.queue != consumer.queue || copy.state == State::settled) continue;
            const bool is_dead = copy.state == State::dead || copy.state == State::dead_held ||
                                 copy.state == State::dead_delayed;
            if (consumer.mode == ConsumeMode::look) {
                if (is_dead != consumer.is_dead_letter || is_expired(copy) || !is_due(copy))
                    continue;
                const bool is_shown = consumer.seen.contains(seq);
                require(is_shown, "not shown to who looks");
            } else if (consumer.is_dead_letter) {
                require(copy.state != State::dead, "dead letter withheld");
            } else {
                require(!is_deliverable(seq, copy), "copy withheld");
            }
        }
    }
    for (const auto& [link, consumer] : consumers_) {
        const bool is_gone = spec(consumer.queue).is_deleted && is_empty(consumer.queue, false) &&
                             (!consumer.is_dead_letter || is_empty(consumer.queue, true));
        require(!is_gone || !pending_ids_.empty(), "a deleted queue keeps its consumers");
    }
}

}  // namespace vera::flow::test
