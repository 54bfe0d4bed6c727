#include "tests/unit/amqp/guard_driver.hpp"

using namespace vera;
using namespace vera::amqp;
using namespace vera::wire;

namespace {

const std::string both_mechanisms =
    "AMQP\x03\x01\x00\x00"
    "\x00\x00\x00\x22\x02\x01\x00\x00"
    "\x00\x53\x40\xc0\x15\x01\xe0\x12\x02\xa3\x09"
    "ANONYMOUS\x05PLAIN"s;
const std::string outcome_ok = "\x00\x00\x00\x10\x02\x01\x00\x00\x00\x53\x44\xc0\x03\x01\x50\x00"s;
const std::string outcome_auth =
    "\x00\x00\x00\x10\x02\x01\x00\x00\x00\x53\x44\xc0\x03\x01\x50\x01"s;
const std::string challenge = "\x00\x00\x00\x10\x02\x01\x00\x00\x00\x53\x42\xc0\x03\x01\xa0\x00"s;

}  // namespace

TEST_CASE("sasl: header and mechanisms answer the SASL header, to the byte", "[amqp]") {
    FrameGuard guard(GuardLimits{}, true, true);
    CHECK(guard.take_output().empty());
    const Step step = guard.next(sasl_header);
    CHECK(step.verdict == Verdict::consumed);
    CHECK(step.bytes == 8);
    CHECK(guard.take_output() == both_mechanisms);
    CHECK(guard.take_output().empty());
    CHECK_FALSE(guard.is_authenticated());
}

TEST_CASE("sasl: only allowed mechanisms are offered", "[amqp]") {
    FrameGuard plain_only(GuardLimits{}, false, true);
    (void)plain_only.next(sasl_header);
    CHECK(
        plain_only.take_output() ==
        "AMQP\x03\x01\x00\x00\x00\x00\x00\x18\x02\x01\x00\x00\x00\x53\x40\xc0\x0b\x01\xe0\x08\x01\xa3\x05PLAIN"s);
    CHECK(feed(plain_only, sasl_init("ANONYMOUS")).verdict == Verdict::refuse);
    CHECK(plain_only.take_output() == outcome_auth);

    FrameGuard none(GuardLimits{}, false, false);
    CHECK(none.next(sasl_header).verdict == Verdict::refuse);
    CHECK(none.condition() == "amqp:unauthorized-access");
}

TEST_CASE("sasl: ANONYMOUS ends with outcome ok, then AMQP frames pass", "[amqp]") {
    FrameGuard guard(GuardLimits{}, true, false);
    CHECK(feed(guard, anonymous).verdict == Verdict::need_more);
    CHECK(guard.take_output().ends_with(outcome_ok));
    CHECK(guard.is_authenticated());
    CHECK(guard.mechanism() == "ANONYMOUS");
    CHECK_FALSE(guard.is_open());
    std::string passed;
    CHECK(feed(guard, amqp_header + open(), &passed).verdict == Verdict::need_more);
    CHECK(passed == amqp_header + open());
    CHECK(guard.is_open());
    CHECK_FALSE(guard.take_credentials().has_value());
}

TEST_CASE("sasl: PLAIN with an initial response waits for the verification", "[amqp]") {
    FrameGuard guard(GuardLimits{}, true, true);
    const std::string rest = amqp_header + open();
    const std::string input = sasl_header + sasl_init("PLAIN", "\0fagsystem\0hemmelig"sv);
    const Step step = feed(guard, input + rest);
    CHECK(step.verdict == Verdict::wait);
    CHECK(step.bytes == 0);
    CHECK(guard.take_output() == both_mechanisms);
    const auto credentials = guard.take_credentials();
    REQUIRE(credentials.has_value());
    CHECK(credentials->user == "fagsystem");
    CHECK(credentials->password == "hemmelig");
    CHECK_FALSE(guard.take_credentials().has_value());
    CHECK(guard.next(rest).verdict == Verdict::wait);
    CHECK_FALSE(guard.is_authenticated());
    CHECK(guard.mechanism().empty());

    SECTION("right: outcome ok, the pipelined bytes go on") {
        guard.verified(true);
        CHECK(guard.take_output() == outcome_ok);
        CHECK(guard.mechanism() == "PLAIN");
        std::string passed;
        CHECK(feed(guard, rest, &passed).verdict == Verdict::need_more);
        CHECK(passed == rest);
        guard.verified(false);  // too late: says nothing any more
        CHECK(guard.is_authenticated());
    }
    SECTION("wrong: outcome auth, then refused") {
        guard.verified(false);
        CHECK(guard.take_output() == outcome_auth);
        CHECK(guard.next(rest).verdict == Verdict::refuse);
        CHECK(guard.condition() == "amqp:unauthorized-access");
        CHECK_FALSE(guard.is_authenticated());
    }
}

