#include "bus/cli/table.hpp"
#include "bus/cli/verbs.hpp"
#include "bus/host/clock.hpp"
#include "bus/host/random.hpp"
#include "bus/store/backup.hpp"
#include "bus/store/fsck.hpp"

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>

namespace vera::cli {
namespace {

using nlohmann::json;

struct CopyFlags {
    std::string from, to;
    bool is_json = false;
    bool is_unchecked = false;
};

/// A line on the terminal that is written again and again, at most a few times a second.
class ProgressLine {
public:
    explicit ProgressLine(Io& io) : io_(io) {}
    ~ProgressLine() {
        if (has_written_) io_.err << "\r\033[K";
    }
    ProgressLine(const ProgressLine&) = delete;
    ProgressLine& operator=(const ProgressLine&) = delete;
    void tell(const store::CopyProgress& progress) {
        const Millis now = host::system_clock().boot();
        if (!io_.err_is_terminal || now - last_ < Millis{200}) return;
        last_ = now;
        has_written_ = true;
        io_.err << "\r\033[K" << progress.done_bytes / 1'000'000 << " of "
                << progress.total_bytes / 1'000'000 << " MB, " << progress.file << std::flush;
    }

private:
    Io& io_;
    Millis last_{};
    bool has_written_ = false;
};

int tell(const store::CopyReport& copy, const CopyFlags& flags, const char* what, Io& io) {
    std::optional<Result<store::FsckReport>> checked;
    if (!flags.is_unchecked) checked = store::check_store(host::posix_file_system(), flags.to);
    const bool is_good = !checked || (*checked && !(*checked)->has_damage());
    if (flags.is_json) {
        json out{{"version", 1},
                 {"ok", is_good},
                 {"from", copy.from},
                 {"to", copy.to},
                 {"store", to_text(copy.store)},
                 {"instance", to_text(copy.instance)},
                 {"origin", to_text(copy.origin)},
                 {"taken", to_rfc3339(copy.taken)},
                 {"segments", copy.segments},
                 {"bytes", copy.bytes},
                 {"checked", checked.has_value()}};
        if (checked && *checked) {
            out["events"] = (*checked)->events;
            out["waiting"] = (*checked)->waiting;
            out["dead"] = (*checked)->dead;
            out["lastEvent"] = (*checked)->last_event.value;
        }
        io.out << out.dump(-1, ' ', false, json::error_handler_t::replace) << '\n';
    } else {
        io.out << what << ' ' << copy.from << " to " << copy.to << ": " << copy.segments
               << " segments, " << copy.bytes << " bytes, as of " << danish_time(copy.taken) << '\n'
               << "instance " << to_text(copy.instance) << ", copy of " << to_text(copy.origin)
               << '\n';
        if (checked && *checked)
            io.out << (*checked)->events << " events, " << (*checked)->waiting << " copies wait, "
                   << (*checked)->dead << " are dead letters\n";
        if (is_good) io.out << (checked ? "checked: ok\n" : "not checked\n");
    }
    if (is_good) return exit_ok;
    if (!*checked) return report(io, (*checked).error());
    for (const store::FsckFinding& finding : (*checked)->findings)
        if (finding.is_damage)
            io.err << "vera: " << finding.file << " at offset " << finding.offset << ": "
                   << finding.text << '\n';
    return report(io, {Errc::corrupt, "the copy is damaged"});
}

void add_copy_flags(CLI::App& verb, CopyFlags& flags) {
    verb.add_option("FROM", flags.from, "Folder to copy")->required();
    verb.add_option("TO", flags.to, "New or empty folder")->required();
    verb.add_flag("--json", flags.is_json, "As JSON");
    verb.add_flag("--no-check", flags.is_unchecked, "Do not check the copy as `store fsck` does");
}

}  // namespace

void add_store_backup(CLI::App& store, Session& session) {
    CLI::App* verb = store.add_subcommand(
        "backup", "Copy a store, running or not, as it is at one moment, and check the copy");
    auto flags = std::make_shared<CopyFlags>();
    add_copy_flags(*verb, *flags);
    verb->footer(
        "Everything accepted before the copy began is in it. FROM is store.path of the daemon, on\n"
        "the same machine; the daemon keeps its files meanwhile and is not disturbed otherwise.\n"
        "No daemon runs on a backup: `vera store restore` makes a store of it.\n\n" +
        footer("  vera store backup /var/lib/vera/store /backup/vera-2026-11-25\n"));
    verb->callback([flags, &session] {
        ProgressLine line(session.io);
        const auto copied =
            store::backup_store(host::posix_file_system(),
                                flags->from,
                                flags->to,
                                host::system_clock().wall(),
                                [&](const store::CopyProgress& progress) { line.tell(progress); });
        session.exit_code = copied ? tell(*copied, *flags, "copied", session.io)
                                   : report(session.io, copied.error());
    });
}

void add_store_restore(CLI::App& store, Session& session) {
    CLI::App* verb =
        store.add_subcommand("restore", "Make a store of a backup in a new folder, and check it");
    auto flags = std::make_shared<CopyFlags>();
    add_copy_flags(*verb, *flags);
    verb->footer(
        "Nothing is overwritten. The store gets an identity of its own (instance): it is not its\n"
        "original, which may have gone on. What the original has delivered since the backup was\n"
        "taken is delivered again; never let both serve the same systems.\n\n" +
        footer("  vera store restore /backup/vera-2026-11-25 /var/lib/vera/store\n"));
    verb->callback([flags, &session] {
        ProgressLine line(session.io);
        const auto copied =
            store::restore_store(host::posix_file_system(),
                                 flags->from,
                                 flags->to,
                                 host::random_uuid(),
                                 [&](const store::CopyProgress& progress) { line.tell(progress); });
        session.exit_code = copied ? tell(*copied, *flags, "restored", session.io)
                                   : report(session.io, copied.error());
    });
}

}  // namespace vera::cli
