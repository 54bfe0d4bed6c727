#include "bus/cli/connecting.hpp"
#include "bus/cli/looking.hpp"
#include "bus/cli/message_making.hpp"
#include "bus/event/catalogue.hpp"
#include "bus/host/clock.hpp"

#include <algorithm>
#include <ostream>
#include <utility>

namespace vera::cli {
namespace {

struct RequestFlags {
    MessageFlags message;
    LookFlags shown;
    std::string receiver;
    std::string timeout = "30s";
};

/// The answer to message `id`; nothing: none came in time, or the user has had enough.
Result<std::optional<kit::Received>> wait_for(kit::Subscriber& answers,
                                              const std::string& id,
                                              Millis timeout) {
    const Millis deadline = host::system_clock().boot() + timeout;
    while (!is_interrupted()) {
        const Millis left = deadline - host::system_clock().boot();
        if (left <= Millis{0}) break;
        auto received = answers.next(std::min(left, Millis{200}));
        if (!received || !received->has_value()) {
            if (!received) return received;
            continue;
        }
        answers.settle(**received, {});
        if ((*received)->correlation_id == id) return received;
    }
    return std::optional<kit::Received>{};
}

int request(const RequestFlags& flags, Io& io) {
    const auto timeout = parse_duration(flags.timeout);
    if (!timeout || *timeout <= Millis{0}) {
        io.err << "vera: --timeout: is no duration like 30s or 5m\n";
        return exit_usage;
    }
    if (!has_reason(flags.shown, io)) return exit_usage;
    const auto catalogue = catalogue_of(flags.shown.schemas);
    if (!catalogue) return report(io, catalogue.error());
    auto message = make_message(flags.message, (*catalogue)->names(), io.in);
    if (!message) return report(io, message.error());
    auto connection = connect(*flags.shown.connect);
    if (!connection) return report(io, connection.error());
    kit::SubscriberOptions answers_from;
    answers_from.is_dynamic = true;
    auto answers = connection->subscriber(std::move(answers_from));
    if (!answers) return report(io, answers.error());
    kit::PublisherOptions options;
    options.address = "inbox/" + flags.receiver;
    auto publisher = connection->publisher(options);
    if (!publisher) return report(io, publisher.error());

    message->reply_to = answers->address();
    const std::string id = message->id;
    const auto verdict = publisher->publish(std::move(*message));
    if (!verdict) return report(io, verdict.error());
    if (verdict->verdict != kit::Verdict::accepted)
        return tell(*verdict, id, flags.shown.is_json, io);
    if (io.err_is_terminal)
        io.err << "accepted " << id << "; waiting for the answer, " << to_text(*timeout)
               << " at most\n";
    const auto answer = wait_for(*answers, id, *timeout);
    if (!answer)
        return report(io,
                      {answer.error().code,
                       "the message " + id + " was accepted, but then: " + answer.error().text});
    if (!answer->has_value()) {
        io.err << "vera: the message " << id << " was accepted, but no answer came within "
               << to_text(*timeout) << "; one that comes later finds nobody\n";
        return exit_failed;
    }
    print(**answer, flags.shown, **catalogue, io);
    return exit_ok;
}

}  // namespace

void add_message_request(CLI::App& message, Session& session) {
    CLI::App* verb = message.add_subcommand(
        "request", "Send a message to one system's inbox, wait for its answer and print it");
    auto flags = std::make_shared<RequestFlags>();
    verb->add_option("SYSTEM", flags->receiver, "The system that is asked")->required();
    add_message_flags(*verb, flags->message);
    verb->add_option("--timeout", flags->timeout, "Wait for the answer no longer: 30s, 5m")
        ->capture_default_str();
    add_show_flags(*verb, flags->shown);
    flags->shown.connect = add_connect_flags(*verb);
    verb->footer(
        "The answer comes to a node of the bus that is made for it and ends with this command: the "
        "message's reply-to names it,\nand only the system that is asked may send to it. The "
        "answer's correlation-id is the message's id.\n\n" +
        footer("  vera message request laege --user omsorg --secret-file omsorg.secret "
               "spoergsmaal.json\n"
               "  vera message request familie --user skole --secret-file skole.secret \\\n"
               "      --response-for urn:oio:cvr-nr:29189382 --timeout 5m underretning.json\n"));
    verb->callback([flags, &session] { session.exit_code = request(*flags, session.io); });
}

}  // namespace vera::cli
