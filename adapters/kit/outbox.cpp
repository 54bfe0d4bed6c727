#include "adapters/kit/outbox.hpp"

#include <algorithm>
#include <utility>

namespace vera::kit {

void Outbox::add(std::uint64_t ticket, std::shared_ptr<const Message> message) {
    entries_.emplace(ticket, Entry{std::move(message), 0, 0, Millis{0}, false});
    ready_.insert(ticket);
}

std::optional<Outbox::Next> Outbox::next(Millis now) {
    while (!waiting_.empty() && waiting_.begin()->first <= now) {
        const std::uint64_t ticket = waiting_.begin()->second;
        waiting_.erase(waiting_.begin());
        entries_.at(ticket).is_waiting = false;
        ready_.insert(ticket);
    }
    if (ready_.empty()) return std::nullopt;
    const std::uint64_t ticket = *ready_.begin();
    ready_.erase(ready_.begin());
    Entry& entry = entries_.at(ticket);
    ++entry.attempts;
    return Next{ticket, entry.message};
}

std::optional<Confirmation> Outbox::settled(Confirmation answer, Millis now) {
    const auto found = entries_.find(answer.ticket);
    if (found == entries_.end()) return std::nullopt;
    Entry& entry = found->second;
    const bool was_released =
        answer.verdict == Verdict::released || answer.verdict == Verdict::modified;
    if (was_released) ++entry.releases;
    if (!was_released || entry.releases >= options_.attempts) {
        answer.attempts = entry.attempts;
        ready_.erase(answer.ticket);
        entries_.erase(found);
        return answer;
    }
    const std::uint32_t doublings = std::min(entry.releases - 1, 20U);
    const Millis wait = std::min(options_.longest_wait, options_.first_wait * (1U << doublings));
    entry.due = now + wait;
    entry.is_waiting = true;
    waiting_.emplace(entry.due, answer.ticket);
    return std::nullopt;
}

void Outbox::connection_lost() {
    waiting_.clear();
    for (auto& [ticket, entry] : entries_) {
        entry.is_waiting = false;
        ready_.insert(ready_.end(), ticket);
    }
}

bool Outbox::withdraw(std::uint64_t ticket) {
    const auto found = entries_.find(ticket);
    if (found == entries_.end()) return false;
    if (found->second.is_waiting) waiting_.erase({found->second.due, ticket});
    ready_.erase(ticket);
    entries_.erase(found);
    return true;
}

std::optional<Millis> Outbox::next_due() const {
    if (waiting_.empty()) return std::nullopt;
    return waiting_.begin()->first;
}

}  // namespace vera::kit
