#pragma once
// Which message types a verb knows: the built-in ones, those of folders named on the command line,
// and those of a configuration.
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
    std::string config;  ///< its schemas, names and persons too; empty: none
};

/// --schemas, which may be repeated; of the environment VERA_SCHEMAS, parted by colons.
void add_schema_flags(CLI::App& verb, SchemaFlags& flags);
/// -c besides, for a verb that has no other use for it.
void add_schema_and_config_flags(CLI::App& verb, SchemaFlags& flags);
/// Errc::bad_input: what is wrong, by file, line and column.
[[nodiscard]] Result<std::shared_ptr<const event::Catalogue>> catalogue_of(
    const SchemaFlags& flags);

}  // namespace vera::cli
