#include "bus/ops/daemon.hpp"

#include "bus/flow/engine.hpp"
#include "bus/store/journal_engine.hpp"
#include "tests/support/captured_stderr.hpp"
#include "tests/support/catch.hpp"

#include <filesystem>
#include <fstream>
#include <functional>
#include <stdlib.h>
#include <string>
#include <unistd.h>

using namespace vera;
using namespace vera::ops;
using namespace std::chrono_literals;

namespace {

/// A folder with a configuration, which goes with the test.
class TempFolder {
public:
    TempFolder() {
        std::string pattern =
            (std::filesystem::temp_directory_path() / "vera-daemon-XXXXXX").string();
        REQUIRE(::mkdtemp(pattern.data()) != nullptr);
        path_ = pattern;
    }
    ~TempFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TempFolder(const TempFolder&) = delete;
    TempFolder& operator=(const TempFolder&) = delete;
    [[nodiscard]] std::string configure(const std::string& more) const {
        const std::string file = path_ + "/vera.yaml";
        std::ofstream(file, std::ios::binary)
            << "listen: [{port: 0, anonymous: true}]\nstore: {segment: 64KiB}\n"
            << more;
        return file;
    }
    void write(const std::string& name, const std::string& text) const {
        const auto file = std::filesystem::path(path_) / name;
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file, std::ios::binary) << text;
    }
    [[nodiscard]] std::string store() const { return path_ + "/data"; }

private:
    std::string path_;
};

std::unique_ptr<Daemon> start(const std::string& file) {
    auto started = Daemon::start({file, false, {}});
    if (!started) FAIL(started.error().text);
    return *std::move(started);
}

class Nobody final : public flow::RecoverySink, public flow::EngineListener {
public:
    void on_queue(flow::QueueSpec) override {}
    void on_ids(std::span<const flow::RecoveredId>) override {}
    void on_event(const flow::RecoveredEvent&) override {}
    void start_over() override {}
    void on_outcome(flow::Outcome) override {}
};

/// Puts an event of that generation into the store.
void store_event(const std::string& path, Generation generation) {
    auto engine = store::open_journal(host::posix_file_system(), {path, 64U << 10U});
    REQUIRE(engine);
    Nobody nobody;
    auto recovery = (*engine)->recover(nobody);
    REQUIRE(recovery);
    (*engine)->start(nobody);
    flow::Batch batch;
    batch.ticket = 1;
    batch.now = recovery->last_stamp;
    flow::EventCommit& event = batch.events.emplace_back();
    event.seq = EventSeq{recovery->last_event.value + 1};
    event.generation = generation;
    event.message = Block::copy_of("x");
    (*engine)->submit(std::move(batch));
    (*engine)->stop();
}

}  // namespace

TEST_CASE("daemon: connections leave descriptors for the rest", "[ops]") {
    CHECK(allowed_connections(20'000, 1U << 20U) == 20'000);
    CHECK(allowed_connections(20'000, 20'256) == 20'000);
    CHECK(allowed_connections(20'000, 20'255) == 19'999);
    CHECK(allowed_connections(20'000, 1024) == 768);
    CHECK(allowed_connections(20'000, 256) == 1);
    CHECK(allowed_connections(20'000, 10) == 1);
    CHECK(allowed_connections(5, 1024) == 5);
}

TEST_CASE("daemon: a reload is refused if it contradicts what only a restart changes", "[ops]") {
    const TempFolder folder;
    const auto daemon =
        start(folder.configure("limits: {event: 1MiB, message: 2MiB}\ndoor: {in_flight: 4MiB}\n"));
    // Fine as a file of its own, but the door that is open stays.
    CHECK_FALSE(([&] {
        (void)folder.configure("limits: {message: 8MiB}\ndoor: {in_flight: 16MiB}\n");
        return daemon->reload().is_applied;
    }()));
    (void)folder.configure("limits: {message: 4MiB}\ndoor: {in_flight: 16MiB}\n");
    CHECK(daemon->reload().is_applied);
    daemon->stop(0ms);
}

TEST_CASE("daemon: a folder of schemas is taken by a reload, a bad one leaves the old generation",
          "[ops]") {
    const TempFolder folder;
    const auto daemon = start(folder.configure(""));
    const std::string plan =
        "syntax = \"proto3\";\npackage plan.v1;\nmessage Plan { string a = 1; }\n";
    const std::string with_schemas =
        "schemas: [skemaer]\nsubscriptions: [{name: planer, types: [plan.v1.Plan]}]\n";
    folder.write("skemaer/plan.proto", plan);
    (void)folder.configure(with_schemas);
    const ReloadReport taken = daemon->reload();
    INFO(to_text(taken.problems));
    REQUIRE(taken.is_applied);

    folder.write("skemaer/plan.proto", plan + "message B { C c = 1; }\n");
    const ReloadReport refused = daemon->reload();
    CHECK_FALSE(refused.is_applied);
    CHECK(refused.after == taken.after);
    REQUIRE(refused.problems.size() == 1);
    CHECK(refused.problems[0].file.ends_with("/skemaer/plan.proto"));
    CHECK(refused.problems[0].line == 4);
    CHECK(refused.problems[0].reason == "column 13: \"C\" is not defined.");
    daemon->stop(0ms);
}

TEST_CASE("daemon: generations go on behind those of the store's events", "[ops]") {
    const TempFolder folder;
    const std::string file = folder.configure("");
    std::string said = vera::test::stderr_of([&] { start(file)->stop(0ms); });
    CHECK(said.find("generation=1 ") != std::string::npos);
    store_event(folder.store(), Generation{41});
    said = vera::test::stderr_of([&] {
        const auto daemon = start(file);
        CHECK(daemon->reload().is_applied);
        daemon->stop(0ms);
    });
    CHECK(said.find("generation=42 ") != std::string::npos);
    CHECK(said.find("generation=43 ") != std::string::npos);
}
