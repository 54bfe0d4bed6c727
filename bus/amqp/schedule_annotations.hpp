#pragma once
// What a publisher says about when its message is to be delivered.
#include "bus/amqp/section_scanner.hpp"
#include "bus/base/refusal.hpp"
#include "bus/event/raw_event.hpp"

#include <optional>

namespace vera::amqp {

/// Message annotations `x-opt-delivery-time` (milliseconds since 1970, or a timestamp) and
/// `x-opt-delivery-delay` (milliseconds), each any AMQP integer, at most one of them: fills
/// `raw.ready_at`, counted from `raw.arrival`; a time that has passed means at once. Refuses
/// (invalid_field, the annotation named) another type, a negative delay, more than `longest` ahead,
/// and a time at which the message has expired by its own ttl or absolute-expiry-time.
[[nodiscard]] std::optional<Refusal> read_schedule(const Sections& sections,
                                                   Millis longest,
                                                   event::RawEvent& raw);

}  // namespace vera::amqp
