// libFuzzer: the input decides a conversation (tests/fuzz/conversation.hpp) with guard and engine.
// An abort or a sanitizer report is a finding.
#include "tests/fuzz/engine_server.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static vera::fuzz::Tally tally;
    const std::string_view bytes(static_cast<const char*>(static_cast<const void*>(data)), size);
    std::uint64_t seed = size;
    if (!bytes.empty()) seed = seed * 256 + data[0];
    vera::fuzz::run_conversation(bytes, seed, tally);
    return 0;
}
