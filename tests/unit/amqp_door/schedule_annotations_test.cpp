#include "bus/amqp/schedule_annotations.hpp"

#include "tests/support/catch.hpp"
#include "tests/unit/amqp/wire.hpp"

using namespace vera;
using namespace vera::amqp;
using namespace vera::wire;

namespace {

constexpr Timestamp arrival{1'795'000'000'000};
constexpr Millis day{86'400'000};
constexpr Millis longest{366LL * 86'400'000};

std::string annotations(const std::string& pairs, std::uint64_t count) {
    return "\x00\x53\x72"s + compound(code::map8, pairs, count);
}

struct Read {
    Timestamp ready_at;
    std::string refusal;
};

Read read(const std::string& section, std::uint32_t ttl_ms = 0, Timestamp expiry = {}) {
    Sections sections;
    sections.message_annotations = section;
    event::RawEvent raw;
    raw.arrival = arrival;
    raw.ttl_ms = ttl_ms;
    raw.absolute_expiry = expiry;
    const auto why = read_schedule(sections, longest, raw);
    if (why) CHECK(why->condition == Condition::invalid_field);
    return {raw.ready_at, why ? why->text : ""};
}

std::string s64(std::int64_t v) {
    return byte(0x81) + be(static_cast<std::uint64_t>(v), 8);
}

}  // namespace

TEST_CASE("schedule: a time or a delay in any integer is read", "[amqp]") {
    struct Row {
        const char* name;
        std::string key, value;
        std::int64_t want;
    };
    const std::int64_t at = (arrival + day).ms;
    const std::string time = "x-opt-delivery-time";
    const std::string delay = "x-opt-delivery-delay";
    const auto row = GENERATE_COPY(values<Row>({
        {"long", time, s64(at), at},
        {"timestamp", time, timestamp(at), at},
        {"ulong", time, u64(static_cast<std::uint64_t>(at)), at},
        {"a time that has passed", time, s64(5), 0},
        {"before 1970", time, s64(-5), 0},
        {"now", time, s64(arrival.ms), 0},
        {"uint delay", delay, u32(60'000), (arrival + Millis{60'000}).ms},
        {"small delay", delay, u32(200), (arrival + Millis{200}).ms},
        {"int delay", delay, byte(0x71) + be(70'000, 4), (arrival + Millis{70'000}).ms},
        {"no delay", delay, u32(0), 0},
        {"short delay", delay, byte(0x61) + be(300, 2), (arrival + Millis{300}).ms},
    }));
    CAPTURE(row.name);
    const Read got = read(annotations(sym("x-opt-other") + str("x") + sym(row.key) + row.value, 4));
    CHECK(got.refusal.empty());
    CHECK(got.ready_at.ms == row.want);
}

TEST_CASE("schedule: what cannot be kept is refused with the annotation's name", "[amqp]") {
    struct Row {
        std::string pairs;
        std::uint64_t count;
        std::uint32_t ttl_ms;
        std::string want;
    };
    const std::string time = sym("x-opt-delivery-time");
    const std::string delay = sym("x-opt-delivery-delay");
    const std::string in = "message annotation x-opt-delivery-";
    const auto row = GENERATE_COPY(values<Row>({
        {time + str("tomorrow"), 2, 0, in + "time: is neither an integer nor a timestamp"},
        {time + null, 2, 0, in + "time: is neither an integer nor a timestamp"},
        {delay + str("5s"), 2, 0, in + "delay: is not an integer"},
        {delay + timestamp(5), 2, 0, in + "delay: is not an integer"},
        {delay + s64(-1), 2, 0, in + "delay: is negative"},
        {delay + u64(UINT64_MAX), 2, 0, in + "delay: is more than 366d ahead"},
        {time + s64(INT64_MAX), 2, 0, in + "time: is more than 366d ahead"},
        {time + s64((arrival + longest).ms + 1), 2, 0, in + "time: is more than 366d ahead"},
        {delay + u32(5) + time + s64(9),
         4,
         0,
         in + "time: comes beside x-opt-delivery-delay; only one is taken"},
        {delay + u32(60'000),
         2,
         60'000,
         in + "delay: the message has expired by then (ttl, absolute-expiry-time)"},
    }));
    CAPTURE(row.want);
    CHECK(read(annotations(row.pairs, row.count), row.ttl_ms).refusal == row.want);
}

TEST_CASE("schedule: absolute-expiry-time is looked at as the ttl is", "[amqp]") {
    const std::string section = annotations(sym("x-opt-delivery-delay") + u32(60'000), 2);
    CHECK(read(section, 0, arrival + Millis{60'000}).refusal.ends_with("absolute-expiry-time)"));
    CHECK(read(section, 60'001, arrival + Millis{60'001}).refusal.empty());
}
