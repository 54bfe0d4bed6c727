#pragma once
// What events become for subscriptions that ask for a transformation or another form: evaluated
// once for all copies of an event that go out near each other on one thread. Private to this room.
#include "bus/amqp/section_scanner.hpp"
#include "bus/base/ids.hpp"
#include "bus/flow/outgoing.hpp"
#include "bus/flow/snapshot.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace vera::amqp {

/// Thread: the I/O thread that owns it.
class Reshaping {
public:
    /// `sections`: of the message, or of what is left of it without protected addresses. Good until
    /// the next call.
    [[nodiscard]] const flow::Shape& of(const flow::Outgoing& outgoing,
                                        EventSeq event,
                                        bool is_reduced,
                                        const Sections& sections,
                                        const flow::Snapshot& snapshot);
    /// Evaluations so far.
    [[nodiscard]] std::uint64_t evaluations() const { return evaluations_; }

private:
    /// The key of a shape: a generation is immutable, so what it points to is the same.
    struct Made {
        const flow::Outgoing* outgoing = nullptr;
        Generation generation;
        EventSeq event;
        bool is_reduced = false;
        flow::Shape shape = flow::AsItCame{};
    };
    std::array<Made, 32> made_;
    std::size_t next_ = 0;
    std::uint64_t evaluations_ = 0;
    transform::Transformer transformer_;
};

}  // namespace vera::amqp
