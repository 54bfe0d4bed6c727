#include "bus/event/wire.hpp"

namespace vera::event {

const char* WireReader::long_varint(const char* at, const char* end, std::uint64_t& value) {
    std::uint64_t sum = 0;
    for (unsigned shift = 0; shift < 70 && at != end; shift += 7) {
        const auto byte = static_cast<unsigned char>(*at++);
        if (shift == 63 && byte > 1) return nullptr;
        sum |= static_cast<std::uint64_t>(byte & 0x7fU) << shift;
        if (byte < 0x80U) {
            value = sum;
            return at;
        }
    }
    return nullptr;
}

const char* WireReader::long_varint32(const char* at, const char* end, std::uint32_t& value) {
    std::uint64_t wide = 0;
    const char* const behind = long_varint(at, end, wide);
    if (behind == nullptr || behind - at > 5 || wide > UINT32_MAX) return nullptr;
    value = static_cast<std::uint32_t>(wide);
    return behind;
}

const char* WireReader::group(const char* at, const char* end, std::uint32_t number, int depth) {
    constexpr int max_depth = 32;
    if (depth == max_depth) return nullptr;
    for (;;) {
        std::uint32_t tag = 0;
        at = read_varint32(at, end, tag);
        if (at == nullptr || tag < 8) return nullptr;
        WireField inner;
        inner.number = tag >> 3U;
        inner.type = static_cast<WireType>(tag & 7U);
        if (inner.type == WireType::group_end) return inner.number == number ? at : nullptr;
        at = inner.type == WireType::group_start ? group(at, end, inner.number, depth + 1)
                                                 : contents_of(at, end, inner);
        if (at == nullptr) return nullptr;
    }
}

}  // namespace vera::event
