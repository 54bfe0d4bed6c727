#include "bus/amqp/frame_guard.hpp"

#include "tests/support/catch.hpp"
#include "tests/unit/amqp/wire.hpp"

using namespace vera;
using namespace vera::amqp;
using namespace vera::wire;

namespace {

// Feeds everything to the guard; the last step that was neither pass nor consumed, or need_more at
// the end.
Step feed(FrameGuard& guard, std::string_view input, std::string* passed = nullptr) {
    for (;;) {
        const Step step = guard.next(input);
        if (step.verdict != Verdict::pass && step.verdict != Verdict::consumed) return step;
        REQUIRE(step.bytes > 0);
        REQUIRE(step.bytes <= input.size());
        if (step.verdict == Verdict::pass && passed != nullptr)
            passed->append(input.substr(0, step.bytes));
        input.remove_prefix(step.bytes);
    }
}

const std::string handshake = sasl_header + sasl_init("ANONYMOUS") + amqp_header;

}  // namespace

TEST_CASE("guard: an ordinary conversation passes unchanged behind SASL ANONYMOUS", "[amqp]") {
    FrameGuard guard(GuardLimits{}, true, true);
    const std::string conversation =
        amqp_header + open() + begin() + attach_sender("s", 0) + attach_receiver("r", 1) +
        flow(1, 10) + transfer(0, 0, "t0", true, "ab") + transfer(0, 0, "t0", false, "c") +
        disposition(true, 0, 0, true, accepted) + detach(0) + end() + close();
    std::string passed;
    const Step last = feed(guard, sasl_header + sasl_init("ANONYMOUS") + conversation, &passed);
    CAPTURE(std::string(guard.text()));
    CHECK(last.verdict == Verdict::need_more);
    CHECK(passed == conversation);
    CHECK(guard.is_closed());
    CHECK(guard.mechanism() == "ANONYMOUS");
    CHECK(guard.buffered_bytes() == 0);
}
