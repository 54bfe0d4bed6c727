#pragma once
// OpenSSL with its memory counted and its randomness drawn from a seed, so that the same bytes make
// the same conversation again. One thread.
#include <cstddef>
#include <cstdint>

namespace vera::fuzz {

/// Before anything else of OpenSSL is used, once.
void watch_openssl();
/// From here on its random bytes follow from `seed`.
void seed_openssl(std::uint64_t seed);
/// Bytes that it has allocated and not freed.
[[nodiscard]] std::size_t openssl_bytes();
/// The most of them since the last call.
[[nodiscard]] std::size_t take_openssl_peak();

}  // namespace vera::fuzz
