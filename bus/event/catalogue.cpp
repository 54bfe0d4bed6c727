#include "bus/event/catalogue.hpp"

#include "bus/base/check.hpp"
#include "bus/event/catalogue_parts.hpp"
#include "bus/event/cloud_events.hpp"
#include "bus/event/formats.hpp"
#include "bus/event/kuvert_json.hpp"
#include "bus/event/kuvert_view.hpp"
#include "bus/event/message_rules.hpp"
#include "bus/event/message_types.hpp"
#include "bus/event/pool_errors.hpp"
#include "bus/event/protected_addresses.hpp"
#include "bus/event/schema_options.hpp"
#include "bus/event/schema_place.hpp"
#include "bus/event/type_info.hpp"
#include "bus/event/urn.hpp"
#include "bus/event/virkning.hpp"

#include <functional>
#include <map>
#include <unordered_map>
#include <utility>

namespace vera::event {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FileDescriptor;

struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
        return std::hash<std::string_view>{}(text);
    }
};

struct KnownType {
    std::size_t info = 0;  // in Contents::types
    const MessageRules* rules = nullptr;
};

/// "<root>.<path>: ", without what is empty.
std::string where(std::string root, const std::string& path) {
    if (!root.empty() && !path.empty()) root += '.';
    root += path;
    return root.empty() ? root : root + ": ";
}

Refusal refusal(Condition condition, std::string text) {
    return Refusal{condition, std::move(text)};
}

/// A life-cycle event is named for its object's class and what was done to it: "vera.sag.v1.Sag
/// Opstaaet", in one word. Both empty: it is not.
struct LifeCycle {
    std::string object;
    std::string action;
};
LifeCycle life_cycle(const TypeInfo& info) {
    if (info.besked.art() != options::v1::Besked::ART_LIVSCYKLUS) return {};
    const std::string_view own = std::string_view(info.name).substr(info.name.rfind('.') + 1);
    for (const std::string_view code :
         {"Opstaaet", "Importeret", "Rettet", "Passiveret", "Slettet"})
        if (own.size() > code.size() && own.ends_with(code))
            return {std::string(own.substr(0, own.size() - code.size())), std::string(code)};
    return {};
}

}  // namespace

struct Catalogue::Contents {
    DescriptorPool pool;
    std::unique_ptr<MessageTypes> messages;  ///< of `pool`
    RuleBook book;
    const MessageRules* kuvert = nullptr;
    ProtectedAddresses addresses;
    UuidNames names;
    PersonTable persons;
    std::vector<TypeInfo> types;
    std::unordered_map<std::string, KnownType, TextHash, std::equal_to<>> by_name;

    void build(CatalogueParts parts, std::vector<SchemaProblem>& problems);
    void add_payloads(const Descriptor& message,
                      const SchemaSet& schemas,
                      std::vector<SchemaProblem>& problems);
    void add(const Descriptor& message,
             const options::v1::Besked& besked,
             const SchemaSet& schemas,
             std::vector<SchemaProblem>& problems);
    void check_besked(const TypeInfo& info, std::vector<SchemaProblem>& problems);
    void add_names();
    [[nodiscard]] std::string unknown_type(std::string_view name) const;
    [[nodiscard]] std::vector<std::string> type_names() const;
    [[nodiscard]] std::variant<Attributes, Refusal> check(const RawEvent& raw,
                                                          std::string_view kuvert_bytes,
                                                          KuvertView& view) const;
    [[nodiscard]] Timestamp virkning(std::string_view kuvert_bytes) const;
    [[nodiscard]] std::optional<Refusal> check_payload(const Payload& payload,
                                                       std::size_t index,
                                                       const KnownType*& type) const;
    std::map<std::string, std::size_t> by_beskedtype;  ///< in `types`
};

