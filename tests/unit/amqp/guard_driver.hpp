#pragma once
// Drives a FrameGuard as the front door does, for tests.
#include "bus/amqp/frame_guard.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/amqp/wire.hpp"

#include <string>
#include <string_view>

namespace vera::wire {

inline const std::string anonymous = sasl_header + sasl_init("ANONYMOUS");
inline const std::string handshake = anonymous + amqp_header;
/// Handshake, open, session 0, a link to send on (handle 0) and one to receive on (handle 1).
inline const std::string two_links =
    handshake + open() + begin() + attach_sender("s", 0) + attach_receiver("r", 1);

/// Feeds everything to the guard; the step that was neither pass nor consumed.
inline amqp::Step feed(amqp::FrameGuard& guard,
                       std::string_view input,
                       std::string* passed = nullptr) {
    for (;;) {
        const amqp::Step step = guard.next(input);
        if (step.verdict != amqp::Verdict::pass && step.verdict != amqp::Verdict::consumed)
            return step;
        REQUIRE(step.bytes > 0);
        REQUIRE(step.bytes <= input.size());
        if (step.verdict == amqp::Verdict::pass && passed != nullptr)
            passed->append(input.substr(0, step.bytes));
        input.remove_prefix(step.bytes);
    }
}

/// "condition | text" of the refusal, or "passes".
inline std::string verdict_on(std::string_view input, const amqp::GuardLimits& limits = {}) {
    amqp::FrameGuard guard(limits, true, true);
    const amqp::Step last = feed(guard, input);
    if (last.verdict == amqp::Verdict::need_more) return "passes";
    if (last.verdict == amqp::Verdict::wait) return "waits";
    CHECK(last.verdict == amqp::Verdict::refuse);
    CHECK(guard.next(input).verdict == amqp::Verdict::refuse);  // for ever
    return std::string(guard.condition()) + " | " + std::string(guard.text());
}

}  // namespace vera::wire
