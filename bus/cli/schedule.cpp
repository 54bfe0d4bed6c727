// The verbs about copies that are not ready before their time.
#include "bus/cli/ordering.hpp"
#include "bus/cli/queue_listing.hpp"
#include "bus/cli/table.hpp"

#include <ostream>

namespace vera::cli {
namespace {

using nlohmann::json;

struct LsFlags {
    std::string queue;
    std::uint64_t count = 100;
    bool is_json = false;
    std::shared_ptr<ConnectFlags> connect;
};

struct CancelFlags {
    std::uint64_t copy = 0;
    std::uint64_t event = 0;
    std::string reason;
    std::shared_ptr<ConnectFlags> connect;
};

std::string text_of(const json& object, const char* key) {
    const auto found = object.find(key);
    if (found == object.end() || found->is_null()) return "-";
    return found->is_string() ? found->get<std::string>() : found->dump();
}

int list(const LsFlags& flags, Io& io) {
    const json properties{{"type", "org.amqp.management"},
                          {"name", "self"},
                          {"entityType", "schedule"},
                          {"count", std::to_string(flags.count)}};
    const auto reply =
        flags.queue.empty()
            ? order(*flags.connect, "QUERY", properties)
            : order(*flags.connect, "QUERY", properties, "queue", addresses_of(flags.queue));
    if (!reply) return report(io, reply.error());
    const auto copies = to_objects(reply->body);
    if (!copies) return report(io, copies.error());
    const std::uint64_t total = reply->body.value("total", copies->size());
    if (flags.is_json) {
        io.out << json{{"version", 1}, {"total", total}, {"copies", *copies}}.dump() << '\n';
        return exit_ok;
    }
    Table table({{"COPY", true},
                 {"EVENT", true},
                 {"QUEUE", false},
                 {"READY AT", false},
                 {"ACCEPTED", false},
                 {"EXPIRES", false},
                 {"BYTES", true}});
    for (const json& copy : *copies)
        table.add({text_of(copy, "identity"),
                   text_of(copy, "event"),
                   text_of(copy, "queue"),
                   time_text(copy, "readyAt"),
                   time_text(copy, "accepted"),
                   time_text(copy, "expiry"),
                   text_of(copy, "bytes")});
    io.out << table.text();
    if (total > copies->size())
        io.out << copies->size() << " of " << total << " scheduled copies; -n shows more\n";
    return exit_ok;
}

int cancel(const CancelFlags& flags, Io& io) {
    json properties{{"type", "schedule"}, {"reason", flags.reason}};
    if (flags.copy != 0) properties["identity"] = std::to_string(flags.copy);
    if (flags.event != 0) properties["event"] = std::to_string(flags.event);
    const auto reply = order(*flags.connect, "DELETE", std::move(properties));
    if (!reply) return report(io, reply.error());
    const auto count = reply->body.is_object() ? reply->body.value("cancelled", 0) : 0;
    io.out << count << (count == 1 ? " copy cancelled\n" : " copies cancelled\n");
    return exit_ok;
}

}  // namespace

void add_schedule_ls(CLI::App& schedule, Session& session) {
    CLI::App* verb = schedule.add_subcommand("ls", "List the scheduled copies, earliest first");
    auto flags = std::make_shared<LsFlags>();
    verb->add_option("--queue", flags->queue, "Only of this subscription, queue or address");
    verb->add_option("-n", flags->count, "At most so many")
        ->check(CLI::Range(1U, 1000U))
        ->capture_default_str();
    verb->add_flag("--json", flags->is_json, "As JSON");
    flags->connect = add_connect_flags(*verb);
    verb->footer(
        footer("  vera schedule ls\n"
               "  vera schedule ls --queue hjoerring-sager --json | jq '.copies[].readyAt'\n"));
    verb->callback([flags, &session] { session.exit_code = list(*flags, session.io); });
}

void add_schedule_cancel(CLI::App& schedule, Session& session) {
    CLI::App* verb = schedule.add_subcommand(
        "cancel", "Cancel a scheduled copy, or all of an event: it is never delivered");
    auto flags = std::make_shared<CancelFlags>();
    auto* copy = verb->add_option("COPY", flags->copy, "The copy's number, as `ls` shows it")
                     ->check(CLI::PositiveNumber);
    verb->add_option("--event", flags->event, "All scheduled copies of this event instead")
        ->check(CLI::PositiveNumber)
        ->excludes(copy);
    add_reason_flag(*verb, flags->reason);
    flags->connect = add_connect_flags(*verb);
    verb->footer(
        footer("  vera schedule cancel 1204 --reason 'aftalen er aflyst'\n"
               "  vera schedule cancel --event 611 --reason 'sendt ved en fejl'\n"));
    verb->callback([flags, &session] {
        if (flags->copy == 0 && flags->event == 0) {
            session.io.err << "vera: a copy's number or --event is needed (see --help)\n";
            session.exit_code = exit_usage;
            return;
        }
        session.exit_code = cancel(*flags, session.io);
    });
}

}  // namespace vera::cli
