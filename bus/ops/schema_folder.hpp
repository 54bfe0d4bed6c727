#pragma once
// Schemas on disk: a folder, or one file of its own, read as bytes for event::SchemaSet. What they
// mean is decided there.
#include "bus/event/schema_set.hpp"

#include <string>
#include <variant>

namespace vera::ops {

/// All *.proto, *.binpb, *.pb and *.desc below `path`, other files left out, as is what begins with
/// a dot. `shown`: what errors call it. Blocks on disk. Too many, too large or too deeply nested
/// (16 folders) is a problem, as is a folder without schemas.
[[nodiscard]] std::variant<event::SchemaFolder, event::SchemaProblem> read_schemas(
    const std::string& path, const std::string& shown);

}  // namespace vera::ops
