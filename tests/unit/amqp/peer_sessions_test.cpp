#include "tests/unit/amqp/guard_driver.hpp"

using namespace vera;
using namespace vera::amqp;
using namespace vera::wire;

namespace {

std::string performative(std::uint64_t descriptor,
                         std::initializer_list<std::string> fields,
                         unsigned channel = 0) {
    return frame(described(descriptor, fields), channel);
}
std::string plain_attach(std::string_view name,
                         std::uint64_t handle,
                         std::initializer_list<std::string> rest) {
    std::string items = str(name) + u32(handle);
    for (const auto& field : rest)
        items += field;
    return frame(described(0x12, compound(code::list8, items, 2 + rest.size())));
}
// A transfer whose fields behind the handle are given, then the payload.
std::string raw_transfer(std::uint64_t handle,
                         std::initializer_list<std::string> rest,
                         std::string_view payload = "x") {
    std::string items = u32(handle);
    for (const auto& field : rest)
        items += field;
    return frame(described(0x14, compound(code::list8, items, 1 + rest.size())) +
                 std::string(payload));
}

}  // namespace

TEST_CASE("guard: sessions and links are begun, attached and ended in order", "[amqp]") {
    struct Row {
        std::string name, input, want;
    };
    const auto row = GENERATE(values<Row>({
        {"a channel above channel-max",
         begin(32),
         "amqp:connection:framing-error | begin: channel above channel-max"},
        {"the highest channel", begin(31), "passes"},
        {"a channel in use", begin(0), "amqp:not-allowed | begin: channel is in use"},
        {"an answer to a session never begun (P12)",
         performative(0x11, {u16(0), u32(0), u32(1), u32(1)}, 1),
         "amqp:invalid-field | begin.remote-channel: answers a session never begun"},
        {"incoming-window 2^31",
         performative(0x11, {null, u32(0), u32(0x80000000), u32(1)}, 1),
         "amqp:invalid-field | begin.incoming-window: above 2147483647"},
        {"begin without windows",
         performative(0x11, {null, u32(0)}, 1),
         "amqp:invalid-field | begin.incoming-window: is missing"},
        {"attach without session",
         attach_sender("x", 0, "events", 4),
         "amqp:not-allowed | attach: no session on this channel"},
        {"end without session", end(4), "amqp:not-allowed | end: no session on this channel"},
        {"flow without session",
         flow(0, 1, 4),
         "amqp:not-allowed | flow: no session on this channel"},
        {"transfer on channel 65535",
         transfer(0, 0, "t", false, "", 65535),
         "amqp:not-allowed | transfer: no session on this channel"},
        {"disposition without session",
         disposition(true, 0, 0, true, accepted, 4),
         "amqp:not-allowed | disposition: no session on this channel"},
        {"end twice", end() + end(), "amqp:not-allowed | end: no session on this channel"},
        {"a channel begun anew", end() + begin() + attach_sender("s", 0), "passes"},
        {"a handle in use",
         attach_sender("x", 0),
         "amqp:session:handle-in-use | attach.handle: is in use"},
        {"a handle above handle-max",
         attach_sender("x", 256),
         "amqp:connection:framing-error | attach.handle: above handle-max"},
        {"handle 4294967295",
         attach_sender("x", 0xffffffff),
         "amqp:connection:framing-error | attach.handle: above handle-max"},
        {"the highest handle", attach_sender("x", 255), "passes"},
        {"a name in use", attach_sender("s", 2), "amqp:not-allowed | attach.name: is in use"},
        {"the same name in the other direction", attach_receiver("s", 2), "passes"},
        {"a name used again after detach", detach(0) + attach_sender("s", 2), "passes"},
        {"an empty name",
         attach_sender("", 2),
         "amqp:invalid-field | attach.name: is not 1 to 255 bytes long"},
        {"a name of 256 bytes",
         attach_sender(std::string(256, 'n'), 2),
         "amqp:invalid-field | attach.name: is not 1 to 255 bytes long"},
        {"snd-settle-mode 3",
         plain_attach("x", 2, {yes, u8(3)}),
         "amqp:invalid-field | attach.snd-settle-mode: is not 0, 1 or 2"},
        {"rcv-settle-mode 2",
         plain_attach("x", 2, {yes, u8(0), u8(2)}),
         "amqp:invalid-field | attach.rcv-settle-mode: is not 0 or 1"},
        {"a sender without initial-delivery-count",
         plain_attach("x", 2, {no}),
         "amqp:invalid-field | attach.initial-delivery-count: is missing"},
        {"an attach without role",
         plain_attach("x", 2, {}),
         "amqp:invalid-field | attach.role: is missing"},
        {"termini of the wrong kind",
         plain_attach("x", 2, {yes, null, null, described(0x29, {})}),
         "amqp:decode-error | attach.source: has an unknown descriptor"},
        {"unsettled with a string key",
         plain_attach("x", 2, {yes, null, null, null, null, map({str("t"), null})}),
         "amqp:decode-error | attach.unsettled: has a key of the wrong type"},
        {"detach of an unknown handle",
         detach(9),
         "amqp:session:unattached-handle | detach.handle: no such link"},
        {"detach twice",
         detach(0) + detach(0),
         "amqp:session:unattached-handle | detach.handle: no such link"},
    }));
    CAPTURE(row.name);
    CHECK(verdict_on(two_links + row.input) == row.want);
}

