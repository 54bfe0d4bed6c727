#pragma once
// All text of a schema is UTF-8: it is shown, and written as JSON. Protobuf's compiler does not
// look.
#include <google/protobuf/message.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace vera::event {

struct TextPlace {
    int line = 1;    ///< counted from 1
    int column = 1;  ///< the same, in bytes
};
/// Where a text is not UTF-8; nothing: it is.
[[nodiscard]] std::optional<TextPlace> not_utf8_at(std::string_view text);

/// What of a descriptor is not UTF-8, "Elev.navn.options.example"; nothing: all is. Bytes and what
/// is not known here, such as others' options, are not asked.
[[nodiscard]] std::optional<std::string> not_utf8_in(const google::protobuf::Message& descriptor);

}  // namespace vera::event
