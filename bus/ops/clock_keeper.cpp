#include "bus/ops/clock_keeper.hpp"

#include "bus/audit/record.hpp"
#include "bus/host/log.hpp"

#include <chrono>
#include <cstddef>
#include <exception>
#include <nlohmann/json.hpp>
#include <utility>

namespace vera::ops {
namespace {

namespace log = host::log;
using nlohmann::json;
using namespace std::chrono_literals;

/// A step of the wall clock beyond this is told (design §6).
constexpr Millis worth_telling{5'000};
constexpr Millis look_every{1'000};
constexpr std::size_t max_steps = 64;
constexpr std::size_t max_file_bytes = 1U << 20U;
constexpr int file_version = 1;

std::string checksum(std::string_view text) {
    return audit::to_hex(audit::sha256(text));
}

Result<std::string> read_whole(host::FileSystem& files, const std::string& path) {
    auto file = files.open(path, host::OpenMode::read);
    if (!file) return fail(file.error().code, file.error().text);
    const auto size = (*file)->size();
    if (!size) return fail(size.error().code, size.error().text);
    if (*size > max_file_bytes) return fail(Errc::corrupt, path + ": too large");
    std::string text(static_cast<std::size_t>(*size), '\0');
    const auto got = (*file)->read(0, text);
    if (!got) return fail(got.error().code, got.error().text);
    text.resize(*got);
    return text;
}

/// What the last run left; nothing, with a line in the log, if it cannot be used.
std::optional<ClockFile> left_behind(host::FileSystem& files, const std::string& path) {
    const auto text = read_whole(files, path);
    if (!text && text.error().code == Errc::not_found) return std::nullopt;
    auto file = text ? parse_clock_file(*text) : fail(text.error().code, text.error().text);
    if (file) return *std::move(file);
    log::warn("the clock's note cannot be used; VeRA time starts as after a boot",
              {{"file", path}, {"reason", file.error().text}});
    return std::nullopt;
}

}  // namespace

std::string_view to_text(host::ClockSource source) {
    switch (source) {
        case host::ClockSource::wall:
            return "wall";
        case host::ClockSource::last_run:
            return "last-run";
        case host::ClockSource::last_stamp:
            return "last-stamp";
    }
    return "wall";
}

std::string to_text(const ClockFile& file) {
    json steps = json::array();
    for (const ClockStep& step : file.steps)
        steps.push_back({{"at", step.at.ms},
                         {"stepMs", step.step.count()},
                         {"actor", step.actor},
                         {"reason", step.reason}});
    const std::string body = json{{"version", file_version},
                                  {"bootId", file.note.boot_id},
                                  {"aheadOfBootMs", file.note.ahead_of_boot.count()},
                                  {"toldAheadMs", file.told_ahead.count()},
                                  {"steps", std::move(steps)}}
                                 .dump(1) +
                             "\n";
    return checksum(body) + "\n" + body;
}

Result<ClockFile> parse_clock_file(std::string_view text) {
    const std::size_t line = text.find('\n');
    const std::string_view body = line == std::string_view::npos ? "" : text.substr(line + 1);
    if (body.empty() || checksum(body) != text.substr(0, line))
        return fail(Errc::corrupt, "the checksum in line 1 is not that of what follows");
    try {
        const json read = json::parse(body);
        if (read.at("version") != file_version) return fail(Errc::corrupt, "another version");
        ClockFile file;
        file.note.boot_id = read.at("bootId").get<std::string>();
        file.note.ahead_of_boot = Millis{read.at("aheadOfBootMs").get<std::int64_t>()};
        file.told_ahead = Millis{read.at("toldAheadMs").get<std::int64_t>()};
        for (const json& step : read.at("steps"))
            file.steps.push_back({Timestamp{step.at("at").get<std::int64_t>()},
                                  Millis{step.at("stepMs").get<std::int64_t>()},
                                  step.at("actor").get<std::string>(),
                                  step.at("reason").get<std::string>()});
        return file;
    } catch (const std::exception& error) {
        return fail(Errc::corrupt, error.what());
    }
}

Result<std::unique_ptr<ClockKeeper>> ClockKeeper::open(host::Clock& clock,
                                                       host::FileSystem& files,
                                                       const std::string& folder,
                                                       Timestamp last_stamp) {
    ClockFile file = left_behind(files, folder + "/CLOCK").value_or(ClockFile{});
    const host::ClockStart start = host::start_of_vera_time(file.note, last_stamp, clock);
    file.note = {clock.boot_id(), Millis{start.at.ms} - clock.boot()};
    // After a boot there is nothing that a step could be told from.
    if (start.source == host::ClockSource::wall) file.told_ahead = Millis{0};
    auto keeper =
        std::make_unique<ClockKeeper>(clock, files, folder, std::move(file), start.source);
    log::info("VeRA time starts",
              {{"time", to_rfc3339(start.at)},
               {"from", std::string(to_text(start.source))},
               {"wall_ahead_ms", std::to_string(keeper->vera_.wall_ahead().count())}});
    if (auto written = keeper->write(keeper->file_); !written) {
        if (written.error().code == Errc::io)
            return fail(Errc::io, "clock: " + written.error().text);
        log::error("the clock's note cannot be written", {{"reason", written.error().text}});
    }
    keeper->look();
    return keeper;
}

ClockKeeper::ClockKeeper(host::Clock& clock,
                         host::FileSystem& files,
                         std::string folder,
                         ClockFile file,
                         host::ClockSource source)
    : files_(files),
      folder_(std::move(folder)),
      source_(source),
      vera_(clock, Timestamp{}),
      file_(std::move(file)) {
    vera_.set_ahead_of_boot(file_.note.ahead_of_boot);
}

ClockKeeper::~ClockKeeper() {
    adoptions_.close();
}

void ClockKeeper::start_thread() {
    thread_ = std::jthread([this] { run(); });
}

void ClockKeeper::run() {
    std::vector<Adoption> told;
    while (adoptions_.take(told, look_every)) {
        look();
        for (const Adoption& adoption : told)
            follow(adoption);
    }
}

ClockFacts ClockKeeper::facts() const {
    ClockFacts facts;
    facts.now = vera_.now();
    facts.wall_ahead = vera_.wall_ahead();
    facts.started_from = source_;
    facts.steps = steps_.get();
    return facts;
}

void ClockKeeper::adopt(std::string actor, std::string reason, Done done) {
    adoptions_.put({std::move(actor), std::move(reason), std::move(done)});
}

void ClockKeeper::add_step(ClockStep step) {
    file_.steps.push_back(std::move(step));
    if (file_.steps.size() > max_steps) file_.steps.erase(file_.steps.begin());
    steps_.set(file_.steps);
}

void ClockKeeper::look() {
    const Millis ahead = vera_.wall_ahead();
    const Millis step = ahead - file_.told_ahead;
    steps_.set(file_.steps);
    if (std::chrono::abs(step) <= worth_telling) return;
    file_.told_ahead = ahead;
    log::warn("the wall clock was set; VeRA time goes on as before",
              {{"step_ms", std::to_string(step.count())},
               {"wall_ahead_ms", std::to_string(ahead.count())}});
    add_step({vera_.now(), step, {}, {}});
    if (auto written = write(file_); !written)
        log::error("the clock's note cannot be written", {{"reason", written.error().text}});
}

// On disk first: a run that dies between goes on with the time that was decided.
void ClockKeeper::follow(const Adoption& adoption) {
    const Millis ahead = vera_.wall_ahead();
    ClockFacts refused = facts();
    if (ahead.count() < 0) {
        refused.refusal = "the wall clock is " + vera::to_text(-ahead) +
                          " behind VeRA time, which never goes back; set the wall clock right, or "
                          "let it come up";
        return adoption.done(refused);
    }
    ClockFile next = file_;
    next.note.ahead_of_boot = vera_.ahead_of_boot() + ahead;
    next.told_ahead = Millis{0};
    next.steps.push_back({vera_.now(), ahead, adoption.actor, adoption.reason});
    if (next.steps.size() > max_steps) next.steps.erase(next.steps.begin());
    if (auto written = write(next); !written) {
        refused.refusal = "cannot be noted: " + written.error().text;
        return adoption.done(refused);
    }
    file_ = std::move(next);
    vera_.set_ahead_of_boot(file_.note.ahead_of_boot);
    steps_.set(file_.steps);
    log::warn("VeRA time follows the wall clock on an operator's word",
              {{"step_ms", std::to_string(ahead.count())}, {"actor", adoption.actor}});
    adoption.done(facts());
}

Result<void> ClockKeeper::write(const ClockFile& file) {
    const std::string beside = folder_ + "/CLOCK.next";
    auto out = files_.open(beside, host::OpenMode::create);
    if (!out) return fail(out.error().code, out.error().text);
    if (auto done = (*out)->write(0, to_text(file)); !done) return done;
    if (auto done = (*out)->sync(); !done) return done;
    if (auto done = files_.rename(beside, folder_ + "/CLOCK"); !done) return done;
    auto folder = files_.open_folder(folder_);
    if (!folder) return fail(folder.error().code, folder.error().text);
    return (*folder)->sync();
}

}  // namespace vera::ops
