#include "bus/amqp/sender_note.hpp"

#include "bus/amqp/amqp_codec.hpp"

namespace vera::amqp {
namespace {

constexpr std::string_view system_key = "sender";
constexpr std::string_view authority_key = "authority";

void put_pair(std::string& out, std::string_view key, std::string_view value) {
    put_variable(out, code::sym8, key);
    put_variable(out, code::str8, value);
}

}  // namespace

void write_with_sender(const Sections& sections,
                       std::string_view system,
                       std::string_view authority,
                       std::string& out) {
    std::string pairs;
    put_pair(pairs, system_key, system);
    put_pair(pairs, authority_key, authority);
    out.append(sections.header);
    out.append("\x00\x53\x71", 3);
    out.push_back(static_cast<char>(code::map32));
    put32(out, static_cast<std::uint32_t>(pairs.size() + 4));
    put32(out, 4);
    out.append(pairs);
    out.append(sections.message_annotations);
    out.append(sections.bare);
}

Sender read_sender(const Sections& sections) {
    return {.system = property_text(sections.delivery_annotations, system_key),
            .authority = property_text(sections.delivery_annotations, authority_key)};
}

}  // namespace vera::amqp
