#include "bus/pages/asyncapi.hpp"

#include "bus/pages/example.hpp"
#include "bus/pages/json_schema.hpp"
#include "bus/pages/outline.hpp"
#include "bus/pages/page_text.hpp"
#include "bus/pages/rule_words.hpp"

#include <map>
#include <set>
#include <string_view>
#include <utility>

namespace vera::pages {
namespace {

using nlohmann::ordered_json;

const std::string schemas_place = "#/components/schemas/";
/// application/vnd.google.protobuf is what AsyncAPI 3.0.0 names for schemas written in Protobuf.
constexpr const char* protobuf_format = "application/vnd.google.protobuf;version=3";
constexpr const char* kuvert_in_protobuf = "kuvert.protobuf";

ordered_json reference(const std::string& to) {
    return {{"$ref", to}};
}

/// AMQP 1.0 bindings, version 0.1.0: every one of the four objects is empty.
ordered_json bindings() {
    return {{"amqp1", ordered_json::object()}};
}

ordered_json text_schema(const char* description) {
    return {{"type", "string"}, {"description", description}};
}

class Document {
public:
    Document(const TypeSet& types, const Description& description, const AsyncApiOptions& options)
        : types_(types),
          description_(description),
          options_(options),
          outline_(outline_of(description, options.only)) {}

    ordered_json make();

private:
    [[nodiscard]] std::string in(const Words& words) const {
        return std::string(words.in(options_.language));
    }
    [[nodiscard]] ordered_json info() const;
    [[nodiscard]] ordered_json servers() const;
    [[nodiscard]] ordered_json channels() const;
    [[nodiscard]] ordered_json operations(const ordered_json& channels) const;
    [[nodiscard]] ordered_json components() const;
    [[nodiscard]] ordered_json schemas() const;
    [[nodiscard]] ordered_json messages() const;
    [[nodiscard]] ordered_json message_in_json(const Message& message,
                                               const std::string& byggeblok) const;
    [[nodiscard]] ordered_json message_in_protobuf(const Message& message,
                                                   const std::string& byggeblok) const;
    [[nodiscard]] ordered_json facts(const Message& message, const std::string& byggeblok) const;
    [[nodiscard]] std::vector<std::string> all_events() const;
    /// Without events: any kuvert.
    [[nodiscard]] ordered_json channel(const std::string& address,
                                       const Words& about,
                                       const std::vector<std::string>& events) const;
    void put_subscriptions(ordered_json& channels) const;

