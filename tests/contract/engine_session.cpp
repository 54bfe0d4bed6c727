#include "tests/contract/engine_session.hpp"

#include <chrono>
#include <future>
#include <stdexcept>
#include <utility>

namespace vera::flow::test {

namespace {
constexpr std::chrono::seconds deadline{30};
}  // namespace

void OutcomeBox::on_outcome(Outcome outcome) {
    const std::lock_guard lock(mutex_);
    outcomes_.push_back(std::move(outcome));
    arrived_.notify_all();
}

Outcome OutcomeBox::wait() {
    std::unique_lock lock(mutex_);
    if (!arrived_.wait_for(lock, deadline, [this] { return !outcomes_.empty(); }))
        throw std::runtime_error("no outcome within 30 s");
    Outcome outcome = std::move(outcomes_.front());
    outcomes_.pop_front();
    return outcome;
}

std::size_t OutcomeBox::size() {
    const std::lock_guard lock(mutex_);
    return outcomes_.size();
}

void Collected::on_queue(QueueSpec queue) {
    if (!events.empty()) throw std::runtime_error("a queue after an event");
    queues.insert_or_assign(queue.id.value, std::move(queue));
}

const RecoveredCopy* Collected::copy(std::uint64_t seq) const {
    for (const RecoveredEvent& event : events)
        for (const RecoveredCopy& copy : event.copies)
            if (copy.seq.value == seq) return &copy;
    return nullptr;
}

EngineSession::EngineSession(EngineUnderTest& store) : engine_(store.open()) {
    Result<Recovery> result = engine_->recover(recovered);
    if (!result) throw std::runtime_error("recovery: " + result.error().text);
    recovery = *std::move(result);
    engine_->start(box_);
}

void EngineSession::submit(Batch batch) {
    batch.ticket = ++last_ticket_;
    engine_->submit(std::move(batch));
}

std::vector<BodyRef> EngineSession::commit(Batch batch) {
    submit(std::move(batch));
    Outcome outcome = box_.wait();
    if (!outcome.ok) throw std::runtime_error("commit: " + outcome.error.text);
    if (outcome.ticket != last_ticket_) throw std::runtime_error("another ticket");
    return std::move(outcome.bodies);
}

std::string EngineSession::fetch(const BodyRef& ref) {
    if (auto now = engine_->fetch_now(ref)) {
        if (!*now) throw std::runtime_error("fetch_now: " + now->error().text);
        return std::string((**now).view());
    }
    auto promise = std::make_shared<std::promise<Result<Body>>>();
    std::future<Result<Body>> future = promise->get_future();
    engine_->fetch(ref, [promise](Result<Body> body) { promise->set_value(std::move(body)); });
    if (future.wait_for(deadline) != std::future_status::ready)
        throw std::runtime_error("no body within 30 s");
    const Result<Body> body = future.get();
    if (!body) throw std::runtime_error("fetch: " + body.error().text);
    return std::string(body->view());
}

}  // namespace vera::flow::test
