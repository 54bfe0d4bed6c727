#pragma once
// A stranger in front of the door's TLS: either bytes as they are, or a real client of OpenSSL
// whose records are flipped, cut, doubled, put in another order, torn apart or joined by others on
// their way. Checked of the server: it goes on or fails with a reason; nothing is decrypted that
// the client has not written, in its order; nobody is anybody without a verified certificate;
// memory stays within bounds and comes back; a client that is left alone is served.
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace vera::fuzz {

struct TlsTally {
    std::uint64_t raw = 0, untouched = 0, mutated = 0;  ///< conversations
    std::uint64_t opened = 0, with_certificate = 0, ended = 0, mutations = 0, bytes = 0;
    std::map<std::string, std::uint64_t, std::less<>> failures;  ///< by the server's reason
};

/// Before anything of OpenSSL is used in this process: makes the certificates.
void prepare_tls_conversations();

/// One conversation made from `bytes`. Aborts on a finding.
void run_tls_conversation(std::string_view bytes, TlsTally& tally);

/// What a real client says, TLS 1.2 (`is_old`) or 1.3, to a server here, as an input for
/// run_tls_conversation that repeats it.
[[nodiscard]] std::string recorded_flights(bool is_old, bool has_certificate);

}  // namespace vera::fuzz
