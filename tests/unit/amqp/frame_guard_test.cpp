#include "bus/amqp/frame_guard.hpp"

#include "tests/unit/amqp/guard_driver.hpp"

#include <vector>

using namespace vera;
using namespace vera::amqp;
using namespace vera::wire;

namespace {

const std::string conversation =
    amqp_header + open() + begin() + attach_sender("s", 0) + attach_receiver("r", 1) + flow(1, 10) +
    transfer(0, 0, "t0", true, "ab") + transfer(0, 0, "t0", false, "c") +
    disposition(true, 0, 0, true, accepted) + frame("") + detach(0) + end() + close();

// One frame on channel 0 of a performative whose fields are given.
std::string performative(std::uint64_t descriptor, std::initializer_list<std::string> fields) {
    return frame(described(descriptor, fields));
}

}  // namespace

TEST_CASE("guard: an ordinary conversation passes unchanged behind SASL", "[amqp]") {
    FrameGuard guard(GuardLimits{}, true, true);
    std::string passed;
    const Step last = feed(guard, anonymous + conversation, &passed);
    CAPTURE(std::string(guard.text()));
    CHECK(last.verdict == Verdict::need_more);
    CHECK(passed == conversation);
    CHECK(guard.is_closed());
    CHECK(guard.mechanism() == "ANONYMOUS");
    CHECK(guard.buffered_bytes() == 0);
}

TEST_CASE("guard: however the bytes arrive, the same units pass", "[amqp]") {
    const std::string whole = anonymous + conversation;
    for (std::size_t piece = 1; piece < 40; ++piece) {
        FrameGuard guard(GuardLimits{}, true, true);
        std::string input, passed;
        for (std::size_t at = 0; at < whole.size(); at += piece) {
            input += whole.substr(at, piece);
            for (;;) {
                const Step step = guard.next(input);
                REQUIRE(step.verdict != Verdict::refuse);
                if (step.verdict == Verdict::need_more) break;
                if (step.verdict == Verdict::pass) passed.append(input, 0, step.bytes);
                input.erase(0, step.bytes);
            }
        }
        CHECK(passed == conversation);
    }
}

TEST_CASE("guard: a conversation cut anywhere never passes half a frame", "[amqp]") {
    const std::string whole = anonymous + conversation;
    for (std::size_t length = 0; length < whole.size(); ++length) {
        FrameGuard guard(GuardLimits{}, true, true);
        std::string_view input(whole.data(), length);
        for (;;) {
            const Step step = guard.next(input);
            REQUIRE(step.verdict != Verdict::refuse);
            if (step.verdict == Verdict::need_more) break;
            REQUIRE(step.bytes <= input.size());
            input.remove_prefix(step.bytes);
        }
    }
}

TEST_CASE("guard: barriers stand after begin, attach, detach, end and close, and tell where",
          "[amqp]") {
    FrameGuard guard(GuardLimits{}, true, true);
    REQUIRE(feed(guard, handshake + open()).verdict == Verdict::need_more);
    const auto step_of = [&](const std::string& bytes) { return guard.next(bytes); };
    CHECK(step_of(begin(3)).is_barrier);
    const Step attached = step_of(attach_sender("s", 7, "events", 3));
    CHECK(attached.is_barrier);
    CHECK(attached.channel == 3);
    CHECK(attached.handle == 7);
    CHECK_FALSE(step_of(transfer(7, 0, "t", false, "x", 3)).is_barrier);
    CHECK_FALSE(step_of(disposition(true, 0, 0, true, accepted, 3)).is_barrier);
    const Step detached = step_of(detach(7, 3));
    CHECK(detached.is_barrier);
    CHECK(detached.handle == 7);
    CHECK(step_of(end(3)).is_barrier);
    CHECK(step_of(close()).is_barrier);
}

