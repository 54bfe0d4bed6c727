#pragma once
// The sending side of the load generator. Inside the kit only.
#include "adapters/kit/load_message.hpp"
#include "adapters/kit/load_side.hpp"

#include <proton/delivery.h>
#include <proton/link.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

namespace vera::kit {

struct Sender {
    Sender(const LoadOptions& options, std::uint64_t run) : message(options, run) {}
    std::string address;
    LoadMessage message;
    std::uint64_t first_number = 0, todo = 0, sent = 0, settled = 0, not_accepted = 0;
    pn_connection_t* connection = nullptr;
    pn_link_t* link = nullptr;
    std::uint64_t first_ns = 0, last_ns = 0;
    std::uint64_t due_ns = 0, gap_ns = 0;
    bool is_closing = false;
};

/// All senders, on one thread.
class SendSide final : public LoadSide {
public:
    SendSide(const LoadOptions& options, LoadNotes& notes);
    ~SendSide() override { stop(); }

    // Read after stop().
    [[nodiscard]] const std::vector<Sender>& senders() const { return senders_; }
    [[nodiscard]] const std::string& first_refusal() const { return first_refusal_; }

private:
    void begin() override;
    void finish() override;
    void tick(const std::stop_token& stop);
    void handle(pn_event_t* event) override;
    void open(Sender& sender);
    void answered(Sender& sender, pn_delivery_t* delivery);
    void pump(Sender& sender);
    void close_if_done(Sender& sender);

    std::vector<Sender> senders_;
    std::atomic<bool> may_tick_{false};
    std::string first_refusal_;
    std::jthread ticker_;
};

}  // namespace vera::kit
