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