TEST_CASE("guard: frames that are no frames are refused", "[amqp]") {
    struct Row {
        std::string name, input, want;
    };
    const auto row = GENERATE(values<Row>({
        {"size below 8",
         be(7, 4) + "\x02\x00\x00\x00"s,
         "amqp:connection:framing-error | frame: size 7"},
        {"size above max-frame-size",
         be(65537, 4) + "\x02\x00\x00\x00"s,
         "amqp:connection:framing-error | frame: size 65537"},
        {"size 4294967295",
         be(0xffffffff, 4) + "\x02\x00\x00\x00"s,
         "amqp:connection:framing-error | frame: size 4294967295"},
        {"data offset 1",
         be(8, 4) + "\x01\x00\x00\x00"s,
         "amqp:connection:framing-error | frame: data offset 4"},
        {"data offset behind the frame",
         be(8, 4) + "\x03\x00\x00\x00"s,
         "amqp:connection:framing-error | frame: data offset 12"},
        {"type 2", be(8, 4) + "\x02\x02\x00\x00"s, "amqp:connection:framing-error | frame: type 2"},
        {"empty before open",
         frame(""),
         "amqp:connection:framing-error | frame: empty before open"},
        {"begin before open", begin(), "amqp:not-allowed | frame: open was expected"},
        {"open twice", open() + open(), "amqp:not-allowed | open: stands twice"},
        {"open on channel 1",
         frame(described(0x10, {str("c")}), 1),
         "amqp:not-allowed | open: not on channel 0"},
        {"close on channel 1",
         open() + frame(described(0x18, {}), 1),
         "amqp:not-allowed | close: not on channel 0"},
        {"bytes behind close",
         open() + close() + frame(""),
         "amqp:connection:framing-error | bytes behind close"},
        {"no descriptor", open() + frame(list({})), "amqp:decode-error | frame: no performative"},
        {"unknown descriptor",
         open() + frame(described(0x19, {})),
         "amqp:not-implemented | frame: unknown performative"},
        {"descriptor 2^64-1",
         open() + frame("\x00\x80"s + be(~0ULL, 8) + "\x45"),
         "amqp:not-implemented | frame: unknown performative"},
        {"descriptor in another domain",
         open() + frame("\x00\x80"s + be(0x0000468c00000014, 8) + "\x45"),
         "amqp:not-implemented | frame: unknown performative"},
        {"symbolic descriptor",
         open() + frame("\x00"s + sym("amqp:begin:list") + list({})),
         "amqp:not-implemented | descriptor: symbolic descriptors are not taken, use the numeric "
         "form"},
        {"descriptor is a string",
         open() + frame("\x00"s + str("x") + list({})),
         "amqp:decode-error | descriptor: is not a ulong"},
        {"descriptor cut",
         open() + frame("\x00\x53"s),
         "amqp:decode-error | descriptor: truncated"},
        {"wide descriptor cut",
         open() + frame("\x00\x80\x00"s),
         "amqp:decode-error | descriptor: truncated"},
        {"described descriptor",
         open() + frame("\x00\x00\x53\x10\x45"s),
         "amqp:decode-error | descriptor: is not a ulong"},
        {"nothing behind the descriptor",
         open() + frame("\x00\x53\x11"s),
         "amqp:decode-error | begin: truncated"},
        {"a map for a list",
         open() + frame(described(0x11, map({}))),
         "amqp:decode-error | begin: is not a list"},
        {"count above the fields",
         open() + frame("\x00\x53\x11\xc0\x02\x04\x40"s),
         "amqp:decode-error | begin.next-outgoing-id: truncated"},
        {"size behind the frame",
         open() + frame("\x00\x53\x11\xc0\xff\x01\x40"s),
         "amqp:decode-error | begin: truncated"},
        {"wide size behind the frame",
         open() + frame("\x00\x53\x11\xd0\xff\xff\xff\xff\x00\x00\x00\x01\x40"s),
         "amqp:decode-error | begin: truncated"},
        {"count 4294967295",
         open() + frame("\x00\x53\x11\xd0\x00\x00\x00\x05\xff\xff\xff\xff\x40"s),
         "amqp:decode-error | begin: has too many fields"},
        {"bytes inside the list behind its fields",
         open() + frame("\x00\x53\x18\xc0\x03\x01\x40\x40"s),
         "amqp:decode-error | close: size and count disagree"},
        {"bytes behind a begin",
         open() + frame(described(0x11, {null, u32(0), u32(1), u32(1)}) + "x"),
         "amqp:decode-error | begin: bytes behind the performative"},
    }));
    CAPTURE(row.name);
    CHECK(verdict_on(handshake + row.input) == row.want);
}

