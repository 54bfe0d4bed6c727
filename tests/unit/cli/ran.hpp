#pragma once
// A command line run in this process.
#include "bus/cli/cli.hpp"

#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace vera::test {

struct Ran {
    int exit_code = 0;
    std::string out, err;
};

/// `input` is what the verb reads from stdin.
inline Ran run(std::vector<std::string> arguments,
               const std::string& input = {},
               bool out_is_terminal = false) {
    std::istringstream in(input);
    std::ostringstream out;
    std::ostringstream err;
    cli::Io io{in, out, err, out_is_terminal};
    const int exit_code = cli::run(std::move(arguments), io);
    return {exit_code, out.str(), err.str()};
}

}  // namespace vera::test
