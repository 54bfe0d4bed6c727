#pragma once
// A well-behaved client for tests: Proton's connection driver over a loopback socket, driven by the
// test's own thread.
#include <proton/connection_driver.h>
#include <proton/delivery.h>
#include <proton/link.h>
#include <proton/session.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace vera::amqp::test {

/// One header-less message: amqp-value string, or a data section.
[[nodiscard]] std::string text_message(std::string_view text);
[[nodiscard]] std::string data_message(std::string_view data);

struct ClientOptions {
    std::string user;  ///< PLAIN if set
    std::string password;
    std::uint32_t max_frame = 65536;
    std::uint32_t idle_ms = 0;
    bool reads = true;  ///< false: it never reads its socket once it is open
};

struct ReceiverOptions {
    int credit = 10;
    bool is_presettled = false;
    bool settles_second = false;
    bool looks = false;
};

class EngineClient {
public:
    explicit EngineClient(std::uint16_t port, ClientOptions options = {});
    ~EngineClient();
    EngineClient(const EngineClient&) = delete;
    EngineClient& operator=(const EngineClient&) = delete;

    struct Received {
        pn_link_t* link = nullptr;
        pn_delivery_t* delivery = nullptr;
        std::string bytes;
        bool is_settled = false;
    };

    /// Reads and writes until it holds; false: the deadline or the connection's end came first.
    bool run_until(const std::function<bool()>& holds,
                   std::chrono::milliseconds deadline = std::chrono::seconds(20));
    /// Whatever is pending goes out; the socket is read once.
    void step(std::chrono::milliseconds wait);

    pn_link_t* sender(std::string_view address, bool is_presettled = false);
    pn_link_t* receiver(std::string_view address, ReceiverOptions options = {});
    /// Attached and answered, or refused.
    [[nodiscard]] bool is_attached(pn_link_t* link);
    /// Waits for the remote detach; its condition name and text.
    [[nodiscard]] std::string closed_reason(pn_link_t* link);
    [[nodiscard]] std::string connection_reason();

    pn_delivery_t* send(pn_link_t* link, std::string_view bytes);
    /// Waits for the outcome; 0: none came.
    [[nodiscard]] std::uint64_t outcome(pn_delivery_t* delivery);
    [[nodiscard]] static std::string error_name(pn_delivery_t* delivery);
    [[nodiscard]] static std::string error_text(pn_delivery_t* delivery);
    void settle(const Received& received, std::uint64_t state);

    [[nodiscard]] bool is_gone() const { return is_gone_; }
    [[nodiscard]] pn_connection_t* connection() { return driver_.connection; }
    [[nodiscard]] pn_session_t* session() { return session_; }
    /// The socket goes without a word.
    void cut();
    std::vector<Received> received;

private:
    void handle(pn_event_t* event);
    bool flush();

    pn_connection_driver_t driver_{};
    pn_session_t* session_ = nullptr;
    ClientOptions options_;
    int socket_ = -1;
    bool is_gone_ = false;
    bool has_opened_ = false;
    std::uint64_t names_ = 0;
    std::uint64_t tags_ = 0;
};

}  // namespace vera::amqp::test
