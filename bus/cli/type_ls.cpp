#include "bus/cli/table.hpp"
#include "bus/cli/type_verbs.hpp"
#include "bus/cli/verbs.hpp"
#include "bus/pages/description_json.hpp"
#include "bus/pages/folding.hpp"

#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>

namespace vera::cli {
namespace {

using nlohmann::ordered_json;

struct LsFlags {
    std::string art;
    std::string of_class;
    std::string search;
    std::shared_ptr<std::string> language;
    SchemaFlags schemas;
    bool has_all = false;
    bool is_json = false;
};

/// The class itself, or the byggeblok it is in.
bool is_of_class(const pages::Message& message, const std::string& wanted) {
    if (pages::folded(message.byggeblok) == wanted) return true;
    const std::string_view about = message.event ? std::string_view(message.event->object_class)
                                                 : std::string_view(message.full_name);
    return pages::folded(about) == wanted || pages::folded(pages::short_name(about)) == wanted;
}

bool is_found(const pages::Message& message, const std::string& word) {
    std::string text = message.full_name + '\n' + message.comment.text;
    if (message.event)
        for (const std::string* part : {&message.event->titel_da,
                                        &message.event->titel_en,
                                        &message.event->begrundelse,
                                        &message.event->beskedtype})
            text.append("\n").append(*part);
    for (const pages::Field& field : message.fields)
        text.append("\n").append(field.name).append("\n").append(field.comment.text);
    return pages::folded(text).find(word) != std::string::npos;
}

bool is_wanted(const pages::Message& message, const LsFlags& flags) {
    if (!message.event && !flags.has_all) return false;
    if (!flags.art.empty() && (!message.event || pages::name_of(message.event->art) != flags.art))
        return false;
    if (!flags.of_class.empty() && !is_of_class(message, pages::folded(flags.of_class)))
        return false;
    return flags.search.empty() || is_found(message, pages::folded(flags.search));
}

std::string table_of(const std::vector<const pages::Message*>& messages, pages::Language language) {
    Table table({{"TYPE", false},
                 {"TITLE", false},
                 {"ART", false},
                 {"LEVEL", true},
                 {"BESKEDTYPE", false}});
    for (const pages::Message* message : messages) {
        if (!message->event) {
            table.add({message->full_name, "-", "-", "-", "-"});
            continue;
        }
        const pages::Event& event = *message->event;
        const bool is_danish = language == pages::Language::da;
        table.add({message->full_name,
                   is_danish ? event.titel_da : event.titel_en,
                   std::string(pages::name_of(event.art)),
                   event.foelsomhed == 0 ? "-" : std::to_string(event.foelsomhed),
                   event.beskedtype.empty() ? "-" : event.beskedtype});
    }
    table.add_totals(
        {std::to_string(messages.size()) + (messages.size() == 1 ? " type" : " types")});
    return table.text();
}

int list(const LsFlags& flags, Io& io) {
    const auto known = types_of(flags.schemas);
    if (!known) return report(io, known.error());
    const Types& types = *known;
    std::vector<const pages::Message*> wanted;
    for (const pages::Message& message : types.description.messages)
        if (is_wanted(message, flags)) wanted.push_back(&message);
    if (flags.is_json) {
        ordered_json list = ordered_json::array();
        for (const pages::Message* message : wanted)
            list.push_back(pages::summary_json(*message));
        io.out << ordered_json{{"version", 1}, {"types", std::move(list)}}.dump() << '\n';
    } else {
        io.out << table_of(wanted, language_of_flag(*flags.language));
    }
    return exit_ok;
}

}  // namespace

void add_type_ls(CLI::App& type, Session& session) {
    CLI::App* verb = type.add_subcommand("ls", "List message types");
    auto flags = std::make_shared<LsFlags>();
    verb->add_option("--art", flags->art, "Only this kind of event")
        ->check(CLI::IsMember({"forretning", "livscyklus", "rettelse", "annullering"}));
    verb->add_option(
        "--class", flags->of_class, "Only events about this class, or of this byggeblok: Sag");
    verb->add_option("--search",
                     flags->search,
                     "Only types with this in name, title, reason, fields or comments");
    verb->add_flag("--all", flags->has_all, "Also what events are made of");
    add_schema_and_config_flags(*verb, flags->schemas);
    flags->language = add_language_flag(*verb);
    verb->add_flag("--json", flags->is_json, "As JSON");
    verb->footer(
        footer("  vera type ls\n"
               "  vera type ls --class Sag --art forretning\n"
               "  vera type ls --search adresse --lang en\n"));
    verb->callback([flags, &session] { session.exit_code = list(*flags, session.io); });
}

}  // namespace vera::cli