TEST_CASE("guard: the peer's own channel-max and handle-max are kept", "[amqp]") {
    const std::string narrow = handshake + frame(described(0x10, {str("c"), null, null, u16(1)}));
    CHECK(verdict_on(narrow + begin(1)) == "passes");
    CHECK(verdict_on(narrow + begin(2)) ==
          "amqp:connection:framing-error | begin: channel above channel-max");
    const std::string one_link =
        narrow + performative(0x11, {null, u32(0), u32(1), u32(1), u32(0)}) + attach_sender("a", 5);
    CHECK(verdict_on(one_link) == "passes");
    CHECK(verdict_on(one_link + attach_sender("b", 6)) ==
          "amqp:resource-limit-exceeded | attach: more links than the peer's handle-max allows");
    CHECK(verdict_on(one_link + detach(5) + attach_sender("b", 6)) == "passes");
}

TEST_CASE("guard: what the engine holds for links is bounded, and given back", "[amqp]") {
    GuardLimits limits;
    limits.max_attached = 10000;
    const auto heavy = [](unsigned handle) {
        std::string items;
        for (int i = 0; i < 100; ++i)
            items += null;
        const std::string properties = map({sym("k"), compound(code::list8, items, 100)});
        return plain_attach(
            "heavy" + std::to_string(handle),
            handle,
            {yes, null, null, null, null, null, null, null, null, null, null, properties});
    };
    const std::string start = handshake + open() + begin() + begin(1);
    CHECK(verdict_on(start + heavy(0), limits) == "passes");
    CHECK(verdict_on(start + heavy(0) + heavy(1), limits) ==
          "amqp:resource-limit-exceeded | attach: the connection's links hold too much");
    CHECK(verdict_on(start + heavy(0) + detach(0) + heavy(1), limits) == "passes");
    CHECK(verdict_on(start + heavy(0) + end() + begin() + heavy(1), limits) == "passes");
}

