#pragma once
// VERA_CHECK(condition): a broken invariant ends the process, in release builds too. Never for
// input of any kind.

namespace vera {

[[noreturn]] void check_failed(const char* condition, const char* file, int line);

}  // namespace vera

// NOLINTNEXTLINE(cppcoreguidelines-macro-usage): needs the text, file and line of the caller
#define VERA_CHECK(condition) \
    ((condition) ? static_cast<void>(0) : ::vera::check_failed(#condition, __FILE__, __LINE__))
