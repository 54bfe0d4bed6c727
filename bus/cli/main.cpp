#include "bus/cli/cli.hpp"

#include <csignal>
#include <iostream>
#include <unistd.h>

int main(int argc, char** argv) {
    std::ios::sync_with_stdio(false);
    std::signal(SIGPIPE, SIG_IGN);
    vera::cli::Io io{std::cin, std::cout, std::cerr, isatty(1) == 1, isatty(2) == 1};
    const int exit_code = vera::cli::run({argv + 1, argv + argc}, io);
    std::cout.flush();
    return std::cout.good() ? exit_code : (exit_code == 0 ? 1 : exit_code);
}
