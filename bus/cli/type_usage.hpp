#pragma once
// Who publishes and who receives each type, and where, out of a configuration.
#include "bus/base/result.hpp"
#include "bus/pages/asyncapi.hpp"
#include "bus/pages/usage.hpp"

#include <string>
#include <vector>

namespace vera::cli {

struct Uses {
    pages::Usage usage;
    std::vector<pages::Server> servers;
};

/// `types` are full names. Errors are those of the configuration, a line each.
[[nodiscard]] Result<Uses> uses_of(const std::string& config_file,
                                   const std::vector<std::string>& types);

}  // namespace vera::cli
