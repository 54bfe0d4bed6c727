#include "bus/pages/markdown_page.hpp"

#include "bus/pages/example.hpp"
#include "bus/pages/markdown.hpp"
#include "bus/pages/outline.hpp"
#include "bus/pages/page_text.hpp"
#include "bus/pages/rule_words.hpp"

#include <string_view>
#include <utility>

namespace vera::pages {
namespace {

class Specification {
public:
    Specification(const TypeSet& types, const Description& description, const PageOptions& options)
        : types_(types),
          options_(options),
          outline_(outline_of(description, options.only)) {}

    std::string make();

private:
    [[nodiscard]] std::string in(const Words& words) const {
        return std::string(words.in(options_.language));
    }
    [[nodiscard]] std::string link_to(const std::string& full_name) const;
    [[nodiscard]] std::string type_of(const Field& field) const;
    [[nodiscard]] std::string beskedtype_of(const Event& event) const;
    [[nodiscard]] std::string receivers_of(const Message& message) const;
    [[nodiscard]] std::string meaning_of(const Field& field) const;

    void section(const std::string& title);
    void subsection(const std::string& title);
    void subject(const std::string& title, const std::string& anchor);
    void paragraph(const std::string& text) {
        if (!text.empty()) out_ += text + "\n\n";
    }
    void introduction();
    void texts();
    void participants();
    void kuvert();
    void overview();
    void events();
    void event(const Message& message);
    void objects();
    void object(const Message& message);
    void values();
    void personal_data();
    void fields(const Message& message);

