#include "bus/pages/html_fields.hpp"

#include "bus/pages/html.hpp"
#include "bus/pages/page_text.hpp"
#include "bus/pages/rule_words.hpp"

#include <utility>

namespace vera::pages {
namespace {

class Fields {
public:
    Fields(const Outline& outline, Language language) : outline_(outline), language_(language) {}

    std::string make(const Message& message) {
        whole_rules(message);
        fields(message);
        return std::move(out_);
    }

private:
    [[nodiscard]] std::string in(const Words& words) const { return escaped(words.in(language_)); }
    [[nodiscard]] std::string type_link(const Field& field) const;
    void whole_rules(const Message& message);
    void fields(const Message& message);
    void field(const Message& message, const Field& field);
    void rules(const Message& message, const Field& field);

    const Outline& outline_;
    Language language_;
    std::string out_;
};

std::string Fields::type_link(const Field& field) const {
    if (field.kind == Kind::scalar || !outline_.has(field.type)) return escaped(short_type(field));
    if (field.kind == Kind::map)
        return "map&lt;" + escaped(field.key_type) + ", " + link_to(field.type) + "&gt;";
    return link_to(field.type);
}

void Fields::whole_rules(const Message& message) {
    const auto words = rules_in_words(message, language_);
    if (words.empty()) return;
    out_ += "<h4>" + in(label::whole) + "</h4>\n<ul>\n";
    for (const std::string& rule : words)
        out_ += "<li>" + escaped(rule) + "</li>\n";
    out_ += "</ul>\n";
}

void Fields::fields(const Message& message) {
    if (message.fields.empty()) {
        out_ += "<p>" + in(label::no_fields) + "</p>\n";
        return;
    }
    out_ +=
        "<table class=\"fields\"><colgroup><col class=\"f\"><col class=\"t\"><col class=\"r\">"
        "<col></colgroup><thead><tr><th scope=\"col\">" +
        in(label::field) + "</th><th scope=\"col\">" + in(label::type) + "</th><th scope=\"col\">" +
        in(label::rules) + "</th><th scope=\"col\">" + in(label::meaning) +
        "</th></tr></thead><tbody>\n";
    for (const Field& one : message.fields)
        field(message, one);
    out_ += "</tbody></table>\n";
}

void Fields::field(const Message& message, const Field& field) {
    out_ += "<tr id=\"" + escaped(message.full_name + "." + field.name) +
            "\"><th scope=\"row\"><code>" + escaped(field.json_name) +
            "</code><span class=\"small\">" + in(label::number) + " " +
            std::to_string(field.number);
    if (field.json_name != field.name) out_ += " · " + escaped(field.name);
    out_ += "</span></th><td>" + type_link(field) + "<span class=\"small\">" +
            in(label::cardinality) + " " + std::string(cardinality_of(field)) + "</span></td><td>";
    rules(message, field);
    out_ += "</td><td><span" + language_attribute(Language::en, language_) + ">" +
            escaped(field.comment.text) + "</span>";
    std::string source = source_in_words(field.comment.source, language_);
    if (!field.comment.cardinality.empty() && field.comment.cardinality != cardinality_of(field))
        source += (source.empty() ? "" : " ") + field.comment.cardinality;
    if (!field.source_name.empty()) source += " · " + field.source_name;
    if (!source.empty())
        out_ += "<span class=\"small\">" + in(label::source) + ": " + escaped(source) + "</span>";
    if (!field.example.empty())
        out_ += "<span class=\"small\">" + in(label::example) + ": <code>" +
                escaped(field.example) + "</code></span>";
    out_ += "</td></tr>\n";
}

void Fields::rules(const Message& message, const Field& field) {
    const auto words = rules_in_words(message, field, language_);
    const std::string personal = personal_in_words(field, language_);
    if (words.empty() && personal.empty()) return;
    out_ += "<ul>";
    for (std::size_t i = 0; i < words.size(); ++i) {
        const bool is_must = i == 0 && field.rules.is_required;
        out_ += std::string(is_must ? "<li class=\"must\">" : "<li>") + escaped(words[i]) + "</li>";
    }
    if (!personal.empty())
        out_ += "<li><span class=\"person\">" + in(label::personal) + ": " + escaped(personal) +
                "</span></li>";
    out_ += "</ul>";
}

}  // namespace

std::string link_to(const std::string& full_name) {
    return "<a href=\"#" + escaped(full_name) + "\">" + escaped(short_name(full_name)) + "</a>";
}

std::string language_attribute(Language of_text, Language of_page) {
    return of_text == of_page ? std::string{} : " lang=\"" + std::string(tag_of(of_text)) + "\"";
}

std::string fields_html(const Message& message, const Outline& outline, Language language) {
    return Fields(outline, language).make(message);
}

}  // namespace vera::pages
