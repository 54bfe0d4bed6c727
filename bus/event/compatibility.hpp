#pragma once
// What a change of schemas breaks: for bytes that are under way or stored, for JSON, for programs
// that are compiled against them, and for senders that keep the old rules.
#include "bus/event/difference.hpp"

#include <google/protobuf/descriptor.h>

#include <map>
#include <set>
#include <string>
#include <vector>

namespace vera::event {

class SchemaSet;

/// What in `old` the schemas of `fresh` break; additions break nothing. In whatever file `fresh`
/// has it, and whatever code compilers make of that: a copy of a file may say otherwise.
[[nodiscard]] std::vector<Difference> breaks(const google::protobuf::FileDescriptor& old,
                                             const google::protobuf::DescriptorPool& fresh);
/// Of all files but Protobuf's own, in their order; and what of the files themselves breaks
/// programs.
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
