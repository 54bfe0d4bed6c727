#pragma once
// Which class an object of LoRa's JSON is of, from the names of its members.
#include "adapters/oio/json_tree.hpp"
#include "adapters/oio/model.hpp"

#include <vector>

namespace vera::oio {

/// The classes that know most of the names in "attributter", "tilstande", "relationer" and beside
/// them; none if no class knows any.
[[nodiscard]] std::vector<const ObjectClass*> possible_classes(const Model& model,
                                                               const JsonValue& body);

/// "Bruger, Dokument, …".
[[nodiscard]] std::string names_of(const std::vector<const ObjectClass*>& classes);

}  // namespace vera::oio