void Catalogue::Contents::build(CatalogueParts parts, std::vector<SchemaProblem>& problems) {
    names = std::move(parts.names);
    persons = std::move(parts.persons);
    std::vector<const FileDescriptor*> files;
    for (const auto& file : parts.schemas.files()) {
        PoolErrors errors(parts.schemas.origin_of(file.name()), problems);
        files.push_back(pool.BuildFileCollectingErrors(file, &errors));
    }
    if (!problems.empty()) return;
    messages = std::make_unique<MessageTypes>(pool);
    const Descriptor* besked = pool.FindMessageTypeByName("vera.besked.v1.Haendelsesbesked");
    VERA_CHECK(besked != nullptr);
    const auto rules = book.compile(besked);
    VERA_CHECK(rules.has_value());  // of our own schemas, not of input
    kuvert = *rules;
    for (const FileDescriptor* file : files) {
        messages->name_file(*file);
        for (int i = 0; i < file->message_type_count(); ++i)
            add_payloads(*file->message_type(i), parts.schemas, problems);
    }
    addresses.compile(files);
    messages->name_payloads(type_names());
    add_names();
}

void Catalogue::Contents::add_payloads(const Descriptor& message,
                                       const SchemaSet& schemas,
                                       std::vector<SchemaProblem>& problems) {
    if (const auto besked = payload_of(message)) add(message, *besked, schemas, problems);
    for (int i = 0; i < message.nested_type_count(); ++i)
        add_payloads(*message.nested_type(i), schemas, problems);
}

void Catalogue::Contents::add(const Descriptor& message,
                              const options::v1::Besked& besked,
                              const SchemaSet& schemas,
                              std::vector<SchemaProblem>& problems) {
    const auto rules = book.compile(&message);
    if (!rules) {
        SchemaProblem problem = *book.problem();
        problem.file = schemas.origin_of(problem.file);  // it may be in what the message imports
        // The book says the same of all that comes behind.
        if (problems.empty() || problems.back().what != problem.what)
            problems.push_back(std::move(problem));
        return;
    }
    TypeInfo info;
    info.name = message.full_name();
    info.file = schemas.origin_of(message.file()->name());
    info.descriptor = &message;
    info.beskedtype = canonical_id(besked.beskedtype());
    info.titel = besked.titel_da();
    info.besked = besked;
    by_name.emplace(info.name, KnownType{types.size(), *rules});
    types.push_back(std::move(info));
    check_besked(types.back(), problems);
}

void Catalogue::Contents::check_besked(const TypeInfo& info, std::vector<SchemaProblem>& problems) {
    const auto wrong = [&](const std::string& what) {
        SchemaProblem problem = problem_at(*info.descriptor, what);
        problem.file = info.file;
        problems.push_back(std::move(problem));
    };
    const options::v1::Besked& besked = info.besked;
    if (!info.beskedtype.empty()) {
        if (!is_uuid(info.beskedtype)) wrong("besked.beskedtype is not a UUID");
        const auto [at, is_new] = by_beskedtype.emplace(info.beskedtype, types.size() - 1);
        if (!is_new)
            wrong("besked.beskedtype is that of " + types[at->second].name + " (" +
                  types[at->second].file + ") already");
    }
    if (!besked.objekttype().empty() && !is_uuid(besked.objekttype()))
        wrong("besked.objekttype is not a UUID");
    if (!besked.objekthandling().empty() && !is_uuid(besked.objekthandling()))
        wrong("besked.objekthandling is not a UUID");
    if (!besked.kle().empty() && !has_format(besked.kle(), options::v1::FORMAT_KLE))
        wrong("besked.kle is not " + std::string(name_of(options::v1::FORMAT_KLE)));
}

/// What the schemas call their own UUIDs, where nobody has said otherwise.
void Catalogue::Contents::add_names() {
    for (const TypeInfo& info : types) {
        const auto [object, action] = life_cycle(info);
        if (!object.empty() && !info.besked.objekttype().empty())
            names.add_default(
                {UuidName::Kind::objekttype, canonical_id(info.besked.objekttype()), object});
        const std::string& title = info.titel.empty() ? info.name : info.titel;
        if (!info.beskedtype.empty())
            names.add_default({UuidName::Kind::beskedtype, info.beskedtype, title});
        // What is done in a life cycle is one UUID for all classes.
        if (!info.besked.objekthandling().empty())
            names.add_default({UuidName::Kind::handling,
                               canonical_id(info.besked.objekthandling()),
                               action.empty() ? title : action});
    }
}

