#include "tests/fuzz/catalogue_run.hpp"

#include "bus/base/check.hpp"
#include "bus/cli/marked_fields.hpp"
#include "bus/cli/masking.hpp"
#include "bus/event/catalogue.hpp"
#include "bus/event/catalogue_parts.hpp"
#include "bus/event/compatibility.hpp"
#include "tests/fuzz/changes.hpp"
#include "tests/fuzz/schema_changes.hpp"

#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>
#include <variant>

namespace vera::fuzz {
namespace {

using event::Catalogue;
using event::Difference;
using event::SchemaSet;

constexpr std::string_view protobuf = "application/protobuf";

/// nullptr: a rule of the schemas cannot be meant as it stands, and that is said.
std::shared_ptr<const Catalogue> made_of(const SchemaSet& schemas) {
    auto made = Catalogue::make({schemas, event::UuidNames::built_in()});
    if (auto* whole = std::get_if<0>(&made)) return std::move(*whole);
    const auto& problems = std::get<1>(made);
    VERA_CHECK(!problems.empty());
    for (const auto& problem : problems)
        VERA_CHECK(!problem.file.empty() && !problem.what.empty());
    return nullptr;
}

void run_types(const SchemaSet& schemas, const Catalogue& catalogue) {
    const auto names = catalogue.type_names();
    VERA_CHECK(std::set<std::string>(names.begin(), names.end()) == event::payload_types(schemas));
    for (const std::string& name : names) {
        VERA_CHECK(catalogue.find(name) != nullptr);
        VERA_CHECK(!catalogue.unknown_type(name + "X").empty());
    }
}

event::RawEvent raw_event(std::string_view body, std::string_view form) {
    event::RawEvent raw;
    raw.message = Block::copy_of(body);
    raw.body_kind = event::BodyKind::data;
    raw.body = raw.message.view();
    raw.content_type = form;
    return raw;
}

bool takes(const Catalogue& catalogue, std::string_view body) {
    const event::RawEvent raw = raw_event(body, protobuf);
    const auto verdict = catalogue.check(raw);
    if (const auto* refusal = std::get_if<Refusal>(&verdict)) {
        VERA_CHECK(!refusal->text.empty());
        return false;
    }
    VERA_CHECK(catalogue.find(std::get<event::Attributes>(verdict).type) != nullptr);
    (void)catalogue.virkning(raw);
    return true;
}

/// Any bytes: nothing is promised of what comes out but that something does.
void look(const Catalogue& catalogue, std::string_view body) {
    (void)takes(catalogue, body);
    (void)catalogue.may_hold_protected_address(body, protobuf);
    (void)catalogue.without_protected_addresses(body, protobuf, Timestamp{1'795'420'800'000});
    const auto json = catalogue.to_json(body, protobuf, false);
    if (!json) return;
    auto shown = nlohmann::json::parse(*json, nullptr, false);
    VERA_CHECK(!shown.is_discarded());
    cli::mask_marked(shown, catalogue);
    cli::mask(shown);
}

/// What was taken comes back from JSON the same.
void run_both_forms(const Catalogue& catalogue, std::string_view body) {
    const auto json = catalogue.to_json(body, protobuf, true);
    VERA_CHECK(json.has_value());
    const auto back = catalogue.from_json(*json);
    VERA_CHECK(back.has_value() && takes(catalogue, *back));
    const auto again = catalogue.to_json(*back, protobuf, true);
    VERA_CHECK(again.has_value());
    VERA_CHECK(nlohmann::json::parse(*again) == nlohmann::json::parse(*json));
    const auto verdict = catalogue.check(raw_event(*json, "application/json"));
    VERA_CHECK(verdict.index() == 0);
    VERA_CHECK(catalogue.without_protected_addresses(body, protobuf, Timestamp{1'795'420'800'000})
                   .has_value());
}

/// Those that the catalogue takes, in Protobuf.
std::vector<std::string> run_events(const Catalogue& catalogue,
                                    const std::vector<std::string>& events,
                                    Dice& dice) {
    std::vector<std::string> taken;
    for (const std::string& json : events) {
        const auto body = catalogue.from_json(json);
        if (!body) {
            VERA_CHECK(!body.error().text.empty());
            continue;
        }
        for (int i = 0; i < 4; ++i)
            look(catalogue, changed(*body, dice));
        if (!takes(catalogue, *body)) continue;
        run_both_forms(catalogue, *body);
        taken.push_back(*body);
    }
    return taken;
}

void check_told(const SchemaSet& old, const std::vector<Difference>& differences) {
    for (const Difference& one : differences)
        VERA_CHECK(!one.file.empty() && !one.what.empty() && !event::to_text(one).empty());
    for (const auto& [type, breaks] : event::broken_types(old, differences))
        VERA_CHECK(!type.empty() && !breaks.empty());
}

}  // namespace

void run_catalogue(const SchemaSet& schemas,
                   const SchemaSet& base,
                   const std::vector<std::string>& events,
                   Dice& dice,
                   CatalogueTally& tally) {
    const auto catalogue = made_of(schemas);
    std::vector<std::string> taken;
    if (catalogue != nullptr) {
        ++tally.made;
        run_types(schemas, *catalogue);
        taken = run_events(*catalogue, events, dice);
        tally.accepted += taken.size();
    }
    google::protobuf::FileDescriptorSet next;
    *next.add_file() = changed_file(schemas.files().back(), dice);
    SchemaSet fresh = base;
    if (!fresh.add({"n", {{"n.binpb", next.SerializeAsString()}}}).empty()) return;
    ++tally.compared;
    const auto differences = breaks(schemas, fresh);
    check_told(schemas, differences);
    check_told(fresh, breaks(fresh, schemas));
    VERA_CHECK(breaks(fresh, fresh).empty());
    if (!differences.empty()) return;
    ++tally.harmless;
    const auto after = made_of(fresh);
    if (after == nullptr) return;
    for (const std::string& body : taken)
        VERA_CHECK(takes(*after, body));
}

}  // namespace vera::fuzz
