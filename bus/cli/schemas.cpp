#include "bus/cli/schemas.hpp"

#include "bus/event/catalogue.hpp"
#include "bus/event/catalogue_parts.hpp"
#include "bus/ops/config.hpp"
#include "bus/ops/schema_folder.hpp"

#include <utility>
#include <variant>

namespace vera::cli {

void add_schema_flags(CLI::App& verb, SchemaFlags& flags) {
    verb.add_option("--schemas",
                    flags.folders,
                    "Folder of .proto files or descriptor sets, known beside the built-in schemas")
        ->envname("VERA_SCHEMAS")
        ->delimiter(':')
        ->allow_extra_args(false)  // what follows may be the verb's own
        ->type_name("FOLDER");
}

void add_schema_and_config_flags(CLI::App& verb, SchemaFlags& flags) {
    add_schema_flags(verb, flags);
    verb.add_option(
        "-c,--config", flags.config, "Configuration: its schemas and names are known too");
}

Result<std::shared_ptr<const event::Catalogue>> catalogue_of(const SchemaFlags& flags) {
    if (!flags.config.empty()) {
        ops::LoadOptions options;
        options.allows_beyond_loopback = true;  // for `serve --pilot` to decide: nothing is served
        options.schemas = flags.folders;
        const ops::LoadedConfig loaded = ops::load_config(flags.config, options);
        if (!loaded.is_good()) return fail(Errc::bad_input, ops::to_text(loaded.problems));
        return loaded.config.catalogue;
    }
    event::CatalogueParts parts{event::SchemaSet::built_in(), event::UuidNames::built_in()};
    for (const std::string& path : flags.folders) {
        const auto folder = ops::read_schemas(path, path);
        if (const auto* problem = std::get_if<event::SchemaProblem>(&folder))
            return fail(Errc::bad_input, to_text(*problem));
        const auto problems = parts.schemas.add(std::get<event::SchemaFolder>(folder));
        if (!problems.empty()) return fail(Errc::bad_input, to_text(problems));
    }
    auto made = event::Catalogue::make(std::move(parts));
    if (const auto* problems = std::get_if<1>(&made))
        return fail(Errc::bad_input, to_text(*problems));
    return std::get<0>(std::move(made));
}

}  // namespace vera::cli
