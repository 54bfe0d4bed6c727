// libFuzzer: any bytes as a kuvert with persons in it.
#include "tests/fuzz/address_run.hpp"

#include <google/protobuf/stubs/logging.h>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static vera::fuzz::AddressTally tally;
    google::protobuf::SetLogHandler(nullptr);
    vera::fuzz::run_addresses({static_cast<const char*>(static_cast<const void*>(data)), size},
                              tally);
    return 0;
}
