#include "bus/cli/connecting.hpp"
#include "bus/cli/queue_listing.hpp"
#include "bus/cli/table.hpp"
#include "bus/cli/verbs.hpp"
#include "bus/host/clock.hpp"

#include <ostream>

namespace vera::cli {
namespace {

using nlohmann::json;

struct LsFlags {
    bool is_json = false;
    bool is_watching = false;
    std::uint32_t seconds = 2;
    std::shared_ptr<ConnectFlags> connect;
};

bool is_pilot(const kit::Reply& reply) {
    const auto pilot = reply.properties.find("pilot");
    return pilot != reply.properties.end() && pilot->is_boolean() && pilot->get<bool>();
}

int list_once(kit::Connection& connection, const LsFlags& flags, Io& io) {
    const auto reply = connection.manage(
        "QUERY",
        {{"type", "org.amqp.management"}, {"name", "self"}, {"entityType", "queue"}},
        {{"attributeNames", json::array()}});
    if (!reply) return report(io, reply.error());
    const auto queues = to_objects(reply->body);
    if (!queues) return report(io, queues.error());
    if (flags.is_json) {
        io.out << json{{"version", 1}, {"pilot", is_pilot(*reply)}, {"queues", *queues}}.dump()
               << '\n';
    } else {
        if (flags.is_watching && io.out_is_terminal) io.out << "\033[H\033[2J";
        if (is_pilot(*reply)) io.out << "PILOT: the bus runs without agreements\n";
        const Timestamp now = host::system_clock().wall();
        if (flags.is_watching) io.out << danish_time(now) << '\n';
        io.out << queue_table(*queues, now);
    }
    io.out.flush();
    return exit_ok;
}

int list(const LsFlags& flags, Io& io) {
    auto connection = connect(*flags.connect, flags.is_watching);
    if (!connection) return report(io, connection.error());
    for (;;) {
        const int exit_code = list_once(*connection, flags, io);
        if (!flags.is_watching || is_interrupted() || !io.out) return exit_code;
        if (wait_interrupted(std::chrono::seconds(flags.seconds))) return exit_ok;
    }
}

}  // namespace

void add_queue_ls(CLI::App& queue, Session& session) {
    CLI::App* verb = queue.add_subcommand("ls", "List the queues with their counts");
    auto flags = std::make_shared<LsFlags>();
    verb->add_flag("--json", flags->is_json, "JSON; with --watch one line each time");
    verb->add_flag("--watch", flags->is_watching, "Again and again until interrupted");
    verb->add_option("--every", flags->seconds, "Seconds between, with --watch")
        ->check(CLI::Range(1U, 3600U))
        ->capture_default_str();
    flags->connect = add_connect_flags(*verb);
    verb->footer(
        footer("  vera queue ls\n"
               "  vera queue ls --watch\n"
               "  vera queue ls --json | jq '.queues[] | select(.dead > 0) | .name'\n") +
        "\nColumns: READY waits for a consumer; IN FLIGHT is with one; DELAYED backs off after a "
        "failure;\nBLOCKED waits behind an earlier event of its object; SCHEDULED "
        "is not ready before its time; DEAD was given up; "
        "ENQUEUED "
        "and SETTLED count\nsince the bus started; OLDEST is how long the oldest has waited.");
    verb->callback([flags, &session] { session.exit_code = list(*flags, session.io); });
}

}  // namespace vera::cli