    const TypeSet& types_;
    const PageOptions& options_;
    Outline outline_;
    int section_ = 0;
    int subsection_ = 0;
    int subject_ = 0;
    std::string contents_;  // list of sections
    std::string out_;
};

std::string Specification::link_to(const std::string& full_name) const {
    const std::string name = markdown_escaped(short_name(full_name));
    if (!outline_.has(full_name)) return name;
    return "[" + name + "](#" + full_name + ")";
}

std::string Specification::type_of(const Field& field) const {
    if (field.kind == Kind::scalar) return field.type;
    if (field.kind == Kind::map) return "map of " + field.key_type + " to " + link_to(field.type);
    return link_to(field.type);
}

void Specification::section(const std::string& title) {
    subsection_ = 0;
    const std::string number = std::to_string(++section_);
    contents_ += number + ". [" + title + "](#afsnit-" + number + ")\n";
    out_ += "<a id=\"afsnit-" + number + "\"></a>\n\n## " + number + " " + title + "\n\n";
}

void Specification::subsection(const std::string& title) {
    subject_ = 0;
    out_ += "### " + std::to_string(section_) + "." + std::to_string(++subsection_) + " " + title +
            "\n\n";
}

void Specification::subject(const std::string& title, const std::string& anchor) {
    out_ += "<a id=\"" + anchor + "\"></a>\n\n#### " + std::to_string(section_) + "." +
            std::to_string(subsection_) + "." + std::to_string(++subject_) + " " +
            markdown_escaped(title) + "\n\n";
}

std::string Specification::make() {
    introduction();
    texts();
    if (options_.usage != nullptr) participants();
    kuvert();
    overview();
    events();
    objects();
    values();
    personal_data();
    const std::string title = "# VeRA: " + in(label::specification) + "\n\n<!-- " +
                              std::string(made_by_mark) + "; " + options_.made_by + " -->\n\n";
    return title + contents_ + "\n" + out_;
}

void Specification::introduction() {
    section(in(label::overview));
    const std::string counts = counts_in_words(outline_, options_.language);
    paragraph(options_.language == Language::da
                  ? "Dokumentet beskriver snitfladen til VeRA: " + counts +
                        ", ordnet efter rammearkitekturens byggeblokke. Kravene i "
                        "kolonnen Regler kontrolleres, når en hændelse udgives. Betydninger står "
                        "på engelsk, som i skemaerne."
                  : "This document describes the interface to VeRA: " + counts +
                        ", by the building blocks of the rammearkitektur. What the "
                        "column Rules says is checked when an event is published. Reasons are in "
                        "Danish, as in the schemas.");
    paragraph(markdown_escaped(options_.made_by));
}

void Specification::texts() {
    for (const TextSection& text : text_sections()) {
        section(in(text.title));
        for (const Words& one : text.paragraphs)
            paragraph(in(one));
        for (const Words& item : text.items)
            out_ += "- " + in(item) + "\n";
        out_ += '\n';
    }
}

void Specification::participants() {
    section(in(label::participants));
    out_ += table_head({in(label::system), in(label::authority)});
    for (const Participant& system : options_.usage->systems)
        out_ += table_row({code_span(system.name), markdown_escaped(system.authority)});
    out_ += '\n';
}

void Specification::kuvert() {
    section(in(label::kuvert_example));
    paragraph(link_to(kuvert_type));
    const Message* shown = example_event(outline_);
    if (shown == nullptr) return;
    if (const auto* type = types_.pool().FindMessageTypeByName(shown->full_name))
        out_ += code_block(example_kuvert(*type).dump(2), "json") + "\n";
}

void Specification::overview() {
    section(in(label::catalogue));
    std::vector<std::string> titles{in(label::title),
                                    in(label::type),
                                    in(label::art),
                                    in(label::sensitivity),
                                    in(label::beskedtype)};
    if (options_.usage != nullptr) titles.push_back(in(label::receivers));
    for (const Chapter& chapter : outline_.chapters) {
        if (chapter.events.empty()) continue;
        subsection(pages::title_of(chapter, options_.language));
        out_ += table_head(titles);
        for (const Message* message : chapter.events) {
            const Event& event = *message->event;
            std::vector<std::string> row{
                markdown_escaped(options_.language == Language::da ? event.titel_da
                                                                   : event.titel_en),
                link_to(message->full_name),
                std::string(art_in_words(event.art, options_.language)),
                event.foelsomhed == 0 ? "" : std::to_string(event.foelsomhed),
                beskedtype_of(event)};
            if (options_.usage != nullptr) row.push_back(receivers_of(*message));
            out_ += table_row(row);
        }
        out_ += '\n';
    }
}

std::string Specification::beskedtype_of(const Event& event) const {
    return event.beskedtype.empty() ? in(label::any_beskedtype) : code_span(event.beskedtype);
}

std::string Specification::receivers_of(const Message& message) const {
    const auto found = options_.usage->subscribers.find(message.full_name);
    if (found == options_.usage->subscribers.end()) return in(label::nobody);
    std::string text;
    for (const Subscriber& one : found->second) {
        text += (text.empty() ? "" : ", ") + code_span(one.name);
        std::string more;
        for (const std::string& authority : one.authorities)
            more += (more.empty() ? in(label::only_of) : ", ") + markdown_escaped(authority);
        if (one.objects != 0)
            more +=
                (more.empty() ? "" : "; ") + in(label::only_about) + std::to_string(one.objects);
        if (!one.filter.empty())
            more += (more.empty() ? "" : "; ") + in(label::only_where) + code_span(one.filter);
        if (!more.empty()) text += " (" + more + ")";
    }
    return text;
}

void Specification::events() {
    section(in(label::events));
    for (const Chapter& chapter : outline_.chapters) {
        if (chapter.events.empty()) continue;
        subsection(pages::title_of(chapter, options_.language));
        for (const Message* one : chapter.events)
            event(*one);
    }
}

void Specification::event(const Message& message) {
    const Event& event = *message.event;
    subject(options_.language == Language::da ? event.titel_da : event.titel_en, message.full_name);
    paragraph(markdown_escaped(event.begrundelse));
    paragraph(markdown_escaped(message.comment.text));
    out_ += table_head({in(label::type), code_span(message.full_name)});
    const auto fact = [this](const Words& name, const std::string& value) {
        if (!value.empty()) out_ += table_row({in(name), value});
    };
    fact(label::art, std::string(art_in_words(event.art, options_.language)));
    if (event.foelsomhed != 0)
        fact(label::sensitivity,
             std::to_string(event.foelsomhed) + ": " +
                 std::string(level_in_words(event.foelsomhed, options_.language)));
    fact(label::beskedtype, beskedtype_of(event));
    if (!event.object_class.empty()) fact(label::of_class, link_to(event.object_class));
    fact(label::objekttype, code_span(event.objekttype));
    fact(label::handling, code_span(event.objekthandling));
    fact(label::kle, event.kle);
    fact(label::source,
         markdown_escaped(source_in_words(message.comment.source, options_.language)));
    if (!event.afloeser.empty()) fact(label::replaced_by, link_to(event.afloeser));
    if (options_.usage != nullptr) {
        fact(label::publishers, in(label::any_system));
        fact(label::receivers, receivers_of(message));
    }
    out_ += '\n';
    fields(message);
    const auto* descriptor = types_.pool().FindMessageTypeByName(message.full_name);
    if (descriptor == nullptr) return;
    paragraph(in(label::payload_example));
    out_ += code_block(example_payload(*descriptor).dump(2), "json") + "\n";
}

void Specification::objects() {
    section(in(label::objects));
    for (const Chapter& chapter : outline_.chapters) {
        if (chapter.objects.empty()) continue;
        subsection(pages::title_of(chapter, options_.language));
        for (const Message* one : chapter.objects)
            object(*one);
    }
}

void Specification::object(const Message& message) {
    subject(message.name, message.full_name);
    paragraph(code_span(message.full_name));
    paragraph(markdown_escaped(message.comment.text));
    if (!message.objekttype.empty())
        paragraph(in(label::objekttype) + ": " + code_span(message.objekttype));
    if (!message.comment.source.empty())
        paragraph(in(label::source) + ": " +
                  markdown_escaped(source_in_words(message.comment.source, options_.language)));
    fields(message);
}

std::string Specification::meaning_of(const Field& field) const {
    std::string text = markdown_escaped(field.comment.text);
    if (!field.comment.source.empty())
        text += (text.empty() ? "(" : " (") +
                markdown_escaped(source_in_words(field.comment.source, options_.language)) + ")";
    if (!field.example.empty())
        text += (text.empty() ? "" : " ") + in(label::example) + ": " + code_span(field.example);
    return text;
}

void Specification::fields(const Message& message) {
    const auto whole = rules_in_words(message, options_.language);
    for (const std::string& rule : whole)
        out_ += "- " + markdown_escaped(rule) + "\n";
    if (!whole.empty()) out_ += '\n';
    if (message.fields.empty()) return paragraph(in(label::no_fields));
    out_ += table_head({in(label::field),
                        in(label::number),
                        in(label::type),
                        in(label::cardinality),
                        in(label::rules),
                        in(label::personal),
                        in(label::meaning)});
    for (const Field& field : message.fields) {
        std::string rules;
        for (const std::string& rule : rules_in_words(message, field, options_.language))
            rules += (rules.empty() ? "" : "; ") + markdown_escaped(rule);
        out_ += table_row({code_span(field.json_name),
                           std::to_string(field.number),
                           type_of(field),
                           markdown_escaped(cardinality_of(field)),
                           rules,
                           personal_in_words(field, options_.language),
                           meaning_of(field)});
    }
    out_ += '\n';
}

void Specification::values() {
    section(in(label::values));
    for (const Chapter& chapter : outline_.chapters) {
        if (chapter.enums.empty()) continue;
        subsection(pages::title_of(chapter, options_.language));
        for (const Enum* one : chapter.enums) {
            subject(one->name, one->full_name);
            paragraph(markdown_escaped(one->comment.text));
            out_ += table_head(
                {in(label::value), in(label::number), in(label::source_text), in(label::meaning)});
            for (const EnumValue& value : one->values)
                out_ += table_row({code_span(value.name),
                                   std::to_string(value.number),
                                   markdown_escaped(value.source_text),
                                   markdown_escaped(value.comment)});
            out_ += '\n';
        }
    }
}

void Specification::personal_data() {
    section(in(label::personal_fields));
    out_ += table_head({in(label::type), in(label::field), in(label::personal)});
    for (const Chapter& chapter : outline_.chapters)
        for (const auto* list : {&chapter.events, &chapter.objects})
            for (const Message* message : *list)
                for (const Field& field : message->fields) {
                    const std::string personal = personal_in_words(field, options_.language);
                    if (personal.empty()) continue;
                    out_ += table_row(
                        {link_to(message->full_name), code_span(field.json_name), personal});
                }
}

}  // namespace

std::string markdown_page(const TypeSet& types,
                          const Description& description,
                          const PageOptions& options) {
    return Specification(types, description, options).make();
}

}  // namespace vera::pages
