#include "bus/cli/table.hpp"
#include "bus/cli/verbs.hpp"
#include "bus/store/fsck.hpp"

#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

namespace vera::cli {
namespace {

using nlohmann::json;

struct FsckFlags {
    std::string path;
    bool is_json = false;
};

std::string time_or_none(Timestamp time) {
    return time ? danish_time(time) : "-";
}

json to_json(const store::FsckReport& report) {
    json findings = json::array();
    for (const store::FsckFinding& finding : report.findings)
        findings.push_back({{"damage", finding.is_damage},
                            {"file", finding.file},
                            {"offset", finding.offset},
                            {"text", finding.text}});
    json segments = json::array();
    for (const store::FsckSegment& segment : report.segments)
        segments.push_back({{"number", segment.number},
                            {"file", segment.file},
                            {"fileBytes", segment.file_bytes},
                            {"usedBytes", segment.used_bytes},
                            {"groups", segment.groups},
                            {"records", segment.records},
                            {"liveCopies", segment.live_copies},
                            {"closed", segment.is_closed}});
    json snapshot = json::array();
    for (const store::FsckPart& part : report.snapshot)
        snapshot.push_back({{"file", part.file},
                            {"kind", part.kind},
                            {"firstSegment", part.first},
                            {"lastSegment", part.last},
                            {"bytes", part.bytes},
                            {"entries", part.entries}});
    json queues = json::array();
    for (const store::FsckQueue& queue : report.queues)
        queues.push_back({{"id", queue.id.value},
                          {"name", queue.name},
                          {"deleted", queue.is_deleted},
                          {"waiting", queue.waiting},
                          {"dead", queue.dead}});
    return {
        {"version", 1},
        {"ok", !report.has_damage()},
        {"path", report.path},
        {"formatVersion", report.format_version},
        {"store", to_text(report.store)},
        {"instance", to_text(report.instance)},
        {"backup", report.is_backup},
        {"origin", report.origin_time ? json(to_text(report.origin)) : json(nullptr)},
        {"originTime", report.origin_time ? json(to_rfc3339(report.origin_time)) : json(nullptr)},
        {"snapshot", std::move(snapshot)},
        {"clean", report.was_clean},
        {"events", report.events},
        {"transitions", report.transitions},
        {"leaves", report.leaves},
        {"waiting", report.waiting},
        {"dead", report.dead},
        {"lastEvent", report.last_event.value},
        {"lastCopy", report.last_copy.value},
        {"lastLeaf", report.last_leaf.value},
        {"lastStamp", report.last_stamp ? json(to_rfc3339(report.last_stamp)) : json(nullptr)},
        {"segments", std::move(segments)},
        {"queues", std::move(queues)},
        {"findings", std::move(findings)}};
}

void print(const store::FsckReport& report, std::ostream& out) {
    out << "store " << to_text(report.store) << " at " << report.path << ", format "
        << report.format_version << ", "
        << (report.was_clean ? "ended in order" : "not ended in order") << '\n';
    if (report.origin_time)
        out << (report.is_backup ? "backup" : "restored from a backup") << " of instance "
            << to_text(report.origin) << ", taken " << danish_time(report.origin_time) << '\n';
    out << "instance " << to_text(report.instance) << '\n'
        << report.events << " events, " << report.transitions << " transitions, " << report.leaves
        << " leaves; " << report.waiting << " copies wait, " << report.dead << " are dead letters\n"
        << "last event " << report.last_event.value << ", copy " << report.last_copy.value
        << ", leaf " << report.last_leaf.value << ", at " << time_or_none(report.last_stamp)
        << "\n\n";
    Table segments({{"SEGMENT", true},
                    {"FILE", false},
                    {"USED", true},
                    {"GROUPS", true},
                    {"RECORDS", true},
                    {"LIVE", true},
                    {"STATE", false}});
    for (const store::FsckSegment& segment : report.segments)
        segments.add({std::to_string(segment.number),
                      segment.file,
                      std::to_string(segment.used_bytes),
                      std::to_string(segment.groups),
                      std::to_string(segment.records),
                      std::to_string(segment.live_copies),
                      segment.is_closed ? "closed" : "open"});
    out << segments.text() << '\n';
    if (!report.snapshot.empty()) {
        Table parts({{"SNAPSHOT", false}, {"SEGMENTS", false}, {"BYTES", true}, {"ENTRIES", true}});
        for (const store::FsckPart& part : report.snapshot)
            parts.add({part.file,
                       std::to_string(part.first) + " - " + std::to_string(part.last),
                       std::to_string(part.bytes),
                       std::to_string(part.entries)});
        out << parts.text() << '\n';
    }
    Table queues({{"QUEUE", false}, {"WAITING", true}, {"DEAD", true}});
    for (const store::FsckQueue& queue : report.queues)
        queues.add(
            {(queue.name.empty() ? "unknown " + std::to_string(queue.id.value) : queue.name) +
                 (queue.is_deleted ? " (deleted)" : ""),
             std::to_string(queue.waiting),
             std::to_string(queue.dead)});
    out << queues.text();
    for (const store::FsckFinding& finding : report.findings)
        out << (finding.is_damage ? "DAMAGE " : "note ") << finding.file << " offset "
            << finding.offset << ": " << finding.text << '\n';
    out << (report.has_damage() ? "damaged\n" : "ok\n");
}

int check(const FsckFlags& flags, Io& io) {
    const auto checked = store::check_store(host::posix_file_system(), flags.path);
    if (!checked) return report(io, checked.error());
    if (flags.is_json)
        io.out << to_json(*checked).dump(-1, ' ', false, json::error_handler_t::replace) << '\n';
    else
        print(*checked, io.out);
    if (!checked->has_damage()) return exit_ok;
    return report(io, {Errc::corrupt, "the store is damaged; see the findings"});
}

}  // namespace

void add_store_fsck(CLI::App& store, Session& session) {
    CLI::App* verb =
        store.add_subcommand("fsck", "Check a stopped store from its files alone; changes nothing");
    auto flags = std::make_shared<FsckFlags>();
    verb->add_option("PATH", flags->path, "The store's folder")->required();
    verb->add_flag("--json", flags->is_json, "As JSON");
    verb->footer(
        footer("  vera store fsck /var/lib/vera/store\n"
               "  vera store fsck /var/lib/vera/store --json | jq .findings\n"));
    verb->callback([flags, &session] { session.exit_code = check(*flags, session.io); });
}

}  // namespace vera::cli
