#pragma once
// URNs that identify: their kinds, with the variants met in real data, and the one form in which
// identities are compared.
#include "vera/options/v1/options.pb.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace vera::event {

/// RFC 8141 loosely: the specific part may hold spaces and æøå (urn:oio:fuldtnavn:…), but no
/// control characters.
[[nodiscard]] bool is_urn(std::string_view text);

/// A set of kinds: bit n is the kind with that number.
using UrnKinds = std::uint32_t;
[[nodiscard]] constexpr UrnKinds only(vera::options::v1::UrnArt kind) {
    return UrnKinds{1} << static_cast<unsigned>(kind);
}
/// Whether `text` is a URN of one of these kinds: its prefix and, behind it, a value of the right
/// form. The prefix is read in any case: of "urn" and "oio" RFC 8141 §3.1 says so, and what is
/// behind them must not slip by as another kind.
[[nodiscard]] bool is_urn_of(std::string_view text, UrnKinds kinds);
/// "a URN of a CVR number (urn:oio:cvr-nr:NNNNNNNN) or of a KLE number (urn:oio:kle:NN.NN.NN)".
[[nodiscard]] std::string name_of(UrnKinds kinds);

/// The form in which identities are compared: UUIDs in lower case, prefixes too, `urn:oio:cvr:` as
/// `urn:oio:cvr-nr:`, `urn:oio:cpr:` as `urn:oio:cpr-nr:`, a UUID behind
/// `urn:oio:it-system-uuid:` in lower case; other text as it stands.
[[nodiscard]] std::string canonical_id(std::string_view id);
/// The part behind `urn:oio:cvr-nr:` or `urn:oio:cvr:`; empty if it is no such URN.
[[nodiscard]] std::string_view cvr_of_urn(std::string_view urn);
/// The part behind `urn:oio:cpr-nr:` or `urn:oio:cpr:`; empty if it is no such URN.
[[nodiscard]] std::string_view cpr_of_urn(std::string_view urn);
/// A CPR number stands in it, whatever kind of URN it is: ten digits that begin with a date, or six
/// and four with a hyphen. A production unit's number is none.
[[nodiscard]] bool holds_cpr(std::string_view id);
/// The part behind `urn:oio:kle:`; empty if it is no such URN.
[[nodiscard]] std::string_view kle_of_urn(std::string_view urn);

}  // namespace vera::event
