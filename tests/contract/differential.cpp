#include "tests/contract/differential.hpp"

#include <algorithm>
#include <utility>

namespace vera::flow::test {

namespace {

constexpr std::uint32_t queue_count = 3;

std::string describe(const Deliver& deliver, const std::string& body) {
    std::string text =
        "deliver " + std::to_string(deliver.consumer.value) + " copy " +
        std::to_string(deliver.copy.value) + " event " + std::to_string(deliver.event.value) +
        " leaf " + std::to_string(deliver.leaf.value) + " queue " +
        std::to_string(deliver.queue.value) + " attempts " + std::to_string(deliver.attempts) +
        (deliver.is_first_acquirer ? " first" : "") + " expiry " +
        std::to_string(deliver.expiry.ms) + " bytes " +
        std::to_string(std::hash<std::string>{}(body));
    if (deliver.death)
        text += " died " + deliver.death->reason + "/" + deliver.death->error + "/" +
                std::to_string(deliver.death->at.ms);
    return text + "\n";
}

std::string describe(const Counts& counts) {
    std::string text;
    for (const QueueCounts& queue : counts.queues) {
        text += "queue " + queue.name;
        for (const std::uint64_t count :
             {queue.ready, queue.in_flight, queue.delayed, queue.blocked, queue.dead})
            text += " " + std::to_string(count);
        text += " oldest " + std::to_string(queue.oldest.ms) + "\n";
    }
    return text + "accepted " + std::to_string(counts.accepted) + " duplicates " +
           std::to_string(counts.duplicates) + "\n";
}

}  // namespace

Differential::Differential(EngineUnderTest& one, EngineUnderTest& other, std::uint64_t seed)
    : random_(seed) {
    sides_[0].store = &one;
    sides_[1].store = &other;
    open();
}

void Differential::open() {
    for (Side& side : sides_) {
        std::vector<QueueSpec> queues;
        for (std::uint32_t id = 1; id <= queue_count; ++id) {
            QueueSpec& queue = queues.emplace_back();
            queue.id = QueueId{id};
            queue.name = "sub/" + std::to_string(id);
            queue.retry.backoff = {Millis{100}};
            queue.retry.max_attempts = 3;
        }
        side.bus = std::make_unique<Bus>(*side.store, std::move(queues), now_);
        side.seen += side.bus->recovery.was_clean ? "clean\n" : "not clean\n";
    }
}

Published Differential::publish() {
    const std::uint64_t id = pick(5) == 0 ? 1 + pick(next_id_) : ++next_id_;
    Published in;
    in.from = {LinkId{99}, id};
    in.raw.message = Block::copy_of(std::string(pick(500), 'm') + std::to_string(id));
    in.plan.generation = Generation{1};
    for (std::uint32_t queue = 1; queue <= queue_count; ++queue)
        if (queue == 1 || pick(2) == 0) in.plan.queues.push_back(QueueId{queue});
    in.plan.order_key = pick(4);
    in.plan.id_hash = id * 0x9E3779B97F4A7C15ULL;
    in.plan.bytes_hash = id;
    in.plan.audit_record = "record";
    if (pick(8) == 0) in.plan.expiry = now_ + Millis{static_cast<std::int64_t>(pick(500))};
    return in;
}

std::vector<Input> Differential::next_inputs() {
    std::vector<Input> inputs;
    for (std::uint64_t count = pick(4); count != 0; --count)
        inputs.emplace_back(publish());
    if (links_.size() < 4) {
        ConsumerOpened opened;
        opened.consumer = LinkId{next_link_++};
        opened.queue = QueueId{static_cast<std::uint32_t>(1 + pick(queue_count))};
        if (pick(4) == 0) opened.queue = dead_letter_of(opened.queue);
        opened.system = "receiver";
        links_.push_back(opened.consumer);
        delivered_.push_back(0);
        inputs.emplace_back(std::move(opened));
    }
    for (std::size_t i = 0; i < links_.size(); ++i)
        inputs.emplace_back(Credit{links_[i], delivered_[i] + pick(4)});
    std::vector<std::pair<LinkId, CopySeq>> kept;
    for (const auto& [link, copy] : held_) {
        if (pick(3) == 0) {
            kept.emplace_back(link, copy);
            continue;
        }
        Settled settled;
        settled.consumer = link;
        settled.copy = copy;
        settled.outcome = static_cast<ConsumerOutcome>(
            std::min<std::uint64_t>(3, pick(6) / 2 + (pick(3) == 0 ? 1 : 0)));
        if (settled.outcome == ConsumerOutcome::rejected) settled.reason = "rejected";
        settled.error = "vera:nej";
        inputs.emplace_back(std::move(settled));
    }
    held_ = std::move(kept);
    if (pick(20) == 0 && !links_.empty()) {
        const std::size_t at = pick(links_.size());
        const LinkId gone = links_[at];
        inputs.emplace_back(ConsumerClosed{gone, pick(2) == 0});
        links_.erase(links_.begin() + static_cast<std::ptrdiff_t>(at));
        delivered_.erase(delivered_.begin() + static_cast<std::ptrdiff_t>(at));
        std::erase_if(held_, [&](const auto& entry) { return entry.first == gone; });
    }
    return inputs;
}

void Differential::write_down(Side& side, bool remembers) {
    for (const Accept& accept : side.bus->out.accepts)
        side.seen += "accept " + std::to_string(accept.to.delivery) +
                     (accept.is_duplicate ? " again\n" : "\n");
    for (const Refuse& refusal : side.bus->out.refusals)
        side.seen += "refuse " + std::to_string(refusal.to.delivery) + "\n";
    for (const Deliver& deliver : side.bus->out.deliveries) {
        side.seen += describe(deliver, side.bus->body_of(deliver));
        if (!remembers) continue;
        held_.emplace_back(deliver.consumer, deliver.copy);
        ++delivered_[static_cast<std::size_t>(std::ranges::find(links_, deliver.consumer) -
                                              links_.begin())];
    }
}

void Differential::perform(const std::vector<Input>& inputs) {
    for (Side& side : sides_) {
        const bool remembers = &side == sides_;
        side.bus->step(inputs, now_);
        write_down(side, remembers);
        while (side.bus->outstanding() != 0) {
            side.bus->take_outcome(now_);
            write_down(side, remembers);
        }
        side.seen += describe(side.bus->counts(now_));
    }
}

void Differential::stop(Side& side) {
    side.bus->step({Stopping{}}, now_);
    while (side.bus->outstanding() != 0)
        side.bus->take_outcome(now_);
    side.bus->stop();
}

void Differential::reopen() {
    const bool in_order = pick(2) == 0;
    for (Side& side : sides_) {
        if (in_order) stop(side);
        side.bus.reset();
        if (!in_order) side.store->crash();
    }
    held_.clear();
    links_.clear();
    delivered_.clear();
    open();
}

std::optional<std::string> Differential::run(int steps) {
    for (int i = 0; i < steps; ++i) {
        now_ = now_ + Millis{static_cast<std::int64_t>(pick(50))};
        if (pick(60) == 0) reopen();
        for (Side& side : sides_)
            side.seen.clear();
        perform(next_inputs());
        if (sides_[0].seen != sides_[1].seen)
            return "step " + std::to_string(i) + ":\n" + sides_[0].seen + "--- but ---\n" +
                   sides_[1].seen;
    }
    for (Side& side : sides_)
        stop(side);
    return std::nullopt;
}

}  // namespace vera::flow::test
