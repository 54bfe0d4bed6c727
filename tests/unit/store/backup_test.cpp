// Copies of a store that runs, and stores made of them.
#include "bus/store/backup.hpp"

#include "bus/store/fsck.hpp"
#include "tests/unit/store/filled_store.hpp"

#include <algorithm>

using namespace vera;
using namespace vera::test;

namespace {

const std::string copy_path = "backup";
const std::string new_path = "restored";

Uuid some_uuid() {
    Uuid uuid;
    uuid.bytes.fill(0x77);
    return uuid;
}

void forget_folder(FaultyFileSystem& files, const std::string& folder) {
    for (const std::string& name : files.names())
        if (name.starts_with(folder + "/")) files.erase(name);
}

/// What the store in `folder` shows; it is opened as a daemon does.
Shown shown_in(FaultyFileSystem& files, const std::string& folder, flow::Recovery& recovery) {
    store::JournalOptions options = busy_options();
    options.path = folder;
    auto opened = open_store(files, options);
    if (!opened) FAIL(opened.error().text);
    recovery = opened->recovery;
    return opened->shown;
}

}  // namespace

TEST_CASE("backup: taken at any moment of the traffic, it holds everything accepted until then",
          "[store]") {
    FilledStore store;
    auto opened = open_store(store.files, busy_options());
    REQUIRE(opened);
    store::Journal& journal = *opened->journal;
    store.declare(journal, 4);
    std::size_t copies = 0;
    for (int i = 0; i < 60; ++i) {
        store.run(journal, 1, 2500);
        if (i % 6 == 5) store.add(journal, store.traffic.settle_most());
        REQUIRE(do_job(store.files, journal, store.traffic.now()) == "");
        journal.retire(store.traffic.now());
        if (i % 4 != 0) continue;
        CAPTURE(i);
        const Timestamp taken = store.traffic.now();
        const auto copy = store::backup_store(store.files, store_path, copy_path, taken);
        if (!copy) FAIL(copy.error().text);
        const Shown then = store.model.shown();
        store.run(journal, 1, 500);  // the original goes on
        const auto checked = store::check_store(store.files, copy_path);
        REQUIRE(checked);
        CHECK(checked->findings.empty());
        CHECK(checked->is_backup);
        CHECK(checked->origin == opened->recovery.store);
        CHECK(checked->origin_time == taken);
        const auto made = store::restore_store(store.files, copy_path, new_path, some_uuid());
        if (!made) FAIL(made.error().text);
        flow::Recovery recovery;
        CHECK(shown_in(store.files, new_path, recovery) == then);
        CHECK(recovery.store == some_uuid());  // it is not its original
        CHECK(recovery.hash_seed == opened->recovery.hash_seed);
        CHECK_FALSE(recovery.was_clean);  // the original may have delivered what waits here
        REQUIRE(recovery.notes.size() == 1);
        CHECK(recovery.notes[0].find(to_text(opened->recovery.store)) != std::string::npos);
        CHECK(shown_in(store.files, new_path, recovery) == then);
        CHECK(recovery.notes.empty());
        forget_folder(store.files, copy_path);
        forget_folder(store.files, new_path);
        ++copies;
    }
    CHECK(copies == 15);
}

TEST_CASE("backup: while it is taken no file of the store goes", "[store]") {
    FilledStore store;
    store.traffic.retention = Millis{0};
    auto opened = open_store(store.files, busy_options());
    REQUIRE(opened);
    store::Journal& journal = *opened->journal;
    store.declare(journal, 2);
    store.run(journal, 40, 2500);
    store.add(journal, store.traffic.settle_all());
    const std::size_t before = journal.live_segments();
    REQUIRE(before > 3);
    std::size_t told = 0;
    const auto copy = store::backup_store(
        store.files, store_path, copy_path, store.traffic.now(), [&](const store::CopyProgress& p) {
            CHECK(p.done_bytes <= p.total_bytes);
            ++told;
            journal.retire(store.traffic.now() + Millis{1000});
            CHECK(journal.live_segments() >= before);
            store.run(journal, 1, 2500);
        });
    REQUIRE(copy);
    CHECK(told >= before);
    CHECK(copy->segments == before);
    store.add(journal, store.traffic.settle_all());
    journal.retire(store.traffic.now() + Millis{1000});
    CHECK(journal.live_segments() < before);
    const auto checked = store::check_store(store.files, copy_path);
    REQUIRE(checked);
    CHECK(checked->findings.empty());
}

