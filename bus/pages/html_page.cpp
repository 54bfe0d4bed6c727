#include "bus/pages/html_page.hpp"

#include "bus/pages/example.hpp"
#include "bus/pages/folding.hpp"
#include "bus/pages/html.hpp"
#include "bus/pages/html_assets.hpp"
#include "bus/pages/html_fields.hpp"
#include "bus/pages/outline.hpp"
#include "bus/pages/page_text.hpp"
#include "bus/pages/rule_words.hpp"

#include <string_view>
#include <utility>

namespace vera::pages {
namespace {

class Page {
public:
    Page(const TypeSet& types, const Description& description, const PageOptions& options)
        : types_(types),
          options_(options),
          outline_(outline_of(description, options.only)) {}

    std::string make();

private:
    [[nodiscard]] std::string in(const Words& words) const {
        return escaped(words.in(options_.language));
    }
    [[nodiscard]] std::string_view title_of(const Event& event) const {
        return options_.language == Language::da ? event.titel_da : event.titel_en;
    }
    [[nodiscard]] std::string language(Language of_text) const {
        return language_attribute(of_text, options_.language);
    }

    void head();
    void navigation();
    void navigation_of(const Chapter& chapter);
    void introduction();
    void texts();
    void participants();
    void kuvert();
    void chapter(const Chapter& chapter);
    void overview(const Chapter& chapter);
    void event(const Message& message);
    void object(const Message& message);
    void enumeration(const Enum& one);
    void open_article(std::string_view id, std::string_view search);
    void event_facts(const Message& message);
    void fact(const Words& label, const std::string& html);
    void meaning(const Comment& comment);
    void usage_of(const Message& message);
    void example(const Message& message);
    void code_block(const std::string& text) {
        out_ += "<pre tabindex=\"0\"><code>" + escaped(text) + "</code></pre>\n";
    }

