// libFuzzer: any bytes as a value, an identity, a pattern, JSON, a table of persons.
#include "tests/fuzz/value_run.hpp"

#include <cstddef>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static vera::fuzz::ValueTally tally;
    vera::fuzz::run_value({static_cast<const char*>(static_cast<const void*>(data)), size}, tally);
    return 0;
}
