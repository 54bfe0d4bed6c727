// Counting transfers in what is written.
#include "bus/amqp/sent_frames.hpp"

#include "tests/support/catch.hpp"
#include "tests/unit/amqp/wire.hpp"

#include <string>

using namespace vera;
using namespace vera::amqp;
using namespace vera::wire;

namespace {

// As the engine writes them.
std::string begun(unsigned channel, unsigned peer_channel) {
    return frame(described(0x11, {u16(peer_channel), u32(0), u32(10), u32(10)}), channel);
}
std::string sent(unsigned channel, std::size_t size) {
    return frame(described(0x14, {u32(0), u32(0), bin("t")}) + std::string(size, '\x14'), channel);
}

}  // namespace

TEST_CASE("sent frames: transfers are counted by the peer's session in pieces of any size",
          "[amqp]") {
    const std::string beat = frame("", 0);
    const std::string all = amqp_header + open() + begun(0, 7) + sent(0, 0) + beat + begun(1, 3) +
                            sent(1, 70000) + sent(0, 3) + sent(1, 1) + sent(1, 0);
    const std::size_t piece = GENERATE(1U, 2U, 3U, 7U, 8U, 23U, 24U, 4096U, 1U << 20U);
    CAPTURE(piece);
    SentFrames frames;
    for (std::size_t at = 0; at < all.size(); at += piece)
        frames.add(std::string_view(all).substr(at, piece));
    CHECK(frames.transfers(7) == 2);
    CHECK(frames.transfers(3) == 3);
    CHECK(frames.transfers(0) == 0);
}

TEST_CASE("sent frames: a session that is begun again counts anew", "[amqp]") {
    SentFrames frames;
    frames.add(amqp_header + begun(0, 7) + sent(0, 5) + end(0));
    CHECK(frames.transfers(7) == 0);
    frames.add(begun(0, 7) + sent(0, 5));
    CHECK(frames.transfers(7) == 1);
}

TEST_CASE("sent frames: handles and windows are what the engine has told last", "[amqp]") {
    const auto attached = [](const std::string& name, unsigned handle) {
        return frame(described(0x12, {str(name), u32(handle), no}), 1);
    };
    const auto flow = [](unsigned next, unsigned window) {
        return frame(described(0x13, {u32(next), u32(window), u32(0), u32(10)}), 1);
    };
    const std::size_t piece = GENERATE(1U, 5U, 64U, 1U << 20U);
    CAPTURE(piece);
    SentFrames frames;
    const auto add = [&](const std::string& bytes) {
        for (std::size_t at = 0; at < bytes.size(); at += piece)
            frames.add(std::string_view(bytes).substr(at, piece));
    };
    frames.expect_attach(7, 5);
    frames.expect_attach(7, 2);
    add(amqp_header + open() + begun(1, 7) + attached(std::string(255, 'n'), 300));
    CHECK(frames.handle(7, 5) == 300);
    CHECK_FALSE(frames.handle(7, 2).has_value());
    add(attached("n", 0));
    CHECK(frames.handle(7, 2) == 0);
    REQUIRE(frames.window(7).has_value());
    CHECK(frames.window(7)->channel == 1);
    CHECK_FALSE(frames.window(7)->from.has_value());
    CHECK(frames.window(7)->size == 10);
    add(flow(70000, 900));
    CHECK(frames.window(7)->from == 70000);
    CHECK(frames.window(7)->size == 900);
    frames.expect_attach(7, 5);
    CHECK_FALSE(frames.handle(7, 5).has_value());
    add(end(1));
    CHECK_FALSE(frames.window(7).has_value());
    CHECK_FALSE(frames.handle(7, 2).has_value());
}
