#include "bus/cli/cli.hpp"

#include "bus/cli/manual.hpp"
#include "bus/cli/verbs.hpp"

#include <algorithm>
#include <exception>
#include <ostream>
#include <utility>

namespace vera::cli {

int report(Io& io, const Error& error) {
    io.err << "vera: " << error.text << '\n';
    return exit_failed;
}

std::string footer(const std::string& examples) {
    return "Examples:\n" + examples +
           "\nExit codes: 0 ok, 1 failed, 2 wrong usage, 3 done in part.";
}

namespace {

CLI::App& group(CLI::App& root, const std::string& name, const std::string& about) {
    CLI::App* app = root.add_subcommand(name, about);
    app->require_subcommand(1);
    return *app;
}

void add_verbs(CLI::App& root, Session& session) {
#ifdef VERA_HAS_OPS
    add_serve(root, session);
    add_config(group(root, "config", "The daemon's configuration"), session);
    CLI::App& transform = group(root, "transform", "Mappings of events of one type to another");
    add_transform_run(transform, session);
    add_transform_check(transform, session);
#endif
    CLI::App& event = group(root, "event", "Events");
    add_event_publish(event, session);
#ifdef VERA_HAS_OPS
    add_event_explain(event, session);
#endif
#ifdef VERA_HAS_EVENT
    add_expr_eval(group(root, "expr", "Expressions: filters and what mappings compute"), session);
#endif
    CLI::App& sub = group(root, "sub", "Subscriptions");
    add_sub_tail(sub, session);
#ifdef VERA_HAS_OPS
    add_sub_test(sub, session);
    add_sub_diff(sub, session);
#endif
    CLI::App& message = group(root, "message", "Messages from system to system");
    add_message_reply(message, session);
    add_message_request(message, session);
    add_message_send(message, session);
    add_message_tail(message, session);
    CLI::App& queue = group(root, "queue", "Queues");
    add_queue_ls(queue, session);
    add_queue_peek(queue, session);
    add_queue_pause(queue, session);
    add_queue_resume(queue, session);
    CLI::App& schedule = group(root, "schedule", "Copies that are not ready before their time");
    add_schedule_ls(schedule, session);
    add_schedule_cancel(schedule, session);
    CLI::App& clock = group(root, "clock", "VeRA time");
    add_clock_show(clock, session);
    add_clock_adopt(clock, session);
    add_status(root, session);
#ifdef VERA_HAS_STORE
    CLI::App& store = group(root, "store", "The store's files");
    add_store_fsck(store, session);
    add_store_backup(store, session);
    add_store_restore(store, session);
#endif
#ifdef VERA_HAS_POLICY
    add_secret_hash(group(root, "secret", "Secrets of systems"), session);
#endif
#ifdef VERA_HAS_OIO
    CLI::App& oio = group(root, "oio", "LoRa's and OS2mo's JSON of OIO objects");
    add_oio_export(oio, session);
    add_oio_import(oio, session);
#endif
    CLI::App& type = group(root, "type", "Message types");
#ifdef VERA_HAS_PAGES
    add_type_ls(type, session);
    add_type_show(type, session);
    add_type_example(type, session);
    add_type_docs(type, session);
    add_type_asyncapi(type, session);
#endif
    add_type_check(type, session);
    add_type_validate(type, session);
    add_bench(root, session);
    add_version(root, session);
    add_completion(root, session);
    add_manual(root, session);
}

// The first word that the last verb it came to did not know.
std::string unknown_verb(const CLI::App& root) {
    const auto rest = root.remaining(true);
    return rest.empty() ? std::string{} : rest.front();
}

}  // namespace

int run(std::vector<std::string> arguments, Io& io) {
    Session session{io};
    CLI::App root{"VeRA: the service bus of the rammearkitektur", "vera"};
    root.require_subcommand(1);
    root.footer("`vera VERB --help` tells more and gives examples.");
    add_verbs(root, session);
    try {
        std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the back
        root.parse(std::move(arguments));
    } catch (const CLI::CallForHelp&) {
        io.out << root.help();
        return exit_ok;
    } catch (const CLI::RequiredError& error) {
        // Whoever wrote a verb that is not there is better told so than that one is missing.
        const std::string unknown = unknown_verb(root);
        io.err << "vera: " << (unknown.empty() ? error.what() : "no verb '" + unknown + "'")
               << " (see --help)\n";
        return exit_usage;
    } catch (const CLI::ParseError& error) {
        io.err << "vera: " << error.what() << " (see --help)\n";
        return exit_usage;
    } catch (const std::exception& error) {
        io.err << "vera: " << error.what() << '\n';
        return exit_failed;
    }
    return session.exit_code;
}

}  // namespace vera::cli
