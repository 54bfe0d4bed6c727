#include "bus/cli/message_making.hpp"

#include "bus/cli/input_file.hpp"
#include "bus/cli/kuvert_filling.hpp"
#include "bus/cli/masking.hpp"
#include "bus/host/random.hpp"

#include <ostream>
#include <utility>

namespace vera::cli {
namespace {

using nlohmann::json;
using Kind = event::UuidName::Kind;

/// Writes Modtagerhandling into a kuvert.
Result<std::string> with_receiver_action(std::string body,
                                         const MessageFlags& flags,
                                         const event::UuidNames& names) {
    if (flags.action.empty() && flags.response_for.empty()) return body;
    json kuvert = json::parse(body, nullptr, false);
    if (!kuvert.is_object() || !kuvert["Beskedkuvert"].is_object())
        return fail(Errc::bad_input,
                    std::string(flags.action.empty() ? "--response-for" : "--action") +
                        ": is written into a kuvert as JSON, which the message is not");
    json& action = kuvert["Beskedkuvert"]["Modtagerhandling"];
    const auto set = [&](const char* part, const std::string& text, Kind kind, const char* flag) {
        if (text.empty()) return Result<void>{};
        auto id = named_id(text, kind, names, flag);
        if (!id) return Result<void>(fail(id.error().code, id.error().text));
        action[part] = std::move(*id);
        return Result<void>{};
    };
    if (auto done = set("Handling", flags.action, Kind::handling, "--action"); !done)
        return fail(done.error().code, done.error().text);
    if (auto done = set("Responsmodtager", flags.response_for, Kind::aktoer, "--response-for");
        !done)
        return fail(done.error().code, done.error().text);
    return kuvert.dump();
}

}  // namespace

void add_message_flags(CLI::App& verb, MessageFlags& flags) {
    verb.add_option("FILE", flags.file, "The body, any bytes; - is stdin")->capture_default_str();
    verb.add_option("--content-type",
                    flags.content_type,
                    "Default: application/json if it is JSON, else application/octet-stream");
    verb.add_option("--id", flags.id, "Message-id; default: a new UUID");
    verb.add_option("--subject", flags.subject, "Subject, passed on as it is");
    verb.add_option(
        "--action",
        flags.action,
        "Modtagerhandling, UUID, URN or name: what the receiver of a kuvert is asked to do");
    verb.add_option("--response-for",
                    flags.response_for,
                    "Responsmodtager, UUID, URN or name: who wants the response to a kuvert");
    verb.add_option("--ttl", flags.ttl_seconds, "Seconds after which it is of no use; 0: never")
        ->check(CLI::Range(0U, 4294967U));
}

Result<kit::Message> make_message(const MessageFlags& flags,
                                  const event::UuidNames& names,
                                  std::istream& standard_input) {
    auto read = read_input(flags.file, standard_input);
    if (!read) return fail(read.error().code, read.error().text);
    auto body = with_receiver_action(std::move(*read), flags, names);
    if (!body) return fail(body.error().code, body.error().text);
    kit::Message message;
    message.content_type = flags.content_type;
    if (message.content_type.empty())
        message.content_type =
            json::accept(*body) ? "application/json" : "application/octet-stream";
    message.body = std::move(*body);
    message.id = flags.id.empty() ? to_text(host::random_uuid()) : flags.id;
    message.subject = flags.subject;
    message.ttl = Millis{std::int64_t{flags.ttl_seconds} * 1000};
    return message;
}

int tell(const kit::Confirmation& verdict, const std::string& id, bool is_json, Io& io) {
    const bool is_accepted = verdict.verdict == kit::Verdict::accepted;
    const std::string text = mask_text(verdict.text);
    if (is_json) {
        json out{{"version", 1}, {"id", id}, {"verdict", kit::name_of(verdict.verdict)}};
        if (!is_accepted) {
            out["condition"] = verdict.condition;
            out["text"] = text;
        }
        io.out << out.dump() << '\n';
    } else if (is_accepted) {
        io.out << "accepted " << id << '\n';
    }
    if (is_accepted) return exit_ok;
    io.err << "vera: "
           << (verdict.condition.empty() ? std::string(kit::name_of(verdict.verdict))
                                         : verdict.condition)
           << (text.empty() ? "" : ": ") << text << '\n';
    return exit_failed;
}

}  // namespace vera::cli
