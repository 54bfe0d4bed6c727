// Records as bytes: golden ones, and ones whose lengths lie.
#include "bus/store/codec.hpp"

#include "bus/store/group_writer.hpp"
#include "bus/store/segment_reader.hpp"
#include "tests/unit/store/filled_store.hpp"

#include <algorithm>

using namespace vera;
using namespace vera::test;

namespace {

std::string hex(std::string_view bytes) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string text;
    for (const char c : bytes) {
        text += digits[static_cast<unsigned char>(c) >> 4U];
        text += digits[static_cast<unsigned char>(c) & 15U];
    }
    return text;
}

Uuid golden_store() {
    Uuid uuid;
    for (std::size_t i = 0; i < uuid.bytes.size(); ++i)
        uuid.bytes[i] = static_cast<std::uint8_t>(i);
    return uuid;
}

flow::EventCommit golden_event() {
    flow::EventCommit event;
    event.seq.value = 0x0102030405060708;
    event.leaf.value = 9;
    event.generation.value = 2;
    event.accepted = Timestamp{1'795'000'000'000};
    event.expiry = Timestamp{1'795'000'060'000};
    event.retain_until = Timestamp{1'797'592'000'000};
    event.order_key = 0x1111111111111111;
    event.id_hash = 0x2222222222222222;
    event.bytes_hash = 0x3333333333333333;
    event.message = Block::copy_of("besked");
    event.copies = {{CopySeq{5}, QueueId{7}},
                    {CopySeq{6}, QueueId{8}, Timestamp{1'795'000'003'600}}};
    event.unrouted_reason = "nej";
    event.audit_record = "blad";
    event.salt.fill(0x44);
    return event;
}

/// A record as a group writes it, at offset 4096 of segment 3.
std::string golden_group() {
    store::GroupWriter writer;
    flow::Transition transition;
    transition.copy.value = 5;
    transition.event.value = 4;
    transition.version = 2;
    transition.queue.value = 7;
    transition.state = flow::CopyState::dead;
    transition.attempts = 10;
    transition.at = Timestamp{1'795'000'000'001};
    transition.due = Timestamp{1'795'000'000'002};
    transition.reason = "max-attempts";
    transition.was_acquired = true;
    transition.error = "fejl";
    transition.actor = "x";
    const flow::EventCommit event = golden_event();
    const std::vector<flow::QueueSpec> queues = {make_queue(3, "sub/a")};
    const std::uint64_t bytes = store::encoded_bytes(event) + store::encoded_bytes(transition) +
                                store::encoded_bytes(queues);
    writer.begin(3, store::segment_seed(golden_store(), 3), 4096, {10, 20, 0x5555}, bytes);
    (void)writer.add(event);
    writer.add(transition);
    writer.add(store::ConfigHead{EventSeq{1}, CopySeq{2}, LeafIndex{3}, Timestamp{4}, true},
               queues);
    return std::string(writer.finish(Timestamp{1'795'000'000'003}, 77));
}

}  // namespace

TEST_CASE("codec: a group has the bytes that FORMAT.md draws", "[store]") {
    const std::string group = golden_group();
    REQUIRE(group.size() == 4096);
    const std::string used = group.substr(0, group.find_last_not_of('\0') + 1);
    CHECK(hex(used) ==
          "a28339bef53438cfc000000001010000140000000000000008070605040302010900000000000000"
          "0200000000000000005e56eea1010000604857eea10100000026d588a20100001111111111111111"
          "2222222222222222333333333333333344444444444444444444444444444444b700000006000000"
          "02000000030000000400000000000000050000000000000007000000000000000000000006000000"
          "0000000008000000106c56eea10100006e656a626c61646265736b65640000002d439d3c4270b63c"
          "6800000002000000150000000000000005000000000000000400000000000000015e56eea1010000"
          "025e56eea101000002000000070000000a000000000000000c000400010001016d61782d61747465"
          "6d70747366656a6c78000000000000008ce5d03423d0cbe2b8000000040000001600000000000000"
          "01000000000000000200000000000000030000000000000004000000000000000100000001000000"
          "0300000003000000000000000000000000000007000105000600000004000000b80b000000000000"
          "005ed0b20000000003000000000000000014730f0000000000000000000000000101000000000000"
          "e80300000000000088130000000000003075000000000000e0930400000000007375622f61000000"
          "2e04e9f0ba57051c400000000600000017000000000000000a0000000000000060e9e056f8c3f926"
          "035e56eea10100004d00000000000000030000000010");
}

