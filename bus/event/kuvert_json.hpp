#pragma once
// Which of its two forms a kuvert has.
#include <cstdint>
#include <string_view>

namespace vera::event {

enum class KuvertForm : std::uint8_t { protobuf, json };

/// By content-type where that is one of the two; otherwise (missing, octet-stream, text …) by the
/// first bytes.
[[nodiscard]] KuvertForm form_of(std::string_view body, std::string_view content_type);

}  // namespace vera::event
