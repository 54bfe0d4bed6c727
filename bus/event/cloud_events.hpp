#pragma once
// The CloudEvents attributes of a message agree with its kuvert, or the message is refused (design
// §5).
#include "bus/base/refusal.hpp"
#include "bus/event/attributes.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vera::event {

/// Compares id, type, subject, time, dataschema, beskedtype, myndighed, objekttype, handling, kle
/// and foelsomhed; specversion has to be "1.0". `source` has to be there in name only, for a sender
/// may know itself by another URI; but one in VeRA's own form, urn:oio:cvr-nr:<CVR>…, has to name
/// the kuvert's authority. Other attributes are the sender's own business.
[[nodiscard]] std::optional<Refusal> disagreement(
    const std::vector<std::pair<std::string_view, std::string>>& cloud_events,
    const Attributes& attributes);

}  // namespace vera::event