TEST_CASE("guard: transfers follow the rules of their delivery", "[amqp]") {
    struct Row {
        std::string name, input, want;
    };
    const std::string first = transfer(0, 0, "t", true, "x");
    const auto row = GENERATE_COPY(values<Row>({
        {"more without delivery-id (P1)",
         raw_transfer(0, {null, bin("t"), null, null, yes}),
         "amqp:invalid-field | transfer.delivery-id: is missing on the first transfer of a "
         "delivery"},
        {"no delivery-tag",
         raw_transfer(0, {u32(0)}),
         "amqp:invalid-field | transfer.delivery-tag: is missing on the first transfer of a "
         "delivery"},
        {"a tag of 33 bytes",
         transfer(0, 0, std::string(33, 't'), false, ""),
         "amqp:invalid-field | transfer.delivery-tag: is longer than 32 bytes"},
        {"an empty tag", transfer(0, 0, "", false, ""), "passes"},
        {"an empty payload (P2)", transfer(0, 0, "t", false, ""), "passes"},
        {"the first id may be anything",
         transfer(0, 0xffffffff, "t", false, "") + transfer(0, 0, "u", false, ""),
         "passes"},
        {"an id that leaves one out",
         transfer(0, 0, "t", false, "") + transfer(0, 2, "u", false, ""),
         "amqp:invalid-field | transfer.delivery-id: is out of sequence"},
        {"an id used again",
         transfer(0, 0, "t", false, "") + transfer(0, 0, "u", false, ""),
         "amqp:invalid-field | transfer.delivery-id: is out of sequence"},
        {"aborted at once",
         raw_transfer(0, {u32(0), bin("t"), null, null, null, null, null, null, yes}),
         "amqp:invalid-field | transfer.aborted: on the first transfer of a delivery"},
        {"aborted later, then the next delivery",
         first + raw_transfer(0, {null, null, null, null, null, null, null, null, yes}) +
             transfer(0, 1, "u", false, ""),
         "passes"},
        {"a continuation without id and tag",
         first + raw_transfer(0, {null, null, null, null, no}),
         "passes"},
        {"a continuation with another id",
         first + transfer(0, 1, "t", false, ""),
         "amqp:invalid-field | transfer.delivery-id: changes within a delivery"},
        {"a continuation with another tag",
         first + transfer(0, 0, "u", false, ""),
         "amqp:invalid-field | transfer.delivery-tag: changes within a delivery"},
        {"settled taken back",
         raw_transfer(0, {u32(0), bin("t"), null, yes, yes}) +
             raw_transfer(0, {null, null, null, no}),
         "amqp:invalid-field | transfer.settled: is taken back"},
        {"settled in the last transfer",
         first + raw_transfer(0, {null, null, null, yes}),
         "passes"},
        {"resume",
         raw_transfer(0, {u32(0), bin("t"), null, null, null, null, null, yes}),
         "amqp:not-implemented | transfer.resume: links are not resumed"},
        {"a state",
         raw_transfer(0, {u32(0), bin("t"), null, null, null, null, accepted}),
         "amqp:not-implemented | transfer.state: is not taken"},
        {"rcv-settle-mode 2",
         raw_transfer(0, {u32(0), bin("t"), null, null, null, u8(2)}),
         "amqp:invalid-field | transfer.rcv-settle-mode: is not 0 or 1"},
        {"another message-format is for the door",
         raw_transfer(0, {u32(0), bin("t"), u32(7)}),
         "passes"},
        {"an unknown handle",
         transfer(9, 0, "t", false, ""),
         "amqp:session:unattached-handle | transfer.handle: no such link"},
        {"handle 4294967295",
         transfer(0xffffffff, 0, "t", false, ""),
         "amqp:session:unattached-handle | transfer.handle: no such link"},
        {"a link the peer receives on",
         transfer(1, 0, "t", false, ""),
         "amqp:not-allowed | transfer.handle: the peer is the link's receiver"},
        {"a handle after its detach",
         detach(0) + transfer(0, 0, "t", false, ""),
         "amqp:session:unattached-handle | transfer.handle: no such link"},
        {"no handle", performative(0x14, {}), "amqp:invalid-field | transfer.handle: is missing"},
        {"ids go on over links",
         attach_sender("s2", 2) + first + transfer(2, 1, "u", false, "") +
             transfer(0, 0, "t", false, "") + transfer(2, 2, "v", false, ""),
         "passes"},
    }));
    CAPTURE(row.name);
    CHECK(verdict_on(two_links + row.input) == row.want);
}

