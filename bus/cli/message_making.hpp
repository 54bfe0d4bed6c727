#pragma once
// What `message send`, `request` and `reply` share: the message that is made of a file and flags,
// and what became of it.
#include "adapters/kit/message.hpp"
#include "bus/base/result.hpp"
#include "bus/cli/verbs.hpp"
#include "bus/event/uuid_names.hpp"

#include <string>

namespace vera::cli {

struct MessageFlags {
    std::string file = "-";
    std::string content_type;
    std::string id;
    std::string subject;
    std::string action;        ///< Modtagerhandling.Handling, UUID, URN or name
    std::string response_for;  ///< Modtagerhandling.Responsmodtager, UUID, URN or name
    std::uint32_t ttl_seconds = 0;
    bool is_json = false;
};

/// FILE, --content-type, --id, --subject, --action, --response-for, --ttl.
void add_message_flags(CLI::App& verb, MessageFlags& flags);

/// Reads FILE. Errc::io; bad_input names the flag.
[[nodiscard]] Result<kit::Message> make_message(const MessageFlags& flags,
                                                const event::UuidNames& names,
                                                std::istream& standard_input);

/// "accepted <id>", or why not on stderr; gives the exit code.
int tell(const kit::Confirmation& verdict, const std::string& id, bool is_json, Io& io);

}  // namespace vera::cli
