#include "bus/ops/serve.hpp"

#include "bus/cli/verbs.hpp"

#include <memory>

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

}  // namespace vera::cli
