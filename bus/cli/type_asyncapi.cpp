#include "bus/cli/made_files.hpp"
#include "bus/cli/type_verbs.hpp"
#include "bus/cli/verbs.hpp"
#include "bus/pages/asyncapi.hpp"
#include "bus/pages/yaml.hpp"

#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

namespace vera::cli {
namespace {

struct AsyncApiFlags {
    std::string output = "-";
    std::string form;
    SchemaFlags schemas;
    std::vector<std::string> only;
    std::shared_ptr<std::string> language;
    bool is_forced = false;
};

bool is_yaml(const AsyncApiFlags& flags) {
    if (!flags.form.empty()) return flags.form == "yaml";
    return flags.output.ends_with(".yaml") || flags.output.ends_with(".yml");
}

int document(const AsyncApiFlags& flags, Io& io) {
    const auto known = types_of(flags.schemas);
    if (!known) return report(io, known.error());
    const Types& types = *known;
    pages::AsyncApiOptions options;
    options.language = language_of_flag(*flags.language);
    options.version = VERA_VERSION;
    auto only = only_of_flag(flags.only, types);
    if (!only) return report(io, only.error());
    options.only = std::move(*only);
    std::optional<Uses> uses;
    if (!flags.schemas.config.empty()) {
        auto used = uses_of_flag(flags.schemas.config, types);
        if (!used) return report(io, used.error());
        uses = std::move(*used);
        options.usage = &uses->usage;
        options.servers = uses->servers;
    }
    const nlohmann::ordered_json made = pages::asyncapi(types.set, types.description, options);
    const std::string text = is_yaml(flags) ? pages::to_yaml(made) : made.dump(2) + "\n";
    if (flags.output == "-") {
        io.out << text;
        return exit_ok;
    }
    const std::vector<MadeFile> files{{flags.output, text}};
    if (!flags.is_forced)
        if (const auto may = may_be_made(files, {}, "asyncapi"); !may)
            return report(io, may.error());
    if (const auto done = make_files(files); !done) return report(io, done.error());
    io.err << "wrote " << flags.output << ", " << size_text(text.size()) << ": "
           << made["channels"].size() << " channels, " << made["components"]["messages"].size()
           << " messages\n";
    return exit_ok;
}

}  // namespace

void add_type_asyncapi(CLI::App& type, Session& session) {
    CLI::App* verb =
        type.add_subcommand("asyncapi", "Write the bus as an AsyncAPI 3 document, for tools");
    auto flags = std::make_shared<AsyncApiFlags>();
    verb->add_option("-o,--output", flags->output, "A file; - is stdout")->capture_default_str();
    verb->add_option("--format", flags->form, "Default: by the name of the file, else JSON")
        ->check(CLI::IsMember({"json", "yaml"}));
    verb->add_option("-c,--config",
                     flags->schemas.config,
                     "Configuration: its schemas too, its servers, systems and subscriptions");
    add_only_flag(*verb, flags->only);
    add_schema_flags(*verb, flags->schemas);
    flags->language = add_language_flag(*verb);
    verb->add_flag("--force", flags->is_forced, "Overwrite a file that is no AsyncAPI document");
    verb->footer(
        footer("  vera type asyncapi -o vera.yaml\n"
               "  vera type asyncapi -c /etc/vera/vera.yaml | jq .channels\n"));
    verb->callback([flags, &session] { session.exit_code = document(*flags, session.io); });
}

}  // namespace vera::cli
