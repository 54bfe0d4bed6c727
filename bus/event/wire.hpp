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

/// One field as it stands: `value` of a varint, `bytes` of the other types.
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
    /// are skipped whole: their type is group_start and they have no contents. A tag and a size are
    /// five bytes at most, as Protobuf's own parsers have it.
    bool next(WireField& field);
    /// Ten bytes at most; false if cut off or longer than 64 bits.
    bool varint(std::uint64_t& value);

private:
    // All of them give the end of what they read; nullptr: cut off or malformed.
    static const char* long_varint(const char* at, const char* end, std::uint64_t& value);
    static const char* long_varint32(const char* at, const char* end, std::uint32_t& value);
    static const char* read_varint(const char* at, const char* end, std::uint64_t& value);
    static const char* read_varint32(const char* at, const char* end, std::uint32_t& value);
    static const char* contents_of(const char* at, const char* end, WireField& field);
    static const char* group(const char* at, const char* end, std::uint32_t number, int depth);

    const char* at_;
    const char* end_;
};

inline const char* WireReader::read_varint(const char* at, const char* end, std::uint64_t& value) {
    if (at == end || static_cast<signed char>(*at) < 0) return long_varint(at, end, value);
    value = static_cast<unsigned char>(*at);
    return at + 1;
}

inline const char* WireReader::read_varint32(const char* at,
                                             const char* end,
                                             std::uint32_t& value) {
    if (at == end || static_cast<signed char>(*at) < 0) return long_varint32(at, end, value);
    value = static_cast<unsigned char>(*at);
    return at + 1;
}

inline bool WireReader::varint(std::uint64_t& value) {
    const char* const behind = read_varint(at_, end_, value);
    if (behind != nullptr) at_ = behind;
    return behind != nullptr;
}

// Most of the check at the door is here: a call per field is a tenth of it.
[[gnu::always_inline]] inline bool WireReader::next(WireField& field) {
    if (at_ == end_) return false;
    std::uint32_t tag = 0;
    const char* behind = read_varint32(at_, end_, tag);
    if (behind == nullptr || tag < 8) return false;
    field.number = tag >> 3U;
    field.type = static_cast<WireType>(tag & 7U);
    behind = contents_of(behind, end_, field);
    if (behind == nullptr) return false;
    at_ = behind;
    return true;
}

[[gnu::always_inline]] inline const char* WireReader::contents_of(const char* at,
                                                                  const char* end,
                                                                  WireField& field) {
    const auto fixed = [&](std::size_t size) -> const char* {
        if (static_cast<std::size_t>(end - at) < size) return nullptr;
        field.bytes = {at, size};
        return at + size;
    };
    switch (field.type) {
        case WireType::length: {
            std::uint32_t size = 0;
            at = read_varint32(at, end, size);
            return at == nullptr ? nullptr : fixed(size);
        }
        case WireType::varint:
            return read_varint(at, end, field.value);
        case WireType::fixed64:
            return fixed(8);
        case WireType::fixed32:
            return fixed(4);
        case WireType::group_start:
            return group(at, end, field.number, 0);
        case WireType::group_end:
            return nullptr;
    }
    return nullptr;
}

}  // namespace vera::event
