#include "bus/cli/connecting.hpp"
#include "bus/cli/message_making.hpp"
#include "bus/cli/schemas.hpp"
#include "bus/event/catalogue.hpp"

#include <ostream>
#include <utility>

namespace vera::cli {
namespace {

struct SendFlags {
    MessageFlags message;
    std::string receiver;
    std::string reply_to;
    std::string correlation_id;
    SchemaFlags schemas;
    std::shared_ptr<ConnectFlags> connect;
};

int send(const SendFlags& flags, Io& io) {
    const auto catalogue = catalogue_of(flags.schemas);
    if (!catalogue) return report(io, catalogue.error());
    auto message = make_message(flags.message, (*catalogue)->names(), io.in);
    if (!message) return report(io, message.error());
    message->reply_to = flags.reply_to;
    message->correlation_id = flags.correlation_id;
    auto connection = connect(*flags.connect, true);
    if (!connection) return report(io, connection.error());
    kit::PublisherOptions options;
    options.address = "inbox/" + flags.receiver;
    auto publisher = connection->publisher(options);
    if (!publisher) return report(io, publisher.error());
    const std::string id = message->id;
    const auto verdict = publisher->publish(std::move(*message));
    if (!verdict) return report(io, verdict.error());
    return tell(*verdict, id, flags.message.is_json, io);
}

}  // namespace

void add_message_send(CLI::App& message, Session& session) {
    CLI::App* verb = message.add_subcommand("send", "Send a message to one system's inbox");
    auto flags = std::make_shared<SendFlags>();
    verb->add_option("SYSTEM", flags->receiver, "The system that is to have it")->required();
    add_message_flags(*verb, flags->message);
    verb->add_option("--reply-to", flags->reply_to, "Where the answer is wanted: inbox/<system>");
    verb->add_option("--correlation-id", flags->correlation_id, "The message that this answers");
    verb->add_flag("--json", flags->message.is_json, "The verdict as JSON");
    add_schema_and_config_flags(*verb, flags->schemas);
    flags->connect = add_connect_flags(*verb);
    verb->footer(footer(
        "  vera message send laege --user omsorg --secret-file omsorg.secret anmodning.json\n"
        "  vera message send familie --user skole --secret-file skole.secret \\\n"
        "      --response-for urn:oio:cvr-nr:29189382 --reply-to inbox/skole underretning.json\n"
        "  echo '{\"svar\": \"ja\"}' | vera message send omsorg --correlation-id 4711\n"));
    verb->callback([flags, &session] { session.exit_code = send(*flags, session.io); });
}

}  // namespace vera::cli
