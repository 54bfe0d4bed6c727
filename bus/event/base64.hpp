#pragma once
// Base64 (RFC 4648 §4, and §5 on the way in) as protobuf-JSON uses it for bytes.
#include <optional>
#include <string>
#include <string_view>

namespace vera::event {

[[nodiscard]] std::string to_base64(std::string_view bytes);
/// Takes both alphabets, with or without padding; nothing else, no line breaks.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

}  // namespace vera::event
