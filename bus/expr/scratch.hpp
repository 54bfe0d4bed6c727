#pragma once
// What one evaluation needs beside the program and the event: made texts, values of repeated
// fields, errors, the budget. Reused from one evaluation to the next, so that none of it allocates
// on the common path.
#include "bus/expr/error_kind.hpp"
#include "bus/expr/limits.hpp"
#include "bus/expr/value.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace vera::expr {

/// An error of an evaluation, as it is kept: its text is made only for those who ask.
struct Problem {
    ErrorKind kind = ErrorKind::generic;
    std::uint32_t offset = 0;  ///< bytes from the beginning of the expression
    std::uint32_t length = 0;
    std::string_view what;  ///< a sentence; `{}` stands for `name`
    std::string_view name;  ///< from the expression, never from the event

    [[nodiscard]] std::string text() const;
};

class Scratch {
public:
    static constexpr std::size_t problems_kept = 16;

    void start(const Limits& limits);

    /// `size` more bytes that live until the next start; empty if the budget does not hold them,
    /// then out_of_memory() is true.
    std::string* text(std::size_t size);
    [[nodiscard]] bool out_of_memory() const { return out_of_memory_; }

    void problem(const Problem& problem);
    [[nodiscard]] std::size_t problem_count() const { return problem_count_; }
    /// The first of them, in the order in which they came up.
    [[nodiscard]] const Problem* problems_begin() const { return problems_.data(); }
    [[nodiscard]] std::size_t problems_held() const;

    const class Pseudonyms* pseudonyms = nullptr;  ///< none: there is no key
    std::vector<Value> many;                       ///< values of repeated fields
    std::uint32_t steps = 0;                       ///< that are left

private:
    std::deque<std::string> texts_;
    std::size_t texts_used_ = 0;
    std::size_t text_bytes_left_ = 0;
    bool out_of_memory_ = false;
    std::array<Problem, problems_kept> problems_;
    std::size_t problem_count_ = 0;
};

}  // namespace vera::expr
