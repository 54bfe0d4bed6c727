// admit(): what the rooms that know events, subscriptions and audit say about one event, in one
// plan.
#include "bus/base/check.hpp"
#include "bus/event/kuvert_view.hpp"
#include "bus/event/urn.hpp"
#include "bus/flow/plan.hpp"
#include "bus/route/type_pattern.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <xxhash.h>

namespace vera::flow {

namespace {

constexpr std::size_t max_reason_bytes = 4096;
constexpr std::size_t max_part_bytes = 120;        // of one condition of a filter
constexpr std::size_t max_message_id_bytes = 256;  // of a client's own making, in every record

/// 0 means "none" everywhere, so no hash is 0.
std::uint64_t keyed_hash(std::string_view bytes, std::uint64_t seed) {
    const std::uint64_t hash = XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
    return hash == 0 ? 1 : hash;
}

/// Both ascend.
bool has_common(const std::vector<QueueId>& some, const std::vector<QueueId>& others) {
    if (others.empty()) return false;
    return std::ranges::any_of(some,
                               [&](QueueId id) { return std::ranges::binary_search(others, id); });
}

/// "types", "filter: kle LIKE '27.%'".
std::string said_no(const route::Exclusion& exclusion) {
    std::string text(route::name_of(exclusion.clause));
    // Of a filter that asks for a person's number only the place is told.
    if (exclusion.part.empty() || event::holds_cpr(exclusion.part)) return text;
    text.append(": ");
    if (exclusion.part.size() <= max_part_bytes) return text.append(exclusion.part);
    std::size_t end = max_part_bytes;
    while ((static_cast<unsigned char>(exclusion.part[end]) & 0xC0U) == 0x80U)
        --end;  // no character of UTF-8 is cut
    return text.append(exclusion.part.substr(0, end)).append("…");
}

/// "name: clause; name: clause; and 17 more": why none of the subscriptions matched.
std::string explain(const route::RoutingTable& routes,
                    const event::Attributes& attributes,
                    const event::KuvertView& kuvert) {
    const std::size_t all = routes.subscriptions().size();
    if (all == 0) return "there is no subscription";
    constexpr std::size_t room_for_rest = 32;
    std::string reason;
    std::size_t told = 0;
    routes.explain(attributes, kuvert, [&](const route::Exclusion& exclusion) {
        const std::string why = said_no(exclusion);
        if (reason.size() + exclusion.subscription.size() + why.size() + 4 + room_for_rest >
            max_reason_bytes)
            return false;
        if (told != 0) reason += "; ";
        reason.append(exclusion.subscription).append(": ").append(why);
        ++told;
        return true;
    });
    if (told < all) reason += (told == 0 ? "" : "; and ") + std::to_string(all - told) + " more";
    return reason;
}

}  // namespace

Timestamp expiry_of(const event::RawEvent& raw) {
    Timestamp expiry = raw.absolute_expiry;
    if (raw.ttl_ms != 0) {
        const Timestamp by_ttl = raw.arrival + Millis{raw.ttl_ms};
        if (!expiry || by_ttl < expiry) expiry = by_ttl;
    }
    return expiry;
}

std::variant<Plan, Refusal> admit(const Snapshot& snapshot, const event::RawEvent& raw) {
    VERA_CHECK(snapshot.catalogue && snapshot.routes && raw.identity);
    if (raw.message.size() > snapshot.limits.max_event_bytes) {
        return Refusal{Condition::too_large,
                       "message of " + std::to_string(raw.message.size()) + " bytes; at most " +
                           std::to_string(snapshot.limits.max_event_bytes) + " are taken"};
    }
    event::CheckedKuvert kuvert;
    auto checked = snapshot.catalogue->check(raw, kuvert);
    if (auto* refusal = std::get_if<Refusal>(&checked)) return std::move(*refusal);
    const event::Attributes& attributes = *std::get_if<event::Attributes>(&checked);

    Plan plan;
    plan.generation = snapshot.generation;
    snapshot.routes->match(attributes, kuvert.view, plan.queues);
    if (plan.queues.empty()) {
        plan.queues.push_back(snapshot.unrouted);
        plan.unrouted_reason = explain(*snapshot.routes, attributes, kuvert.view);
    }
    if (!attributes.object.empty())
        plan.order_key = keyed_hash(attributes.object, snapshot.hash_seed);
    std::string id;
    id.reserve(raw.identity->system.size() + 1 + attributes.id.size());
    id.append(raw.identity->system).append(1, '\0').append(attributes.id);
    plan.id_hash = keyed_hash(id, snapshot.hash_seed);
    plan.bytes_hash = keyed_hash(raw.message.view(), snapshot.hash_seed);
    plan.may_hold_protected_address = attributes.may_hold_protected_address;
    plan.is_sensitive = attributes.foelsomhed >= 3;
    plan.expiry = expiry_of(raw);
    plan.ready_at = raw.ready_at;
    if (has_common(plan.queues, snapshot.at_virkning))
        plan.virkning = snapshot.catalogue->virkning(raw);

    audit::Accepted record;
    record.event_id = attributes.id;
    record.type = attributes.type;
    record.system = raw.identity->system;
    record.authority = raw.identity->authority;
    record.at = raw.arrival;
    record.generation = snapshot.generation;
    record.message_sha256 = audit::sha256(raw.message.view());
    record.queues = &plan.queues;
    plan.audit_record = audit::encode(record);
    return plan;
}

Plan admit_plain(const Snapshot& snapshot, QueueId queue, const event::RawEvent& raw) {
    Plan plan;
    plan.generation = snapshot.generation;
    plan.queues.push_back(queue);
    plan.expiry = expiry_of(raw);
    plan.ready_at = raw.ready_at;
    return plan;
}

namespace {

/// "vera.sag.v1.SagOprettet, vera.sag.v1.SagRettet and 3 more".
std::string some_of(const std::vector<std::string>& names) {
    constexpr std::size_t most = 5;
    std::string text;
    for (std::size_t i = 0; i < std::min(names.size(), most); ++i)
        text.append(i == 0 ? "" : ", ").append(names[i]);
    if (names.size() > most) text += " and " + std::to_string(names.size() - most) + " more";
    return text;
}

/// A kuvert to a system that says what it accepts.
std::variant<event::Attributes, Refusal> check_accepted(const Snapshot& snapshot,
                                                        const QueueSpec& inbox,
                                                        const event::RawEvent& raw,
                                                        std::string_view reply_to) {
    auto checked = snapshot.catalogue->check(raw);
    const auto* attributes = std::get_if<event::Attributes>(&checked);
    if (attributes == nullptr) return checked;
    if (!route::covers(inbox.accepts, attributes->type))
        return Refusal{Condition::not_allowed,
                       "Beskeddata[0]: '" + inbox.name + "' does not take " + attributes->type +
                           "; it takes " + some_of(inbox.accepts)};
    if (reply_to.empty() && !snapshot.catalogue->receiver_action(raw).responsmodtager.empty())
        return Refusal{Condition::precondition,
                       "Beskedkuvert.Modtagerhandling.Responsmodtager: wants a response, but the "
                       "message has no reply-to where it could go"};
    return checked;
}

}  // namespace

std::variant<Plan, Refusal> admit_message(const Snapshot& snapshot,
                                          const QueueSpec& inbox,
                                          const event::RawEvent& raw,
                                          const MessageProperties& properties) {
    VERA_CHECK(inbox.kind == QueueKind::inbox && raw.identity);
    Plan plan = admit_plain(snapshot, inbox.id, raw);
    audit::Accepted record;
    record.event_id = std::string_view(properties.message_id).substr(0, max_message_id_bytes);
    event::Attributes attributes;
    if (!inbox.accepts.empty()) {
        auto checked = check_accepted(snapshot, inbox, raw, properties.reply_to);
        if (auto* refusal = std::get_if<Refusal>(&checked)) return std::move(*refusal);
        attributes = std::move(*std::get_if<event::Attributes>(&checked));
        record.event_id = attributes.id;
        record.type = attributes.type;
        plan.is_sensitive = attributes.foelsomhed >= 3;
    }
    record.system = raw.identity->system;
    record.authority = raw.identity->authority;
    record.receiver = std::string_view(inbox.name).substr(inbox_prefix.size());
    record.at = raw.arrival;
    record.generation = snapshot.generation;
    record.message_sha256 = audit::sha256(raw.message.view());
    record.queues = &plan.queues;
    plan.audit_record = audit::encode(record);
    return plan;
}

}  // namespace vera::flow