TEST_CASE("guard: bytes of unfinished deliveries are counted and bounded", "[amqp]") {
    GuardLimits limits;
    limits.max_message = 100;
    limits.max_unfinished = 150;
    FrameGuard guard(limits, true, true);
    REQUIRE(feed(guard, two_links + attach_sender("s2", 2)).verdict == Verdict::need_more);
    const std::string sixty(60, 'x');
    CHECK(feed(guard, transfer(0, 0, "t", true, sixty)).verdict == Verdict::need_more);
    CHECK(guard.buffered_bytes() == 60);
    SECTION("a delivery above the link's limit") {
        CHECK(feed(guard, transfer(0, 0, "t", true, sixty)).verdict == Verdict::refuse);
        CHECK(guard.condition() == "amqp:link:message-size-exceeded");
        CHECK(guard.text() == "transfer: the delivery is larger than 100 bytes");
    }
    SECTION("the last transfer counts too") {
        CHECK(feed(guard, transfer(0, 0, "t", false, std::string(41, 'x'))).verdict ==
              Verdict::refuse);
    }
    SECTION("exactly the limit passes and leaves nothing") {
        CHECK(feed(guard, transfer(0, 0, "t", false, std::string(40, 'x'))).verdict ==
              Verdict::need_more);
        CHECK(guard.buffered_bytes() == 0);
    }
    SECTION("a smaller limit of the link, which counts from what is there") {
        guard.set_link_limit(0, 0, 70);
        guard.set_link_limit(0, 9, 1);
        guard.set_link_limit(9, 0, 1);
        CHECK(feed(guard, transfer(0, 0, "t", true, "0123456789")).verdict == Verdict::need_more);
        CHECK(feed(guard, transfer(0, 0, "t", true, "0")).verdict == Verdict::refuse);
        CHECK(guard.text() == "transfer: the delivery is larger than 70 bytes");
    }
    SECTION("a link limit never exceeds the connection's") {
        guard.set_link_limit(0, 0, 1000);
        CHECK(feed(guard, transfer(0, 0, "t", false, std::string(41, 'x'))).verdict ==
              Verdict::refuse);
    }
    SECTION("many unfinished deliveries together") {
        CHECK(feed(guard, transfer(2, 1, "u", true, sixty)).verdict == Verdict::need_more);
        CHECK(feed(guard, attach_sender("s3", 3) + transfer(3, 2, "v", true, sixty)).verdict ==
              Verdict::refuse);
        CHECK(guard.condition() == "amqp:resource-limit-exceeded");
    }
    SECTION("detach and end give the bytes back") {
        CHECK(feed(guard, transfer(2, 1, "u", true, "12345")).verdict == Verdict::need_more);
        CHECK(guard.buffered_bytes() == 65);
        CHECK(feed(guard, detach(0)).verdict == Verdict::need_more);
        CHECK(guard.buffered_bytes() == 5);
        CHECK(feed(guard, end()).verdict == Verdict::need_more);
        CHECK(guard.buffered_bytes() == 0);
    }
}

TEST_CASE("guard: flows name what is there and cannot wrap the engine's counts", "[amqp]") {
    struct Row {
        std::string name, input, want;
    };
    const auto sender_flow = [](const std::string& count) {
        return performative(0x13, {u32(0), u32(1), u32(0), u32(1), u32(0), count, u32(0)});
    };
    const auto row = GENERATE_COPY(values<Row>({
        {"of the session alone", performative(0x13, {u32(0), u32(1), u32(0), u32(1)}), "passes"},
        {"largest credit", flow(1, 0x7fffffff), "passes"},
        {"credit 2^31",
         flow(1, 0x80000000),
         "amqp:invalid-field | flow.link-credit: above 2147483647"},
        {"incoming-window 2^31",
         performative(0x13, {u32(0), u32(0x80000000), u32(0), u32(1)}),
         "amqp:invalid-field | flow.incoming-window: above 2147483647"},
        {"an unknown handle",
         flow(9, 1),
         "amqp:session:unattached-handle | flow.handle: no such link"},
        {"no windows",
         performative(0x13, {u32(0)}),
         "amqp:invalid-field | flow.incoming-window: is missing"},
        {"a sender without delivery-count",
         sender_flow(null),
         "amqp:invalid-field | flow.delivery-count: is missing from the sender"},
        {"a sender's exact count", transfer(0, 0, "t", false, "") + sender_flow(u32(1)), "passes"},
        {"a sender's count behind",
         transfer(0, 0, "t", false, "") + sender_flow(u32(0)),
         "amqp:invalid-field | flow.delivery-count: is behind the deliveries sent"},
        {"a sender that drained", sender_flow(u32(1000)) + sender_flow(u32(1000)), "passes"},
        {"a sender's count far ahead",
         sender_flow(u32(0x7fffffff)),
         "amqp:invalid-field | flow.delivery-count: is far ahead of the deliveries sent"},
        {"a receiver without delivery-count",
         performative(0x13, {u32(0), u32(1), u32(0), u32(1), u32(1), null, u32(5)}),
         "passes"},
    }));
    CAPTURE(row.name);
    CHECK(verdict_on(two_links + row.input) == row.want);
}

