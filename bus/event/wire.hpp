#pragma once
// Reading Protobuf's wire format in place: no copy, no allocation, every read bounds-checked. Not a
// parser of messages: what the fields mean is the caller's business.
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace vera::event {

enum class WireType : std::uint8_t {
    varint = 0,
    fixed64 = 1,
    length = 2,
    group_start = 3,
    group_end = 4,
    fixed32 = 5
};

/// One field as it stands: `number` for varint and fixed types, `bytes` for length-delimited ones.
struct WireField {
    std::uint32_t number = 0;
    WireType type = WireType::varint;
    std::uint64_t value = 0;
    std::string_view bytes;
};

/// Walks the fields of one message. Stops for good at the first thing that is no field.
class WireReader {
public:
    explicit WireReader(std::string_view bytes)
        : at_(bytes.data()),
          end_(bytes.data() + bytes.size()) {}

    [[nodiscard]] bool at_end() const { return at_ == end_; }
    /// Where the next field begins.
    [[nodiscard]] const char* position() const { return at_; }
    /// False at the end and at what is malformed: then at_end() tells which. Groups (deprecated)
    /// are skipped whole: their type is group_start and they have no contents.
    bool next(WireField& field);
    /// Ten bytes at most; false if cut off or longer than 64 bits.
    bool varint(std::uint64_t& value);

private:
    bool contents_of(WireField& field, int depth);
    bool skip_group(std::uint32_t number, int depth);

    const char* at_;
    const char* end_;
};

inline bool WireReader::varint(std::uint64_t& value) {
    if (at_ != end_ && static_cast<signed char>(*at_) >= 0) {
        value = static_cast<unsigned char>(*at_++);
        return true;
    }
    std::uint64_t sum = 0;
    const char* at = at_;
    for (unsigned shift = 0; shift < 70 && at != end_; shift += 7) {
        const auto byte = static_cast<unsigned char>(*at++);
        if (shift == 63 && byte > 1) return false;
        sum |= static_cast<std::uint64_t>(byte & 0x7fU) << shift;
        if (byte < 0x80U) {
            at_ = at;
            value = sum;
            return true;
        }
    }
    return false;
}

inline bool WireReader::next(WireField& field) {
    const char* const start = at_;
    std::uint64_t tag = 0;
    if (at_ == end_ || !varint(tag)) return false;
    field.number = static_cast<std::uint32_t>(tag >> 3U);
    field.type = static_cast<WireType>(tag & 7U);
    if (tag > UINT32_MAX || field.number == 0 || !contents_of(field, 0)) {
        at_ = start;
        return false;
    }
    return true;
}

inline bool WireReader::contents_of(WireField& field, int depth) {
    const auto left = static_cast<std::size_t>(end_ - at_);
    switch (field.type) {
        case WireType::varint:
            return varint(field.value);
        case WireType::length: {
            std::uint64_t size = 0;
            if (!varint(size) || size > static_cast<std::size_t>(end_ - at_)) return false;
            field.bytes = {at_, static_cast<std::size_t>(size)};
            at_ += size;
            return true;
        }
        case WireType::fixed64:
            if (left < 8) return false;
            at_ += 8;
            return true;
        case WireType::fixed32:
            if (left < 4) return false;
            at_ += 4;
            return true;
        case WireType::group_start:
            return skip_group(field.number, depth);
        case WireType::group_end:
            return false;
    }
    return false;
}

}  // namespace vera::event
