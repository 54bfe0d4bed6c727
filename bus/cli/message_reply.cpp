#include "bus/cli/connecting.hpp"
#include "bus/cli/looking.hpp"
#include "bus/cli/masking.hpp"
#include "bus/cli/message_making.hpp"
#include "bus/event/catalogue.hpp"
#include "bus/host/clock.hpp"

#include <ostream>
#include <utility>

namespace vera::cli {
namespace {

struct ReplyFlags {
    MessageFlags message;
    LookFlags shown;
    std::string to_message;
    std::string timeout = "10s";
};

/// The message to answer. What is passed by stays unsettled and goes back, in order, with the link.
Result<std::optional<kit::Received>> find(kit::Subscriber& inbox,
                                          const ReplyFlags& flags,
                                          Millis timeout) {
    const Millis deadline = host::system_clock().boot() + timeout;
    while (!is_interrupted()) {
        const Millis left = deadline - host::system_clock().boot();
        if (left <= Millis{0}) break;
        auto received = inbox.next(std::min(left, Millis{200}));
        if (!received) return received;
        if (!received->has_value()) continue;
        if (flags.to_message.empty() || (*received)->id == flags.to_message) return received;
    }
    return std::optional<kit::Received>{};
}

int reply(const ReplyFlags& flags, Io& io) {
    const auto timeout = parse_duration(flags.timeout);
    if (!timeout || *timeout <= Millis{0}) {
        io.err << "vera: --timeout: is no duration like 30s or 5m\n";
        return exit_usage;
    }
    const std::string& system = flags.shown.connect->user;
    if (system.empty()) {
        io.err << "vera: whose inbox? A system answers from its own: --user SYSTEM --secret-file "
                  "FILE\n";
        return exit_usage;
    }
    if (!has_reason(flags.shown, io)) return exit_usage;
    const auto catalogue = catalogue_of(flags.shown.schemas);
    if (!catalogue) return report(io, catalogue.error());
    auto answer = make_message(flags.message, (*catalogue)->names(), io.in);
    if (!answer) return report(io, answer.error());
    auto connection = connect(*flags.shown.connect);
    if (!connection) return report(io, connection.error());
    kit::SubscriberOptions options;
    options.address = "inbox/" + system;
    options.credit = flags.to_message.empty() ? 1 : 1000;
    auto inbox = connection->subscriber(std::move(options));
    if (!inbox) return report(io, inbox.error());
    auto found = find(*inbox, flags, *timeout);
    if (!found) return report(io, found.error());
    if (!found->has_value()) {
        io.err << "vera: no "
               << (flags.to_message.empty() ? "message" : "message " + mask_text(flags.to_message))
               << " came within " << to_text(*timeout) << '\n';
        return exit_failed;
    }
    const kit::Received& asked = **found;
    if (asked.reply_to.empty()) {
        io.err << "vera: message " << mask_text(asked.id)
               << " has no reply-to and wants no answer; it stays in the inbox\n";
        return exit_failed;
    }
    kit::PublisherOptions answers_to;
    answers_to.address = asked.reply_to;
    auto publisher = connection->publisher(answers_to);
    if (!publisher) return report(io, publisher.error());
    answer->correlation_id = asked.correlation_id.empty() ? asked.id : asked.correlation_id;
    const std::string id = answer->id;
    const auto verdict = publisher->publish(std::move(*answer));
    if (!verdict) return report(io, verdict.error());
    if (verdict->verdict != kit::Verdict::accepted)
        return tell(*verdict, id, flags.shown.is_json, io);
    inbox->settle(asked, {});
    print(asked, flags.shown, **catalogue, io);
    return exit_ok;
}

}  // namespace

void add_message_reply(CLI::App& message, Session& session) {
    CLI::App* verb = message.add_subcommand(
        "reply", "Take a message from the own inbox, answer it where its reply-to says, print it");
    auto flags = std::make_shared<ReplyFlags>();
    add_message_flags(*verb, flags->message);
    verb->add_option(
        "--to-message", flags->to_message, "Message-id of the one to answer; default: the first");
    verb->add_option("--timeout", flags->timeout, "Wait for a message no longer: 30s, 5m")
        ->capture_default_str();
    add_show_flags(*verb, flags->shown);
    flags->shown.connect = add_connect_flags(*verb);
    verb->footer(
        "The message is taken once the answer is accepted; else it stays where it is.\n\n" +
        footer("  echo '{\"svar\": \"ja\"}' | vera message reply --user laege --secret-file "
               "laege.secret\n"
               "  vera message reply --user laege --secret-file laege.secret \\\n"
               "      --to-message 7f1c0d6a-1d53-4f35-9a43-8b0f7a1f1e11 svar.json\n"));
    verb->callback([flags, &session] { session.exit_code = reply(*flags, session.io); });
}

}  // namespace vera::cli
