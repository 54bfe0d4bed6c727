#include "bus/ops/serve.hpp"

#include "bus/cli/verbs.hpp"

#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

namespace vera::cli {

void add_serve(CLI::App& root, Session& session) {
    CLI::App* verb = root.add_subcommand("serve", "Run the bus");
    auto options = std::make_shared<ops::ServeOptions>();
    verb->add_option("-c,--config", options->config_file, "Configuration, YAML")->required();
    verb->add_flag("--pilot",
                   options->is_pilot,
                   "May listen beyond loopback although there are no agreements");
    verb->add_option("--port-file", options->port_file, "Where to write the port once it serves");
    verb->add_option("--log-level", options->log_level, "Lowest level that is logged")
        ->check(CLI::IsMember({"debug", "info", "warn", "error"}))
        ->capture_default_str();
    verb->footer(
        footer("  vera serve -c vera.yaml\n"
               "  vera serve -c vera.yaml --log-level debug\n"
               "SIGTERM and SIGINT end it in order, SIGHUP reloads the configuration.\n"));
    verb->callback([options, &session] { session.exit_code = ops::serve(*options); });
}

void add_config_check(CLI::App& config, Session& session) {
    struct Flags {
        std::string file;
        bool is_json = false;
    };
    CLI::App* verb = config.add_subcommand("check", "Check a configuration without running it");
    auto flags = std::make_shared<Flags>();
    verb->add_option("-c,--config", flags->file, "Configuration, YAML")->required();
    verb->add_flag("--json", flags->is_json, "As JSON");
    verb->footer(footer("  vera config check -c vera.yaml\n"));
    verb->callback([flags, &session] {
        const auto facts = ops::check_config(flags->file);
        if (flags->is_json) {
            nlohmann::json out{{"version", 1}, {"ok", facts.has_value()}};
            if (facts)
                out["facts"] = *facts;
            else
                out["error"] = facts.error().text;
            session.io.out << out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)
                           << '\n';
            session.exit_code = facts ? exit_ok : exit_failed;
        } else if (facts) {
            for (const std::string& fact : *facts)
                session.io.out << fact << '\n';
        } else {
            session.exit_code = report(session.io, facts.error());
        }
    });
}

}  // namespace vera::cli