TEST_CASE("codec: records read back as they were written", "[store]") {
    const std::string group = golden_group();
    std::string file(4096, '\0');
    file += group;
    const store::SegmentReader reader(file, golden_store(), 3);
    const auto checked = reader.check_group(4096, {10, 20, 0x5555});
    REQUIRE(std::holds_alternative<store::GroupInfo>(checked));
    CHECK(std::get<store::GroupInfo>(checked).records == 3);
    CHECK(std::get<store::GroupInfo>(checked).ticket == 77);
    const auto event = store::decode_event(reader.record_at(4096));
    REQUIRE(event);
    const flow::EventCommit want = golden_event();
    CHECK(event->seq == want.seq);
    CHECK(event->salt == want.salt);
    CHECK(event->message == "besked");
    CHECK(event->audit_record == "blad");
    CHECK(event->unrouted_reason == "nej");
    CHECK(event->copy(1).queue == QueueId{8});
    CHECK(event->copy(1).ready_at == want.copies[1].ready_at);
    const auto transition =
        store::decode_transition(reader.record_at(4096 + reader.record_at(4096).size()));
    REQUIRE(transition);
    CHECK(transition->error == "fejl");
    CHECK(transition->state == flow::CopyState::dead);
    CHECK(transition->was_acquired);
}

TEST_CASE("codec: lengths that lie are refused, never followed", "[store]") {
    // Checksums are no protection against somebody who writes files: each 32-bit word of each
    // record takes extreme values.
    const std::string group = golden_group();
    std::string file(4096, '\0');
    file += group;
    const store::SegmentReader reader(file, golden_store(), 3);
    std::size_t at = 4096;
    std::size_t refused = 0;
    for (int i = 0; i < 3; ++i) {
        const std::string record(reader.record_at(at));
        at += record.size();
        for (std::size_t word = 24; word + 4 <= record.size(); ++word) {
            for (const std::uint32_t value :
                 {0xffffffffU, 0x80000000U, 0x7fffffffU, 0xffffU, 0x100U, 1U, 0U}) {
                const auto bytes = std::make_unique<char[]>(
                    record.size());  // exact, so that a sanitizer sees one byte beyond
                std::copy(record.begin(), record.end(), bytes.get());
                store::put(bytes.get() + word, value);
                const std::string_view lying(bytes.get(), record.size());
                const bool is_taken = i == 0   ? store::decode_event(lying).has_value()
                                      : i == 1 ? store::decode_transition(lying).has_value()
                                               : store::decode_config(lying).has_value();
                if (!is_taken) ++refused;
            }
        }
    }
    CHECK(refused > 300);
}

TEST_CASE("codec: a record of a reserved or unknown type is refused by number", "[store]") {
    for (const int type : {3, 5, 8, 255}) {
        CAPTURE(type);
        std::string file(4096, '\0');
        file += golden_group();
        file[4096 + 12] = static_cast<char>(type);
        const auto length = store::get<std::uint32_t>(file.data() + 4096 + 8);
        store::put(file.data() + 4096,
                   store::record_checksum(std::string_view(file).substr(4096, length),
                                          store::segment_seed(golden_store(), 3),
                                          4096));
        const store::SegmentReader reader(file, golden_store(), 3);
        const auto checked = reader.check_group(4096, {10, 20, 0x5555});
        REQUIRE(std::holds_alternative<store::Damage>(checked));
        CHECK(std::get<store::Damage>(checked).code == Errc::refused);
        CHECK(std::get<store::Damage>(checked).text ==
              "record type " + std::to_string(type) + " is unknown to this program");
    }
}
