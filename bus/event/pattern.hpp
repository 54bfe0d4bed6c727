#pragma once
// Regular expressions of schemas. They come from strangers and meet strangers' text, so they are
// matched in linear time (RE2), never by backtracking.
#include "bus/base/result.hpp"

#include <memory>
#include <string_view>

namespace vera::event {

/// Immutable; shared use from any thread.
class Pattern {
public:
    /// RE2 syntax, at most 1000 bytes; Errc::bad_input says what is wrong with it.
    [[nodiscard]] static Result<std::unique_ptr<const Pattern>> compile(
        std::string_view expression);

    /// Whether all of `text`, which is UTF-8, matches.
    [[nodiscard]] bool matches(std::string_view text) const;

    Pattern(const Pattern&) = delete;
    Pattern& operator=(const Pattern&) = delete;
    ~Pattern();

private:
    Pattern();
    struct Compiled;
    std::unique_ptr<Compiled> compiled_;
};

}  // namespace vera::event
