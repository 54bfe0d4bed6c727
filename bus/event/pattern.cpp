#include "bus/event/pattern.hpp"

#include <cstdint>
#include <re2/re2.h>
#include <string>
#include <utility>

namespace vera::event {

struct Pattern::Compiled {
    re2::RE2 expression;
};

Pattern::Pattern() = default;
Pattern::~Pattern() = default;

Result<std::unique_ptr<const Pattern>> Pattern::compile(std::string_view expression) {
    constexpr std::size_t max_size = 1000;
    constexpr std::int64_t max_memory = 2 << 20;  // also bounds counted repetition
    if (expression.size() > max_size)
        return fail(Errc::bad_input, "a pattern of more than 1000 bytes");
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(max_memory);
    options.set_never_capture(true);
    std::unique_ptr<Pattern> pattern(
        new Pattern);  // NOLINT(cppcoreguidelines-owning-memory): private constructor
    pattern->compiled_ = std::unique_ptr<Compiled>(
        new Compiled{re2::RE2(re2::StringPiece(expression.data(), expression.size()), options)});
    if (!pattern->compiled_->expression.ok())
        return fail(Errc::bad_input,
                    "pattern is no RE2 expression: " + pattern->compiled_->expression.error());
    return std::unique_ptr<const Pattern>(std::move(pattern));
}

bool Pattern::matches(std::string_view text) const {
    return re2::RE2::FullMatch(re2::StringPiece(text.data(), text.size()), compiled_->expression);
}

}  // namespace vera::event
