#include "bus/cli/kuvert_filling.hpp"

#include "bus/event/type_info.hpp"
#include "bus/ops/names.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace vera::cli {
namespace {

using nlohmann::json;
using Kind = event::UuidName::Kind;

bool is_digits(const std::string& text, std::size_t size) {
    return text.size() == size &&
           std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

struct TypeFacts {
    std::string beskedtype;
    std::string objekttype;
};

Result<TypeFacts> facts_of(const event::Catalogue& catalogue, const std::string& type) {
    const event::TypeInfo* info = catalogue.find(type);
    if (info == nullptr)
        return fail(Errc::bad_input,
                    "--type: " + catalogue.unknown_type(type) +
                        " (`vera type ls` has them all, with --schemas a folder's too)");
    return TypeFacts{info->beskedtype, info->besked.objekttype()};
}

json urn(const std::string& text) {
    return {{"URNIdentifikator", text}};
}

/// An id of the kuvert as a flag gives it.
struct Given {
    const char* name;  ///< of the kuvert's element
    std::string text;
    const char* flag;
    std::optional<Kind> kind;  ///< none: it has no names
};

Result<json> id_of(const Given& given, const event::UuidNames& names) {
    return given.kind ? named_id(given.text, *given.kind, names, given.flag)
                      : unik_id(given.text, given.flag);
}

/// Adds those that are given.
Result<void> put_ids(json& object, const std::vector<Given>& all, const event::UuidNames& names) {
    for (const Given& given : all) {
        if (given.text.empty()) continue;
        auto id = id_of(given, names);
        if (!id) return fail(id.error().code, id.error().text);
        object[given.name] = std::move(*id);
    }
    return {};
}

/// Level 1 to 4, said as such.
std::string_view uuid_of_level(const std::string& text) {
    return text.size() == 1 ? event::sikkerhedsklassificering_of(text.front() - '0')
                            : std::string_view{};
}

/// What there is instead of a name that is not known.
Error no_such_name(const std::string& text,
                   Kind kind,
                   const std::vector<const event::UuidName*>& known,
                   const std::string& flag) {
    std::vector<std::string> all;
    for (const event::UuidName* one : known)
        all.push_back(one->name);
    const std::string near = ops::nearest(text, all);
    return {Errc::bad_input,
            flag + ": want " + (kind == Kind::foelsomhed ? "1 to 4, " : "") +
                "a UUID, a URN or a name of kind " + std::string(name_of(kind)) +
                (near.empty() ? "" : ", nearest: " + near)};
}

}  // namespace

Result<json> unik_id(const std::string& text, const std::string& flag) {
    if (const auto uuid = parse_uuid(text)) return json{{"UUIDIdentifikator", to_text(*uuid)}};
    if (text.starts_with("urn:") && text.size() > 6) return urn(text);
    return fail(Errc::bad_input, flag + ": want a UUID or a URN");
}

Result<json> named_id(const std::string& text,
                      Kind kind,
                      const event::UuidNames& names,
                      const std::string& flag) {
    if (auto id = unik_id(text, flag)) return id;
    if (kind == Kind::foelsomhed && !uuid_of_level(text).empty())
        return json{{"UUIDIdentifikator", uuid_of_level(text)}};
    const std::vector<const event::UuidName*> known = names.of_kind(kind);
    std::vector<std::string> uuids;
    const std::string folded = ops::fold(text);
    for (const event::UuidName* one : known)
        if (ops::fold(one->name) == folded) uuids.push_back(one->uuid);
    if (uuids.size() == 1) return json{{"UUIDIdentifikator", uuids.front()}};
    if (uuids.empty()) {
        const Error error = no_such_name(text, kind, known, flag);
        return fail(error.code, error.text);
    }
    std::string all;
    for (const std::string& uuid : uuids)
        all += (all.empty() ? "" : ", ") + uuid;
    return fail(Errc::bad_input, flag + ": several are called so, say which: " + all);
}

Result<json> fill_kuvert(json payload,
                         const KuvertFlags& flags,
                         const event::Catalogue& catalogue,
                         const Uuid& id,
                         Timestamp now) {
    if (!payload.is_object()) return fail(Errc::bad_input, "the payload is no JSON object");
    if (payload.contains("BeskedId"))
        return fail(Errc::bad_input,
                    "the input is a whole kuvert (it has a BeskedId); leave --type out");
    const auto facts = facts_of(catalogue, flags.type);
    if (!facts) return fail(facts.error().code, facts.error().text);
    const std::string beskedtype = flags.beskedtype.empty() ? facts->beskedtype : flags.beskedtype;
    if (beskedtype.empty())
        return fail(Errc::bad_input, "--message-type: wanted, the catalogue does not tell it");

    json registration = json::object();
    if (!flags.authority.empty()) {
        if (!is_digits(flags.authority, 8))
            return fail(Errc::bad_input, "--authority: want a CVR number, 8 digits");
        registration["ObjektAnsvarligMyndighed"] = urn("urn:oio:cvr-nr:" + flags.authority);
    }
    const std::string object_type =
        flags.object_type.empty() ? facts->objekttype : flags.object_type;
    const event::UuidNames& names = catalogue.names();
    const auto of_object = put_ids(registration,
                                   {{"ObjektId", flags.object, "--object", {}},
                                    {"ObjektType", object_type, "--object-type", Kind::objekttype},
                                    {"ObjektHandling", flags.action, "--action", Kind::handling}},
                                   names);
    if (!of_object) return fail(of_object.error().code, of_object.error().text);
    if (!flags.kle.empty()) registration["OpgaveEmne"] = urn("urn:oio:kle:" + flags.kle);

    json filter = json::object();
    const auto of_message =
        put_ids(filter,
                {{"Beskedtype", beskedtype, "--message-type", Kind::beskedtype},
                 {"BeskedAnsvarligAktoer", flags.sender, "--sender", Kind::aktoer}},
                names);
    if (!of_message) return fail(of_message.error().code, of_message.error().text);
    json delivery{{"Dannelsestidspunkt", {{"TidsstempelDatoTid", to_rfc3339(now)}}}};
    const auto of_delivery = put_ids(
        delivery,
        {{"Sikkerhedsklassificering", flags.sensitivity, "--sensitivity", Kind::foelsomhed}},
        names);
    if (!of_delivery) return fail(of_delivery.error().code, of_delivery.error().text);
    if (!registration.empty()) {
        registration["Registreringstidspunkt"] = {{"TidsstempelDatoTid", to_rfc3339(now)}};
        filter["ObjektRegistrering"] = json::array({std::move(registration)});
    }
    payload["@type"] = "type.googleapis.com/" + flags.type;
    return json{
        {"BeskedId", {{"UUIDIdentifikator", to_text(id)}}},
        {"BeskedVersion", "1.0"},
        {"Beskedkuvert",
         {{"Filtreringsdata", std::move(filter)}, {"Leveranceinformation", std::move(delivery)}}},
        {"Beskeddata", json::array({std::move(payload)})}};
}

Result<void> renew_kuvert(json& kuvert, const Uuid& id, Timestamp now) {
    if (!kuvert.is_object() || !kuvert.contains("Beskedkuvert") ||
        !kuvert["Beskedkuvert"].is_object())
        return fail(Errc::bad_input, "no kuvert: Beskedkuvert is not there");
    kuvert["BeskedId"] = {{"UUIDIdentifikator", to_text(id)}};
    json& delivery = kuvert["Beskedkuvert"]["Leveranceinformation"];
    if (!delivery.is_object()) delivery = json::object();
    delivery["Dannelsestidspunkt"] = {{"TidsstempelDatoTid", to_rfc3339(now)}};
    return {};
}

std::string besked_id(const json& kuvert) {
    if (!kuvert.is_object()) return {};
    const auto id = kuvert.find("BeskedId");
    if (id == kuvert.end() || !id->is_object()) return {};
    for (const char* name : {"UUIDIdentifikator", "URNIdentifikator"})
        if (const auto text = id->find(name); text != id->end() && text->is_string())
            return text->get<std::string>();
    return {};
}

}  // namespace vera::cli
