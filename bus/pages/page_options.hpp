#pragma once
// What is to be on a page, the same for HTML and Markdown.
#include "bus/pages/usage.hpp"
#include "bus/pages/words.hpp"

#include <functional>
#include <set>
#include <string>

namespace vera::pages {

struct PageOptions {
    Language language = Language::da;
    std::string made_by;                      ///< "VeRA 0.1.0"
    std::set<std::string, std::less<>> only;  ///< full names of events; empty: all
    const Usage* usage = nullptr;             ///< none: who publishes and receives is not told
};

/// What stands near the beginning of every page that is made here.
inline constexpr const char* made_by_mark = "vera type docs";

}  // namespace vera::pages
