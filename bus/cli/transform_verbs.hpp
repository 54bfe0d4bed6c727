#pragma once
// What the verbs about mappings share.
#include "bus/cli/schemas.hpp"
#include "bus/cli/verbs.hpp"
#include "bus/transform/mapping.hpp"

#include <memory>
#include <string>
#include <vector>

namespace vera::cli {

struct LoadedMapping {
    std::shared_ptr<const transform::Mapping> mapping;  ///< none if there is an error
    std::vector<transform::Problem> problems;           ///< errors and warnings
};

/// Reads and compiles it. Blocks on disk.
[[nodiscard]] LoadedMapping load_mapping(const std::string& file,
                                         const std::shared_ptr<const event::Catalogue>& catalogue);

/// One line each, warnings as such.
void tell_problems(const std::vector<transform::Problem>& problems, Io& io);

}  // namespace vera::cli
