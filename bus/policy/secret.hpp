#pragma once
// Hashed secrets of systems: scrypt (RFC 7914) in the text form "scrypt$<log2 N>$<r>$<p>$<base64
// salt>$<base64 hash>". Pure.
#include "bus/base/result.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace vera::policy {

/// N = 2^15, r = 8, p = 1: about 50 ms and 32 MiB. Errc::unavailable if the machine has no memory
/// for it.
[[nodiscard]] Result<std::string> hash_secret(std::string_view secret,
                                              const std::array<std::uint8_t, 16>& salt);
/// Errc::bad_input says what is wrong with the text form; bounds: log2 N 10–20, r 1–16, p 1–4, so
/// that a hash from a configuration cannot exhaust the machine.
[[nodiscard]] Result<void> check_hash(std::string_view hash);
/// Constant time in the secret. false for a malformed hash. Takes tens of milliseconds: not on an
/// I/O thread.
[[nodiscard]] bool matches(std::string_view hash, std::string_view secret);

}  // namespace vera::policy
