// Bytes from strangers: nothing crashes, nothing is taken that Protobuf's own parser would not
// take, no value shows in a refusal.
#include "bus/event/catalogue.hpp"
#include "bus/event/wire.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/event/sample_kuvert.hpp"

#include <google/protobuf/unknown_field_set.h>

#include <cstdint>
#include <random>
#include <string>

using namespace vera;
using namespace vera::event;
using namespace vera::event::test;

namespace {

constexpr std::uint32_t seed = 20261123;

/// An accepted kuvert is one for Protobuf too, and says the same.
void check_against_protobuf(const std::string& bytes) {
    const auto checked = catalogue().check(raw_event(bytes));
    if (!std::holds_alternative<Attributes>(checked)) return;
    vera::besked::v1::Haendelsesbesked besked;
    REQUIRE(besked.ParseFromString(bytes));
    const auto again = catalogue().check(raw_event(besked));
    REQUIRE(std::holds_alternative<Attributes>(again));
    CHECK(std::get<Attributes>(again).id == std::get<Attributes>(checked).id);
    CHECK(std::get<Attributes>(again).type == std::get<Attributes>(checked).type);
    CHECK(std::get<Attributes>(again).objects == std::get<Attributes>(checked).objects);
    CHECK(std::get<Attributes>(again).time == std::get<Attributes>(checked).time);
}

std::string field(unsigned number, std::string_view contents) {
    std::string bytes(1, static_cast<char>(number << 3U | 2U));
    std::size_t size = contents.size();
    for (; size >= 0x80; size >>= 7U)
        bytes += static_cast<char>(size | 0x80U);
    return bytes.append(1, static_cast<char>(size)).append(contents);
}

}  // namespace

TEST_CASE("hostile: random bytes are refused", "[event]") {
    std::mt19937 random(seed);
    for (int round = 0; round < 20'000; ++round) {
        std::string bytes(random() % 64, '\0');
        for (char& byte : bytes)
            byte = static_cast<char>(random());
        CAPTURE(round);
        REQUIRE(outcome(raw_event(bytes, round % 3 == 0 ? "application/json" : "")) != "accepted");
    }
}

TEST_CASE("hostile: a kuvert with bytes changed is refused or is one for Protobuf too", "[event]") {
    std::mt19937 random(seed);
    const std::string good = sample_kuvert().SerializeAsString();
    for (int round = 0; round < 20'000; ++round) {
        std::string bytes = good;
        for (auto changes = 1 + random() % 3; changes != 0; --changes) {
            const auto at = random() % bytes.size();
            switch (random() % 4) {
                case 0:
                    bytes[at] = static_cast<char>(random());
                    break;
                case 1:
                    bytes.erase(at, 1 + random() % 8);
                    break;
                case 2:
                    bytes.insert(at, 1 + random() % 8, static_cast<char>(random()));
                    break;
                default:
                    bytes[at] = static_cast<char>(bytes[at] ^ 1 << random() % 8);
                    break;
            }
            if (bytes.empty()) bytes = "x";
        }
        CAPTURE(round);
        check_against_protobuf(bytes);
    }
}

TEST_CASE("hostile: a kuvert cut off anywhere is refused", "[event]") {
    const std::string good = sample_kuvert().SerializeAsString();
    const std::size_t payload_at =
        good.size() - field(4, sample_kuvert().beskeddata(0).SerializeAsString()).size();
    for (std::size_t size = 0; size < good.size(); ++size) {
        CAPTURE(size);
        // Without its last field, the payload, it is whole again.
        CHECK((outcome(raw_event(good.substr(0, size))) == "accepted") == (size == payload_at));
    }
}

TEST_CASE("hostile: JSON with bytes changed never crashes", "[event]") {
    std::mt19937 random(seed);
    const std::string good = *kuvert_to_json(sample_kuvert().SerializeAsString(), "", true);
    constexpr std::string_view pieces = "{}[]\",:\\u0en-1.@\x80";
    for (int round = 0; round < 3'000; ++round) {
        std::string json = good;
        for (auto changes = 1 + random() % 4; changes != 0; --changes) {
            const auto at = random() % json.size();
            if (random() % 2 == 0)
                json[at] = pieces[random() % pieces.size()];
            else
                json.erase(at, random() % 20);
        }
        CAPTURE(round);
        const auto bytes = kuvert_from_json(json);
        if (bytes.has_value()) check_against_protobuf(*bytes);
        static_cast<void>(kuvert_to_json(json, "application/json", true));
    }
}

TEST_CASE("hostile: a field that occurs twice is refused, not merged", "[event]") {
    const std::string good = sample_kuvert().SerializeAsString();
    CHECK(outcome(raw_event(good + field(2, "1.0"))) ==
          "vera:schema-invalid BeskedVersion: occurs twice");
    CHECK(outcome(raw_event(good + field(3, ""))) ==
          "vera:schema-invalid Beskedkuvert: occurs twice");
}

