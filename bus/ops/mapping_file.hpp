#pragma once
// A mapping's YAML file, and the tables and the key that it names, as what bus/transform compiles.
#include "bus/ops/yaml_tree.hpp"
#include "bus/transform/source.hpp"

#include <string>
#include <vector>

namespace vera::ops {

struct MappingFile {
    transform::MappingSource source;           ///< of no use if there is an error
    std::vector<transform::Problem> problems;  ///< errors, all of them
    std::string bytes;                         ///< of all files read, for the digest
};

/// `shown`: what errors call it. Files that it names are beside it. Blocks on disk.
[[nodiscard]] MappingFile read_mapping(const std::string& path, const std::string& shown);

}  // namespace vera::ops