    const TypeSet& types_;
    const PageOptions& options_;
    Outline outline_;
    std::string out_;
};

std::string Page::make() {
    head();
    out_ += "<div class=\"columns\">\n";
    navigation();
    out_ += "<main id=\"indhold\" tabindex=\"-1\">\n";
    introduction();
    texts();
    if (options_.usage != nullptr) participants();
    kuvert();
    for (const Chapter& one : outline_.chapters)
        chapter(one);
    out_ += "</main>\n</div>\n<script>";
    out_ += page_script();
    out_ += "</script>\n</body>\n</html>\n";
    return std::move(out_);
}

void Page::head() {
    const std::string title = "VeRA " + in(label::catalogue);
    out_ += "<!DOCTYPE html>\n<html lang=\"" + std::string(tag_of(options_.language)) +
            "\" data-hits=\"" + in(label::hits) + "\" data-none=\"" + in(label::no_hits) +
            "\" data-copy=\"" + in(label::copy) + "\" data-copied=\"" + in(label::copied) +
            "\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"generator\" content=\"" +
            std::string(made_by_mark) + "; " + escaped(options_.made_by) +
            "\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
            "<meta name=\"color-scheme\" content=\"light dark\">\n<title>" +
            title + "</title>\n<style>";
    out_ += page_style();
    out_ += "</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#indhold\">" + in(label::skip) +
            "</a>\n<header><div class=\"name\">VeRA <span>" + in(label::catalogue) +
            "</span></div>\n<div class=\"search\" role=\"search\" hidden><label class=\"off\" "
            "for=\"q\">" +
            in(label::search) +
            "</label><input id=\"q\" type=\"search\" autocomplete=\"off\" placeholder=\"" +
            in(label::search) +
            " ( / )\"><output id=\"hits\" for=\"q\"></output></div>\n"
            "<button id=\"theme\" type=\"button\" hidden>" +
            in(label::theme) + "</button></header>\n";
}

void Page::navigation() {
    out_ += "<nav aria-label=\"" + in(label::contents) + "\">\n<ul>\n";
    for (const TextSection& section : text_sections())
        out_ += "<li><a href=\"#" + escaped(section.id) + "\">" + in(section.title) + "</a></li>\n";
    if (options_.usage != nullptr)
        out_ += "<li><a href=\"#deltagere\">" + in(label::participants) + "</a></li>\n";
    out_ += "<li><a href=\"#kuvert\">" + in(label::kuvert_example) + "</a></li>\n</ul>\n";
    for (const Chapter& one : outline_.chapters)
        navigation_of(one);
    out_ += "</nav>\n";
}

void Page::navigation_of(const Chapter& chapter) {
    const std::size_t count = chapter.events.size() + chapter.objects.size() + chapter.enums.size();
    out_ += "<details><summary>" + escaped(pages::title_of(chapter, options_.language)) +
            " <span class=\"count\">" + std::to_string(count) + "</span></summary>\n";
    const auto list = [this](const Words& kind, const auto& types) {
        if (types.empty()) return;
        out_ += "<div class=\"kind\">" + in(kind) + "</div><ul>\n";
        for (const auto* type : types)
            out_ += "<li><a href=\"#" + escaped(type->full_name) + "\">" + escaped(type->name) +
                    "</a></li>\n";
        out_ += "</ul>\n";
    };
    list(label::events, chapter.events);
    list(label::objects, chapter.objects);
    list(label::values, chapter.enums);
    out_ += "</details>\n";
}

void Page::introduction() {
    out_ += "<section>\n<h1>VeRA " + in(label::catalogue) + "</h1>\n<p>";
    out_ += counts_in_words(outline_, options_.language);
    out_ += options_.language == Language::da
                ? ", ordnet efter rammearkitekturens byggeblokke. Betydninger står på engelsk, som "
                  "i skemaerne; titler og begrundelser på dansk."
                : ", by the building blocks of the rammearkitektur. Reasons are in Danish, as in "
                  "the schemas.";
    out_ += "</p>\n<p class=\"type\">" + escaped(options_.made_by);
    if (options_.usage != nullptr && !options_.usage->node.empty())
        out_ += " · " + escaped(options_.usage->node);
    out_ += "</p>\n</section>\n";
}

void Page::texts() {
    for (const TextSection& section : text_sections()) {
        out_ +=
            "<section>\n<h2 id=\"" + escaped(section.id) + "\">" + in(section.title) + "</h2>\n";
        for (const Words& paragraph : section.paragraphs)
            out_ += "<p>" + with_code(paragraph.in(options_.language)) + "</p>\n";
        out_ += "<ul>\n";
        for (const Words& item : section.items)
            out_ += "<li>" + with_code(item.in(options_.language)) + "</li>\n";
        out_ += "</ul>\n</section>\n";
    }
}

void Page::participants() {
    out_ += "<section>\n<h2 id=\"deltagere\">" + in(label::participants) +
            "</h2>\n<div class=\"scroll\"><table><thead><tr><th scope=\"col\">" +
            in(label::system) + "</th><th scope=\"col\">" + in(label::authority) +
            "</th></tr></thead><tbody>\n";
    for (const Participant& system : options_.usage->systems)
        out_ += "<tr><th scope=\"row\">" + escaped(system.name) + "</th><td>" +
                escaped(system.authority) + "</td></tr>\n";
    out_ += "</tbody></table></div>\n</section>\n";
}

void Page::kuvert() {
    out_ += "<section>\n<h2 id=\"kuvert\">" + in(label::kuvert_example) + "</h2>\n<p>";
    if (outline_.has(kuvert_type)) out_ += link_to(kuvert_type);
    const Message* shown = example_event(outline_);
    if (shown != nullptr) out_ += ", " + link_to(shown->full_name);
    out_ += "</p>\n";
    if (shown != nullptr)
        if (const auto* type = types_.pool().FindMessageTypeByName(shown->full_name))
            code_block(example_kuvert(*type).dump(2));
    out_ += "</section>\n";
}

void Page::chapter(const Chapter& chapter) {
    out_ += "<section>\n<h2 id=\"byggeblok-" + escaped(chapter.byggeblok) + "\">" +
            escaped(pages::title_of(chapter, options_.language)) + "</h2>\n";
    if (!chapter.events.empty()) overview(chapter);
    for (const Message* one : chapter.events)
        event(*one);
    for (const Message* one : chapter.objects)
        object(*one);
    for (const Enum* one : chapter.enums)
        enumeration(*one);
    out_ += "</section>\n";
}

void Page::overview(const Chapter& chapter) {
    out_ += "<div class=\"scroll overview\"><table><thead><tr><th scope=\"col\">" +
            in(label::title) + "</th><th scope=\"col\">" + in(label::type) +
            "</th><th scope=\"col\">" + in(label::art) + "</th><th scope=\"col\">" +
            in(label::sensitivity) + "</th></tr></thead><tbody>\n";
    for (const Message* message : chapter.events) {
        const Event& event = *message->event;
        out_ += "<tr><th scope=\"row\">" + escaped(title_of(event)) + "</th><td>" +
                link_to(message->full_name) + "</td><td>" +
                escaped(art_in_words(event.art, options_.language)) + "</td><td>" +
                (event.foelsomhed == 0 ? "" : std::to_string(event.foelsomhed)) + "</td></tr>\n";
    }
    out_ += "</tbody></table></div>\n";
}

void Page::open_article(std::string_view id, std::string_view search) {
    out_ += "<article id=\"" + escaped(id) + "\" data-s=\"" + escaped(folded(search)) + "\">\n";
}

/// What a search looks in: names, titles, reasons, fields; not the comments, which name too much.
std::string search_text(const Message& message) {
    std::string text = message.full_name;
    if (message.event)
        for (const std::string* part : {&message.event->titel_da,
                                        &message.event->titel_en,
                                        &message.event->begrundelse,
                                        &message.event->beskedtype,
                                        &message.event->kle})
            text.append(" ").append(*part);
    for (const Field& field : message.fields) {
        text.append(" ").append(field.json_name);
        if (field.json_name != field.name) text.append(" ").append(field.name);
    }
    return text;
}

void Page::fact(const Words& label, const std::string& html) {
    if (!html.empty()) out_ += "<dt>" + in(label) + "</dt><dd>" + html + "</dd>\n";
}

std::string code(const std::string& text) {
    return text.empty() ? std::string{} : "<code>" + escaped(text) + "</code>";
}

void Page::meaning(const Comment& comment) {
    if (!comment.text.empty())
        out_ += "<p" + language(Language::en) + ">" + escaped(comment.text) + "</p>\n";
}

void Page::event_facts(const Message& message) {
    const Event& event = *message.event;
    out_ += "<dl>\n";
    fact(label::beskedtype,
         event.beskedtype.empty() ? in(label::any_beskedtype) : code(event.beskedtype));
    if (outline_.has(event.object_class)) fact(label::of_class, link_to(event.object_class));
    fact(label::objekttype, code(event.objekttype));
    fact(label::handling, code(event.objekthandling));
    fact(label::kle, code(event.kle));
    fact(label::source, escaped(source_in_words(message.comment.source, options_.language)));
    fact(label::file, code(message.file));
    if (!event.afloeser.empty())
        fact(label::replaced_by,
             outline_.has(event.afloeser) ? link_to(event.afloeser) : code(event.afloeser));
    usage_of(message);
    out_ += "</dl>\n";
}

void Page::usage_of(const Message& message) {
    if (options_.usage == nullptr) return;
    fact(label::publishers, "<a href=\"#deltagere\">" + in(label::any_system) + "</a>");
    const auto found = options_.usage->subscribers.find(message.full_name);
    if (found == options_.usage->subscribers.end())
        return fact(label::receivers, in(label::nobody));
    std::string html = "<ul>";
    for (const Subscriber& one : found->second) {
        html += "<li>" + code(one.name);
        std::string more;
        for (const std::string& authority : one.authorities)
            more += (more.empty() ? in(label::only_of) : ", ") + escaped(authority);
        if (one.objects != 0)
            more +=
                (more.empty() ? "" : "; ") + in(label::only_about) + std::to_string(one.objects);
        if (!one.filter.empty())
            more += (more.empty() ? "" : "; ") + in(label::only_where) + code(one.filter);
        if (!more.empty()) html += " (" + more + ")";
        html += "</li>";
    }
    fact(label::receivers, html + "</ul>");
}

void Page::event(const Message& message) {
    const Event& event = *message.event;
    open_article(message.full_name, search_text(message));
    out_ += "<h3><a href=\"#" + escaped(message.full_name) + "\">" + escaped(title_of(event)) +
            "</a></h3>\n<p class=\"type\"><code>" + escaped(message.full_name) +
            "</code></p>\n<ul class=\"badges\"><li>" +
            escaped(art_in_words(event.art, options_.language)) + "</li>";
    if (event.foelsomhed != 0)
        out_ += "<li>" + in(label::sensitivity) + " " + std::to_string(event.foelsomhed) + ": " +
                escaped(level_in_words(event.foelsomhed, options_.language)) + "</li>";
    if (message.is_deprecated) out_ += "<li class=\"must\">" + in(label::deprecated) + "</li>";
    out_ += "</ul>\n";
    if (!event.begrundelse.empty())
        out_ += "<p class=\"why\"" + language(Language::da) + ">" + escaped(event.begrundelse) +
                "</p>\n";
    meaning(message.comment);
    event_facts(message);
    out_ += fields_html(message, outline_, options_.language);
    example(message);
    out_ += "</article>\n";
}

void Page::object(const Message& message) {
    open_article(message.full_name, search_text(message));
    out_ += "<h3><a href=\"#" + escaped(message.full_name) + "\">" + escaped(message.name) +
            "</a></h3>\n<p class=\"type\"><code>" + escaped(message.full_name) + "</code></p>\n";
    if (message.is_deprecated)
        out_ += "<ul class=\"badges\"><li class=\"must\">" + in(label::deprecated) + "</li></ul>\n";
    meaning(message.comment);
    out_ += "<dl>\n";
    fact(label::objekttype, code(message.objekttype));
    fact(label::source, escaped(source_in_words(message.comment.source, options_.language)));
    fact(label::file, code(message.file));
    std::string events;
    for (const Message* about : message.objekttype.empty() ? std::vector<const Message*>{}
                                                           : events_about(outline_, message))
        events += (events.empty() ? "" : ", ") + link_to(about->full_name);
    fact(label::events, events);
    out_ += "</dl>\n";
    out_ += fields_html(message, outline_, options_.language);
    out_ += "</article>\n";
}

void Page::example(const Message& message) {
    const auto* descriptor = types_.pool().FindMessageTypeByName(message.full_name);
    if (descriptor == nullptr) return;
    out_ += "<details class=\"example\"><summary>" + in(label::payload_example) + "</summary>\n";
    code_block(example_payload(*descriptor).dump(2));
    out_ += "</details>\n";
}

void Page::enumeration(const Enum& one) {
    std::string search = one.full_name;
    for (const EnumValue& value : one.values)
        search.append(" ").append(value.name).append(" ").append(value.source_text);
    open_article(one.full_name, search);
    out_ += "<h3><a href=\"#" + escaped(one.full_name) + "\">" + escaped(one.name) +
            "</a></h3>\n<p class=\"type\"><code>" + escaped(one.full_name) + "</code></p>\n";
    meaning(one.comment);
    out_ += "<div class=\"scroll\"><table><thead><tr><th scope=\"col\">" + in(label::value) +
            "</th><th scope=\"col\" class=\"num\">" + in(label::number) +
            "</th><th scope=\"col\">" + in(label::source_text) + "</th><th scope=\"col\">" +
            in(label::meaning) + "</th></tr></thead><tbody>\n";
    for (const EnumValue& value : one.values)
        out_ += "<tr><th scope=\"row\"><code>" + escaped(value.name) +
                "</code></th><td class=\"num\">" + std::to_string(value.number) + "</td><td>" +
                escaped(value.source_text) + "</td><td" + language(Language::en) + ">" +
                escaped(value.comment) + "</td></tr>\n";
    out_ += "</tbody></table></div>\n</article>\n";
}

}  // namespace

std::string html_page(const TypeSet& types,
                      const Description& description,
                      const PageOptions& options) {
    return Page(types, description, options).make();
}

}  // namespace vera::pages
