#include "bus/host/random.hpp"

#include "bus/base/check.hpp"

#include <cerrno>
#include <sys/random.h>
#include <sys/types.h>

namespace vera::host {

void fill_random(void* bytes, std::size_t size) {
    auto* at = static_cast<unsigned char*>(bytes);
    while (size > 0) {
        const ssize_t got = getrandom(at, size, 0);
        if (got < 0 && errno == EINTR) continue;
        VERA_CHECK(got > 0);
        at += got;
        size -= static_cast<std::size_t>(got);
    }
}

std::uint64_t random_u64() {
    std::uint64_t value = 0;
    fill_random(&value, sizeof value);
    return value;
}

Uuid random_uuid() {
    Uuid uuid;
    fill_random(uuid.bytes.data(), uuid.bytes.size());
    uuid.bytes[6] = static_cast<std::uint8_t>((uuid.bytes[6] & 0x0fU) | 0x40U);
    uuid.bytes[8] = static_cast<std::uint8_t>((uuid.bytes[8] & 0x3fU) | 0x80U);
    return uuid;
}

}  // namespace vera::host
