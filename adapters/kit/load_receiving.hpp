#pragma once
// The receiving side of the load generator. Inside the kit only.
#include "adapters/kit/load_side.hpp"

#include <proton/delivery.h>
#include <proton/link.h>
#include <proton/listener.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace vera::kit {

struct Receiver {
    std::string address;
    pn_connection_t* connection = nullptr;
    std::uint32_t outstanding = 0;
    std::uint64_t received = 0, first_ns = 0, last_ns = 0;
    std::vector<std::uint32_t> latencies;  // tenths of a microsecond
    bool is_ready = false;
};

/// All receivers, on one thread.
class ReceiveSide final : public LoadSide {
public:
    ReceiveSide(const LoadOptions& options, LoadNotes& notes);
    ~ReceiveSide() override { stop(); }

    // Read after stop().
    [[nodiscard]] const std::vector<Receiver>& receivers() const { return receivers_; }

private:
    void begin() override;
    void handle(pn_event_t* event) override;
    void accept(pn_event_t* event);
    void open(Receiver& receiver);
    void link_opened(Receiver& receiver, pn_link_t* link);
    void received(Receiver& receiver, pn_delivery_t* delivery);
    void close_all(pn_connection_t* current);

    pn_listener_t* listener_ = nullptr;
    std::vector<Receiver> receivers_;
    std::size_t id_at_;
    std::vector<char> buffer_;
    std::uint64_t expected_ = 0, total_ = 0;
    bool is_closing_ = false;
};

}  // namespace vera::kit
