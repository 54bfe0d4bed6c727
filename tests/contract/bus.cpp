#include "tests/contract/bus.hpp"

#include <chrono>
#include <future>
#include <stdexcept>
#include <utility>

namespace vera::flow::test {

Bus::Bus(EngineUnderTest& store, std::vector<QueueSpec> queues, Timestamp now)
    : core_(std::make_unique<BusCore>(CoreOptions{.hot_bytes = 2000, .admit = nullptr})),
      engine_(store.open()) {
    Result<Recovery> recovered = engine_->recover(*core_);
    if (!recovered) throw std::runtime_error("recovery: " + recovered.error().text);
    recovery = *std::move(recovered);
    engine_->start(box_);
    auto snapshot = std::make_shared<Snapshot>();
    snapshot->generation = Generation{1};
    snapshot->queues = std::move(queues);
    snapshot_ = snapshot;
    core_->start(std::move(snapshot), recovery, now, out);
    submit();
}

void Bus::submit() {
    if (!out.has_commit()) return;
    ++outstanding_;
    engine_->submit(std::move(out.commit));
}

const Effects& Bus::step(std::vector<Input> inputs, Timestamp now) {
    out = Effects{};
    for (Input& input : inputs)
        core_->on(std::move(input), now, out);
    core_->finish(now, out);
    submit();
    return out;
}

const Effects& Bus::take_outcome(Timestamp now) {
    std::vector<Input> inputs;
    inputs.emplace_back(box_.wait());
    --outstanding_;
    return step(std::move(inputs), now);
}

std::string Bus::body_of(const Deliver& deliver) {
    if (deliver.hot) return std::string(deliver.hot.view());
    if (auto now = engine_->fetch_now(deliver.body)) {
        if (!*now) throw std::runtime_error("fetch_now: " + now->error().text);
        return std::string((**now).view());
    }
    auto promise = std::make_shared<std::promise<Result<Body>>>();
    std::future<Result<Body>> future = promise->get_future();
    engine_->fetch(deliver.body,
                   [promise](Result<Body> body) { promise->set_value(std::move(body)); });
    if (future.wait_for(std::chrono::seconds{30}) != std::future_status::ready)
        throw std::runtime_error("no body within 30 s");
    const Result<Body> body = future.get();
    if (!body) throw std::runtime_error("fetch: " + body.error().text);
    return std::string(body->view());
}

Counts Bus::counts(Timestamp now) {
    Effects asked;
    core_->on(Ask{1, AskCounts{}}, now, asked);
    return std::get<Counts>(std::move(asked.answers.at(0).what));
}

}  // namespace vera::flow::test