TEST_CASE("backup: no daemon runs on one, nothing is overwritten, a store is no backup",
          "[store]") {
    FilledStore store;
    store.fill(10, 500, true);
    REQUIRE(store::backup_store(store.files, store_path, copy_path, Timestamp{5}));
    store::JournalOptions options;
    options.path = copy_path;
    options.segment_bytes = 64U << 10U;
    const auto run = open_store(store.files, options);
    REQUIRE_FALSE(run);
    CHECK(run.error().code == Errc::refused);
    CHECK(run.error().text.find("vera store restore") != std::string::npos);
    const auto twice = store::backup_store(store.files, store_path, copy_path, Timestamp{6});
    REQUIRE_FALSE(twice);
    CHECK(twice.error().code == Errc::refused);
    CHECK(twice.error().text.find("backup is not empty") != std::string::npos);
    const auto over = store::restore_store(store.files, copy_path, store_path, some_uuid());
    REQUIRE_FALSE(over);
    CHECK(over.error().code == Errc::refused);
    const auto no_backup = store::restore_store(store.files, store_path, new_path, some_uuid());
    REQUIRE_FALSE(no_backup);
    CHECK(no_backup.error().code == Errc::refused);
    const auto nothing = store::backup_store(store.files, "elsewhere", new_path, Timestamp{6});
    REQUIRE_FALSE(nothing);
    CHECK(nothing.error().code == Errc::not_found);
    CHECK(nothing.error().text == "there is no store in elsewhere");
    const auto of_backup = store::backup_store(store.files, copy_path, new_path, Timestamp{6});
    REQUIRE_FALSE(of_backup);
    CHECK(of_backup.error().code == Errc::refused);
}

TEST_CASE("backup: of a store that was killed it drops the torn end, of a damaged one it is none",
          "[store]") {
    FilledStore store;
    store.fill(20, 2000, false);
    const std::string active = store.segments().back();
    const auto image = store.files.image();
    std::string bytes = store.files.contents(active);
    const std::size_t end = bytes.find_last_not_of('\0');
    bytes[end] = static_cast<char>(bytes[end] ^ 1);
    store.files.put(active, bytes);
    REQUIRE(store::backup_store(store.files, store_path, copy_path, Timestamp{5}));
    const auto checked = store::check_store(store.files, copy_path);
    REQUIRE(checked);
    CHECK(checked->findings.empty());

    store.files.set_image(image);
    const std::string first = store.segments().front();
    bytes = store.files.contents(first);
    bytes[4096 + 300] = static_cast<char>(bytes[4096 + 300] ^ 1);
    store.files.put(first, bytes);
    REQUIRE(store::backup_store(store.files, store_path, new_path, Timestamp{5}));
    const auto damaged = store::check_store(store.files, new_path);
    REQUIRE(damaged);
    CHECK(damaged->has_damage());  // which is why `vera store backup` checks what it made
}

TEST_CASE("backup: a call that fails leaves the store alone and no copy that passes for one",
          "[store]") {
    const Call call = GENERATE(Call::write,
                               Call::sync,
                               Call::create,
                               Call::open,
                               Call::read,
                               Call::rename,
                               Call::sync_folder,
                               Call::lock,
                               Call::list);
    const Errc code = GENERATE(Errc::io, Errc::unavailable);
    CAPTURE(static_cast<int>(call), static_cast<int>(code));
    FilledStore store;
    store.fill(15, 1500, false, 32U << 10U);
    const auto image = store.files.image();
    std::size_t failures = 0;
    for (std::uint64_t nth = 1;; ++nth) {
        CAPTURE(nth);
        store.files.set_image(image);
        store.files.fail_call(call, nth, code);
        const auto copy = store::backup_store(store.files, store_path, copy_path, Timestamp{5});
        store.files.heal();
        for (const auto& [path, bytes] : image)
            if (path.starts_with(store_path + "/") && !path.ends_with("LOCK") &&
                !path.ends_with("HOLD"))
                REQUIRE(store.files.contents(path) == bytes);
        if (copy) break;
        ++failures;
        const auto made = store::restore_store(store.files, copy_path, new_path, some_uuid());
        // Only when the folder's last sync failed is there a manifest, and then it is whole.
        if (made) CHECK((call == Call::sync_folder));
    }
    CHECK(failures > 0);
}
