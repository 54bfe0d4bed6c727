#include "tests/support/memory_engine.hpp"

#include <utility>

namespace vera::flow::test {

MemoryEngine::MemoryEngine(std::shared_ptr<MemoryDisk> disk, bool is_eager)
    : disk_(std::move(disk)),
      is_eager_(is_eager) {}

MemoryEngine::~MemoryEngine() {
    disk_->is_in_use = false;
}

Result<Recovery> MemoryEngine::recover(RecoverySink& sink) {
    if (std::exchange(disk_->is_in_use, true)) return fail(Errc::refused, "the store is in use");
    const Recovery recovery = disk_->store.recover(sink);
    disk_->store.set_was_clean(false);
    return recovery;
}

void MemoryEngine::submit(Batch batch) {
    submitted_.push_back(std::move(batch));
    if (is_eager_) sync();
}

void MemoryEngine::sync(std::optional<Errc> failure) {
    const Batch batch = std::move(submitted_.front());
    submitted_.pop_front();
    Outcome outcome;
    outcome.ticket = batch.ticket;
    outcome.ok = !failure;
    if (failure) {
        outcome.error = {*failure, "as the test wants it"};
    } else {
        outcome.bodies = disk_->store.apply(batch);
    }
    listener_->on_outcome(std::move(outcome));
}

void MemoryEngine::sync_silently() {
    (void)disk_->store.apply(submitted_.front());
    submitted_.pop_front();
}

std::optional<Result<Body>> MemoryEngine::fetch_now(const BodyRef& ref) {
    const std::string* message = disk_->store.message(ref);
    if (message == nullptr) return Result<Body>(fail(Errc::corrupt, "no such message"));
    return Result<Body>(
        Body{Block::copy_of(*message), 0, static_cast<std::uint32_t>(message->size())});
}

void MemoryEngine::fetch(const BodyRef& ref, std::function<void(Result<Body>)> done) {
    done(*fetch_now(ref));
}

void MemoryEngine::stop() {
    while (!submitted_.empty())
        sync();
    disk_->store.set_was_clean(true);
}

}  // namespace vera::flow::test
