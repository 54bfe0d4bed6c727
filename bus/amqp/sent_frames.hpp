#pragma once
// Finds in what is written to the peer, whatever pieces it is written in, what the engine tells
// nobody: of how many frames it has made a delivery, which handles it has chosen, which window it
// has promised. Pure.
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace vera::amqp {

/// One per connection. Thread: the connection's I/O thread.
class SentFrames {
public:
    /// What the engine's side has written, in order, from its protocol header on.
    void add(std::string_view bytes);
    /// On the session that the peer has begun on `peer_channel`: transfer-ids from 0 on.
    [[nodiscard]] std::uint32_t transfers(std::uint16_t peer_channel) const;

    /// The peer has attached a link, which will be answered after those before it.
    void expect_attach(std::uint16_t peer_channel, std::uint32_t peer_handle) {
        unanswered_.emplace_back(peer_channel, peer_handle);
        handles_.erase({peer_channel, peer_handle});
    }
    /// Our handle of the link that the peer has attached there; none: not answered yet.
    [[nodiscard]] std::optional<std::uint32_t> handle(std::uint16_t peer_channel,
                                                      std::uint32_t peer_handle) const;
    /// What a session was told last of its incoming-window.
    struct Window {
        std::uint16_t channel = 0;            ///< ours
        std::optional<std::uint32_t> from{};  ///< transfer-id; none: the peer's first
        std::uint32_t size = 0;
    };
    [[nodiscard]] std::optional<Window> window(std::uint16_t peer_channel) const;

private:
    static constexpr std::size_t most_looked_at = 34;                // to the end of a window
    static constexpr std::size_t most_of_attach = 20 + 5 + 255 + 5;  // to the end of the handle
    struct Session {
        std::uint16_t peer_channel = 0;
        std::uint32_t transfers = 0;
        bool is_begun = false;
        Window window;
    };

    [[nodiscard]] std::size_t wanted() const;
    [[nodiscard]] bool is_of(std::uint8_t kind) const;
    [[nodiscard]] std::optional<std::uint32_t> read_uint(std::size_t& at) const;
    void look();
    void look_at_begin(std::uint16_t channel);
    void look_at_flow(Session& session) const;
    void look_at_attach();
    [[nodiscard]] std::size_t first_field() const;
    [[nodiscard]] const Session* find(std::uint16_t peer_channel) const;

    std::vector<Session> sessions_;                                    // by our own channel
    std::vector<std::pair<std::uint16_t, std::uint32_t>> unanswered_;  // attaches, by the peer's
    std::map<std::pair<std::uint16_t, std::uint32_t>, std::uint32_t> handles_;
    std::array<unsigned char, most_of_attach> head_{};
    std::size_t head_size_ = 0;  // of the frame that is being written
    std::size_t left_ = 8;       // bytes of it, or of the protocol header, that are not looked at
};

}  // namespace vera::amqp
