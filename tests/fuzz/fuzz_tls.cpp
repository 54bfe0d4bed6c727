// libFuzzer: the input decides a TLS conversation (tests/fuzz/tls_conversation.hpp). An abort, a
// leak or a sanitizer report is a finding.
#include "tests/fuzz/tls_conversation.hpp"

extern "C" int LLVMFuzzerInitialize(int* /*argc*/, char*** /*argv*/) {
    vera::fuzz::prepare_tls_conversations();
    return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static vera::fuzz::TlsTally tally;
    vera::fuzz::run_tls_conversation(
        {static_cast<const char*>(static_cast<const void*>(data)), size}, tally);
    return 0;
}
