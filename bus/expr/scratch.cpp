#include "bus/expr/scratch.hpp"

#include <algorithm>

namespace vera::expr {

std::string Problem::text() const {
    std::string made(what);
    if (const std::size_t at = made.find("{}"); at != std::string::npos) made.replace(at, 2, name);
    return made;
}

void Scratch::start(const Limits& limits) {
    many.clear();
    steps = limits.steps;
    texts_used_ = 0;
    text_bytes_left_ = limits.text_bytes;
    out_of_memory_ = false;
    problem_count_ = 0;
}

std::string* Scratch::text(std::size_t size) {
    if (size > text_bytes_left_) {
        out_of_memory_ = true;
        return nullptr;
    }
    text_bytes_left_ -= size;
    if (texts_used_ == texts_.size()) texts_.emplace_back();
    std::string& text = texts_[texts_used_++];
    text.clear();
    return &text;
}

void Scratch::problem(const Problem& problem) {
    if (problem_count_ < problems_kept) problems_[problem_count_] = problem;
    ++problem_count_;
}

std::size_t Scratch::problems_held() const {
    return std::min(problem_count_, problems_kept);
}

}  // namespace vera::expr
