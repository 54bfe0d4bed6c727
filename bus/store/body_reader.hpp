#pragma once
// Finds messages again in the live segments. The only part of the journal that other threads than
// the committing one may use.
#include "bus/flow/engine.hpp"
#include "bus/host/file_system.hpp"
#include "bus/host/mailbox.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace vera::store {

/// A segment that bodies can be read from.
struct ReadableSegment {
    std::uint32_t number = 0;
    std::uint64_t seed = 0;
    std::string path;
    std::shared_ptr<host::File> file;
};

/// Where the record at `offset` of a segment that is gone is now.
struct Move {
    std::uint32_t offset = 0;
    flow::BodyRef to;
};

/// Ascending by offset.
using Moves = std::vector<Move>;

/// Replaced whole when a segment comes or goes.
struct ReadableSegments {
    std::vector<ReadableSegment> segments;  ///< ascending by number
    /// By segment: what was carried forward from it. So references that were given out stay good.
    std::map<std::uint32_t, std::shared_ptr<const Moves>> moves;
};

/// Thread: fetch and fetch_now any; publish the committing one.
class BodyReader {
public:
    /// The segments that are there now. Moves whose target is gone are forgotten.
    void publish(std::vector<ReadableSegment> segments);
    /// What was carried out of `source`, all of it; before the source goes.
    void publish(std::uint32_t source, Moves moves);
    /// Reads, verifies the record's checksum, gives the message. Errors: not_found (retired),
    /// corrupt, io; may wait for a disk.
    [[nodiscard]] Result<Body> fetch(const flow::BodyRef& ref) const;
    /// The same, but nothing if it would have to wait for a disk.
    [[nodiscard]] std::optional<Result<Body>> fetch_now(const flow::BodyRef& ref) const;

private:
    [[nodiscard]] std::optional<Result<Body>> read(flow::BodyRef ref, bool may_wait) const;

    host::Cell<std::shared_ptr<const ReadableSegments>> segments_{
        std::make_shared<const ReadableSegments>()};
};

}  // namespace vera::store
