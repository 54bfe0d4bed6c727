#include "bus/amqp/attach_peek.hpp"

#include <cstddef>

namespace vera::amqp {
namespace {

// Reads big-endian numbers; past the end it reads zeros and says so.
class Cursor {
public:
    Cursor(std::string_view bytes, std::size_t at) : bytes_(bytes), at_(at) {}
    std::uint64_t number(std::size_t size) {
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < size; ++i)
            value = value << 8U | byte();
        return value;
    }
    void skip(std::uint64_t size) {
        if (size > bytes_.size() - at_) is_good_ = false;
        at_ = is_good_ ? at_ + static_cast<std::size_t>(size) : bytes_.size();
    }
    [[nodiscard]] std::string_view rest() const { return bytes_.substr(at_); }
    [[nodiscard]] bool is_good() const { return is_good_; }

private:
    std::uint8_t byte() {
        if (at_ >= bytes_.size()) {
            is_good_ = false;
            return 0;
        }
        return static_cast<std::uint8_t>(bytes_[at_++]);
    }
    std::string_view bytes_;
    std::size_t at_;
    bool is_good_ = true;
};

constexpr std::string_view attach_symbol = "amqp:attach:list";

bool is_attach(Cursor& cursor) {
    if (cursor.number(1) != 0x00) return false;
    switch (cursor.number(1)) {
        case 0x53:
            return cursor.number(1) == 0x12;
        case 0x80:
            return cursor.number(8) == 0x12;
        case 0xa3: {
            const std::uint64_t size = cursor.number(1);
            const bool is_it = cursor.rest().substr(0, size) == attach_symbol;
            cursor.skip(size);
            return is_it;
        }
        case 0xb3: {
            const std::uint64_t size = cursor.number(4);
            const bool is_it = cursor.rest().substr(0, size) == attach_symbol;
            cursor.skip(size);
            return is_it;
        }
        default:
            return false;
    }
}

}  // namespace

std::optional<AttachPlace> peek_attach(std::string_view frame) {
    if (frame.size() < 8) return std::nullopt;
    Cursor header(frame, 4);
    const std::uint64_t offset = header.number(1) * 4;
    header.skip(1);
    AttachPlace place;
    place.channel = static_cast<std::uint16_t>(header.number(2));
    if (offset < 8 || offset > frame.size()) return std::nullopt;
    Cursor cursor(frame, static_cast<std::size_t>(offset));
    if (!is_attach(cursor)) return std::nullopt;
    const std::uint64_t list = cursor.number(1);
    if (list != 0xc0 && list != 0xd0) return std::nullopt;
    cursor.skip(list == 0xc0 ? 2 : 8);
    const std::uint64_t name = cursor.number(1);
    if (name != 0xa1 && name != 0xb1) return std::nullopt;
    cursor.skip(cursor.number(name == 0xa1 ? 1 : 4));
    switch (cursor.number(1)) {
        case 0x43:
            break;
        case 0x52:
            place.handle = static_cast<std::uint32_t>(cursor.number(1));
            break;
        case 0x70:
            place.handle = static_cast<std::uint32_t>(cursor.number(4));
            break;
        default:
            return std::nullopt;
    }
    if (!cursor.is_good()) return std::nullopt;
    return place;
}

}  // namespace vera::amqp
