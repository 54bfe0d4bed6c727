#pragma once
// RFC 4122 UUIDs as 16 bytes. Making random ones needs randomness and lives in bus/host/random.hpp.
#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace vera {

struct Uuid {
    std::array<std::uint8_t, 16> bytes{};

    [[nodiscard]] bool is_nil() const noexcept { return *this == Uuid{}; }
    friend auto operator<=>(const Uuid&, const Uuid&) = default;
};

/// Lower case, with hyphens.
[[nodiscard]] std::string to_text(const Uuid& uuid);
/// 8-4-4-4-12 hexadecimal digits in any case; nothing else.
[[nodiscard]] std::optional<Uuid> parse_uuid(std::string_view text);

}  // namespace vera
