#include "bus/cli/bench_event.hpp"

#ifdef VERA_HAS_EVENT
#include "bus/cli/kuvert_filling.hpp"
#include "bus/event/catalogue.hpp"
#endif

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vera::cli {

#ifdef VERA_HAS_EVENT
namespace {

using nlohmann::json;

// Stand where the generator puts its own; they occur nowhere else in the kuvert.
constexpr std::string_view message_id = "0b5e1c70-aaaa-4aaa-8aaa-0000000000aa";
constexpr std::string_view object_id = "0b5e1c70-bbbb-4bbb-8bbb-0000000000bb";
constexpr const char* system_id = "2a2f3c5e-7c1d-4f4e-9d53-5d3c8c2f9b11";

json opened_case(std::size_t padding) {
    const json effect{{"fraTidspunkt", {{"TidsstempelDatoTid", "2026-11-23T08:00:00Z"}}},
                      {"aktoerRef", {{"UUIDIdentifikator", system_id}}},
                      {"aktoerTypeKode", "AKTOER_TYPE_KODE_IT_SYSTEM"}};
    json attributes{{"virkning", effect},
                    {"brugervendtnoegle", "S2026-0001729"},
                    {"sagsnummer", "27.20.04-G01-1729-26"},
                    {"titel", "Hjælpemiddel"}};
    if (padding > 0) attributes["integrationsdata"] = std::string(padding, 'x');
    return {
        {"sag",
         {{"objektId", {{"UUIDIdentifikator", object_id}}},
          {"registrering", {{"livscyklusKode", "LIVSCYKLUS_KODE_OPSTAAET"}}},
          {"egenskaber", json::array({std::move(attributes)})},
          {"fremdrift",
           json::array({{{"virkning", effect}, {"fremdrift", "FREMDRIFT_STATUS_OPSTAAET"}}})}}}};
}

Result<std::string> encoded(const event::Catalogue& catalogue, std::size_t padding) {
    KuvertFlags flags;
    flags.type = "vera.sag.v1.SagOprettet";
    flags.authority = "29189382";
    flags.object = object_id;
    flags.kle = "27.20.04";
    flags.sender = system_id;
    const auto id = parse_uuid(message_id);
    auto kuvert =
        fill_kuvert(opened_case(padding), flags, catalogue, *id, Timestamp{1'795'420'800'000});
    if (!kuvert) return fail(kuvert.error().code, kuvert.error().text);
    return catalogue.from_json(kuvert->dump());
}

std::vector<std::size_t> places_of(std::string_view text, std::string_view what) {
    std::vector<std::size_t> places;
    for (std::size_t at = text.find(what); at != std::string_view::npos;
         at = text.find(what, at + what.size()))
        places.push_back(at);
    return places;
}

}  // namespace

Result<kit::EventTemplate> bench_event(std::size_t bytes, std::uint64_t objects) {
    const auto catalogue = event::Catalogue::built_in();
    auto body = encoded(*catalogue, 0);
    if (!body) return fail(body.error().code, body.error().text);
    // The padding brings its own tag and longer lengths around it: some 8 bytes.
    if (bytes > body->size() + 8) {
        body = encoded(*catalogue, bytes - body->size() - 8);
        if (!body) return fail(body.error().code, body.error().text);
    }
    kit::EventTemplate made;
    made.id_at = places_of(*body, message_id);
    made.object_at = places_of(*body, object_id);
    made.objects = objects;
    made.body = std::move(*body);
    return made;
}
#else
Result<kit::EventTemplate> bench_event(std::size_t /*bytes*/, std::uint64_t /*objects*/) {
    return fail(Errc::bad_input, "--event: this build has no schemas");
}
#endif

}  // namespace vera::cli
