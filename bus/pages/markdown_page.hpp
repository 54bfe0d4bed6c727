#pragma once
// The interface specification as Markdown: numbered sections and tables, to be attached to a
// tender.
#include "bus/pages/description.hpp"
#include "bus/pages/page_options.hpp"

#include <string>

namespace vera::pages {

/// The same bytes for the same types and options.
[[nodiscard]] std::string markdown_page(const TypeSet& types,
                                        const Description& description,
                                        const PageOptions& options);

}  // namespace vera::pages
