#include "bus/cli/table.hpp"
#include "bus/cli/type_verbs.hpp"
#include "bus/cli/verbs.hpp"
#include "bus/pages/description_json.hpp"

#include <memory>
#include <ostream>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace vera::cli {
namespace {

using nlohmann::ordered_json;
using pages::Language;

struct ShowFlags {
    std::string name;
    std::shared_ptr<std::string> language;
    SchemaFlags schemas;
    bool is_json = false;
};

std::string joined(const std::vector<std::string>& parts) {
    std::string text;
    for (const std::string& part : parts)
        text.append(text.empty() ? "" : "; ").append(part);
    return text;
}

/// Fields of a message, those of the messages in it indented below; each message is opened where it
/// comes first.
class Tree {
public:
    Tree(const pages::Description& description, Language language)
        : description_(description),
          language_(language) {}

    std::string text(const pages::Message& root) {
        opened_.insert(root.full_name);
        put(root, "");
        return table_.text();
    }

private:
    void put(const pages::Message& message, const std::string& indent) {
        for (const pages::Field& field : message.fields) {
            const pages::Message* inner = description_.message(field.type);
            const bool is_new = inner != nullptr && opened_.insert(inner->full_name).second;
            std::string type = pages::short_type(field);
            if (inner != nullptr && !is_new) type += " (above)";
            table_.add({indent + field.json_name,
                        std::move(type),
                        std::string(pages::cardinality_of(field)),
                        joined(pages::rules_in_words(message, field, language_)),
                        pages::personal_in_words(field, language_),
                        field.comment.text});
            if (is_new) put(*inner, indent + "  ");
        }
    }

    const pages::Description& description_;
    Language language_;
    std::set<std::string_view> opened_;
    Table table_{{{"FIELD", false},
                  {"TYPE", false},
                  {"CARD.", false},
                  {"RULES", false},
                  {"PERSONAL", false},
                  {"MEANING", false}}};
};

void put_line(std::ostream& out, std::string_view name, std::string_view text) {
    if (text.empty()) return;
    std::string label(name);
    label.resize(14, ' ');
    out << label << text << '\n';
}

void put_head(const pages::Message& message, Language language, std::ostream& out) {
    out << message.full_name << '\n';
    if (message.event) {
        const pages::Event& event = *message.event;
        const bool is_danish = language == Language::da;
        put_line(out, "title", is_danish ? event.titel_da : event.titel_en);
        put_line(out, "art", pages::name_of(event.art));
        std::string level = std::to_string(event.foelsomhed);
        level.append(", ").append(pages::level_in_words(event.foelsomhed, language));
        put_line(out, "sensitivity", event.foelsomhed == 0 ? std::string{} : level);
        put_line(out, "beskedtype", event.beskedtype);
        put_line(out, "class", event.object_class);
        put_line(out, "objekttype", event.objekttype);
        put_line(out, "handling", event.objekthandling);
        put_line(out, "kle", event.kle);
        put_line(out, "reason", event.begrundelse);
        put_line(out, "replaced by", event.afloeser);
    }
    put_line(out, "meaning", message.comment.text);
    put_line(out, "source", message.comment.source);
    put_line(out, "file", message.file);
    for (const pages::Period& period : message.periods)
        put_line(out, "period", pages::in_words(period, language));
}

void put_enums(const std::vector<const pages::Enum*>& enums, std::ostream& out) {
    for (const pages::Enum* one : enums) {
        Table table({{std::string(pages::short_name(one->full_name)), false},
                     {"NUMBER", true},
                     {"SOURCE", false},
                     {"MEANING", false}});
        for (const pages::EnumValue& value : one->values)
            table.add({value.name, std::to_string(value.number), value.source_text, value.comment});
        out << '\n' << table.text();
    }
}

int show(const ShowFlags& flags, Io& io) {
    const auto known = types_of(flags.schemas);
    if (!known) return report(io, known.error());
    const Types& types = *known;
    const auto found = pages::find_message(types.description, flags.name);
    if (!found) return report(io, found.error());
    const pages::Message& message = **found;
    const pages::Parts parts = pages::parts_of(types.description, message);
    if (flags.is_json) {
        ordered_json messages = ordered_json::array();
        for (const pages::Message* part : parts.messages)
            messages.push_back(pages::to_json(*part));
        ordered_json enums = ordered_json::array();
        for (const pages::Enum* one : parts.enums)
            enums.push_back(pages::to_json(*one));
        io.out << ordered_json{{"version", 1},
                               {"type", pages::to_json(message)},
                               {"parts", std::move(messages)},
                               {"enums", std::move(enums)}}
                      .dump()
               << '\n';
        return exit_ok;
    }
    const Language language = language_of_flag(*flags.language);
    put_head(message, language, io.out);
    if (!message.fields.empty()) io.out << '\n' << Tree(types.description, language).text(message);
    put_enums(parts.enums, io.out);
    return exit_ok;
}

}  // namespace

void add_type_show(CLI::App& type, Session& session) {
    CLI::App* verb = type.add_subcommand("show", "Show a message type: its fields and their rules");
    auto flags = std::make_shared<ShowFlags>();
    verb->add_option("NAME", flags->name, "Full or short name, or the beskedtype's UUID")
        ->required();
    add_schema_and_config_flags(*verb, flags->schemas);
    flags->language = add_language_flag(*verb);
    verb->add_flag("--json", flags->is_json, "As JSON, with all types it is made of");
    verb->footer(
        footer("  vera type show SagOprettet\n"
               "  vera type show vera.sag.v1.Sag --json\n"
               "  vera type show 72b7b3b3-4938-43f3-83bf-e3aca929e9b2\n"));
    verb->callback([flags, &session] { session.exit_code = show(*flags, session.io); });
}

}  // namespace vera::cli
