#pragma once
// AMQP 1.0 by hand: values, lists, frames and the usual performatives as bytes, for tests that need
// to say exactly what goes on the wire.
#include "bus/amqp/amqp_codec.hpp"

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace vera::wire {

using namespace std::string_literals;
using namespace std::string_view_literals;

inline std::string byte(unsigned value) {
    return std::string(1, static_cast<char>(value));
}
inline std::string be(std::uint64_t value, int width) {
    std::string out;
    for (int i = width - 1; i >= 0; --i)
        out.push_back(static_cast<char>(value >> (8 * i)));
    return out;
}

inline const std::string null = byte(0x40);
inline const std::string yes = byte(0x41);
inline const std::string no = byte(0x42);
inline std::string u8(unsigned v) {
    return byte(0x50) + byte(v);
}
inline std::string u16(unsigned v) {
    return byte(0x60) + be(v, 2);
}
inline std::string u32(std::uint64_t v) {
    return v == 0 ? byte(0x43) : v < 256 ? byte(0x52) + be(v, 1) : byte(0x70) + be(v, 4);
}
inline std::string u64(std::uint64_t v) {
    return v == 0 ? byte(0x44) : v < 256 ? byte(0x53) + be(v, 1) : byte(0x80) + be(v, 8);
}
inline std::string timestamp(std::int64_t ms) {
    return byte(0x83) + be(static_cast<std::uint64_t>(ms), 8);
}
inline std::string variable(amqp::Byte narrow, std::string_view bytes) {
    std::string out;
    amqp::put_variable(out, narrow, bytes);
    return out;
}
inline std::string str(std::string_view v) {
    return variable(amqp::code::str8, v);
}
inline std::string sym(std::string_view v) {
    return variable(amqp::code::sym8, v);
}
inline std::string bin(std::string_view v) {
    return variable(amqp::code::vbin8, v);
}

/// A compound of items that are written already; `narrow` is list8 or map8.
inline std::string compound(amqp::Byte narrow, const std::string& items, std::uint64_t count) {
    if (items.size() < 255 && count < 256)
        return byte(narrow) + byte(static_cast<unsigned>(items.size() + 1)) + be(count, 1) + items;
    return byte(narrow + 0x10U) + be(items.size() + 4, 4) + be(count, 4) + items;
}
inline std::string join(std::initializer_list<std::string> items) {
    std::string out;
    for (const auto& item : items)
        out += item;
    return out;
}
inline std::string list(std::initializer_list<std::string> items) {
    return compound(amqp::code::list8, join(items), items.size());
}
inline std::string map(std::initializer_list<std::string> items) {
    return compound(amqp::code::map8, join(items), items.size());
}
/// An array of elements without constructors.
inline std::string array(unsigned element, std::initializer_list<std::string> items) {
    const std::string inside = join(items);
    return byte(0xf0) + be(inside.size() + 5, 4) + be(items.size(), 4) + byte(element) + inside;
}
inline std::string described(std::uint64_t descriptor, const std::string& value) {
    return byte(0) + u64(descriptor) + value;
}
inline std::string described(std::uint64_t descriptor, std::initializer_list<std::string> fields) {
    return described(descriptor, list(fields));
}

inline std::string frame(std::string_view body, unsigned channel = 0, unsigned type = 0) {
    return be(8 + body.size(), 4) + byte(2) + byte(type) + be(channel, 2) + std::string(body);
}
inline std::string sasl_frame(std::string_view body) {
    return frame(body, 0, 1);
}

inline const std::string sasl_header = "AMQP\x03\x01\x00\x00"s;
inline const std::string amqp_header = "AMQP\x00\x01\x00\x00"s;
inline std::string sasl_init(std::string_view mechanism) {
    return sasl_frame(described(0x41, {sym(mechanism)}));
}
inline std::string sasl_init(std::string_view mechanism, std::string_view response) {
    return sasl_frame(described(0x41, {sym(mechanism), bin(response)}));
}
inline std::string sasl_response(std::string_view response) {
    return sasl_frame(described(0x43, {bin(response)}));
}

inline std::string open(std::string_view container = "test") {
    return frame(described(0x10, {str(container)}));
}
inline std::string begin(unsigned channel = 0) {
    return frame(described(0x11, {null, u32(0), u32(2048), u32(2048)}), channel);
}
inline std::string attach_sender(std::string_view name,
                                 std::uint64_t handle,
                                 std::string_view target = "events",
                                 unsigned channel = 0) {
    return frame(described(0x12,
                           {str(name),
                            u32(handle),
                            no,
                            null,
                            null,
                            described(0x28, {str("source")}),
                            described(0x29, {str(target)}),
                            null,
                            null,
                            u32(0)}),
                 channel);
}
inline std::string attach_receiver(std::string_view name,
                                   std::uint64_t handle,
                                   std::string_view source = "sub/a",
                                   unsigned channel = 0) {
    return frame(described(0x12,
                           {str(name),
                            u32(handle),
                            yes,
                            null,
                            null,
                            described(0x28, {str(source)}),
                            described(0x29, {})}),
                 channel);
}
inline std::string flow(std::uint64_t handle, std::uint64_t credit, unsigned channel = 0) {
    return frame(
        described(0x13, {u32(0), u32(2048), u32(0), u32(2048), u32(handle), u32(0), u32(credit)}),
        channel);
}
inline std::string transfer(std::uint64_t handle,
                            std::uint64_t id,
                            std::string_view tag,
                            bool more,
                            std::string_view payload,
                            unsigned channel = 0) {
    return frame(described(0x14, {u32(handle), u32(id), bin(tag), u32(0), no, more ? yes : no}) +
                     std::string(payload),
                 channel);
}
inline std::string disposition(bool is_receiver,
                               std::uint64_t first,
                               std::uint64_t last,
                               bool settled,
                               const std::string& state,
                               unsigned channel = 0) {
    return frame(
        described(0x15, {is_receiver ? yes : no, u32(first), u32(last), settled ? yes : no, state}),
        channel);
}
inline const std::string accepted = described(0x24, {});
inline std::string detach(std::uint64_t handle, unsigned channel = 0) {
    return frame(described(0x16, {u32(handle), yes}), channel);
}
inline std::string end(unsigned channel = 0) {
    return frame(described(0x17, {}), channel);
}
inline std::string close() {
    return frame(described(0x18, {}));
}

}  // namespace vera::wire
