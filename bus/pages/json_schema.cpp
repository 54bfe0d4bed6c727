#include "bus/pages/json_schema.hpp"

#include "bus/pages/rule_words.hpp"

#include <utility>

namespace vera::pages {
namespace {

using nlohmann::ordered_json;
namespace options_of_schemas = vera::options::v1;

/// Protobuf's own messages have JSON forms of their own; nothing for others.
ordered_json well_known(std::string_view type) {
    if (type == "google.protobuf.Timestamp") return {{"type", "string"}, {"format", "date-time"}};
    if (type == "google.protobuf.Duration")
        return {{"type", "string"}, {"pattern", "^-?[0-9]+(\\.[0-9]{1,9})?s$"}};
    if (type == "google.protobuf.Any")
        return {{"type", "object"},
                {"required", ordered_json::array({"@type"})},
                {"properties", {{"@type", {{"type", "string"}}}}}};
    if (type == "google.protobuf.Struct") return {{"type", "object"}};
    return ordered_json::object();
}

ordered_json integer_of_32_bits(bool is_signed) {
    if (is_signed)
        return {{"type", "integer"}, {"minimum", -2147483648LL}, {"maximum", 2147483647LL}};
    return {{"type", "integer"}, {"minimum", 0}, {"maximum", 4294967295LL}};
}

/// 64 bits are text in protobuf-JSON; numbers are taken too.
ordered_json integer_of_64_bits(bool is_signed) {
    return {{"anyOf",
             ordered_json::array(
                 {{{"type", "string"}, {"pattern", is_signed ? "^-?[0-9]+$" : "^[0-9]+$"}},
                  {{"type", "integer"}}})}};
}

ordered_json number() {
    return {
        {"anyOf",
         ordered_json::array({{{"type", "number"}},
                              {{"type", "string"},
                               {"enum", ordered_json::array({"NaN", "Infinity", "-Infinity"})}}})}};
}

/// The value of a format as JSON Schema names it, or a pattern. An empty string is "absent" unless
/// the field is required.
void put_format(options_of_schemas::Format format, bool is_required, ordered_json& schema) {
    std::string pattern;
    switch (format) {
        case options_of_schemas::FORMAT_UUID:
            schema["format"] = "uuid";
            return;
        case options_of_schemas::FORMAT_URI:
            schema["format"] = "uri";
            return;
        case options_of_schemas::FORMAT_DATO:
            schema["format"] = "date";
            return;
        case options_of_schemas::FORMAT_URN:
            pattern = "[uU][rR][nN]:[A-Za-z0-9-]+:.+";
            break;
        case options_of_schemas::FORMAT_CVR:
            pattern = "[0-9]{8}";
            break;
        case options_of_schemas::FORMAT_CPR:
        case options_of_schemas::FORMAT_PNR:
            pattern = "[0-9]{10}";
            break;
        case options_of_schemas::FORMAT_KLE:
            pattern = "[0-9]{2}(\\.[0-9]{2}){0,2}";
            break;
        case options_of_schemas::FORMAT_KOMMUNEKODE:
            pattern = "[0-9]{4}";
            break;
        case options_of_schemas::FORMAT_HANDLINGSFACET:
            pattern = "[A-Za-zÆØÅæøå][0-9]{2}";
            break;
        default:  // open enum of Protobuf
            return;
    }
    schema["pattern"] = (is_required ? "^(?:" : "^(?:|") + pattern + ")$";
}

ordered_json text(const Field& field) {
    const Rules& rules = field.rules;
    ordered_json schema{{"type", "string"}};
    put_format(rules.format, rules.is_required, schema);
    if (!rules.pattern.empty())
        schema["pattern"] = (rules.is_required ? "^(?:" : "^(?:|") + rules.pattern + ")$";
    if (rules.is_required && !field.is_repeated)
        schema["minLength"] = rules.min_length > 0 ? rules.min_length : 1U;
    if (rules.max_length != 0) schema["maxLength"] = rules.max_length;
    return schema;
}

ordered_json scalar(const Field& field) {
    const std::string& type = field.type;
    if (type == "string") return text(field);
    if (type == "bytes") return {{"type", "string"}, {"contentEncoding", "base64"}};
    if (type == "bool") return {{"type", "boolean"}};
    if (type == "double" || type == "float") return number();
    const bool is_signed = type[0] != 'u' && type != "fixed32" && type != "fixed64";
    return type.ends_with("64") ? integer_of_64_bits(is_signed) : integer_of_32_bits(is_signed);
}

ordered_json of_type(const Description& description,
                     const Field& field,
                     const SchemaOptions& options) {
    if (description.message(field.type) != nullptr ||
        description.enumeration(field.type) != nullptr)
        return {{"$ref", options.place + field.type}};
    return field.kind == Kind::scalar ? scalar(field) : well_known(field.type);
}

/// What is said beside the type; a reference takes no members beside it, so it is put into allOf.
void annotate(const Message& message,
              const Field& field,
              const SchemaOptions& options,
              ordered_json& schema) {
    ordered_json notes = ordered_json::object();
    std::string about = field.comment.text;
    for (const std::string& rule : rules_in_words(message, field, options.language))
        about.append(about.empty() ? "" : "; ").append(rule);
    if (!about.empty()) notes["description"] = about;
    const std::string personal = personal_in_words(field, options.language);
    if (!personal.empty()) notes["x-vera-personoplysning"] = personal;
    if (field.is_deprecated) notes["deprecated"] = true;
    if (schema.contains("$ref")) schema = {{"allOf", ordered_json::array({std::move(schema)})}};
    schema.update(notes);
}

ordered_json of_field(const Description& description,
                      const Message& message,
                      const Field& field,
                      const SchemaOptions& options) {
    ordered_json schema = of_type(description, field, options);
    if (field.kind == Kind::map) {
        schema = {{"type", "object"}, {"additionalProperties", std::move(schema)}};
    } else if (field.is_repeated) {
        schema = {{"type", "array"}, {"items", std::move(schema)}};
        if (field.rules.is_required) schema["minItems"] = 1;
    }
    annotate(message, field, options, schema);
    return schema;
}

/// One member of the choice, or also none.
ordered_json of_choice(const Choice& choice) {
    ordered_json ways = ordered_json::array();
    ordered_json any = ordered_json::array();
    for (const std::string& field : choice.fields) {
        const ordered_json has{{"required", ordered_json::array({field})}};
        ways.push_back(has);
        any.push_back(has);
    }
    if (!choice.is_required) ways.push_back({{"not", {{"anyOf", std::move(any)}}}});
    return {{"oneOf", std::move(ways)}};
}

}  // namespace

ordered_json json_schema(const Description& description,
                         const Message& message,
                         const SchemaOptions& options) {
    ordered_json schema{{"type", "object"}};
    if (!message.comment.text.empty()) schema["description"] = message.comment.text;
    ordered_json required = ordered_json::array();
    ordered_json properties = ordered_json::object();
    for (const Field& field : message.fields) {
        properties[field.json_name] = of_field(description, message, field, options);
        if (field.rules.is_required) required.push_back(field.json_name);
    }
    if (!required.empty()) schema["required"] = std::move(required);
    if (!properties.empty()) schema["properties"] = std::move(properties);
    if (options.is_closed) schema["additionalProperties"] = false;
    ordered_json choices = ordered_json::array();
    for (const Choice& choice : message.choices)
        choices.push_back(of_choice(choice));
    if (choices.size() == 1)
        schema.update(choices[0]);
    else if (!choices.empty())
        schema["allOf"] = std::move(choices);
    return schema;
}

ordered_json json_schema(const Enum& enumeration) {
    ordered_json schema{{"type", "string"}};
    if (!enumeration.comment.text.empty()) schema["description"] = enumeration.comment.text;
    ordered_json names = ordered_json::array();
    for (const EnumValue& value : enumeration.values)
        names.push_back(value.name);
    schema["enum"] = std::move(names);
    return schema;
}

}  // namespace vera::pages
