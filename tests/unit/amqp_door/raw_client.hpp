#pragma once
// A client that says exactly the bytes that a test wants, well-formed or not.
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace vera::amqp::test {

class RawClient {
public:
    explicit RawClient(std::uint16_t port);
    ~RawClient();
    RawClient(const RawClient&) = delete;
    RawClient& operator=(const RawClient&) = delete;

    /// false: the peer has closed meanwhile.
    bool send(std::string_view bytes);
    /// SASL ANONYMOUS, open, begin on channel 0; waits for the answers.
    bool open();
    /// Reads until `part` is among the bytes received; false: the end or the deadline came first.
    bool expect(std::string_view part,
                std::chrono::milliseconds deadline = std::chrono::seconds(20));
    /// Reads until the peer closes; false: the deadline came first.
    bool expect_end(std::chrono::milliseconds deadline = std::chrono::seconds(20));
    void shut_sending();
    /// Once, for at most `wait`; false: the peer has closed.
    bool read(std::chrono::milliseconds wait);
    [[nodiscard]] bool is_ended() const { return is_ended_; }

    std::string input;  ///< everything received

private:
    int socket_ = -1;
    bool is_ended_ = false;
};

}  // namespace vera::amqp::test
