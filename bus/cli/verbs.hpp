#pragma once
// One function per verb: adds it, with its flags, help and examples, to the command line. The verb
// runs when it was parsed and leaves its exit code in the session.
#include "bus/cli/cli.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

namespace vera::cli {

struct Session {
    Io& io;
    int exit_code = exit_ok;
};

void add_bench(CLI::App& root, Session& session);
void add_clock_adopt(CLI::App& clock, Session& session);
void add_clock_show(CLI::App& clock, Session& session);
void add_completion(CLI::App& root, Session& session);
void add_config(CLI::App& config, Session& session);
void add_event_explain(CLI::App& event, Session& session);
void add_event_publish(CLI::App& event, Session& session);
void add_expr_eval(CLI::App& expr, Session& session);
void add_message_reply(CLI::App& message, Session& session);
void add_message_request(CLI::App& message, Session& session);
void add_message_send(CLI::App& message, Session& session);
void add_message_tail(CLI::App& message, Session& session);
void add_oio_export(CLI::App& oio, Session& session);
void add_oio_import(CLI::App& oio, Session& session);
void add_queue_ls(CLI::App& queue, Session& session);
void add_queue_pause(CLI::App& queue, Session& session);
void add_queue_peek(CLI::App& queue, Session& session);
void add_queue_resume(CLI::App& queue, Session& session);
void add_schedule_cancel(CLI::App& schedule, Session& session);
void add_schedule_ls(CLI::App& schedule, Session& session);
void add_secret_hash(CLI::App& secret, Session& session);
void add_serve(CLI::App& root, Session& session);
void add_status(CLI::App& root, Session& session);
void add_store_backup(CLI::App& store, Session& session);
void add_store_fsck(CLI::App& store, Session& session);
void add_store_restore(CLI::App& store, Session& session);
void add_sub_diff(CLI::App& sub, Session& session);
void add_sub_tail(CLI::App& sub, Session& session);
void add_sub_test(CLI::App& sub, Session& session);
void add_transform_check(CLI::App& transform, Session& session);
void add_transform_run(CLI::App& transform, Session& session);
void add_type_asyncapi(CLI::App& type, Session& session);
void add_type_check(CLI::App& type, Session& session);
void add_type_docs(CLI::App& type, Session& session);
void add_type_example(CLI::App& type, Session& session);
void add_type_ls(CLI::App& type, Session& session);
void add_type_show(CLI::App& type, Session& session);
void add_type_validate(CLI::App& type, Session& session);
void add_version(CLI::App& root, Session& session);

/// The text that every verb's help ends with: its examples, then the exit codes.
[[nodiscard]] std::string footer(const std::string& examples);

}  // namespace vera::cli
