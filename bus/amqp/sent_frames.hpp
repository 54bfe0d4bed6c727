#pragma once
// Finds the transfers in what is written to the peer, whatever pieces it is written in: the engine
// tells nobody of how many frames it has made a delivery. Pure.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace vera::amqp {

/// One per connection. Thread: the connection's I/O thread.
class SentFrames {
public:
    /// What the engine's side has written, in order, from its protocol header on.
    void add(std::string_view bytes);
    /// On the session that the peer has begun on `peer_channel`: transfer-ids from 0 on.
    [[nodiscard]] std::uint32_t transfers(std::uint16_t peer_channel) const;

private:
    static constexpr std::size_t most_looked_at = 23;  // to the end of a begin's remote-channel
    struct Session {
        std::uint16_t peer_channel = 0;
        std::uint32_t transfers = 0;
        bool is_begun = false;
    };

    void look();

    std::vector<Session> sessions_;  // by our own channel
    std::array<unsigned char, most_looked_at> head_{};
    std::size_t head_size_ = 0;  // of the frame that is being written
    std::size_t left_ = 8;       // bytes of it, or of the protocol header, that are not looked at
};

}  // namespace vera::amqp
