#include "tests/contract/simulation.hpp"

#include <algorithm>
#include <stdexcept>

namespace vera::flow::test {

Simulation::Simulation(SimulatedStore& store, std::uint64_t seed) : store_(store), random_(seed) {
    for (std::uint64_t key = 0; key < key_count; ++key) {
        current_of_key_.push_back(messages_.size());
        (void)new_message(key);
    }
    start();
}

void Simulation::require(bool holds, const std::string& what) {
    if (!holds) throw std::logic_error(what);
}

Simulation::Message& Simulation::new_message(std::uint64_t key) {
    Message message;
    message.key = key;
    message.number = messages_.size();
    for (std::uint32_t queue = 1; queue <= queue_count; ++queue)
        if (chance(60)) message.queues.push_back(queue);
    if (message.queues.empty()) message.queues.push_back(1);
    message.bytes =
        "message " + std::to_string(messages_.size()) + " of key " + std::to_string(key);
    if (chance(3)) message.bytes.append(static_cast<std::size_t>(pick(20'000)), '.');
    by_bytes_[message.bytes] = messages_.size();
    return messages_.emplace_back(std::move(message));
}

void Simulation::start() {
    std::vector<QueueSpec> queues;
    for (std::uint32_t id = 1; id <= queue_count; ++id) {
        QueueSpec& queue = queues.emplace_back();
        queue.id = QueueId{id};
        queue.name = "sub/" + std::to_string(id);
        queue.retry.backoff = {Millis{50}, Millis{200}};
        queue.retry.max_attempts = 4;
    }
    bus_ = std::make_unique<Bus>(store_, std::move(queues), now_);
    now_ = std::max(now_, bus_->recovery.last_stamp);
    std::vector<Input> inputs;
    for (std::uint32_t id = 1; id <= queue_count; ++id) {
        const std::uint64_t link = next_link_++;
        clients_[link] = {id, 0, 1'000'000'000, true, {}};
        ConsumerOpened opened;
        opened.consumer = LinkId{link};
        opened.queue = dead_letter_of(QueueId{id});
        opened.mode = ConsumeMode::look;
        inputs.emplace_back(std::move(opened));
        inputs.emplace_back(Credit{LinkId{link}, 1'000'000'000});
    }
    step_with(std::move(inputs));
}

void Simulation::restart(bool in_order) {
    if (in_order && !is_sealed_) {
        bus_->stop();
        bus_.reset();
    } else {
        ++crashes_;
        bus_.reset();
        store_.crash();
    }
    store_.heal();
    is_sealed_ = has_trouble_ = false;
    clients_.clear();
    done_in_this_run_.clear();
    for (Message& message : messages_)
        message.is_sent = false;
    start();
}

// ---- what clients do
// ---------------------------------------------------------------------------------------------------

void Simulation::publish(std::vector<Input>& inputs) {
    const std::uint64_t key = pick(key_count);
    std::size_t at = current_of_key_[key];
    if (messages_[at].is_confirmed) {
        at = current_of_key_[key] = messages_.size();
        (void)new_message(key);
    }
    Message& message = messages_[at];
    if (message.is_sent && !chance(10)) return;
    if (message.is_sent) ++repeats_;
    message.is_sent = true;
    Published in;
    in.from = {LinkId{1'000'000 + key}, at};
    in.raw.message = Block::copy_of(message.bytes);
    in.plan.generation = bus_->generation();
    for (const std::uint32_t queue : message.queues)
        in.plan.queues.push_back(QueueId{queue});
    in.plan.order_key = key + 1;
    in.plan.id_hash = (at + 1) * 0x9E3779B97F4A7C15ULL;
    in.plan.bytes_hash = at;
    in.plan.audit_record = "record";
    inputs.emplace_back(std::move(in));
}

void Simulation::open_client(std::uint32_t queue, std::vector<Input>& inputs) {
    const std::uint64_t link = next_link_++;
    clients_[link].queue = queue;
    ConsumerOpened opened;
    opened.consumer = LinkId{link};
    opened.queue = QueueId{queue};
    opened.system = "receiver";
    inputs.emplace_back(std::move(opened));
}

void Simulation::consume(std::vector<Input>& inputs) {
    if (clients_.size() < 9 && chance(40))
        open_client(static_cast<std::uint32_t>(1 + pick(queue_count)), inputs);
    for (auto& [link, client] : clients_) {
        if (client.watches_dead || !chance(30)) continue;
        client.limit = client.delivered + pick(8);
        inputs.emplace_back(Credit{LinkId{link}, client.limit, chance(10)});
    }
}

void Simulation::settle(std::vector<Input>& inputs) {
    for (auto& [link, client] : clients_) {
        while (!client.held.empty() && chance(70)) {
            const auto at = std::next(client.held.begin(),
                                      static_cast<std::ptrdiff_t>(pick(client.held.size())));
            const auto [copy, message] = *at;
            client.held.erase(at);
            Settled settled;
            settled.consumer = LinkId{link};
            settled.copy = CopySeq{copy};
            settled.wants_durable = chance(20);
            const std::uint64_t die = pick(100);
            if (die < 75) {
                fates_[{client.queue, message}].is_done = true;
                done_in_this_run_.insert(copy);
            } else if (die < 85) {
                settled.outcome = ConsumerOutcome::released;
            } else if (die < 97) {
                settled.outcome = ConsumerOutcome::failed;
            } else {
                settled.outcome = ConsumerOutcome::rejected;
                settled.reason = "rejected";
                settled.error = "vera:nej";
            }
            inputs.emplace_back(std::move(settled));
        }
    }
}

void Simulation::vanish(std::vector<Input>& inputs) {
    const auto at = std::next(clients_.begin(), static_cast<std::ptrdiff_t>(pick(clients_.size())));
    if (at->second.watches_dead) return;
    inputs.emplace_back(ConsumerClosed{LinkId{at->first}, chance(50)});
    clients_.erase(at);
}

// ---- what clients see
// --------------------------------------------------------------------------------------------------

std::size_t Simulation::message_of(const std::string& bytes) const {
    const auto at = by_bytes_.find(bytes);
    require(at != by_bytes_.end(), "bytes that nobody sent");
    return at->second;
}

void Simulation::see(const Deliver& deliver) {
    ++deliveries_;
    const auto at = clients_.find(deliver.consumer.value);
    require(at != clients_.end(), "delivered to nobody");
    Client& client = at->second;
    require(++client.delivered <= client.limit, "credit exceeded");
    const std::uint32_t queue = main_queue_of(deliver.queue).value;
    require(queue == client.queue, "another queue's copy");
    const std::size_t number = message_of(bus_->body_of(deliver));
    const Message& message = messages_[number];
    require(std::ranges::find(message.queues, queue) != message.queues.end(),
            "a copy for a queue that was not meant");
    Fate& fate = fates_[{queue, number}];
    require(fate.copy == 0 || fate.copy == deliver.copy.value,
            "two copies of one event in one queue");
    fate.copy = deliver.copy.value;
    if (client.watches_dead) {
        fate.is_dead = true;
        return;
    }
    require(!done_in_this_run_.contains(deliver.copy.value),
            "delivered again after it was settled");
    for (const auto& [link, other] : clients_)
        require(!other.held.contains(deliver.copy.value), "in two hands at a time");
    for (std::size_t older = 0; older < number; ++older) {
        const Message& before = messages_[older];
        if (before.key != message.key ||
            std::ranges::find(before.queues, queue) == before.queues.end())
            continue;
        const auto known = fates_.find({queue, older});
        require(known != fates_.end() && (known->second.is_done || known->second.is_dead),
                "order of the key broken");
    }
    client.held[deliver.copy.value] = number;
}

void Simulation::see(const Effects& out) {
    for (const Accept& accept : out.accepts)
        messages_[accept.to.delivery].is_confirmed = true;
    for (const Refuse& refusal : out.refusals) {
        require(refusal.why.condition == Condition::unavailable, "refused for another reason");
        messages_[refusal.to.delivery].is_sent = false;
        ++refusals_;
    }
    for (const Deliver& deliver : out.deliveries)
        if (is_dead_letter(deliver.queue)) see(deliver);
    for (const Deliver& deliver : out.deliveries)
        if (!is_dead_letter(deliver.queue)) see(deliver);
}

// ---- the course of things
// ----------------------------------------------------------------------------------------------

void Simulation::step_with(std::vector<Input> inputs) {
    see(bus_->step(std::move(inputs), now_));
}

void Simulation::take_outcome() {
    if (bus_->outstanding() == 0) return;
    store_.work(random_);
    see(bus_->take_outcome(now_));
    if (has_trouble_ && bus_->counts(now_).is_sealed) is_sealed_ = true;
}

void Simulation::run(int steps) {
    for (int i = 0; i < steps; ++i) {
        now_ = now_ + Millis{static_cast<std::int64_t>(pick(30))};
        const std::uint64_t die = pick(1000);
        if (die < 5 || is_sealed_) {
            restart(chance(30));
        } else if (die < 10 && !has_trouble_) {
            ++troubles_;
            has_trouble_ = true;
            store_.misbehave(random_);
        } else if (die < 40 && has_trouble_) {
            has_trouble_ = false;
            store_.heal();
        } else if (die < 350) {
            take_outcome();
        } else {
            std::vector<Input> inputs;
            if (chance(50)) publish(inputs);
            if (chance(30)) consume(inputs);
            if (chance(50)) settle(inputs);
            if (chance(3)) vanish(inputs);
            if (chance(2)) bus_->retire(now_);
            step_with(std::move(inputs));
        }
    }
    drain_everything();
}

void Simulation::drain_everything() {
    if (is_sealed_ || has_trouble_) restart(false);
    const auto is_under_way = [&] {
        if (bus_->outstanding() != 0) return true;
        for (const QueueCounts& queue : bus_->counts(now_).queues)
            if (queue.ready + queue.in_flight + queue.delayed + queue.blocked != 0) return true;
        return std::ranges::any_of(messages_, [](const Message& message) {
            return message.is_sent && !message.is_confirmed;
        });
    };
    for (int round = 0; is_under_way(); ++round) {
        require(round < 2'000, "not everything comes out in the end");
        now_ = now_ + Millis{100};
        std::vector<Input> inputs;
        for (std::uint32_t queue = 1; round == 0 && queue <= queue_count; ++queue)
            open_client(queue, inputs);
        consume(inputs);
        settle(inputs);
        step_with(std::move(inputs));
        while (bus_->outstanding() != 0)
            take_outcome();
    }
    for (std::size_t number = 0; number < messages_.size(); ++number) {
        if (!messages_[number].is_confirmed) continue;
        for (const std::uint32_t queue : messages_[number].queues) {
            const auto fate = fates_.find({queue, number});
            require(fate != fates_.end() && (fate->second.is_done || fate->second.is_dead),
                    "accepted and lost");
        }
    }
    bus_->stop();
    bus_.reset();
}

std::string Simulation::summary() const {
    const auto confirmed = std::ranges::count_if(
        messages_, [](const Message& message) { return message.is_confirmed; });
    return std::to_string(confirmed) + " accepted, " + std::to_string(deliveries_) +
           " deliveries, " + std::to_string(repeats_) + " repeats, " + std::to_string(refusals_) +
           " refusals, " + std::to_string(crashes_) + " crashes, " + std::to_string(troubles_) +
           " troubles";
}

}  // namespace vera::flow::test
