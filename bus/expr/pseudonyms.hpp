#pragma once
// A keyed function from texts to pseudonyms. Who has the key implements it; expressions that stand
// where there is none give an error for PSEUDONYM.
#include <array>
#include <cstdint>
#include <string_view>

namespace vera::expr {

class Pseudonyms {
public:
    virtual ~Pseudonyms() = default;
    /// Always the same for one text and one purpose; nothing of the text can be told from it
    /// without the key.
    [[nodiscard]] virtual std::array<std::uint8_t, 16> of(std::string_view text,
                                                          std::string_view purpose) const = 0;
};

}  // namespace vera::expr
