#pragma once
// Names in a configuration: NFC, and compared so that `læsø-omsorg` and `laesoe-omsorg` are one
// (design §1). And the nearest known name for an error text.
#include <string>
#include <string_view>
#include <vector>

namespace vera::ops {

/// NFC for Danish text: the letter å written as a with a combining ring becomes one character.
/// Other sequences stay as they are.
[[nodiscard]] std::string compose(std::string_view text);
/// What a name is compared by: composed, lower case, æ ø å as ae oe aa.
[[nodiscard]] std::string fold(std::string_view name);
/// A name of a system, subscription or queue: starts with a letter a–z, æ, ø, å or a digit, then at
/// most 63 of these and `.`, `_`, `-`. Expects composed text.
[[nodiscard]] bool is_name(std::string_view name);
/// The known name that differs least from `name`, empty if none is near (more than a third of it
/// differs).
[[nodiscard]] std::string nearest(std::string_view name, const std::vector<std::string>& known);

}  // namespace vera::ops
