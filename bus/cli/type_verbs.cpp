#include "bus/cli/type_verbs.hpp"

#include <utility>

namespace vera::cli {

Result<Types> types_of(const SchemaFlags& flags) {
    auto catalogue = catalogue_of(flags);
    if (!catalogue) return fail(catalogue.error().code, catalogue.error().text);
    pages::TypeSet set = pages::TypeSet::of(*std::move(catalogue));
    pages::Description description = pages::describe(set);
    return Types{std::move(set), std::move(description)};
}

Result<Uses> uses_of_flag(const std::string& config, const Types& types) {
#ifdef VERA_HAS_OPS
    std::vector<std::string> names;
    for (const auto* event : types.set.events())
        names.push_back(event->full_name());
    return uses_of(config, names);
#else
    (void)types;
    return fail(Errc::unavailable, config + ": this build knows no configurations");
#endif
}

void add_only_flag(CLI::App& verb, std::vector<std::string>& names) {
    verb.add_option(
            "--only", names, "Only this event and what it is made of; may be given several times")
        ->allow_extra_args(false);
}

Result<std::set<std::string, std::less<>>> only_of_flag(const std::vector<std::string>& names,
                                                        const Types& types) {
    std::set<std::string, std::less<>> only;
    for (const std::string& name : names) {
        const auto found = pages::find_message(types.description, name);
        if (!found) return fail(found.error().code, "--only: " + found.error().text);
        if (!(*found)->event)
            return fail(Errc::bad_input,
                        "--only: " + (*found)->full_name + " is no payload of an event");
        only.insert((*found)->full_name);
    }
    return only;
}

std::string size_text(std::size_t bytes) {
    return std::to_string((bytes + 1023) / 1024) + " KiB";
}

std::shared_ptr<std::string> add_language_flag(CLI::App& verb) {
    auto language = std::make_shared<std::string>("da");
    verb.add_option("--lang", *language, "Language of titles and headings")
        ->check(CLI::IsMember({"da", "en"}))
        ->capture_default_str();
    return language;
}

pages::Language language_of_flag(const std::string& flag) {
    return pages::language_of(flag).value_or(pages::Language::da);
}

}  // namespace vera::cli