TEST_CASE("guard: a flow that takes back what is under way is eased for the engine", "[amqp]") {
    const auto told = [](std::uint64_t next,
                         std::uint64_t window,
                         std::uint64_t count,
                         std::uint64_t credit) {
        return performative(
            0x13,
            {u32(next), u32(window), u32(0), u32(9), u32(1), u32(count), u32(credit), null, yes});
    };
    FrameGuard guard({}, true, true);
    CHECK(feed(guard, two_links).verdict == Verdict::need_more);
    CHECK(guard.next(told(0, 5, 0, 0x7fffffff)).credit_change == 0x7fffffff);
    guard.written(amqp_header + frame(described(0x11, {u16(0), u32(0), u32(9), u32(9)})));
    for (int i = 0; i < 4; ++i)
        guard.written(frame(described(0x14, {u32(0), u32(0), bin("t")}) + "x"));
    CHECK(guard.next(told(1, 3, 4, 0x7fffffff)).window_short == 0);
    const std::string less = told(1, 2, 2, 1);
    const Step step = guard.next(less);
    CHECK(step.verdict == Verdict::pass);
    CHECK(step.handle == 1);
    CHECK(step.credit_change == 2 - 4 + 1 - 0x7fffffffLL);
    CHECK(step.window_short == 1);
    const std::string eased = guard.eased_flow(less, 1, 1);
    FrameGuard engine({}, true, true);
    CHECK(feed(engine, two_links + told(0, 5, 0, 0)).verdict == Verdict::need_more);
    const Step as_eased = engine.next(eased);
    CHECK(as_eased.verdict == Verdict::pass);
    CHECK(as_eased.bytes == eased.size());
    CHECK(as_eased.credit_change == 4);                      // 2 + 1 and one more
    CHECK(guard.next(told(1, 3, 2, 2)).credit_change == 0);  // counted from what was eased
}

TEST_CASE("guard: dispositions are bounded and of what exists", "[amqp]") {
    struct Row {
        std::string name, input, want;
    };
    const auto row = GENERATE(values<Row>({
        {"unknown ids", disposition(true, 5, 90, true, accepted), "passes"},
        {"backwards",
         disposition(true, 5, 4, true, accepted),
         "amqp:invalid-field | disposition.last: is before first"},
        {"over the wrap", disposition(true, 0xffffffff, 1, true, accepted), "passes"},
        {"65536 ids", disposition(true, 0, 65535, true, accepted), "passes"},
        {"65537 ids",
         disposition(true, 0, 65536, true, accepted),
         "amqp:resource-limit-exceeded | disposition: more than 65536 deliveries"},
        {"2^31 ids",
         disposition(true, 0, 0x7fffffff, true, accepted),
         "amqp:resource-limit-exceeded | disposition: more than 65536 deliveries"},
        {"no first",
         performative(0x15, {yes}),
         "amqp:invalid-field | disposition.first: is missing"},
    }));
    CAPTURE(row.name);
    CHECK(verdict_on(two_links + row.input) == row.want);
}

