#pragma once
// The message of the load generator: encoded once, patched for each sending, read back from what
// was received. Pure.
#include "adapters/kit/load_generator.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace vera::kit {

/// Thread: one per object.
class LoadMessage {
public:
    /// `run` sets this run's message ids apart from other runs'.
    LoadMessage(const LoadOptions& options, std::uint64_t run);

    /// The encoded message number `number`, which carries `stamp_ns`. The view lives until the next
    /// call.
    [[nodiscard]] std::string_view stamped(std::uint64_t number, std::uint64_t stamp_ns);

private:
    std::string bytes_;
    std::size_t body_at_ = 0;
    EventTemplate event_;
    std::uint64_t run_;
};

/// The contents of the first data section or of an amqp-value of binary or string; empty if there
/// is none or the bytes do not parse.
[[nodiscard]] std::string_view body_of(std::string_view message);
/// The stamp of a received body, 0 if it has none. `id_at` is where the id lies in an event, npos
/// for a plain body.
[[nodiscard]] std::uint64_t stamp_of(std::string_view body, std::size_t id_at);

}  // namespace vera::kit
