#include "bus/cli/schemas.hpp"

#include "bus/event/catalogue.hpp"
#include "bus/event/catalogue_parts.hpp"
#include "bus/ops/config.hpp"
#include "bus/ops/schema_folder.hpp"

#include <filesystem>
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
    verb.add_option("-c,--config", flags.config, "Configuration: its schemas are known too");
}

Result<std::shared_ptr<const event::Catalogue>> catalogue_of(const SchemaFlags& flags) {
    event::CatalogueParts parts{event::SchemaSet::built_in(), event::UuidNames::built_in()};
    std::vector<std::string> folders;
    if (!flags.config.empty()) {
        // Beyond loopback is for `serve --pilot` to decide: nothing is served here.
        const ops::LoadedConfig loaded = ops::load_config(flags.config, {true, false});
        if (!loaded.is_good()) return fail(Errc::bad_input, ops::to_text(loaded.problems));
        if (flags.folders.empty()) return loaded.config.catalogue;
        for (const ops::NameConfig& name : loaded.config.names)
            parts.names.add({name.kind, name.uuid, name.name, name.level});
        const auto beside = std::filesystem::path(flags.config).parent_path();
        for (const std::string& path : loaded.config.schemas)
            folders.push_back((beside / path).lexically_normal().string());
    }
    folders.insert(folders.end(), flags.folders.begin(), flags.folders.end());
    for (const std::string& path : folders) {
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
