#include "bus/cli/connecting.hpp"
#include "bus/cli/running_configuration.hpp"
#include "bus/cli/table.hpp"
#include "bus/cli/verbs.hpp"
#include "bus/ops/daemon.hpp"
#include "bus/ops/effective.hpp"
#include "bus/ops/option_page.hpp"
#include "bus/ops/serve.hpp"

#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

namespace vera::cli {
namespace {

using nlohmann::json;

struct FileFlags {
    std::string file;
    bool is_json = false;
};

std::shared_ptr<FileFlags> add_file_flags(CLI::App& verb) {
    auto flags = std::make_shared<FileFlags>();
    verb.add_option("-c,--config", flags->file, "Configuration, YAML")->required();
    verb.add_flag("--json", flags->is_json, "As JSON");
    return flags;
}

/// Text from a file need not be UTF-8.
void print(Io& io, const json& document) {
    io.out << document.dump(-1, ' ', false, json::error_handler_t::replace) << '\n';
}

std::string value_text(const json& value) {
    if (value.is_null()) return "–";
    return value.is_string() ? value.get<std::string>()
                             : value.dump(-1, ' ', false, json::error_handler_t::replace);
}

void add_check(CLI::App& config, Session& session) {
    CLI::App* verb = config.add_subcommand("check", "Check a configuration without running it");
    const auto flags = add_file_flags(*verb);
    verb->footer(footer("  vera config check -c vera.yaml\n"));
    verb->callback([flags, &session] {
        const auto checked = ops::check_config(flags->file);
        if (flags->is_json) {
            json out{{"version", 1}, {"ok", checked.has_value()}};
            if (checked)
                out.update({{"facts", checked->facts}, {"warnings", checked->warnings}});
            else
                out["error"] = checked.error().text;
            print(session.io, out);
            session.exit_code = checked ? exit_ok : exit_failed;
        } else if (checked) {
            for (const std::string& fact : checked->facts)
                session.io.out << fact << '\n';
            for (const std::string& warning : checked->warnings)
                session.io.err << "vera: warning: " << warning << '\n';
        } else {
            session.exit_code = report(session.io, checked.error());
        }
    });
}

/// Every error a line; nothing if there are none.
Result<ops::LoadedConfig> load(const std::string& file) {
    ops::LoadOptions options;
    options.allows_beyond_loopback = true;  // for `serve --pilot` to decide
    options.keeps_sources = true;
    ops::LoadedConfig loaded = ops::load_config(file, options);
    if (!loaded.is_good()) return fail(Errc::bad_input, ops::to_text(loaded.problems));
    return loaded;
}

json to_json(const ops::EffectiveOption& option) {
    json row{{"key", option.key},
             {"value", option.value},
             {"default", !option.source.has_value()},
             {"takes", option.needs_restart ? "restart" : "reload"}};
    if (option.source) {
        row["file"] = option.source->file;
        row["line"] = option.source->line;
    }
    return row;
}

int show(const FileFlags& flags, bool has_defaults, Io& io) {
    const auto loaded = load(flags.file);
    if (!loaded) return report(io, loaded.error());
    json rows = json::array();
    Table table({{"OPTION", false}, {"VALUE", false}, {"FROM", false}});
    std::size_t left_out = 0;
    for (const ops::EffectiveOption& option : ops::effective(loaded->config, loaded->sources)) {
        if (!option.source && !has_defaults) {
            ++left_out;
            continue;
        }
        rows.push_back(to_json(option));
        table.add({option.key,
                   value_text(option.value),
                   option.source ? option.source->file + ":" + std::to_string(option.source->line)
                                 : "default"});
    }
    if (flags.is_json) {
        print(io,
              {{"version", 1}, {"digest", loaded->config.digest}, {"options", std::move(rows)}});
        return exit_ok;
    }
    io.out << table.text();
    if (left_out > 0)
        io.err << left_out << " options stand at their defaults; --defaults shows them\n";
    return exit_ok;
}

void add_show(CLI::App& config, Session& session) {
    CLI::App* verb = config.add_subcommand(
        "show", "Show the values of a configuration and where each comes from");
    const auto flags = add_file_flags(*verb);
    auto has_defaults = std::make_shared<bool>(false);
    verb->add_flag("--defaults", *has_defaults, "Also the options that stand at their defaults");
    verb->footer(
        footer("  vera config show -c vera.yaml\n"
               "  vera config show -c vera.yaml --defaults --json\n"
               "Secrets are masked; what stands in brackets tells one from another.\n"));
    verb->callback([=, &session] { session.exit_code = show(*flags, *has_defaults, session.io); });
}

void add_example(CLI::App& config, Session& session) {
    CLI::App* verb = config.add_subcommand("example", "Print a commented configuration");
    auto is_full = std::make_shared<bool>(false);
    verb->add_flag("--full", *is_full, "With every option");
    verb->footer(footer("  vera config example > vera.yaml\n  vera config example --full\n"));
    verb->callback([is_full, &session] { session.io.out << ops::example_config(*is_full); });
}

void add_reference(CLI::App& config, Session& session) {
    CLI::App* verb =
        config.add_subcommand("reference", "Print every option with default, range and meaning");
    auto is_json = std::make_shared<bool>(false);
    verb->add_flag("--json", *is_json, "As JSON");
    verb->footer(footer("  vera config reference\n  vera config reference --json\n"));
    verb->callback([is_json, &session] {
        if (*is_json)
            print(session.io, {{"version", 1}, {"options", ops::reference_json()}});
        else
            session.io.out << ops::reference_page();
    });
}

struct RunningFlags {
    std::string file;
    bool is_json = false;
    std::shared_ptr<ConnectFlags> connect;
};

std::string identity_text(const json& generation, const json& digest) {
    return "generation " + value_text(generation) + ", digest " + value_text(digest);
}

int reload(const RunningFlags& flags, Io& io) {
    const auto reply = ask_running(*flags.connect, "RELOAD");
    if (!reply) return report(io, reply.error());
    json out = *reply;
    if (flags.is_json) {
        out["version"] = 1;
        print(io, out);
        return exit_ok;
    }
    io.out << "was " << identity_text(out["generationBefore"], out["digestBefore"]) << '\n'
           << "is  " << identity_text(out["generation"], out["digest"]) << '\n';
    for (const json& key : out["needRestart"])
        io.out << "needs a restart, the old value stays: " << value_text(key) << '\n';
    return exit_ok;
}

void add_reload(CLI::App& config, Session& session) {
    CLI::App* verb =
        config.add_subcommand("reload", "Let the running bus read its configuration again");
    auto flags = std::make_shared<RunningFlags>();
    verb->add_flag("--json", flags->is_json, "As JSON");
    flags->connect = add_connect_flags(*verb);
    verb->footer(
        footer("  vera config reload\n"
               "All or nothing: with an error in it the old configuration stays. For systems with\n"
               "`operator: true`, and for clients without a name where those may connect.\n"));
    verb->callback([=, &session] { session.exit_code = reload(*flags, session.io); });
}

int diff(const RunningFlags& flags, Io& io) {
    const auto loaded = load(flags.file);
    if (!loaded) return report(io, loaded.error());
    const auto running = ask_running(*flags.connect, "READ");
    if (!running) return report(io, running.error());
    const auto found = ops::differences(options_of(*running), ops::effective(loaded->config));
    const json generation = running->value("generation", json(nullptr));
    const json digest = running->value("digest", json(nullptr));
    if (flags.is_json) {
        json rows = json::array();
        for (const ops::OptionDifference& one : found)
            rows.push_back({{"key", one.key},
                            {"running", one.before},
                            {"file", one.after},
                            {"takes", one.needs_restart ? "restart" : "reload"}});
        print(io,
              {{"version", 1},
               {"generation", generation},
               {"digest", digest},
               {"fileDigest", loaded->config.digest},
               {"differences", std::move(rows)}});
        return exit_ok;
    }
    io.err << "the bus runs " << identity_text(generation, digest) << '\n';
    if (found.empty()) {
        io.out << "no difference\n";
        return exit_ok;
    }
    Table table({{"OPTION", false}, {"RUNNING", false}, {"FILE", false}, {"TAKES", false}});
    for (const ops::OptionDifference& one : found)
        table.add({one.key,
                   value_text(one.before),
                   value_text(one.after),
                   one.needs_restart ? "restart" : "reload"});
    io.out << table.text();
    return exit_ok;
}

void add_diff(CLI::App& config, Session& session) {
    CLI::App* verb = config.add_subcommand(
        "diff", "Show what a file would change in the configuration of the running bus");
    auto flags = std::make_shared<RunningFlags>();
    verb->add_option("-c,--config", flags->file, "Configuration, YAML")->required();
    verb->add_flag("--json", flags->is_json, "As JSON");
    flags->connect = add_connect_flags(*verb);
    verb->footer(footer(
        "  vera config diff -c vera.yaml\n"
        "Also what only a restart would change. Paths in FILE are taken as of its folder.\n"));
    verb->callback([=, &session] { session.exit_code = diff(*flags, session.io); });
}

}  // namespace

void add_config(CLI::App& config, Session& session) {
    add_check(config, session);
    add_show(config, session);
    add_example(config, session);
    add_reference(config, session);
    add_diff(config, session);
    add_reload(config, session);
}

}  // namespace vera::cli
