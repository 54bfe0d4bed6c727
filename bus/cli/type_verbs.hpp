#pragma once
// What the verbs about message types share.
#include "bus/cli/cli.hpp"
#include "bus/cli/schemas.hpp"
#include "bus/cli/type_usage.hpp"
#include "bus/pages/description.hpp"
#include "bus/pages/rule_words.hpp"
#include "bus/pages/type_set.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace vera::cli {

/// The types that a verb is about, and what there is to know about them.
struct Types {
    pages::TypeSet set;
    pages::Description description;
};
/// Errc::bad_input: what is wrong with the schemas.
[[nodiscard]] Result<Types> types_of(const SchemaFlags& flags);

/// What -c tells about these types. Errc::unavailable in a build without configurations.
[[nodiscard]] Result<Uses> uses_of_flag(const std::string& config, const Types& types);

/// --only, full names of events as pages want them. Errc::bad_input, not_found tell the name.
void add_only_flag(CLI::App& verb, std::vector<std::string>& names);
[[nodiscard]] Result<std::set<std::string, std::less<>>> only_of_flag(
    const std::vector<std::string>& names, const Types& types);

/// "12 KiB".
[[nodiscard]] std::string size_text(std::size_t bytes);

/// --lang, Danish if not given. What it points to is filled when the verb runs.
[[nodiscard]] std::shared_ptr<std::string> add_language_flag(CLI::App& verb);
[[nodiscard]] pages::Language language_of_flag(const std::string& flag);

}  // namespace vera::cli