TEST_CASE("guard: dispositions that concern nothing never reach the engine", "[amqp]") {
    GuardLimits limits;
    limits.knows_sent = true;
    FrameGuard guard(limits, true, true);
    REQUIRE(feed(guard, two_links).verdict == Verdict::need_more);
    const auto verdict = [&](const std::string& bytes) { return guard.next(bytes).verdict; };
    CHECK(verdict(disposition(true, 0, 0, true, accepted)) ==
          Verdict::consumed);  // nothing was sent
    guard.delivery_sent(0);
    guard.delivery_sent(7);  // no such session: nothing
    CHECK(verdict(disposition(true, 0, 0, false, null)) == Verdict::consumed);  // says nothing
    CHECK(verdict(disposition(true, 1, 9, true, accepted)) == Verdict::consumed);
    CHECK(verdict(disposition(true, 0, 0, true, accepted)) == Verdict::pass);
    CHECK(verdict(disposition(false, 0, 0, true, null)) ==
          Verdict::consumed);  // the peer has sent nothing
    CHECK(verdict(transfer(0, 40, "t", false, "x")) == Verdict::pass);
    CHECK(verdict(disposition(false, 39, 39, true, null)) == Verdict::consumed);
    CHECK(verdict(disposition(false, 41, 41, true, null)) == Verdict::consumed);
    CHECK(verdict(disposition(false, 40, 40, true, null)) == Verdict::pass);
}

TEST_CASE("guard: the same deliveries are not settled for ever (P16)", "[amqp]") {
    GuardLimits limits;
    limits.knows_sent = true;
    FrameGuard guard(limits, true, true);
    REQUIRE(feed(guard, two_links).verdict == Verdict::need_more);
    for (int i = 0; i < 1000; ++i)
        guard.delivery_sent(0);
    int passed = 0;
    while (guard.next(disposition(true, 0, 999, false, accepted)).verdict == Verdict::pass)
        ++passed;
    CHECK(passed == 5);  // four visits for each delivery and a start of 1024
    CHECK(guard.condition() == "amqp:resource-limit-exceeded");
    CHECK(guard.text() == "disposition: the same deliveries too often");
}

TEST_CASE("guard: settlements pass however many deliveries a session has seen", "[amqp]") {
    GuardLimits limits;
    limits.knows_sent = true;
    FrameGuard guard(limits, true, true);
    REQUIRE(feed(guard, two_links).verdict == Verdict::need_more);
    const std::uint64_t count =
        GENERATE(values<std::uint64_t>({0x7fffffffU, 0x80000005U, 0xfffffff0U, 0x100000005U}));
    guard.delivery_sent(0, count);
    const auto last = static_cast<std::uint32_t>(count - 1);
    CHECK(guard.next(disposition(true, last, last, true, accepted)).verdict == Verdict::pass);
    CHECK(guard.next(disposition(true, last - 3, last, true, accepted)).verdict == Verdict::pass);
    CHECK(guard.next(disposition(true, last + 1, last + 1, true, accepted)).verdict ==
          Verdict::consumed);
}

TEST_CASE("guard: the age of the oldest unfinished delivery is known", "[amqp]") {
    FrameGuard guard({}, true, true);
    REQUIRE(feed(guard, two_links).verdict == Verdict::need_more);
    guard.set_time(1000);
    CHECK(guard.unfinished_ms() == 0);
    CHECK(guard.next(transfer(0, 0, "t", true, "x")).verdict == Verdict::pass);
    guard.set_time(3500);
    CHECK(guard.unfinished_ms() == 2500);
    CHECK(guard.next(transfer(0, 0, "t", false, "x")).verdict == Verdict::pass);
    CHECK(guard.unfinished_ms() == 0);
}

TEST_CASE("guard: ten thousand deliveries settled one by one, twice, are nothing unusual",
          "[amqp]") {
    GuardLimits limits;
    limits.knows_sent = true;
    FrameGuard guard(limits, true, true);
    REQUIRE(feed(guard, two_links).verdict == Verdict::need_more);
    for (std::uint32_t id = 0; id < 10000; ++id) {
        guard.delivery_sent(0);
        REQUIRE(guard.next(disposition(true, id, id, false, accepted)).verdict == Verdict::pass);
        REQUIRE(guard.next(disposition(true, id, id, true, null)).verdict == Verdict::pass);
    }
}
