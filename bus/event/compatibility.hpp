#pragma once
// What a change of schemas breaks: for bytes that are under way or stored, for JSON, for programs
// that are compiled against them, and for senders that keep the old rules.
#include <google/protobuf/descriptor.h>

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace vera::event {

class SchemaSet;

struct Difference {
    enum class Severity : std::uint8_t {
        wire,    ///< old bytes mean something else, or nothing
        json,    ///< old JSON is not read, or new JSON not by old readers
        source,  ///< programs do not compile
        rule     ///< what was accepted is refused
    };
    Severity severity = Severity::wire;
    std::string file;     ///< the old one, as it is imported
    std::string message;  ///< full name of the message or enum it concerns
    std::string path;     ///< full name of what has changed
    std::string what;
};
[[nodiscard]] std::string_view name_of(Difference::Severity severity);
/// "vera/sag/v1/sag.proto: vera.sag.v1.Sag.titel: wire: …".
[[nodiscard]] std::string to_text(const Difference& difference);

/// What in `old` the schemas of `fresh` break; additions break nothing.
[[nodiscard]] std::vector<Difference> breaks(const google::protobuf::FileDescriptor& old,
                                             const google::protobuf::DescriptorPool& fresh);
/// Of all files but Protobuf's own, in their order.
[[nodiscard]] std::vector<Difference> breaks(const SchemaSet& old, const SchemaSet& fresh);

/// Full names of the payload types that are, or hold, something that is broken; with the breaks.
[[nodiscard]] std::map<std::string, std::vector<const Difference*>> broken_types(
    const SchemaSet& old, const std::vector<Difference>& differences);

/// Full names of all payload types.
[[nodiscard]] std::set<std::string> payload_types(const SchemaSet& schemas);

/// Builds all files of a set into an empty pool. They fit together: SchemaSet::add() has built
/// them.
void build(const SchemaSet& schemas, google::protobuf::DescriptorPool& pool);

}  // namespace vera::event
