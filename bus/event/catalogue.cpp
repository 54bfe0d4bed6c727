#include "bus/event/catalogue.hpp"

#include "bus/base/check.hpp"
#include "bus/event/cloud_events.hpp"
#include "bus/event/formats.hpp"
#include "bus/event/kuvert_json.hpp"
#include "bus/event/kuvert_view.hpp"
#include "bus/event/message_rules.hpp"
#include "bus/event/urn.hpp"
#include "bus/event/virkning.hpp"

#include "vera/besked/v1/base64_data.pb.h"
#include "vera/besked/v1/haendelsesbesked.pb.h"
#include "vera/dokument/v1/haendelser.pb.h"
#include "vera/options/v1/options.pb.h"
#include "vera/person/v1/haendelser.pb.h"
#include "vera/post/v1/post_status.pb.h"
#include "vera/sag/v1/haendelser.pb.h"

#include <algorithm>
#include <functional>
#include <unordered_map>
#include <utility>

namespace vera::event {
namespace {

using google::protobuf::Descriptor;

/// The payloads VeRA is built with. A list, because a static library only brings the messages that
/// somebody names.
std::vector<const Descriptor*> built_in_payloads() {
    return {vera::besked::v1::Base64Data::descriptor(),
            vera::post::v1::PostStatus::descriptor(),
            vera::sag::v1::SagOprettet::descriptor(),
            vera::sag::v1::SagFremdriftAendret::descriptor(),
            vera::sag::v1::SagAfsluttet::descriptor(),
            vera::dokument::v1::DokumentOprettet::descriptor(),
            vera::dokument::v1::DokumentJournaliseret::descriptor(),
            vera::dokument::v1::DokumentPubliceret::descriptor(),
            vera::person::v1::PersonFlyttet::descriptor(),
            vera::person::v1::PersonFoedt::descriptor(),
            vera::person::v1::PersonDoed::descriptor()};
}

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

const MessageRules* must_compile(RuleBook& book, const Descriptor* descriptor) {
    const auto rules = book.compile(descriptor);
    VERA_CHECK(rules.has_value());  // of our own schemas, not of input
    return *rules;
}

/// "<root>.<path>: ", without what is empty.
std::string where(std::string root, const std::string& path) {
    if (!root.empty() && !path.empty()) root += '.';
    root += path;
    return root.empty() ? root : root + ": ";
}

Refusal refusal(Condition condition, std::string text) {
    return Refusal{condition, std::move(text)};
}

}  // namespace

struct Catalogue::Contents {
    RuleBook book;
    const MessageRules* kuvert = nullptr;
    std::vector<TypeInfo> types;
    std::unordered_map<std::string, KnownType, TextHash, std::equal_to<>> by_name;

    void add(const Descriptor* descriptor);
    [[nodiscard]] std::variant<Attributes, Refusal> check(const RawEvent& raw,
                                                          std::string_view kuvert_bytes) const;
    [[nodiscard]] Timestamp virkning(std::string_view kuvert_bytes) const;
    [[nodiscard]] std::optional<Refusal> check_payload(const Payload& payload,
                                                       std::size_t index,
                                                       const KnownType*& type) const;
};

void Catalogue::Contents::add(const Descriptor* descriptor) {
    const auto& besked = descriptor->options().GetExtension(vera::options::v1::besked);
    by_name.emplace(descriptor->full_name(),
                    KnownType{types.size(), must_compile(book, descriptor)});
    types.push_back(
        {descriptor->full_name(), canonical_id(besked.beskedtype()), besked.titel_da()});
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
        return refusal(Condition::schema_unknown, here() + ": unknown type " + std::string(name));
    type = &known->second;
    if (const auto broken = check_message(*type->rules, payload.value, UnknownFields::kept))
        return refusal(Condition::schema_invalid, where(here(), broken->path) + broken->what);
    return std::nullopt;
}

std::variant<Attributes, Refusal> Catalogue::Contents::check(const RawEvent& raw,
                                                             std::string_view kuvert_bytes) const {
    if (const auto broken = check_message(*kuvert, kuvert_bytes, UnknownFields::refused))
        return refusal(broken->is_encoding ? Condition::decode_error : Condition::schema_invalid,
                       where({}, broken->path) + broken->what);
    const KuvertView view = view_kuvert(kuvert_bytes);
    Attributes attributes;
    if (auto refused = derive(view, raw.identity.get(), attributes)) return std::move(*refused);
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
    return attributes;
}

Timestamp Catalogue::Contents::virkning(std::string_view kuvert_bytes) const {
    const KuvertView view = view_kuvert(kuvert_bytes);
    if (view.beskeddata.empty()) return {};
    const auto known = by_name.find(type_of_url(view.beskeddata.front().type_url));
    if (known == by_name.end()) return {};
    return latest_virkning(*known->second.rules, view.beskeddata.front().value);
}

Catalogue::Catalogue() {
    auto contents = std::make_unique<Contents>();
    contents->kuvert =
        must_compile(contents->book, vera::besked::v1::Haendelsesbesked::descriptor());
    for (const Descriptor* descriptor : built_in_payloads())
        contents->add(descriptor);
    contents_ = std::move(contents);
}

Catalogue::~Catalogue() = default;

std::shared_ptr<const Catalogue> Catalogue::built_in() {
    struct Made : Catalogue {};  // lets make_shared reach the private constructor
    return std::make_shared<const Made>();
}

std::variant<Attributes, Refusal> Catalogue::check(const RawEvent& raw) const {
    if (raw.body_kind == BodyKind::none || raw.body_kind == BodyKind::other)
        return refusal(Condition::decode_error,
                       "body: data sections or an amqp-value of binary or string are wanted");
    if (raw.body.empty()) return refusal(Condition::decode_error, "body: is empty");
    if (form_of(raw.body, raw.content_type) == KuvertForm::protobuf)
        return contents_->check(raw, raw.body);
    auto kuvert = kuvert_of_json(raw.body, UnknownPayloadMembers::ignored);
    if (auto* refused = std::get_if<Refusal>(&kuvert)) return std::move(*refused);
    return contents_->check(raw, std::get<std::string>(kuvert));
}

Timestamp Catalogue::virkning(const RawEvent& raw) const {
    if (form_of(raw.body, raw.content_type) == KuvertForm::protobuf)
        return contents_->virkning(raw.body);
    const auto kuvert = kuvert_of_json(raw.body, UnknownPayloadMembers::ignored);
    const auto* bytes = std::get_if<std::string>(&kuvert);
    return bytes == nullptr ? Timestamp{} : contents_->virkning(*bytes);
}

const std::vector<TypeInfo>& Catalogue::types() const {
    return contents_->types;
}

const TypeInfo* Catalogue::find(std::string_view name) const {
    const auto known = contents_->by_name.find(name);
    return known == contents_->by_name.end() ? nullptr : &contents_->types[known->second.info];
}

}  // namespace vera::event
