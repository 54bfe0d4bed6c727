#pragma once
// Which mappings a change of schemas breaks.
#include "bus/base/result.hpp"
#include "bus/event/catalogue.hpp"

#include <memory>
#include <string>
#include <vector>

namespace vera::cli {

/// A mapping of a configuration, and who has it.
struct UsedMapping {
    std::string name;
    std::string file;
    std::vector<std::string> subscriptions;  ///< by name; a bridge may have others
};

/// One that compiles and passes its tests with the old schemas, and not with the new ones.
struct BrokenMapping {
    UsedMapping used;
    std::vector<std::string> errors;  ///< "m.yaml:5: map.x: vera.sag.v1.Sag has no field y"
};

/// Reads the mappings' files again.
[[nodiscard]] std::vector<BrokenMapping> broken_mappings(
    const std::vector<UsedMapping>& used,
    const std::shared_ptr<const event::Catalogue>& old,
    const std::shared_ptr<const event::Catalogue>& fresh);

}  // namespace vera::cli