TEST_CASE("sasl: PLAIN without an initial response gets an empty challenge", "[amqp]") {
    FrameGuard guard(GuardLimits{}, true, true);
    const std::string init = GENERATE(sasl_init("PLAIN"), sasl_init("PLAIN", ""));
    CHECK(feed(guard, sasl_header + init).verdict == Verdict::need_more);
    CHECK(guard.take_output() == both_mechanisms + challenge);
    CHECK(feed(guard, sasl_response("user\0user\0pass"sv)).verdict == Verdict::wait);
    CHECK(guard.take_credentials()->user == "user");
    guard.verified(true);
    CHECK(guard.take_output() == outcome_ok);
}

TEST_CASE("sasl: what is no PLAIN response fails with outcome auth", "[amqp]") {
    struct Row {
        std::string name, response, want;
    };
    const auto row = GENERATE(values<Row>({
        {"no separators", "user", "PLAIN response: is not authzid, user, password"},
        {"one separator", "user\0pass"s, "PLAIN response: is not authzid, user, password"},
        {"a password with a zero byte", "\0user\0pa\0ss"s, "PLAIN response: password"},
        {"no user", "\0\0pass"s, "PLAIN response: user"},
        {"no password", "\0user\0"s, "PLAIN response: password"},
        {"user is not UTF-8", "\0us\xff\0pass"s, "PLAIN response: user"},
        {"another authzid", "other\0user\0pass"s, "PLAIN response: authzid differs from the user"},
        {"a user of 256 bytes", "\0"s + std::string(256, 'u') + "\0pass"s, "PLAIN response: user"},
        {"a password of 1025 bytes",
         "\0user\0"s + std::string(1025, 'p'),
         "PLAIN response: password"},
    }));
    CAPTURE(row.name);
    FrameGuard guard(GuardLimits{}, true, true);
    CHECK(feed(guard, sasl_header + sasl_init("PLAIN", row.response)).verdict == Verdict::refuse);
    CHECK(guard.condition() == "amqp:unauthorized-access");
    CHECK(guard.text() == row.want);
    CHECK(guard.take_output() == both_mechanisms + outcome_auth);
    CHECK_FALSE(guard.take_credentials().has_value());
}

TEST_CASE("sasl: whoever begins with anything but the SASL header is shown it and refused",
          "[amqp]") {
    const std::string input = GENERATE(std::string(amqp_header),
                                       "AMQP\x02\x01\x00\x00"s,
                                       "GET / HTTP/1.1\r\n"s,
                                       "A\0"s,
                                       "AMQP\x03\x01\x00\x01"s,
                                       "AMQP\x03\x00\x09\x01"s,
                                       "\x16\x03\x01"s);
    FrameGuard guard(GuardLimits{}, true, true);
    CHECK(guard.next(input).verdict == Verdict::refuse);
    CHECK(guard.condition() == "amqp:unauthorized-access");
    CHECK(guard.take_output() == sasl_header);
}

TEST_CASE("sasl: frames that do not belong are refused before authentication", "[amqp]") {
    struct Row {
        std::string name, input, want;
    };
    const auto row = GENERATE(values<Row>({
        {"an AMQP frame during SASL (P13)",
         open(),
         "amqp:connection:framing-error | frame: type 0"},
        {"a response without a challenge",
         sasl_response("x"),
         "amqp:not-allowed | sasl frame: sasl-init was expected"},
        {"a server's frame",
         sasl_frame(described(0x40, {sym("PLAIN")})),
         "amqp:not-allowed | sasl frame: sasl-init was expected"},
        {"a second init (P15)",
         sasl_init("PLAIN") + sasl_init("PLAIN"),
         "amqp:not-allowed | sasl frame: sasl-response was expected"},
        {"a symbolic descriptor (P10)",
         sasl_frame("\x00"s + sym("amqp:sasl-init:list") + list({sym("ANONYMOUS")})),
         "amqp:not-implemented | descriptor: symbolic descriptors are not taken, use the numeric "
         "form"},
        {"no mechanism",
         sasl_frame(described(0x41, {})),
         "amqp:invalid-field | sasl-init.mechanism: is missing"},
        {"a mechanism that is a string",
         sasl_frame(described(0x41, {str("PLAIN")})),
         "amqp:decode-error | sasl-init.mechanism: has the wrong type"},
        {"four fields",
         sasl_frame(described(0x41, {sym("PLAIN"), null, null, null})),
         "amqp:decode-error | sasl-init: has too many fields"},
        {"bytes behind init",
         sasl_frame(described(0x41, {sym("PLAIN")}) + "x"),
         "amqp:decode-error | sasl frame: bytes behind the performative"},
        {"an empty frame", sasl_frame(""), "amqp:decode-error | sasl frame: no descriptor"},
        {"a frame of 4097 bytes",
         sasl_frame(std::string(4089, 'x')),
         "amqp:connection:framing-error | frame: size 4097"},
        {"an unknown mechanism",
         sasl_init("GSSAPI"),
         "amqp:unauthorized-access | sasl-init.mechanism: is not offered"},
        {"EXTERNAL without TLS",
         sasl_init("EXTERNAL", ""),
         "amqp:unauthorized-access | sasl-init.mechanism: is not offered"},
        {"a mechanism of 33 bytes",
         sasl_init(std::string(33, 'M')),
         "amqp:unauthorized-access | sasl-init.mechanism: is too long"},
        {"no SASL after the handshake",
         sasl_init("ANONYMOUS") + amqp_header + sasl_init("ANONYMOUS"),
         "amqp:connection:framing-error | frame: type 1"},
        {"no AMQP header",
         sasl_init("ANONYMOUS") + sasl_header,
         "amqp:connection:framing-error | protocol header: AMQP 1.0 was expected"},
    }));
    CAPTURE(row.name);
    CHECK(verdict_on(sasl_header + row.input) == row.want);
}

