#pragma once
// The catch-all around every entry from the network: whatever goes wrong in it ends that one
// connection. Private to this room.
#include "bus/amqp/connection.hpp"
#include "bus/host/log.hpp"

#include <exception>
#include <memory>
#include <string>

namespace vera::amqp {

template <class Work>
void Connection::guarded(Work work) {
    const std::shared_ptr<Connection> self = shared_from_this();
    try {
        if (phase_ != Phase::dead) work();
    } catch (const std::exception& error) {
        host::log::error("a connection is ended by an internal error",
                         {{"connection", std::to_string(number_)}, {"error", error.what()}});
        end(Ending::lost);
    } catch (...) {
        host::log::error("a connection is ended by an internal error",
                         {{"connection", std::to_string(number_)}});
        end(Ending::lost);
    }
    io_.end_batch();
}

}  // namespace vera::amqp
