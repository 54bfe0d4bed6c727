#pragma once
// What somebody may have meant by a message name that is not known.
#include <string>
#include <string_view>
#include <vector>

namespace vera::event {

/// For an error text behind the unknown name, at most three names: "; known in other versions:
/// vera.sag.v1.SagOprettet", or "; nearest: …"; empty if nothing is near.
[[nodiscard]] std::string suggestion(std::string_view name, const std::vector<std::string>& known);

}  // namespace vera::event
