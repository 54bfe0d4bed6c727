#include "bus/cli/verbs.hpp"

#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

namespace vera::cli {

void add_version(CLI::App& root, Session& session) {
    CLI::App* verb = root.add_subcommand("version", "Print the version");
    auto is_json = std::make_shared<bool>(false);
    verb->add_flag("--json", *is_json, "As JSON");
    verb->footer(footer("  vera version\n  vera version --json\n"));
    verb->callback([is_json, &session] {
        if (*is_json)
            session.io.out << nlohmann::json{{"version", 1}, {"vera", VERA_VERSION}}.dump() << '\n';
        else
            session.io.out << "vera " << VERA_VERSION << '\n';
    });
}

}  // namespace vera::cli