std::vector<std::string> Catalogue::Contents::type_names() const {
    std::vector<std::string> all;
    all.reserve(types.size());
    for (const TypeInfo& info : types)
        all.push_back(info.name);
    return all;
}

std::string Catalogue::Contents::unknown_type(std::string_view name) const {
    if (messages->find(name) != nullptr)
        return "unknown type " + std::string(name) +
               ": it is a message, but not one with the option besked, so no payload";
    return messages->unknown(name);
}

std::optional<Refusal> Catalogue::Contents::check_payload(const Payload& payload,
                                                          std::size_t index,
                                                          const KnownType*& type) const {
    const auto here = [index] { return "Beskeddata[" + std::to_string(index) + "]"; };
    const std::string_view name = type_of_url(payload.type_url);
    if (name.empty())
        return refusal(Condition::schema_invalid, here() + ".@type: is not a type URL");
    const auto known = by_name.find(name);
    if (known == by_name.end())
        return refusal(Condition::schema_unknown, here() + ": " + unknown_type(name));
    type = &known->second;
    if (const auto broken = check_message(*type->rules, payload.value, UnknownFields::kept))
        return refusal(Condition::schema_invalid, where(here(), broken->path) + broken->what);
    return std::nullopt;
}

std::variant<Attributes, Refusal> Catalogue::Contents::check(const RawEvent& raw,
                                                             std::string_view kuvert_bytes,
                                                             KuvertView& view) const {
    if (const auto broken = check_message(*kuvert, kuvert_bytes, UnknownFields::refused))
        return refusal(broken->is_encoding ? Condition::decode_error : Condition::schema_invalid,
                       where({}, broken->path) + broken->what);
    view = view_kuvert(kuvert_bytes);
    Attributes attributes;
    if (auto refused = derive(view, raw.identity.get(), {names, persons}, attributes))
        return std::move(*refused);
    for (std::size_t i = 0; i < view.beskeddata.size(); ++i) {
        const KnownType* type = nullptr;
        if (auto refused = check_payload(view.beskeddata[i], i, type)) return std::move(*refused);
        if (i != 0) continue;
        const TypeInfo& info = types[type->info];
        attributes.type = info.name;
        attributes.dataschema = view.beskeddata[0].type_url;
        if (!info.beskedtype.empty() && info.beskedtype != attributes.beskedtype)
            return refusal(Condition::attribute_mismatch,
                           "Beskedkuvert.Filtreringsdata.Beskedtype: is not that of " + info.name +
                               ", which is " + info.beskedtype);
    }
    if (auto refused = disagreement(raw.cloud_events, attributes)) return std::move(*refused);
    attributes.may_hold_protected_address = addresses.may_be_in(kuvert_bytes);
    return attributes;
}

Timestamp Catalogue::Contents::virkning(std::string_view kuvert_bytes) const {
    const KuvertView view = view_kuvert(kuvert_bytes);
    if (view.beskeddata.empty()) return {};
    const auto known = by_name.find(type_of_url(view.beskeddata.front().type_url));
    if (known == by_name.end()) return {};
    return latest_virkning(*known->second.rules, view.beskeddata.front().value);
}

Catalogue::Catalogue() : contents_(std::make_unique<Contents>()) {}
Catalogue::~Catalogue() = default;

Catalogue::Made Catalogue::make(CatalogueParts parts) {
    struct Reachable : Catalogue {};  // lets make_shared reach the private constructor
    auto made = std::make_shared<Reachable>();
    std::vector<SchemaProblem> problems;
    made->contents_->build(std::move(parts), problems);
    if (!problems.empty()) return problems;
    return std::shared_ptr<const Catalogue>(std::move(made));
}

std::shared_ptr<const Catalogue> Catalogue::built_in() {
    auto made = make({SchemaSet::built_in(), UuidNames::built_in()});
    VERA_CHECK(made.index() == 0);  // of our own schemas, not of input
    return std::get<0>(std::move(made));
}

std::variant<Attributes, Refusal> Catalogue::check(const RawEvent& raw) const {
    CheckedKuvert ignored;
    return check(raw, ignored);
}

