#pragma once
// Pseudonyms by HMAC-SHA-256 (RFC 2104): the same text gives the same one, and without the key
// nobody can try texts out.
#include "bus/expr/pseudonyms.hpp"

#include <string>
#include <string_view>

namespace vera::transform {

class PseudonymKey : public expr::Pseudonyms {
public:
    static constexpr std::size_t least_bytes = 16;

    /// `key`: of at least least_bytes. It is never shown.
    explicit PseudonymKey(std::string key) : key_(std::move(key)) {}

    /// The first 128 bits of HMAC-SHA-256(key, purpose ‖ 0 ‖ text).
    [[nodiscard]] std::array<std::uint8_t, 16> of(std::string_view text,
                                                  std::string_view purpose) const override;

private:
    std::string key_;
};

}  // namespace vera::transform
