#pragma once
// Who sent a message to an inbox. Only the publisher's bytes are stored, so the bus's own note
// stands in them where the delivery-annotations were: those end at the door anyway (design §15),
// and the bare message stays byte for byte. Pure.
#include "bus/amqp/section_scanner.hpp"

#include <string>
#include <string_view>

namespace vera::amqp {

struct Sender {
    std::string system;
    std::string authority;  ///< CVR number, may be empty
};

/// Appends the message as it is stored: header and message-annotations as received, the note, the
/// bare message.
void write_with_sender(const Sections& sections,
                       std::string_view system,
                       std::string_view authority,
                       std::string& out);
/// The note in a message that write_with_sender made. What a peer wrote never gets here: it must
/// only be asked of a message out of an inbox.
[[nodiscard]] Sender read_sender(const Sections& sections);

}  // namespace vera::amqp
