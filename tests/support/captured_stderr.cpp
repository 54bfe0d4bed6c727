#include "tests/support/captured_stderr.hpp"

#include "tests/support/catch.hpp"

#include <array>
#include <cstddef>
#include <unistd.h>

namespace vera::test {

std::string stderr_of(const std::function<void()>& act) {
    std::array<int, 2> ends{};
    REQUIRE(::pipe(ends.data()) == 0);
    const int saved = ::dup(STDERR_FILENO);
    REQUIRE(saved >= 0);
    REQUIRE(::dup2(ends[1], STDERR_FILENO) >= 0);
    ::close(ends[1]);
    act();
    REQUIRE(::dup2(saved, STDERR_FILENO) >= 0);
    ::close(saved);
    std::string text;
    std::array<char, 4096> buffer{};
    for (ssize_t got = 0; (got = ::read(ends[0], buffer.data(), buffer.size())) > 0;)
        text.append(buffer.data(), static_cast<std::size_t>(got));
    ::close(ends[0]);
    return text;
}

}  // namespace vera::test
