#include "adapters/kit/load_message.hpp"

#include <array>
#include <cstring>

namespace vera::kit {
namespace {

constexpr std::string_view digits = "0123456789abcdef";
// Where the 32 hexadecimal digits of a UUID's text lie; the 13th is the version, the 17th the
// variant (RFC 4122 §4.1).
constexpr std::array<std::uint8_t, 30> free_digits{0,  1,  2,  3,  4,  5,  6,  7,  9,  10,
                                                   11, 12, 15, 16, 17, 20, 21, 22, 24, 25,
                                                   26, 27, 28, 29, 30, 31, 32, 33, 34, 35};
constexpr std::size_t stamp_digits = 15;
constexpr std::size_t number_digits = 10;
constexpr std::size_t uuid_size = 36;

void put_digits(char* text, std::size_t first, std::size_t count, std::uint64_t value) {
    for (std::size_t i = count; i-- > 0; value >>= 4U)
        text[free_digits[first + i]] = digits[value & 15U];
}

void put_u8(std::string& out, std::size_t value) {
    out += static_cast<char>(static_cast<unsigned char>(value));
}

void put_u32(std::string& out, std::size_t value) {
    for (const unsigned shift : {24U, 16U, 8U, 0U})
        put_u8(out, (value >> shift) & 255U);
}

void put_string(std::string& out, unsigned code, std::string_view text) {
    put_u8(out, code);
    put_u8(out, text.size());
    out += text;
}

// AMQP 1.0 §3.2: descriptor 0x00 0x53 <code> before each section.
void put_section(std::string& out, unsigned code) {
    put_u8(out, 0x00);
    put_u8(out, 0x53);
    put_u8(out, code);
}

constexpr unsigned str8 = 0xa1, sym8 = 0xa3, null_code = 0x40;

void put_properties(std::string& out, const LoadOptions& options) {
    const bool is_event = !options.event.body.empty();
    if (!options.is_rich && !is_event) return;
    std::string fields;
    if (options.is_rich)
        put_string(fields, str8, "6f1d7b0e-4f4e-4b8e-9a55-0d8f2f1c7a10");  // message-id
    else
        put_u8(fields, null_code);
    put_u8(fields, null_code);  // user-id
    put_u8(fields, null_code);  // to
    if (options.is_rich)
        put_string(fields, str8, "sag.oprettet");
    else
        put_u8(fields, null_code);
    put_u8(fields, null_code);  // reply-to
    put_u8(fields, null_code);  // correlation-id
    put_string(fields, sym8, is_event ? "application/protobuf" : "application/json");
    std::size_t count = 7;
    if (options.is_rich) {
        for (int i = 0; i < 3; ++i)
            put_u8(fields, null_code);            // encoding, expiry, creation
        put_string(fields, str8, "borger-1729");  // group-id
        count = 11;
    }
    put_section(out, 0x73);
    put_u8(out, 0xc0);
    put_u8(out, fields.size() + 1);
    put_u8(out, count);
    out += fields;
}

void put_application_properties(std::string& out, const LoadOptions& options) {
    if (!options.is_rich) return;
    std::string fields;
    put_string(fields, str8, "kommune");
    put_string(fields, str8, "0810");
    put_string(fields, str8, "prioritet");
    put_u8(fields, 0x54);  // smallint
    put_u8(fields, 5);
    put_string(fields, str8, "kle");
    put_string(fields, str8, "27.20.04");
    put_string(fields, str8, "gentagelse");
    put_u8(fields, 0x42);  // false
    put_section(out, 0x74);
    put_u8(out, 0xc1);
    put_u8(out, fields.size() + 1);
    put_u8(out, 8);
    out += fields;
}

std::uint64_t be32(const char* at) {
    std::uint64_t value = 0;
    for (int i = 0; i < 4; ++i)
        value = value << 8U | static_cast<unsigned char>(at[i]);
    return value;
}

}  // namespace

LoadMessage::LoadMessage(const LoadOptions& options, std::uint64_t run)
    : event_(options.event),
      run_(run) {
    put_section(bytes_, 0x70);
    put_u8(bytes_, 0xc0);
    put_u8(bytes_, 2);
    put_u8(bytes_, 1);
    put_u8(bytes_, options.is_durable ? 0x41 : 0x42);
    put_properties(bytes_, options);
    put_application_properties(bytes_, options);
    put_section(bytes_, 0x75);
    std::string body = event_.body;
    if (body.empty())
        for (std::size_t i = 0; i < options.body_bytes; ++i)
            body += static_cast<char>('a' + static_cast<int>(i % 26));
    if (body.size() < 256) {
        put_u8(bytes_, 0xa0);
        put_u8(bytes_, body.size());
    } else {
        put_u8(bytes_, 0xb0);
        put_u32(bytes_, body.size());
    }
    body_at_ = bytes_.size();
    bytes_ += body;
}

std::string_view LoadMessage::stamped(std::uint64_t number, std::uint64_t stamp_ns) {
    char* body = bytes_.data() + body_at_;
    if (event_.body.empty()) {
        std::memcpy(body, &stamp_ns, sizeof stamp_ns);
        return bytes_;
    }
    for (const std::size_t at : event_.id_at) {
        char* id = body + at;
        put_digits(id, 0, stamp_digits, stamp_ns);
        put_digits(id, stamp_digits, number_digits, number);
        put_digits(id, stamp_digits + number_digits, 5, run_);
        id[14] = '4';
        id[19] = '8';
    }
    const std::uint64_t object = event_.objects == 0 ? 0 : number % event_.objects;
    for (const std::size_t at : event_.object_at)
        put_digits(body + at, 18, 12, object);
    return bytes_;
}

std::string_view body_of(std::string_view message) {
    const char* at = message.data();
    const char* end = at + message.size();
    while (end - at >= 5) {
        if (*at != 0) return {};
        const auto form = static_cast<unsigned char>(at[1]);
        unsigned section = 0;
        if (form == 0x53) {
            section = static_cast<unsigned char>(at[2]);
            at += 3;
        } else if (form == 0x80 && end - at >= 11) {
            section = static_cast<unsigned char>(at[9]);
            at += 10;
        } else {
            return {};
        }
        if (end - at < 1) return {};
        const auto code = static_cast<unsigned char>(*at++);
        std::uint64_t size = 0;
        if ((code & 0xf0U) == 0xa0 || (code & 0xf0U) == 0xc0) {
            if (end - at < 1) return {};
            size = static_cast<unsigned char>(*at++);
        } else if ((code & 0xf0U) == 0xb0 || (code & 0xf0U) == 0xd0) {
            if (end - at < 4) return {};
            size = be32(at);
            at += 4;
        } else if (code != 0x45) {  // list0
            return {};
        }
        if (size > static_cast<std::uint64_t>(end - at)) return {};
        if (section == 0x75 || section == 0x77) return {at, static_cast<std::size_t>(size)};
        at += size;
    }
    return {};
}

std::uint64_t stamp_of(std::string_view body, std::size_t id_at) {
    std::uint64_t stamp = 0;
    if (id_at == std::string_view::npos) {
        if (body.size() >= sizeof stamp) std::memcpy(&stamp, body.data(), sizeof stamp);
        return stamp;
    }
    if (body.size() < id_at + uuid_size) return 0;
    for (std::size_t i = 0; i < stamp_digits; ++i) {
        const std::size_t digit = digits.find(body[id_at + free_digits[i]]);
        if (digit == std::string_view::npos) return 0;
        stamp = stamp << 4U | digit;
    }
    return stamp;
}

}  // namespace vera::kit