TEST_CASE("hostile: a wrong wire type or a group in the kuvert is refused", "[event]") {
    const std::string good = sample_kuvert().SerializeAsString();
    CHECK(outcome(raw_event(good + "\x10\x01")) ==
          "vera:schema-invalid BeskedVersion: occurs twice");
    CHECK(outcome(raw_event("\x10\x01")) ==
          "vera:schema-invalid BeskedVersion: has the wrong wire type");
    CHECK(outcome(raw_event(good + "\x2b\x2c")) == "vera:schema-invalid unknown field number 5");
    CHECK(outcome(raw_event(good + "\x2b")) == "amqp:decode-error is cut off or no Protobuf");
    CHECK(outcome(raw_event(good + std::string("\x00\x01", 2))) ==
          "amqp:decode-error is cut off or no Protobuf");
    CHECK(outcome(raw_event(good + "\x0e")) == "amqp:decode-error is cut off or no Protobuf");
    CHECK(outcome(raw_event(good + "\x28\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02")) ==
          "amqp:decode-error is cut off or no Protobuf");
}

TEST_CASE("hostile: text that is not UTF-8 is refused with its path", "[event]") {
    CHECK(outcome(raw_event(field(2, "\xe6"))) ==
          "vera:schema-invalid BeskedVersion: is not UTF-8");
}

TEST_CASE("hostile: nesting is bounded in all forms", "[event]") {
    std::string groups;
    for (int i = 0; i < 200'000; ++i)
        groups += '\x2b';
    CHECK(outcome(raw_event(groups)) == "amqp:decode-error is cut off or no Protobuf");

    const std::string lists = R"({"Beskeddata":)" + std::string(500'000, '[');
    CHECK(outcome(raw_event(lists, "")) ==
          "vera:schema-invalid line 1: Beskeddata[0]: an object expected");
    const std::string ignored =
        R"({"Beskeddata":[{"@type":"t/vera.sag.v1.SagOprettet","x":)" + std::string(500'000, '[');
    CHECK(outcome(raw_event(ignored, "")) ==
          "amqp:decode-error line 1: Beskeddata[0]: nested too deeply");

    // A kuvert in a kuvert in a kuvert …: shown as bytes from some depth on, refused as JSON.
    std::string inner;
    std::string json = "{}";
    for (int i = 0; i < 300; ++i) {
        inner = field(4, field(1, "t/vera.besked.v1.Haendelsesbesked") + field(2, inner));
        json = R"({"Beskeddata":[{"@type":"t/vera.besked.v1.Haendelsesbesked",)" + json.substr(1) +
               "]}";
        if (json.find(",}") != std::string::npos) json.erase(json.find(",}"), 1);
    }
    CHECK(kuvert_to_json(inner, "application/protobuf", true).has_value());
    CHECK(kuvert_from_json(json).error().text.find("nested too deeply") != std::string::npos);
}

TEST_CASE("hostile: no refusal repeats a value", "[event]") {
    const std::string cpr = "2512484916";
    const std::string good = *kuvert_to_json(sample_kuvert().SerializeAsString(), "", false);
    std::size_t refused = 0;
    for (std::size_t at = good.find('"'); at != std::string::npos; at = good.find('"', at + 1)) {
        const std::size_t end = good.find('"', at + 1);
        if (end == std::string::npos) break;
        std::string json = good;
        json.replace(at + 1, end - at - 1, cpr);
        for (const std::string& text :
             {outcome(raw_event(json, "")),
              kuvert_from_json(json).has_value() ? "" : kuvert_from_json(json).error().text}) {
            CAPTURE(text);
            CHECK(text.find(cpr) == std::string::npos);
            refused += text.starts_with("vera:") || text.starts_with("amqp:") ? 1U : 0U;
        }
        at = end;
    }
    CHECK(refused > 50);
}

TEST_CASE("hostile: a payload of many megabytes is walked, not copied into a tree", "[event]") {
    auto besked = sample_kuvert();
    auto payload = sample_payload();
    payload.mutable_sag()->mutable_egenskaber(0)->set_integrationsdata(
        std::string(16U << 20U, 'x'));
    set_payload(besked, payload);
    CHECK(outcome(raw_event(besked)) == "accepted");
    payload.mutable_sag()->mutable_egenskaber(0)->mutable_integrationsdata()->back() = '\xe6';
    besked.mutable_beskeddata(0)->set_value(payload.SerializePartialAsString());
    CHECK(outcome(raw_event(besked)) ==
          "vera:schema-invalid Beskeddata[0].sag.egenskaber[0].integrationsdata: is not UTF-8");
}

TEST_CASE("hostile: varints are read as Protobuf reads them", "[event]") {
    struct Row {
        std::string bytes;
        bool is_good;
        std::uint64_t value;
    };
    const auto row = GENERATE(values<Row>({
        {std::string("\0", 1), true, 0},
        {"\x7f", true, 127},
        {"\x80\x01", true, 128},
        {std::string("\x80\x00", 2), true, 0},
        {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", true, UINT64_MAX},
        {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", false, 0},
        {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", false, 0},
        {"\x80", false, 0},
        {"", false, 0},
    }));
    WireReader reader(row.bytes);
    std::uint64_t value = 0;
    CHECK(reader.varint(value) == row.is_good);
    if (row.is_good) CHECK(value == row.value);
}
