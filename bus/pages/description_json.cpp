#include "bus/pages/description_json.hpp"

#include "bus/pages/rule_words.hpp"

#include <string>
#include <utility>

namespace vera::pages {
namespace {

using nlohmann::ordered_json;

void put(ordered_json& object, const char* name, const std::string& text) {
    if (!text.empty()) object[name] = text;
}

void put_comment(ordered_json& object, const Comment& comment) {
    put(object, "comment", comment.text);
    put(object, "source", comment.source);
    put(object, "sourceCardinality", comment.cardinality);
}

ordered_json event_json(const Event& event) {
    ordered_json made{{"art", name_of(event.art)}};
    put(made, "beskedtype", event.beskedtype);
    put(made, "titleDa", event.titel_da);
    put(made, "titleEn", event.titel_en);
    if (event.foelsomhed != 0) made["sensitivity"] = event.foelsomhed;
    put(made, "class", event.object_class);
    put(made, "objectType", event.objekttype);
    put(made, "objectAction", event.objekthandling);
    put(made, "kle", event.kle);
    put(made, "reason", event.begrundelse);
    put(made, "replacedBy", event.afloeser);
    return made;
}

ordered_json field_json(const Message& message, const Field& field) {
    ordered_json made{{"name", field.name},
                      {"jsonName", field.json_name},
                      {"number", field.number},
                      {"type", field.type},
                      {"cardinality", cardinality_of(field)}};
    put(made, "keyType", field.key_type);
    if (field.is_deprecated) made["deprecated"] = true;
    const auto rules = rules_in_words(message, field, Language::en);
    if (!rules.empty()) made["rules"] = rules;
    put(made, "personal", personal_in_words(field, Language::en));
    put(made, "sourceName", field.source_name);
    put(made, "example", field.example);
    put_comment(made, field.comment);
    return made;
}

}  // namespace

ordered_json summary_json(const Message& message) {
    ordered_json made{{"name", message.full_name}, {"package", message.package}};
    put(made, "version", message.version);
    if (message.is_deprecated) made["deprecated"] = true;
    if (message.event) made.update(event_json(*message.event));
    put(made, "classObjectType", message.objekttype);
    put_comment(made, message.comment);
    return made;
}

ordered_json to_json(const Message& message) {
    ordered_json made = summary_json(message);
    made["file"] = message.file;
    const auto rules = rules_in_words(message, Language::en);
    if (!rules.empty()) made["rules"] = rules;
    ordered_json fields = ordered_json::array();
    for (const Field& field : message.fields)
        fields.push_back(field_json(message, field));
    made["fields"] = std::move(fields);
    return made;
}

ordered_json to_json(const Enum& enumeration) {
    ordered_json made{{"name", enumeration.full_name}, {"package", enumeration.package}};
    put(made, "version", enumeration.version);
    put_comment(made, enumeration.comment);
    made["file"] = enumeration.file;
    ordered_json values = ordered_json::array();
    for (const EnumValue& value : enumeration.values) {
        ordered_json one{{"name", value.name}, {"number", value.number}};
        put(one, "sourceText", value.source_text);
        put(one, "comment", value.comment);
        values.push_back(std::move(one));
    }
    made["values"] = std::move(values);
    return made;
}

}  // namespace vera::pages
