#include "bus/cli/kuvert_filling.hpp"

#include "bus/event/type_info.hpp"

#include <algorithm>
#include <utility>

namespace vera::cli {
namespace {

using nlohmann::json;

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

// Adds `name` if `text` is given.
Result<void> put_id(json& object,
                    const char* name,
                    const std::string& text,
                    const std::string& flag) {
    if (text.empty()) return {};
    auto id = unik_id(text, flag);
    if (!id) return fail(id.error().code, id.error().text);
    object[name] = std::move(*id);
    return {};
}

}  // namespace

Result<json> unik_id(const std::string& text, const std::string& flag) {
    if (const auto uuid = parse_uuid(text)) return json{{"UUIDIdentifikator", to_text(*uuid)}};
    if (text.starts_with("urn:") && text.size() > 6) return urn(text);
    return fail(Errc::bad_input, flag + ": want a UUID or a URN");
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
    for (const auto& [name, text, flag] : {std::tuple{"ObjektId", flags.object, "--object"},
                                           std::tuple{"ObjektType", object_type, "--object-type"},
                                           std::tuple{"ObjektHandling", flags.action, "--action"}})
        if (const auto put = put_id(registration, name, text, flag); !put)
            return fail(put.error().code, put.error().text);
    if (!flags.kle.empty()) registration["OpgaveEmne"] = urn("urn:oio:kle:" + flags.kle);

    json filter = json::object();
    if (const auto put = put_id(filter, "Beskedtype", beskedtype, "--message-type"); !put)
        return fail(put.error().code, put.error().text);
    if (const auto put = put_id(filter, "BeskedAnsvarligAktoer", flags.sender, "--sender"); !put)
        return fail(put.error().code, put.error().text);
    if (!registration.empty()) {
        registration["Registreringstidspunkt"] = {{"TidsstempelDatoTid", to_rfc3339(now)}};
        filter["ObjektRegistrering"] = json::array({std::move(registration)});
    }
    payload["@type"] = "type.googleapis.com/" + flags.type;
    return json{{"BeskedId", {{"UUIDIdentifikator", to_text(id)}}},
                {"BeskedVersion", "1.0"},
                {"Beskedkuvert",
                 {{"Filtreringsdata", std::move(filter)},
                  {"Leveranceinformation",
                   {{"Dannelsestidspunkt", {{"TidsstempelDatoTid", to_rfc3339(now)}}}}}}},
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
