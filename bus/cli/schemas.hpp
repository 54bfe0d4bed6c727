#pragma once
// Which message types a verb knows: the built-in ones, and those of folders named on the command
// line, as the bus has them in its configuration.
#include "bus/base/result.hpp"
#include "bus/cli/verbs.hpp"

#include <memory>
#include <string>
#include <vector>

namespace vera::event {
class Catalogue;
}

namespace vera::cli {

struct SchemaFlags {
    std::vector<std::string> folders;
};

/// --schemas, which may be repeated; of the environment VERA_SCHEMAS, parted by colons.
void add_schema_flags(CLI::App& verb, SchemaFlags& flags);
/// Errc::bad_input: what is wrong, by file, line and column.
[[nodiscard]] Result<std::shared_ptr<const event::Catalogue>> catalogue_of(
    const SchemaFlags& flags);

}  // namespace vera::cli
