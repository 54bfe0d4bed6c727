#include "bus/flow/messages.hpp"

namespace vera::flow {

void Effects::clear() {
    commit.ticket = 0;
    commit.now = Timestamp{};
    commit.queues.clear();
    commit.events.clear();
    commit.transitions.clear();
    commit.is_urgent = false;
    accepts.clear();
    refusals.clear();
    deliveries.clear();
    drained.clear();
    durable.clear();
    closes.clear();
    answers.clear();
    wake_at.reset();
}

}  // namespace vera::flow
