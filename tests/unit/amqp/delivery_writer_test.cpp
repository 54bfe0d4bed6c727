#include "bus/amqp/delivery_writer.hpp"

#include "tests/support/catch.hpp"
#include "tests/unit/amqp/sections.hpp"

using namespace vera;
using namespace vera::amqp;
using namespace vera::wire;

namespace {

std::string written(const std::string& message, const Stamp& stamp) {
    const auto found = scan(message);
    REQUIRE(found.has_value());
    std::string out;
    write_head(*found, stamp, out);
    out.append(found->bare);
    return out;
}

Stamp ordinary() {
    Stamp stamp;
    stamp.subscription = "sags";
    stamp.sequence = EventSeq{300};
    stamp.leaf = LeafIndex{7};
    return stamp;
}

std::string map32(const std::string& items, unsigned count) {
    return "\xd1" + be(items.size() + 4, 4) + be(count, 4) + items;
}

}  // namespace

TEST_CASE("writer: header and annotations are made anew, to the byte", "[amqp]") {
    const std::string annotations = sym("x-opt-vera-subscription") + str("sags") +
                                    sym("x-opt-vera-sequence") + u64(300) + sym("x-opt-vera-leaf") +
                                    u64(7);
    CHECK(written(data_section, ordinary()) == "\x00\x53\x70\xc0\x06\x05\x41\x40\x40\x41\x43"s +
                                                   "\x00\x53\x72"s + map32(annotations, 6) +
                                                   data_section);
    Stamp stamp;
    stamp.is_first_acquirer = false;
    stamp.delivery_count = 300;
    stamp.ttl_ms = 59000;
    CHECK(
        written(header_section + data_section, stamp) ==
        "\x00\x53\x70\xc0\x10\x05\x41\x50\x09\x70\x00\x00\xe6\x78\x42\x70\x00\x00\x01\x2c"s.replace(
            4, 1, "\x0f") +
            data_section);
}

TEST_CASE("writer: what a note says of a message gives the bytes that a scan gives", "[amqp]") {
    std::size_t noted = 0;
    for (const auto& [name, message] : all_messages()) {
        CAPTURE(name);
        const auto found = scan(message);
        REQUIRE(found.has_value());
        const std::uint64_t note = note_of(*found, message);
        const bool is_plain = found->message_annotations.empty() && found->priority == 4;
        CHECK((note != 0) == is_plain);
        if (note == 0) continue;
        ++noted;
        const Sections again = sections_of(note, message);
        std::string head;
        write_head(again, ordinary(), head);
        CHECK(head + std::string(again.bare) == written(message, ordinary()));
    }
    CHECK(noted > 0);
}

TEST_CASE("writer: the bare message leaves byte for byte, whatever its sections", "[amqp]") {
    for (const auto& [name, message] : all_messages()) {
        CAPTURE(name);
        const auto found = scan(message);
        REQUIRE(found.has_value());
        const std::string out = written(message, ordinary());
        CHECK(out.ends_with(found->bare));
        const auto again = scan(out);
        REQUIRE(again.has_value());
        CHECK(again->bare == found->bare);
        CHECK(again->delivery_annotations.empty());
        CHECK(again->is_durable);
        CHECK(again->priority == found->priority);
        CHECK(again->footer == found->footer);
        CHECK(again->body_sections == found->body_sections);
    }
}

TEST_CASE("writer: every type in every encoding leaves byte for byte, in body and annotations",
          "[amqp]") {
    for (const auto& [name, value] : all_values()) {
        CAPTURE(name);
        const std::string kept = sym("x-opt-any") + value;
        const std::string message = described(0x72, compound(code::map8, kept, 2)) +
                                    described(0x77, value) +
                                    described(0x78, map({sym("f"), value}));
        const std::string out = written(message, ordinary());
        CHECK(
            out.ends_with(kept + described(0x77, value) + described(0x78, map({sym("f"), value}))));
        CHECK(scan(out).has_value());
    }
}

TEST_CASE("writer: annotations that only the bus may set are dropped, others kept in order",
          "[amqp]") {
    const std::string incoming = described(0x72,
                                           map({sym("x-opt-a"),
                                                u32(1),
                                                sym("x-opt-vera-leaf"),
                                                u64(999),
                                                u64(5),
                                                str("reserved"),
                                                sym("x-opt-vera-"),
                                                null,
                                                sym("x-opt-verab"),
                                                yes,
                                                sym("x-opt-deaths"),
                                                null}));
    const std::string message =
        described(0x71, map({sym("x-opt-da"), u32(1)})) + incoming + data_section;
    const std::string kept = sym("x-opt-a") + u32(1) + u64(5) + str("reserved") +
                             sym("x-opt-verab") + yes + sym("x-opt-deaths") + null;
    CHECK(written(message, Stamp{}) == "\x00\x53\x70\xc0\x06\x05\x41\x40\x40\x41\x43"s +
                                           "\x00\x53\x72"s + map32(kept, 8) + data_section);
    const std::string wide_key =
        described(0x72, map({"\xb3\x00\x00\x00\x0fx-opt-vera-leaf"s, u64(999)}));
    CHECK(written(wide_key + data_section, Stamp{}) ==
          "\x00\x53\x70\xc0\x06\x05\x41\x40\x40\x41\x43"s + data_section);
}

TEST_CASE("writer: a dead letter tells reason, error, time and attempts, and its deaths",
          "[amqp]") {
    Stamp stamp;
    stamp.delivery_count = 5;
    stamp.subscription = "sags";
    stamp.dead_reason = "attempts";
    stamp.dead_error = "consumer rejected it";
    stamp.dead_at = Timestamp{1700000000000};
    stamp.dead_queue = "sub/sags";
    const std::string at = timestamp(1700000000000);
    const std::string death = sym("queue") + str("sub/sags") + sym("reason") + sym("attempts") +
                              sym("count") + u64(1) + sym("first-time") + at + sym("last-time") +
                              at + sym("exchange") + str("") + sym("routing-keys") +
                              array(0xb1, {be(8, 4) + "sub/sags"});
    const std::string annotations =
        sym("x-opt-vera-subscription") + str("sags") + sym("x-opt-vera-dead-reason") +
        str("attempts") + sym("x-opt-vera-dead-error") + str("consumer rejected it") +
        sym("x-opt-vera-dead-at") + at + sym("x-opt-vera-dead-attempts") + u32(5) +
        sym("x-opt-deaths") + array(0xd1, {be(death.size() + 4, 4) + be(14, 4) + death});
    const std::string incoming = described(0x72, map({sym("x-opt-deaths"), null}));
    const std::string out = written(incoming + data_section, stamp);
    CHECK(out == "\x00\x53\x70\xc0\x07\x05\x41\x40\x40\x41\x52\x05"s + "\x00\x53\x72"s +
                     map32(annotations, 12) + data_section);
    CHECK(scan(out).has_value());
}

TEST_CASE("writer: it appends and leaves what stands before", "[amqp]") {
    const auto found = scan(data_section);
    REQUIRE(found.has_value());
    std::string out = "before";
    Stamp stamp;
    stamp.unrouted = "no subscription matched";
    write_head(*found, stamp, out);
    out.append(found->bare);
    CHECK(out.starts_with("before\x00\x53\x70"s));
    CHECK(out.find(sym("x-opt-vera-unrouted") + str("no subscription matched")) !=
          std::string::npos);
    CHECK(out.ends_with(data_section));
}