TEST_CASE("guard: fields of the wrong type or value are refused by name", "[amqp]") {
    struct Row {
        std::string name, input, want;
    };
    const auto row = GENERATE(values<Row>({
        {"open without container-id",
         performative(0x10, {}),
         "amqp:invalid-field | open.container-id: is missing"},
        {"container-id is a symbol",
         performative(0x10, {sym("c")}),
         "amqp:decode-error | open.container-id: has the wrong type"},
        {"container-id is not UTF-8",
         performative(0x10, {str("\xc3\x28")}),
         "amqp:decode-error | open.container-id: string is not UTF-8"},
        {"container-id with a zero byte",
         performative(0x10, {str("a\0b"sv)}),
         "amqp:decode-error | open.container-id: holds a zero byte"},
        {"container-id cut",
         frame("\x00\x53\x10\xc0\x04\x01\xa1\x05x"s),
         "amqp:decode-error | open.container-id: truncated"},
        {"max-frame-size 511",
         performative(0x10, {str("c"), null, u32(511)}),
         "amqp:invalid-field | open.max-frame-size: below 512"},
        {"max-frame-size is a ulong",
         performative(0x10, {str("c"), null, u64(70000)}),
         "amqp:decode-error | open.max-frame-size: is not a uint"},
        {"channel-max is a uint",
         performative(0x10, {str("c"), null, null, u32(3)}),
         "amqp:decode-error | open.channel-max: is not a ushort"},
        {"idle-time-out 10 ms",
         performative(0x10, {str("c"), null, null, null, u32(10)}),
         "amqp:invalid-field | open.idle-time-out: below 1000 ms"},
        {"locales is an array of strings",
         performative(0x10, {str("c"), null, null, null, null, array(0xa1, {"\2en"s})}),
         "amqp:decode-error | open.outgoing-locales: is not an array of symbols"},
        {"locales is a string",
         performative(0x10, {str("c"), null, null, null, null, str("en")}),
         "amqp:decode-error | open.outgoing-locales: is neither symbol nor array"},
        {"locale is not ASCII",
         performative(0x10, {str("c"), null, null, null, null, sym("\xc3\xa6")}),
         "amqp:decode-error | open.outgoing-locales: symbol is not ASCII"},
        {"array of 4294967295 elements",
         performative(
             0x10, {str("c"), null, null, null, null, "\xf0\x00\x00\x00\x05\xff\xff\xff\xff\x40"s}),
         "amqp:decode-error | open.outgoing-locales: too many values"},
        {"properties with a string key",
         performative(
             0x10,
             {str("c"), null, null, null, null, null, null, null, null, map({str("k"), null})}),
         "amqp:decode-error | open.properties: has a key of the wrong type"},
        {"properties with a key alone",
         performative(0x10,
                      {str("c"), null, null, null, null, null, null, null, null, map({sym("k")})}),
         "amqp:decode-error | open.properties: map has a key without a value"},
        {"eleven fields",
         performative(0x10, {str("c"), null, null, null, null, null, null, null, null, null, null}),
         "amqp:decode-error | open: has too many fields"},
    }));
    CAPTURE(row.name);
    CHECK(verdict_on(handshake + row.input) == row.want);
}

TEST_CASE("guard: depth and number of values in a performative are bounded", "[amqp]") {
    const auto open_with = [](const std::string& value) {
        return frame(described(
            0x10,
            {str("c"), null, null, null, null, null, null, null, null, map({sym("k"), value})}));
    };
    std::string deep = list({});
    for (int i = 0; i < 7; ++i)
        deep = list({deep});
    CHECK(verdict_on(handshake + open_with(deep)) == "passes");
    CHECK(verdict_on(handshake + open_with(list({deep}))) ==
          "amqp:decode-error | open.properties: nested too deeply");
    CHECK(verdict_on(handshake + open_with(std::string(500, '\0') + u32(1))) ==
          "amqp:decode-error | open.properties: nested too deeply");
    std::string many;
    for (int i = 0; i < 1000; ++i)
        many += null;
    CHECK(verdict_on(handshake + open_with(compound(code::list8, many, 1000))) == "passes");
    CHECK(verdict_on(handshake + open_with(compound(code::list8, many + many, 2000))) ==
          "amqp:decode-error | open.properties: too many values");
}

TEST_CASE("guard: every encoding the standard allows for a field is taken", "[amqp]") {
    const std::string wide_list = "\x00\x53\x11\xd0"s + be(4 + 1 + 5 + 1 + 2, 4) + be(4, 4) + null +
                                  "\x70\x00\x00\x00\x07\x43\x52\x09"s;
    const std::string wide_strings = described(0x10,
                                               {"\xb1\x00\x00\x00\x01"
                                                "c"s,
                                                null,
                                                "\x70\x00\x00\xff\xff"s,
                                                "\x60\x00\x10"s,
                                                "\x43"s,
                                                "\xb3\x00\x00\x00\x02"
                                                "en"s,
                                                "\xe0\x05\x01\xa3\x02"
                                                "en"s,
                                                "\xe0\x08\x01\xb3\x00\x00\x00\x02"
                                                "en"s,
                                                "\xf0\x00\x00\x00\x08\x00\x00\x00\x01\xa3\x02"
                                                "en"s,
                                                "\xd1\x00\x00\x00\x04\x00\x00\x00\x00"s});
    const std::string wide_descriptor =
        "\x00\x80\x00\x00\x00\x00\x00\x00\x00\x11"s + list({null, u32(1), u32(1), u32(1)});
    CHECK(verdict_on(handshake + frame(wide_strings) + frame(wide_list) +
                     frame(wide_descriptor, 1)) == "passes");
    CHECK(verdict_on(two_links +
                     frame(described(0x15, {"\x56\x01"s, u32(0), null, "\x56\x00"s, accepted}))) ==
          "passes");
    CHECK(verdict_on(two_links + frame("\x00\x53\x17\x45"s)) == "passes");
    CHECK(verdict_on(two_links + frame(described(0x15, {"\x56\x02"s, u32(0)}))) ==
          "amqp:decode-error | disposition.role: is not a boolean");
    const std::string extended =
        "\x00\x00\x00\x10\x04\x00\x00\x00"s + "extended"s;  // header of 16 bytes, empty body
    CHECK(verdict_on(two_links + extended) == "passes");
}