    const TypeSet& types_;
    const Description& description_;
    const AsyncApiOptions& options_;
    Outline outline_;
};

ordered_json Document::make() {
    const ordered_json made = channels();
    ordered_json document{{"asyncapi", "3.0.0"}, {"id", "urn:vera:bus"}, {"info", info()}};
    document["defaultContentType"] = "application/json";
    document["servers"] = servers();
    document["channels"] = made;
    document["operations"] = operations(made);
    document["components"] = components();
    return document;
}

ordered_json Document::info() const {
    std::string about =
        in({"VeRA set fra et system, der bruger den: det sender til `events` og modtager fra sine "
            "abonnementer.",
            "VeRA as seen by a system that uses it: it sends to `events` and receives from its "
            "subscriptions."});
    for (const TextSection& section : text_sections()) {
        about += "\n\n## " + in(section.title) + "\n";
        for (const Words& paragraph : section.paragraphs)
            about += "\n" + in(paragraph) + "\n";
        about += '\n';
        for (const Words& item : section.items)
            about += "- " + in(item) + "\n";
    }
    ordered_json tags = ordered_json::array();
    for (const Chapter& chapter : outline_.chapters)
        if (!chapter.events.empty())
            tags.push_back({{"name", chapter.byggeblok},
                            {"description", title_of(chapter, options_.language)}});
    return {{"title", "VeRA"},
            {"version", options_.version},
            {"description", std::move(about)},
            {"license", {{"name", "MPL-2.0"}, {"url", "https://www.mozilla.org/MPL/2.0/"}}},
            {"tags", std::move(tags)}};
}

ordered_json Document::servers() const {
    std::vector<Server> given = options_.servers;
    if (given.empty()) given.push_back({"vera.example:5671", true, true});
    ordered_json servers = ordered_json::object();
    for (const Server& one : given) {
        ordered_json security = ordered_json::array();
        if (one.is_tls && one.takes_certificates)
            security.push_back(reference("#/components/securitySchemes/certificate"));
        security.push_back(reference("#/components/securitySchemes/secret"));
        servers["bus" + (servers.empty() ? "" : std::to_string(servers.size() + 1))] = {
            {"host", one.host},
            {"protocol", one.is_tls ? "amqps" : "amqp1"},
            {"protocolVersion", "1.0"},
            {"security", std::move(security)},
            {"bindings", bindings()}};
    }
    return servers;
}

std::vector<std::string> Document::all_events() const {
    std::vector<std::string> events;
    for (const Chapter& chapter : outline_.chapters)
        for (const Message* event : chapter.events)
            events.push_back(event->full_name);
    return events;
}

ordered_json Document::channel(const std::string& address,
                               const Words& about,
                               const std::vector<std::string>& events) const {
    ordered_json messages = ordered_json::object();
    if (events.empty())
        for (const char* form : {"kuvert.json", "kuvert.protobuf"})
            messages[form] = reference(std::string("#/components/messages/") + form);
    for (const std::string& event : events)
        for (const char* form : {".json", ".protobuf"})
            messages[event + form] = reference("#/components/messages/" + event + form);
    return {{"address", address},
            {"description", in(about)},
            {"messages", std::move(messages)},
            {"bindings", bindings()}};
}

ordered_json Document::channels() const {
    ordered_json channels;
    channels["events"] =
        channel("events", {"Her udgives hændelser.", "Where events are published."}, all_events());
    put_subscriptions(channels);
    ordered_json inbox = channel("inbox/{system}",
                                 {"Meddelelser til ét system, som alene kan hente dem.",
                                  "Messages to one system, which alone can take them."},
                                 {});
    inbox["parameters"] = {{"system", {{"description", in(label::system)}}}};
    if (options_.usage != nullptr && !options_.usage->systems.empty())
        for (const Participant& system : options_.usage->systems)
            inbox["parameters"]["system"]["enum"].push_back(system.name);
    channels["inbox"] = std::move(inbox);
    return channels;
}

void Document::put_subscriptions(ordered_json& channels) const {
    const Words about{"Hændelser til ét abonnement, mindst én gang, i rækkefølge pr. objekt.",
                      "Events for one subscription, at least once, in order per object."};
    const Words given_up{
        "Hændelser, som abonnementet har opgivet, med årsagen i annoteringen "
        "x-opt-vera-dead-reason.",
        "Events that the subscription gave up, with the reason in the annotation "
        "x-opt-vera-dead-reason."};
    if (options_.usage == nullptr) {
        const ordered_json parameters{{"subscription", {{"description", in(label::subscription)}}}};
        channels["sub"] = channel("sub/{subscription}", about, {});
        channels["sub"]["parameters"] = parameters;
        channels["sub.deadletter"] = channel("sub/{subscription}/$deadletter", given_up, {});
        channels["sub.deadletter"]["parameters"] = parameters;
        return;
    }
    std::map<std::string, std::vector<std::string>> events;
    std::map<std::string, const Subscriber*> facts;
    for (const std::string& event : all_events()) {
        const auto found = options_.usage->subscribers.find(event);
        if (found == options_.usage->subscribers.end()) continue;
        for (const Subscriber& one : found->second) {
            events[one.name].push_back(event);
            facts[one.name] = &one;
        }
    }
    for (const auto& [name, received] : events) {
        ordered_json made = channel("sub/" + name, about, received);
        if (!facts[name]->authorities.empty())
            made["x-vera-authorities"] = facts[name]->authorities;
        if (facts[name]->objects != 0) made["x-vera-objects"] = facts[name]->objects;
        if (!facts[name]->filter.empty()) made["x-vera-filter"] = facts[name]->filter;
        channels["sub." + name] = std::move(made);
        channels["sub." + name + ".deadletter"] =
            channel("sub/" + name + "/$deadletter", given_up, {});
    }
}

ordered_json Document::operations(const ordered_json& channels) const {
    ordered_json operations;
    const auto put = [&](const std::string& name,
                         const char* action,
                         const std::string& channel,
                         const Words& title) {
        operations[name] = {{"action", action},
                            {"channel", reference("#/channels/" + channel)},
                            {"title", in(title)},
                            {"bindings", bindings()}};
    };
    put("publish", "send", "events", {"Udgiv en hændelse", "Publish an event"});
    operations["publish"]["x-vera-outcomes"] = {
        {"accepted", in({"alle kopier er på disk", "every copy is on disk"})},
        {"rejected",
         ordered_json::array({"vera:schema-unknown",
                              "vera:schema-invalid",
                              "vera:attribute-mismatch",
                              "vera:id-reused",
                              "vera:too-large",
                              "amqp:decode-error"})},
        {"released", in({"send igen", "send again"})}};
    for (const auto& [name, made] : channels.items()) {
        if (!name.starts_with("sub")) continue;
        const bool is_dead = name.ends_with(".deadletter");
        put("receive." + name,
            "receive",
            name,
            is_dead ? Words{"Se opgivne hændelser", "See events that were given up"}
                    : Words{"Modtag hændelser", "Receive events"});
    }
    put("message", "send", "inbox", {"Send en meddelelse", "Send a message"});
    put("take", "receive", "inbox", {"Hent egne meddelelser", "Take one's own messages"});
    return operations;
}

/// CloudEvents 1.0 attributes as AMQP application-properties. All may be left out; if present they
/// must agree with the kuvert.
ordered_json headers() {
    return {{"type", "object"},
            {"properties",
             {{"cloudEvents_specversion", {{"type", "string"}, {"enum", {"1.0"}}}},
              {"cloudEvents_id", text_schema("BeskedId")},
              {"cloudEvents_source", text_schema("urn:oio:cvr-nr:<CVR>/<system>")},
              {"cloudEvents_type", text_schema("full name of the first Beskeddata")},
              {"cloudEvents_subject", text_schema("ObjektId of the first ObjektRegistrering")},
              {"cloudEvents_time", {{"type", "string"}, {"format", "date-time"}}},
              {"cloudEvents_dataschema", text_schema("type URL of the first Beskeddata")},
              {"cloudEvents_beskedtype", text_schema("Beskedtype")},
              {"cloudEvents_myndighed", text_schema("CVR number of ObjektAnsvarligMyndighed")},
              {"cloudEvents_objekttype", text_schema("ObjektType")},
              {"cloudEvents_handling", text_schema("ObjektHandling")},
              {"cloudEvents_kle", text_schema("KLE number of OpgaveEmne")},
              {"cloudEvents_foelsomhed", {{"type", "integer"}, {"minimum", 1}, {"maximum", 4}}}}}};
}

ordered_json annotation(const char* type, const char* description) {
    return {{"type", type}, {"description", description}};
}

ordered_json Document::components() const {
    ordered_json security{
        {"certificate",
         {{"type", "X509"}, {"description", "SASL EXTERNAL with a client certificate"}}},
        {"secret", {{"type", "plain"}, {"description", "SASL PLAIN: system and secret"}}}};
    ordered_json trait{
        {"headers", headers()},
        {"bindings", bindings()},
        {"x-vera-delivery-annotations",
         {{"x-opt-vera-subscription", annotation("string", "why this receiver got it")},
          {"x-opt-vera-sequence", annotation("integer", "order of acceptance")},
          {"x-opt-vera-leaf", annotation("integer", "index in the audit log")}}}};
    return {{"messages", messages()},
            {"schemas", schemas()},
            {"messageTraits", {{"event", std::move(trait)}}},
            {"securitySchemes", std::move(security)}};
}

ordered_json Document::schemas() const {
    // VeRA refuses what it does not know in the kuvert, and keeps it in a payload.
    std::set<std::string_view> closed{kuvert_type};
    if (const Message* kuvert = description_.message(kuvert_type))
        for (const Message* part : parts_of(description_, *kuvert).messages)
            if (part->package == kuvert->package) closed.insert(part->full_name);
    ordered_json made = ordered_json::object();
    for (const Chapter& chapter : outline_.chapters) {
        for (const auto* list : {&chapter.events, &chapter.objects})
            for (const Message* message : *list)
                made[message->full_name] = json_schema(
                    description_,
                    *message,
                    {schemas_place, options_.language, closed.contains(message->full_name)});
        for (const Enum* one : chapter.enums)
            made[one->full_name] = json_schema(*one);
    }
    if (const auto* kuvert = types_.pool().FindMessageTypeByName(kuvert_type)) {
        google::protobuf::DebugStringOptions with_comments;
        with_comments.include_comments = true;
        made[kuvert_in_protobuf] = {
            {"schemaFormat", protobuf_format},
            {"schema", kuvert->file()->DebugStringWithOptions(with_comments)}};
    }
    return made;
}

ordered_json Document::messages() const {
    ordered_json made = ordered_json::object();
    const ordered_json any{
        {"name", kuvert_type},
        {"title", in({"En kuvert med en hvilken som helst besked", "A kuvert with any message"})},
        {"traits", ordered_json::array({reference("#/components/messageTraits/event")})}};
    made["kuvert.json"] = any;
    made["kuvert.json"]["contentType"] = "application/json";
    made["kuvert.json"]["payload"] = reference(schemas_place + kuvert_type);
    made["kuvert.protobuf"] = any;
    made["kuvert.protobuf"]["contentType"] = "application/protobuf";
    made["kuvert.protobuf"]["payload"] = reference(schemas_place + kuvert_in_protobuf);

    for (const Chapter& chapter : outline_.chapters)
        for (const Message* message : chapter.events) {
            made[message->full_name + ".json"] = message_in_json(*message, chapter.byggeblok);
            made[message->full_name + ".protobuf"] =
                message_in_protobuf(*message, chapter.byggeblok);
        }
    return made;
}

ordered_json Document::facts(const Message& message, const std::string& byggeblok) const {
    const Event& event = *message.event;
    ordered_json made{
        {"name", message.full_name},
        {"title", options_.language == Language::da ? event.titel_da : event.titel_en}};
    if (!event.begrundelse.empty()) made["summary"] = event.begrundelse;
    if (!message.comment.text.empty()) made["description"] = message.comment.text;
    made["tags"] = ordered_json::array({{{"name", byggeblok}}, {{"name", name_of(event.art)}}});
    made["traits"] = ordered_json::array({reference("#/components/messageTraits/event")});
    made["x-vera-type"] = message.full_name;
    if (!event.beskedtype.empty()) made["x-vera-beskedtype"] = event.beskedtype;
    if (event.foelsomhed != 0) made["x-vera-foelsomhed"] = event.foelsomhed;
    if (!event.objekttype.empty()) made["x-vera-objekttype"] = event.objekttype;
    if (!event.objekthandling.empty()) made["x-vera-handling"] = event.objekthandling;
    if (!event.kle.empty()) made["x-vera-kle"] = event.kle;
    return made;
}

ordered_json Document::message_in_json(const Message& message, const std::string& byggeblok) const {
    ordered_json made = facts(message, byggeblok);
    made["contentType"] = "application/json";
    const std::string type_url = "type.googleapis.com/" + message.full_name;
    ordered_json first{
        {"allOf",
         ordered_json::array(
             {reference(schemas_place + message.full_name),
              {{"required", ordered_json::array({"@type"})},
               {"properties", {{"@type", {{"type", "string"}, {"const", type_url}}}}}}})}};
    made["payload"] = {
        {"allOf",
         ordered_json::array({reference(schemas_place + kuvert_type),
                              {{"required", ordered_json::array({"Beskeddata"})},
                               {"properties",
                                {{"Beskeddata",
                                  {{"type", "array"},
                                   {"minItems", 1},
                                   {"items", ordered_json::array({std::move(first)})}}}}}}})}};
    if (const auto* descriptor = types_.pool().FindMessageTypeByName(message.full_name))
        made["examples"] =
            ordered_json::array({{{"name", "example"}, {"payload", example_kuvert(*descriptor)}}});
    return made;
}

ordered_json Document::message_in_protobuf(const Message& message,
                                           const std::string& byggeblok) const {
    ordered_json made = facts(message, byggeblok);
    made["contentType"] = "application/protobuf";
    made["payload"] = reference(schemas_place + kuvert_in_protobuf);
    return made;
}

}  // namespace

ordered_json asyncapi(const TypeSet& types,
                      const Description& description,
                      const AsyncApiOptions& options) {
    return Document(types, description, options).make();
}

}  // namespace vera::pages
