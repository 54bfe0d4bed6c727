#include "bus/cli/connecting.hpp"
#include "bus/cli/input_file.hpp"
#include "bus/cli/masking.hpp"
#include "bus/cli/verbs.hpp"
#include "bus/host/random.hpp"

#include <ostream>
#include <utility>

namespace vera::cli {
namespace {

using nlohmann::json;

struct SendFlags {
    std::string receiver;
    std::string file = "-";
    std::string content_type;
    std::string id;
    std::string subject;
    std::string reply_to;
    std::string correlation_id;
    std::uint32_t ttl_seconds = 0;
    bool is_json = false;
    std::shared_ptr<ConnectFlags> connect;
};

kit::Message to_message(const SendFlags& flags, std::string body) {
    kit::Message message;
    message.content_type = flags.content_type;
    if (message.content_type.empty())
        message.content_type = json::accept(body) ? "application/json" : "application/octet-stream";
    message.body = std::move(body);
    message.id = flags.id.empty() ? to_text(host::random_uuid()) : flags.id;
    message.subject = flags.subject;
    message.reply_to = flags.reply_to;
    message.correlation_id = flags.correlation_id;
    message.ttl = Millis{std::int64_t{flags.ttl_seconds} * 1000};
    return message;
}

int tell(const kit::Confirmation& verdict, const std::string& id, const SendFlags& flags, Io& io) {
    const bool is_accepted = verdict.verdict == kit::Verdict::accepted;
    const std::string text = mask_text(verdict.text);
    if (flags.is_json) {
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

int send(const SendFlags& flags, Io& io) {
    auto body = read_input(flags.file, io.in);
    if (!body) return report(io, body.error());
    auto connection = connect(*flags.connect, true);
    if (!connection) return report(io, connection.error());
    kit::PublisherOptions options;
    options.address = "inbox/" + flags.receiver;
    auto publisher = connection->publisher(options);
    if (!publisher) return report(io, publisher.error());
    kit::Message message = to_message(flags, std::move(*body));
    const std::string id = message.id;
    const auto verdict = publisher->publish(std::move(message));
    if (!verdict) return report(io, verdict.error());
    return tell(*verdict, id, flags, io);
}

}  // namespace

void add_message_send(CLI::App& message, Session& session) {
    CLI::App* verb = message.add_subcommand("send", "Send a message to one system's inbox");
    auto flags = std::make_shared<SendFlags>();
    verb->add_option("SYSTEM", flags->receiver, "The system that is to have it")->required();
    verb->add_option("FILE", flags->file, "The body, any bytes; - is stdin")->capture_default_str();
    verb->add_option("--content-type",
                     flags->content_type,
                     "Default: application/json if it is JSON, else application/octet-stream");
    verb->add_option("--id", flags->id, "Message-id; default: a new UUID");
    verb->add_option("--subject", flags->subject, "Subject, passed on as it is");
    verb->add_option("--reply-to", flags->reply_to, "Where the answer is wanted: inbox/<system>");
    verb->add_option("--correlation-id", flags->correlation_id, "The message that this answers");
    verb->add_option("--ttl", flags->ttl_seconds, "Seconds after which it is of no use; 0: never")
        ->check(CLI::Range(0U, 4294967U));
    verb->add_flag("--json", flags->is_json, "The verdict as JSON");
    flags->connect = add_connect_flags(*verb);
    verb->footer(footer(
        "  vera message send laege --user omsorg --secret-file omsorg.secret anmodning.json\n"
        "  echo '{\"svar\": \"ja\"}' | vera message send omsorg --correlation-id 4711\n"));
    verb->callback([flags, &session] { session.exit_code = send(*flags, session.io); });
}

}  // namespace vera::cli
