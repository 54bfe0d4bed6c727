#pragma once
// Whether a consumer gets addresses that a person's address protection covers, and what it gets
// instead of a message with them. Private to this room.
#include "bus/amqp/addresses.hpp"
#include "bus/amqp/section_scanner.hpp"
#include "bus/base/ids.hpp"
#include "bus/base/result.hpp"
#include "bus/base/time.hpp"
#include "bus/event/raw_event.hpp"
#include "bus/flow/snapshot.hpp"

#include <string>

namespace vera::amqp {

/// Thread: the outlet's, which owns it.
class AddressRight {
public:
    AddressRight(const Address& from, const event::Identity& who);

    /// It may have them, or nobody knows what its queue holds. Looked up anew with each generation:
    /// a right may be taken away while a consumer is there.
    [[nodiscard]] bool holds(const flow::Snapshot& snapshot);
    /// What is sent without the right instead of the bare message; empty: the bare message.
    /// Errc::corrupt: nobody can tell. Decided when it is sent: protection may have ended while
    /// the copy waited.
    [[nodiscard]] Result<std::string> without(const Sections& sections,
                                              const flow::Snapshot& snapshot,
                                              Timestamp now) const;

private:
    QueueId queue_;
    flow::QueueKind kind_;
    std::string system_;
    bool is_anonymous_;     // and so has no rights of its own
    Generation looked_up_;  // when `has_right_` was
    bool has_right_ = false;
};

}  // namespace vera::amqp
