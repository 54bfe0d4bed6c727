#pragma once
// A set of the fields of one message, by their index. 64 fit without allocation.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace vera::event {

class FieldSet {
public:
    [[nodiscard]] bool has(std::uint32_t index) const {
        return index < 64 ? (first_ >> index & 1U) != 0
                          : (word(index / 64) >> index % 64 & 1U) != 0;
    }
    void add(std::uint32_t index) {
        if (index < 64)
            first_ |= std::uint64_t{1} << index;
        else
            add_more(index);
    }
    [[nodiscard]] bool is_within(const FieldSet& other) const {
        return (first_ & ~other.first_) == 0 && (more_ == nullptr || is_more_within(other));
    }
    /// 0, 1, or 2 for more than one of them.
    [[nodiscard]] unsigned common(const FieldSet& other) const {
        const unsigned found = some(first_ & other.first_);
        return more_ == nullptr || found == 2 ? found : common_more(other, found);
    }

private:
    /// Of 64 fields, `i` counted from 1: the first word is `first_`.
    [[nodiscard]] std::uint64_t word(std::size_t i) const {
        return more_ == nullptr || i > more_->size() ? 0 : (*more_)[i - 1];
    }
    static unsigned some(std::uint64_t bits) {
        return bits == 0 ? 0U : (bits & (bits - 1)) == 0 ? 1U : 2U;
    }
    void add_more(std::uint32_t index);
    [[nodiscard]] bool is_more_within(const FieldSet& other) const;
    [[nodiscard]] unsigned common_more(const FieldSet& other, unsigned found) const;

    std::uint64_t first_ = 0;
    std::unique_ptr<std::vector<std::uint64_t>> more_;  ///< few messages have so many fields
};

}  // namespace vera::event
