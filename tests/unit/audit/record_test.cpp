#include "bus/audit/record.hpp"

#include "tests/support/catch.hpp"

#include "vera/audit/v1/record.pb.h"

#include <cstddef>
#include <string>

using namespace vera;
using namespace vera::audit;

namespace {

std::string hex(const auto& bytes) {
    std::string text;
    for (const std::uint8_t byte : bytes) {
        text.push_back("0123456789abcdef"[byte >> 4U]);
        text.push_back("0123456789abcdef"[byte & 0x0FU]);
    }
    return text;
}

}  // namespace

TEST_CASE("audit: SHA-256 gives the standard's values, again and again", "[audit]") {
    for (int i = 0; i < 3; ++i) {
        // FIPS 180-4, examples
        CHECK(hex(sha256("abc")) ==
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        CHECK(hex(sha256("")) ==
              "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }
}

TEST_CASE("audit: the record can be read as the message that documents it", "[audit]") {
    const std::vector<QueueId> queues{QueueId{1}, QueueId{300}, QueueId{70'000}};
    Accepted record;
    record.event_id = "0b6c4f0e-2f6f-4a5e-9a43-0c9d0b6a7f11";
    record.type = "vera.sag.v1.SagOprettet";
    record.system = "læsø-omsorg";
    record.authority = "29189382";
    record.at = Timestamp{1'700'000'000'123};
    record.generation = Generation{300};
    record.message_sha256 = sha256("message");
    record.queues = &queues;
    const std::string bytes = encode(record);

    vera::audit::v1::Accepted read;
    REQUIRE(read.ParseFromString(bytes));
    CHECK(read.event_id() == record.event_id);
    CHECK(read.type() == record.type);
    CHECK(read.system() == record.system);
    CHECK(read.authority() == record.authority);
    CHECK(read.at_ms() == record.at.ms);
    CHECK(read.generation() == 300);
    CHECK(read.message_sha256().size() == 32);
    REQUIRE(read.queues_size() == 3);
    CHECK(read.queues(2) == 70'000);
    CHECK(read.receiver().empty());
    // Protobuf's own writer happens to agree today; the stored bytes never depend on it.
    CHECK(read.SerializeAsString() == bytes);
}

TEST_CASE("audit: the record of a message names its receiver", "[audit]") {
    const std::vector<QueueId> queues{QueueId{7}};
    Accepted record;
    record.system = "omsorg";
    record.receiver = "læge";
    record.queues = &queues;
    const std::string bytes = encode(record);
    vera::audit::v1::Accepted read;
    REQUIRE(read.ParseFromString(bytes));
    CHECK(read.system() == "omsorg");
    CHECK(read.receiver() == "læge");
    CHECK(read.SerializeAsString() == bytes);
}

TEST_CASE("audit: an entry is its version and the hash of salt and record", "[audit]") {
    Salt salt{};
    salt[0] = 'a';
    const Entry entry = make_entry(salt, "bc");
    CHECK(entry[0] == 1);
    std::string salted(salt.begin(), salt.end());
    salted += "bc";
    CHECK(hex(entry).substr(2) == hex(sha256(salted)));
    salt[0] = 'b';
    CHECK(make_entry(salt, "bc") != entry);
}