TEST_CASE("guard: states, errors and termini are checked inside", "[amqp]") {
    struct Row {
        std::string name, input, want;
    };
    const auto with_state = [](const std::string& state) {
        return disposition(true, 0, 0, true, state);
    };
    const auto row = GENERATE_COPY(values<Row>({
        {"accepted", with_state(accepted), "passes"},
        {"rejected with error",
         with_state(
             described(0x25, {described(0x1d, {sym("a:b"), str("why"), map({sym("k"), u32(1)})})})),
         "passes"},
        {"modified", with_state(described(0x27, {yes, no, map({sym("x-opt-a"), null})})), "passes"},
        {"received", with_state(described(0x23, {u32(0), u64(7)})), "passes"},
        {"received without offset",
         with_state(described(0x23, {u32(0)})),
         "amqp:invalid-field | received.section-offset: is missing"},
        {"error without condition",
         with_state(described(0x25, {described(0x1d, {})})),
         "amqp:invalid-field | error.condition: is missing"},
        {"error is a list",
         with_state(described(0x25, {list({sym("a")})})),
         "amqp:decode-error | rejected.error: is not a described list"},
        {"accepted with a field",
         with_state(described(0x24, {null})),
         "amqp:decode-error | accepted: has too many fields"},
        {"transactional state",
         with_state(described(0x34, {bin("t")})),
         "amqp:decode-error | disposition.state: has an unknown descriptor"},
        {"symbolic state",
         with_state("\x00"s + sym("amqp:accepted:list") + list({})),
         "amqp:not-implemented | descriptor: symbolic descriptors are not taken, use the numeric "
         "form"},
        {"state is a source",
         with_state(described(0x28, {})),
         "amqp:decode-error | disposition.state: has an unknown descriptor"},
        {"detach with error (P3)",
         performative(0x16, {u32(0), yes, described(0x1d, {sym("a:b"), str("text")})}),
         "passes"},
        {"close with error", performative(0x18, {described(0x1d, {sym("a:b")})}), "passes"},
        {"end with an error that is a string",
         performative(0x17, {str("x")}),
         "amqp:decode-error | end.error: is not a described list"},
    }));
    CAPTURE(row.name);
    CHECK(verdict_on(two_links + row.input) == row.want);
}

TEST_CASE("guard: a client written against the whole standard passes", "[amqp]") {
    const std::string source =
        described(0x28,
                  {str("sub/a"),
                   u32(2),
                   sym("never"),
                   u32(60),
                   no,
                   map({sym("p"), yes}),
                   sym("copy"),
                   map({sym("selector"), described(0x0000468c00000004, str("type = 'x'"))}),
                   accepted,
                   array(0xa3, {"\22amqp:accepted:list"s}),
                   sym("queue")});
    const std::string target =
        described(0x29, {null, u32(0), sym("session-end"), u32(0), yes, map({}), array(0xa3, {})});
    const std::string attach = frame(described(0x12,
                                               {str("løkke"),
                                                u32(3),
                                                yes,
                                                u8(2),
                                                u8(1),
                                                source,
                                                target,
                                                map({}),
                                                no,
                                                null,
                                                u64(1U << 20U),
                                                sym("a"),
                                                array(0xa3, {"\1b"s}),
                                                map({sym("paired"), yes})}));
    CHECK(verdict_on(two_links + attach) == "passes");
    CHECK(verdict_on(
              two_links +
              performative(
                  0x13,
                  {null, u32(1), u32(2), u32(3), null, null, null, null, null, yes, map({})})) ==
          "passes");
    const std::string coordinator = described(0x30, {array(0xa3, {"\27amqp:local-transactions"s})});
    CHECK(verdict_on(two_links + performative(0x12,
                                              {str("txn"),
                                               u32(3),
                                               no,
                                               null,
                                               null,
                                               described(0x28, {}),
                                               coordinator,
                                               null,
                                               null,
                                               u32(0)})) == "passes");  // P8: the door detaches it
}
