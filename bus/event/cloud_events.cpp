#include "bus/event/cloud_events.hpp"

#include "bus/base/time.hpp"
#include "bus/event/formats.hpp"
#include "bus/event/urn.hpp"

namespace vera::event {
namespace {

enum class Verdict { agrees, differs, not_compared };

Verdict verdict(bool agrees) {
    return agrees ? Verdict::agrees : Verdict::differs;
}

Verdict compare_source(std::string_view value, const Attributes& attributes) {
    const std::string_view rest = cvr_of_urn(value);
    if (rest.empty()) return verdict(!value.empty());
    const std::string_view cvr = rest.substr(0, 8);
    const bool is_whole = rest.size() <= 8 || rest[8] == '/';
    return verdict(is_whole &&
                   (attributes.myndighed.empty()
                        ? attributes.source.starts_with("urn:oio:cvr-nr:" + std::string(cvr))
                        : cvr == attributes.myndighed));
}

Verdict compare(std::string_view name, const std::string& value, const Attributes& attributes) {
    if (name == "specversion") return verdict(value == "1.0");
    if (name == "id") return verdict(canonical_id(value) == attributes.id);
    if (name == "source") return compare_source(value, attributes);
    if (name == "type") return verdict(value == attributes.type);
    // A CPR number is no subject, whoever says so: it would be read by all who carry the message.
    if (name == "subject")
        return verdict(!holds_cpr(value) && canonical_id(value) == attributes.subject);
    if (name == "time") {
        const auto time = parse_rfc3339(value);
        return verdict(time.has_value() && *time == attributes.time);
    }
    if (name == "dataschema") return verdict(value == attributes.dataschema);
    if (name == "beskedtype") return verdict(canonical_id(value) == attributes.beskedtype);
    if (name == "myndighed") return verdict(value == attributes.myndighed);
    if (name == "objekttype") return verdict(canonical_id(value) == attributes.objekttype);
    if (name == "handling") return verdict(canonical_id(value) == attributes.handling);
    if (name == "kle") return verdict(value == attributes.kle);
    if (name == "foelsomhed") return verdict(value == std::to_string(attributes.foelsomhed));
    return Verdict::not_compared;
}

}  // namespace

std::optional<Refusal> disagreement(
    const std::vector<std::pair<std::string_view, std::string>>& cloud_events,
    const Attributes& attributes) {
    for (const auto& [name, value] : cloud_events) {
        if (compare(name, value, attributes) != Verdict::differs) continue;
        std::string text = "cloudEvents_";
        text.append(name).append(name == "specversion" ? ": is not 1.0"
                                                       : ": does not agree with the kuvert");
        return Refusal{Condition::attribute_mismatch, std::move(text)};
    }
    return std::nullopt;
}

}  // namespace vera::event
