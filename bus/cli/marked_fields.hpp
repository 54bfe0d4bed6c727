#pragma once
// Personal data that the schemas mark, out of what is printed. The descriptors say where it is.
#include "bus/event/catalogue.hpp"

#include <nlohmann/json.hpp>

namespace vera::cli {

/// Replaces each value in a field marked `personoplysning` by "***": in the kuvert, and in each
/// object that names its type with "@type". What a marked message holds is all replaced. So are
/// bytes, payloads of unknown types, and those of schemas without VeRA's options, which can mark
/// nothing: nobody here can tell.
void mask_marked(nlohmann::json& kuvert, const event::Catalogue& catalogue);

}  // namespace vera::cli