std::variant<Attributes, Refusal> Catalogue::check(const RawEvent& raw,
                                                   CheckedKuvert& checked) const {
    if (raw.body_kind == BodyKind::none || raw.body_kind == BodyKind::other)
        return refusal(Condition::decode_error,
                       "body: data sections or an amqp-value of binary or string are wanted");
    if (raw.body.empty()) return refusal(Condition::decode_error, "body: is empty");
    if (form_of(raw.body, raw.content_type) == KuvertForm::protobuf)
        return contents_->check(raw, raw.body, checked.view);
    auto kuvert = kuvert_of_json(raw.body, UnknownPayloadMembers::ignored, *this);
    if (auto* refused = std::get_if<Refusal>(&kuvert)) return std::move(*refused);
    checked.encoded = std::get<std::string>(std::move(kuvert));
    return contents_->check(raw, checked.encoded, checked.view);
}

Timestamp Catalogue::virkning(const RawEvent& raw) const {
    if (form_of(raw.body, raw.content_type) == KuvertForm::protobuf)
        return contents_->virkning(raw.body);
    const auto kuvert = kuvert_of_json(raw.body, UnknownPayloadMembers::ignored, *this);
    const auto* bytes = std::get_if<std::string>(&kuvert);
    return bytes == nullptr ? Timestamp{} : contents_->virkning(*bytes);
}

ReceiverAction Catalogue::receiver_action(const RawEvent& raw) const {
    if (form_of(raw.body, raw.content_type) == KuvertForm::protobuf)
        return receiver_action_of(view_kuvert(raw.body));
    const auto kuvert = kuvert_of_json(raw.body, UnknownPayloadMembers::ignored, *this);
    const auto* bytes = std::get_if<std::string>(&kuvert);
    return bytes == nullptr ? ReceiverAction{} : receiver_action_of(view_kuvert(*bytes));
}

bool Catalogue::may_hold_protected_address(std::string_view body,
                                           std::string_view content_type) const {
    return form_of(body, content_type) == KuvertForm::protobuf
               ? contents_->addresses.may_be_in(body)
               : contents_->addresses.may_be_in_json(body);
}

Result<std::optional<std::string>> Catalogue::without_protected_addresses(
    std::string_view body, std::string_view content_type, Timestamp now) const {
    return kuvert_without(contents_->addresses, body, content_type, now, *this);
}

Result<std::string> Catalogue::to_json(std::string_view body,
                                       std::string_view content_type,
                                       bool pretty) const {
    return kuvert_to_json(body, content_type, pretty, *this);
}

Result<std::string> Catalogue::from_json(std::string_view json) const {
    auto kuvert = kuvert_of_json(json, UnknownPayloadMembers::refused, *this);
    if (const auto* refused = std::get_if<Refusal>(&kuvert))
        return fail(Errc::bad_input, refused->text);
    return std::get<std::string>(std::move(kuvert));
}

Result<std::optional<std::string>> Catalogue::broken_rule(std::string_view type,
                                                          std::string_view bytes) const {
    const auto known = contents_->by_name.find(type);
    if (known == contents_->by_name.end())
        return fail(Errc::not_found, contents_->unknown_type(type));
    const auto broken = check_message(*known->second.rules, bytes, UnknownFields::kept);
    if (!broken) return std::optional<std::string>{};
    return std::optional<std::string>(where({}, broken->path) + broken->what);
}

const std::vector<TypeInfo>& Catalogue::types() const {
    return contents_->types;
}

std::vector<std::string> Catalogue::type_names() const {
    return contents_->type_names();
}

const TypeInfo* Catalogue::find(std::string_view name) const {
    const auto known = contents_->by_name.find(name);
    return known == contents_->by_name.end() ? nullptr : &contents_->types[known->second.info];
}

std::string Catalogue::unknown_type(std::string_view name) const {
    return contents_->unknown_type(name);
}

const UuidNames& Catalogue::names() const {
    return contents_->names;
}

std::string Catalogue::object_id(std::string_view id) const {
    const std::string_view uuid = contents_->persons.uuid_of(cpr_of_urn(id));
    return uuid.empty() ? canonical_id(id) : std::string(uuid);
}

const MessageTypes& Catalogue::messages() const {
    return *contents_->messages;
}

}  // namespace vera::event
