#pragma once
// Forms of text values: what the schema's option `format` asks for. URNs and identities: urn.hpp.
#include "vera/options/v1/options.pb.h"

#include <string_view>

namespace vera::event {

/// True if `text` has the form; true for FORMAT_UNSPECIFIED. `text` is not empty.
[[nodiscard]] bool has_format(std::string_view text, vera::options::v1::Format format);
/// "a UUID", "a CVR number (8 digits)" …: for "is not …".
[[nodiscard]] std::string_view name_of(vera::options::v1::Format format);

[[nodiscard]] bool is_utf8(std::string_view text);
[[nodiscard]] bool is_uuid(std::string_view text);
/// Exactly `count` decimal digits.
[[nodiscard]] bool is_digits(std::string_view text, std::size_t count);

/// The message name in a type URL, behind its last slash; empty if it is not the name of a message.
/// Such a name may be shown.
[[nodiscard]] std::string_view type_of_url(std::string_view type_url);

}  // namespace vera::event
