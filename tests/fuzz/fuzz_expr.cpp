// libFuzzer: the input is an expression (tests/fuzz/expr_run.hpp).
#include "tests/fuzz/expr_run.hpp"

#include <cstddef>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static vera::fuzz::ExprTally tally;
    vera::fuzz::run_expr({static_cast<const char*>(static_cast<const void*>(data)), size}, tally);
    return 0;
}
