#pragma once
// The `vera` command: parses the arguments, runs one verb, gives the exit code. Everything a verb
// reads and writes goes through Io, so that tests see it.
#include "bus/base/result.hpp"

#include <iosfwd>
#include <string>
#include <vector>

namespace vera::cli {

/// What scripts rely on; never changes.
enum ExitCode : int {
    exit_ok = 0,
    exit_failed = 1,
    exit_usage = 2,
    exit_partly = 3,
};

struct Io {
    std::istream& in;
    std::ostream& out;
    std::ostream& err;
    bool out_is_terminal = false;
    bool err_is_terminal = false;
};

/// `arguments` without the program's name.
[[nodiscard]] int run(std::vector<std::string> arguments, Io& io);

/// One line on stderr: "vera: <text>". Gives exit_failed.
int report(Io& io, const Error& error);

}  // namespace vera::cli
