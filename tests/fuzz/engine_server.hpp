#pragma once
// A server as the front door is one, in memory: frame guard, then Proton's connection driver, with
// the barrier. It opens what the peer opens, gives credit, reads and settles deliveries (some at
// once, some later), sends some, and frees links and sessions after they end.
#include "bus/amqp/frame_guard.hpp"
#include "tests/fuzz/choices.hpp"

#include <proton/connection_driver.h>
#include <proton/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace vera::fuzz {

struct Tally {
    std::uint64_t conversations = 0, frames = 0, consumed = 0, bytes = 0, deliveries_in = 0,
                  deliveries_out = 0, closed = 0, window_violations = 0;
    std::map<std::string, std::uint64_t, std::less<>> refusals;  ///< by condition of the guard
    std::map<std::string, std::uint64_t, std::less<>>
        engine_refusals;  ///< by condition and text of the engine: frames the guard let pass
};

class EngineServer {
public:
    EngineServer(std::uint64_t seed, Tally& tally);
    ~EngineServer();
    EngineServer(const EngineServer&) = delete;
    EngineServer& operator=(const EngineServer&) = delete;

    /// Everything a client says, in pieces as a socket might deliver them; then the client is gone.
    void converse(std::string_view input);

private:
    struct LinkState {
        std::uint16_t channel = 0;
        std::uint32_t handle = 0;
        int issued = 0;
    };

    bool take();
    void give(std::string_view frames);
    void barrier();
    void refuse();
    void run_events();
    void write_out();
    void on_event(pn_event_t* event);
    void on_session_open(pn_session_t* session);
    void on_link_open(pn_link_t* link);
    void on_link_end(pn_link_t* link, bool is_closed);
    void on_session_end(pn_session_t* session);
    void on_delivery(pn_delivery_t* delivery);
    void on_received(pn_delivery_t* delivery, pn_link_t* link);
    void settle(pn_delivery_t* delivery, bool is_good);
    void settle_some(bool all);
    void send_some(pn_link_t* link);
    void end_something();
    void forget(pn_link_t* link);
    void forget_session(pn_session_t* session);
    void note_engine_error();

    Tally& tally_;
    Dice dice_;
    amqp::FrameGuard guard_;
    pn_connection_driver_t driver_{};
    std::string input_;
    std::string waiting_;  ///< passed frames not yet given to the engine
    std::map<pn_link_t*, LinkState> links_;
    std::vector<pn_delivery_t*> held_;
    std::uint64_t next_tag_ = 0;
    std::uint16_t last_channel_ = 0;
    std::uint32_t last_handle_ = 0;
    std::uint64_t most_sent_;  ///< messages the queues hold
    bool is_refused_ = false;
};

/// One conversation made from `bytes`, held with a server whose own choices follow from `seed`.
void run_conversation(std::string_view bytes, std::uint64_t seed, Tally& tally);

}  // namespace vera::fuzz
