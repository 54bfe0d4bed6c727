#pragma once
// What a test's code writes to stderr, where the log goes.
#include <functional>
#include <string>

namespace vera::test {

/// What `act` writes to stderr; at most what a pipe holds (64 KiB), beyond it `act` would wait.
[[nodiscard]] std::string stderr_of(const std::function<void()>& act);

}  // namespace vera::test
