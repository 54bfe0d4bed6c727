#pragma once
// The kit's plain values as Proton's, and back. May throw what Proton throws.
#include "adapters/kit/message.hpp"
#include "bus/base/result.hpp"

#include <proton/delivery.hpp>
#include <proton/duration.hpp>
#include <proton/error_condition.hpp>
#include <proton/message.hpp>
#include <proton/symbol.hpp>
#include <proton/tracker.hpp>
#include <proton/value.hpp>

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace vera::kit {

// The C++ binding has no condition on reject, no delivery-failed on modify: the C handle has.
struct DeliveryHandle : proton::delivery {
    explicit DeliveryHandle(const proton::delivery& of) : proton::delivery(of) {}
    using proton::delivery::pn_object;
};
struct TrackerHandle : proton::tracker {
    explicit TrackerHandle(const proton::tracker& of) : proton::tracker(of) {}
    using proton::tracker::pn_object;
};
[[nodiscard]] proton::message to_proton(const Message& from);
[[nodiscard]] Received to_received(const proton::message& from);
[[nodiscard]] std::map<proton::symbol, proton::value> to_properties(
    const std::vector<std::pair<std::string, std::string>>& from);
/// `otherwise` is the text if the condition is empty.
[[nodiscard]] Error to_error(const proton::error_condition& condition,
                             const std::string& otherwise);
[[nodiscard]] proton::duration to_proton(Millis wait);

}  // namespace vera::kit
