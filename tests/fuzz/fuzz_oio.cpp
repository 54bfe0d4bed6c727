// libFuzzer: the input is a file of LoRa's JSON (tests/fuzz/oio_run.hpp).
#include "tests/fuzz/oio_run.hpp"

#include <cstddef>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static vera::fuzz::OioTally tally;
    vera::fuzz::run_oio({static_cast<const char*>(static_cast<const void*>(data)), size}, tally);
    return 0;
}
