#include "bus/event/field_set.hpp"

#include <algorithm>

namespace vera::event {

void FieldSet::add_more(std::uint32_t index) {
    if (more_ == nullptr) more_ = std::make_unique<std::vector<std::uint64_t>>();
    const std::size_t at = index / 64 - 1;
    if (at >= more_->size()) more_->resize(at + 1);
    (*more_)[at] |= std::uint64_t{1} << index % 64;
}

bool FieldSet::is_more_within(const FieldSet& other) const {
    for (std::size_t i = 1; i <= more_->size(); ++i)
        if ((word(i) & ~other.word(i)) != 0) return false;
    return true;
}

unsigned FieldSet::common_more(const FieldSet& other, unsigned found) const {
    for (std::size_t i = 1; i <= more_->size() && found < 2; ++i)
        found += some(word(i) & other.word(i));
    return std::min(found, 2U);
}

}  // namespace vera::event
