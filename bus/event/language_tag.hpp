#pragma once
// Language tags of RFC 5646: whether one is well formed, not whether its parts are registered.
#include <string_view>

namespace vera::event {

/// The grammar of §2.1 but for the grandfathered tags.
[[nodiscard]] bool is_language_tag(std::string_view text);

}  // namespace vera::event