TEST_CASE("sasl: bytes before authentication are bounded", "[amqp]") {
    GuardLimits limits;
    limits.preauth_bytes = 60;
    const std::string longer = sasl_init("PLAIN", "\0user\0"s + std::string(60, 'p'));
    CHECK(verdict_on(sasl_header + longer, limits) ==
          "amqp:resource-limit-exceeded | sasl: too many bytes");
    limits = {};
    limits.preauth_frames = 1;
    CHECK(verdict_on(sasl_header + sasl_init("PLAIN") + sasl_response("\0user\0pass"sv), limits) ==
          "amqp:resource-limit-exceeded | sasl: too many frames");
}

TEST_CASE("sasl: a handshake that arrives byte by byte ends as one that arrives at once",
          "[amqp]") {
    const std::string whole = sasl_header + sasl_init("PLAIN") + sasl_response("\0user\0pass"sv);
    FrameGuard guard(GuardLimits{}, true, true);
    std::string input;
    Verdict last = Verdict::need_more;
    for (const char c : whole) {
        CHECK(last != Verdict::wait);
        input.push_back(c);
        for (;;) {
            const Step step = guard.next(input);
            last = step.verdict;
            if (last != Verdict::consumed) break;
            input.erase(0, step.bytes);
        }
        CHECK(last != Verdict::refuse);
    }
    CHECK(last == Verdict::wait);
    CHECK(guard.take_output() == both_mechanisms + challenge);
}

TEST_CASE("sasl: EXTERNAL is offered first, and only once a certificate has been verified",
          "[amqp]") {
    FrameGuard without(GuardLimits{}, true, true);
    CHECK(feed(without, sasl_header + sasl_init("EXTERNAL", "")).verdict == Verdict::refuse);
    CHECK(without.take_output() == both_mechanisms + outcome_auth);

    FrameGuard alone(GuardLimits{}, false, false);
    alone.offer_external();
    CHECK(alone.next(sasl_header).verdict == Verdict::consumed);
    CHECK(alone.take_output() ==
          "AMQP\x03\x01\x00\x00\x00\x00\x00\x1b\x02\x01\x00\x00\x00\x53\x40\xc0\x0e\x01\xe0\x0b\x01"
          "\xa3\x08"
          "EXTERNAL"s);

    FrameGuard all(GuardLimits{}, true, true);
    all.offer_external();
    (void)all.next(sasl_header);
    CHECK(
        all.take_output().ends_with("\x03\xa3\x08"
                                    "EXTERNAL\x09"
                                    "ANONYMOUS\x05PLAIN"s));
}

TEST_CASE("sasl: EXTERNAL waits for whose the certificate is", "[amqp]") {
    struct Row {
        std::string name, frames, user;
    };
    const auto row = GENERATE(
        values<Row>({{"empty response", sasl_init("EXTERNAL", ""), ""},
                     {"an identity", sasl_init("EXTERNAL", "fagsystem"), "fagsystem"},
                     {"after a challenge", sasl_init("EXTERNAL") + sasl_response(""), ""}}));
    CAPTURE(row.name);
    FrameGuard guard(GuardLimits{}, true, true);
    guard.offer_external();
    CHECK(feed(guard, sasl_header + row.frames + amqp_header).verdict == Verdict::wait);
    const auto credentials = guard.take_credentials();
    REQUIRE(credentials.has_value());
    CHECK(credentials->is_external);
    CHECK(credentials->user == row.user);
    CHECK(credentials->password.empty());
    CHECK_FALSE(guard.is_authenticated());
    SECTION("known") {
        guard.verified(true);
        CHECK(guard.take_output().ends_with(outcome_ok));
        CHECK(guard.mechanism() == "EXTERNAL");
    }
    SECTION("unknown") {
        guard.verified(false);
        CHECK(guard.take_output().ends_with(outcome_auth));
        CHECK(guard.next(amqp_header).verdict == Verdict::refuse);
        CHECK(guard.text() == "the certificate is of no known system");
    }
}

TEST_CASE("sasl: what is no identity fails EXTERNAL", "[amqp]") {
    const std::string response = GENERATE("a\0b"s, "\xff"s, std::string(256, 'a'));
    FrameGuard guard(GuardLimits{}, true, true);
    guard.offer_external();
    CHECK(feed(guard, sasl_header + sasl_init("EXTERNAL", response)).verdict == Verdict::refuse);
    CHECK(guard.take_output().ends_with(outcome_auth));
    CHECK(guard.text() == "EXTERNAL response: is no identity");
}
