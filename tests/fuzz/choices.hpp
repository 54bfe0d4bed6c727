#pragma once
// Decisions drawn from bytes: the same bytes make the same decisions, and a mutated byte changes
// few of them.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace vera::fuzz {

class Choices {
public:
    explicit Choices(std::string_view bytes) : bytes_(bytes) {}

    [[nodiscard]] bool is_over() const { return at_ >= bytes_.size(); }
    [[nodiscard]] std::uint8_t byte() {
        return is_over() ? std::uint8_t{0} : static_cast<std::uint8_t>(bytes_[at_++]);
    }
    /// One of 0 … n-1, n at most 256.
    [[nodiscard]] std::uint32_t below(std::uint32_t n) { return byte() % n; }
    /// True about once in `n`; false when the bytes are used up.
    [[nodiscard]] bool once_in(std::uint32_t n) { return !is_over() && byte() % n == n - 1; }
    [[nodiscard]] std::uint32_t number32() {
        std::uint32_t value = 0;
        for (int i = 0; i < 4; ++i)
            value = (value << 8U) | byte();
        return value;
    }
    /// Small numbers mostly, now and then one at an edge.
    [[nodiscard]] std::uint32_t any32() {
        switch (below(12)) {
            case 0:
                return 0xffffffffU;
            case 1:
                return 0x80000000U;
            case 2:
                return 0x7fffffffU;
            case 3:
                return number32();
            case 4:
                return 65535 + below(4);
            default:
                return below(32);
        }
    }

private:
    std::string_view bytes_;
    std::size_t at_ = 0;
};

/// Pseudo-random numbers (xorshift64*), the same on every machine.
class Dice {
public:
    explicit Dice(std::uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15U + 0x1234567U) {}
    [[nodiscard]] std::uint64_t next() {
        state_ ^= state_ >> 12U;
        state_ ^= state_ << 25U;
        state_ ^= state_ >> 27U;
        return state_ * 0x2545f4914f6cdd1dU;
    }
    [[nodiscard]] std::uint32_t below(std::uint32_t n) {
        return static_cast<std::uint32_t>(next() >> 33U) % n;
    }
    [[nodiscard]] bool once_in(std::uint32_t n) { return below(n) == 0; }
    [[nodiscard]] std::string bytes(std::size_t n) {
        std::string out;
        while (out.size() < n)
            out.push_back(static_cast<char>(next() >> 56U));
        return out;
    }

private:
    std::uint64_t state_;
};

}  // namespace vera::fuzz
