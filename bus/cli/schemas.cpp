#include "bus/cli/schemas.hpp"

#include "bus/event/catalogue.hpp"
#include "bus/event/catalogue_parts.hpp"
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
        ->type_name("FOLDER");
}

Result<std::shared_ptr<const event::Catalogue>> catalogue_of(const SchemaFlags& flags) {
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
