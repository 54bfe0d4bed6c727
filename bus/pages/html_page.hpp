#pragma once
// The catalogue of types as one HTML file that needs nothing else: works from a disk, without a
// network, without JavaScript (then without search).
#include "bus/pages/description.hpp"
#include "bus/pages/page_options.hpp"

#include <string>

namespace vera::pages {

/// The same bytes for the same types and options.
[[nodiscard]] std::string html_page(const TypeSet& types,
                                    const Description& description,
                                    const PageOptions& options);

}  // namespace vera::pages
