#include "bus/event/wire.hpp"

namespace vera::event {

bool WireReader::skip_group(std::uint32_t number, int depth) {
    constexpr int max_depth = 32;
    if (depth == max_depth) return false;
    for (;;) {
        std::uint64_t tag = 0;
        if (!varint(tag) || tag > UINT32_MAX) return false;
        WireField inner;
        inner.number = static_cast<std::uint32_t>(tag >> 3U);
        inner.type = static_cast<WireType>(tag & 7U);
        if (inner.number == 0) return false;
        if (inner.type == WireType::group_end) return inner.number == number;
        if (!contents_of(inner, depth + 1)) return false;
    }
}

}  // namespace vera::event
