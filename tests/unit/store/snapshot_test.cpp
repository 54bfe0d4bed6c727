// Snapshots and rewriting: a start from a snapshot shows what the whole journal would, whatever
// breaks; segments go although somebody is slow, and nothing of what waits changes by it.
#include "bus/store/snapshot.hpp"

#include "bus/store/fsck.hpp"
#include "bus/store/snapshot_file.hpp"
#include "tests/unit/store/filled_store.hpp"

#include <algorithm>
#include <set>

using namespace vera;
using namespace vera::test;

namespace {

using Image = std::map<std::string, std::string>;

std::vector<std::string> parts_of(const FaultyFileSystem& files) {
    std::vector<std::string> found;
    for (const std::string& name : files.names())
        if (name.ends_with(".vsnp")) found.push_back(name);
    return found;
}

/// Traffic with a snapshot at the end of every segment.
void fill_with_snapshots(FilledStore& store, std::size_t batches, bool is_orderly) {
    auto opened = open_store(store.files, busy_options());
    REQUIRE(opened);
    if (store.model.shown().queues.empty()) store.declare(*opened->journal, 4);
    for (std::size_t i = 0; i < batches; ++i) {
        store.run(*opened->journal, 1, 700);
        if (i % 5 == 4) store.add(*opened->journal, store.traffic.settle_most());
        REQUIRE(do_job(store.files, *opened->journal, store.traffic.now()) == "");
    }
    if (is_orderly) opened->journal->close();
    opened->journal.reset();
    store.files.kill_process();
}

/// The manifest as it is on disk.
store::Manifest manifest_of(FaultyFileSystem& files) {
    auto manifest = store::read_manifest(files, {store_path});
    REQUIRE(manifest);
    return *manifest;
}

bool is_anywhere(const FaultyFileSystem& files, const std::string& text) {
    for (const auto& [path, bytes] : files.image())
        if (path.ends_with(".vlog") && bytes.find(text) != std::string::npos) return true;
    return false;
}

}  // namespace

TEST_CASE("snapshot: a start from it shows what the whole journal adds up to", "[store]") {
    const bool is_orderly = GENERATE(true, false);
    CAPTURE(is_orderly);
    FilledStore store;
    store::JournalOptions options = busy_options();
    for (int start = 0; start < 4; ++start) {
        options.starts_with_two = start % 2 == 0;
        fill_with_snapshots(store, 40, is_orderly);
        REQUIRE(manifest_of(store.files).snapshot_end() > 1);
        const auto report = store::check_store(store.files, store_path);
        REQUIRE(report);
        for (const store::FsckFinding& finding : report->findings)
            FAIL_CHECK(finding.file + ": " + finding.text);
        CHECK(report->snapshot.size() >= 2);
        auto again = open_store(store.files, options);
        REQUIRE(again);
        CHECK(again->recovery.notes.empty());
        CHECK(again->recovery.was_clean == is_orderly);
        CHECK(again->recovery.last_event.value == store.model.last_event());
        CHECK(again->shown == store.model.shown());
    }
}

TEST_CASE("snapshot: what it covers is not read again", "[store]") {
    FilledStore store;
    fill_with_snapshots(store, 60, true);
    const store::Manifest manifest = manifest_of(store.files);
    // A record in the middle of a covered segment no longer matters to a start.
    const std::string path = store::StoreNames{store_path}.segment(manifest.segments[1].number);
    std::string bytes = store.files.contents(path);
    const std::size_t settled = bytes.find("laesoe-omsorg");
    REQUIRE(settled != std::string::npos);
    bytes[settled] = 'x';
    store.files.put(path, bytes);
    auto again = open_store(store.files, busy_options());
    REQUIRE(again);
    CHECK(again->shown == store.model.shown());
    again->journal.reset();
    const auto report = store::check_store(store.files, store_path);
    REQUIRE(report);
    CHECK(report->has_damage());  // the check from outside still reads all of it
}

TEST_CASE("snapshot: ids outlive their events' segments, and leave when their window is over",
          "[store]") {
    FilledStore store;
    store.traffic.retention = Millis{0};
    store::JournalOptions options = busy_options();
    options.ids.window = Millis{60'000};
    auto opened = open_store(store.files, options);
    REQUIRE(opened);
    store.declare(*opened->journal, 2);
    const auto go_on = [&](int batches) {
        for (int i = 0; i < batches; ++i) {
            store.run(*opened->journal, 1, 2000);
            store.add(*opened->journal, store.traffic.settle_all());
            REQUIRE(do_job(store.files, *opened->journal, store.traffic.now()) == "");
            opened->journal->retire(store.traffic.now());
        }
    };
    go_on(60);
    CHECK(opened->journal->live_segments() < 5);
    // Merged as they grow: few files, whatever the number of snapshots.
    CHECK(parts_of(store.files).size() < 10);
    opened->journal.reset();
    store.files.kill_process();
    opened = open_store(store.files, options);
    REQUIRE(opened);
    CHECK(opened->shown.ids == store.model.shown().ids);

    store.traffic.advance(Millis{120'000});
    go_on(60);
    opened->journal.reset();
    store.files.kill_process();
    const auto again = open_store(store.files, options);
    REQUIRE(again);
    CHECK(again->shown.ids.size() < store.model.shown().ids.size());
    for (const auto& [id, known] : store.model.shown().ids)
        if (store.traffic.now() - known.second < options.ids.window)
            CHECK(again->shown.ids.contains(id));
}

TEST_CASE("snapshot: a flipped bit anywhere in it is named, and the journal is read instead",
          "[store]") {
    FilledStore store;
    fill_with_snapshots(store, 25, false);
    const Image image = store.files.image();
    std::size_t bit = 0, flips = 0;
    for (const std::string& path : parts_of(store.files)) {
        const std::string& bytes = image.at(path);
        for (std::size_t at = 0; at < bytes.size(); at += 37) {
            CAPTURE(path, at);
            std::string flipped = bytes;
            flipped[at] = static_cast<char>(flipped[at] ^ (1 << (bit++ % 8)));
            store.files.put(path, flipped);
            store::JournalOptions options = busy_options();
            options.starts_with_two = bit % 2 == 0;
            auto opened = open_store(store.files, options);
            if (!opened) FAIL(opened.error().text);
            if (opened->shown != store.model.shown()) FAIL("it shows something else");
            if (opened->recovery.notes.empty() ||
                opened->recovery.notes[0].find(path) == std::string::npos)
                FAIL("the broken part was not named");
            opened->journal.reset();
            store.files.set_image(image);
            ++flips;
        }
    }
    CHECK(flips > 200);
}

TEST_CASE("snapshot: missing, cut, grown, swapped, stale and foreign parts are named", "[store]") {
    FilledStore store;
    fill_with_snapshots(store, 25, true);
    const Image early = store.files.image();
    fill_with_snapshots(store, 25, true);
    const Image image = store.files.image();
    FilledStore other(8);
    fill_with_snapshots(other, 50, true);
    const Image foreign = other.files.image();
    const auto parts = parts_of(store.files);
    REQUIRE(parts.size() >= 2);
    const auto stale = std::ranges::find_if(
        early, [](const auto& entry) { return entry.first.ends_with(".vsnp"); });
    const auto strange = std::ranges::find_if(
        foreign, [](const auto& entry) { return entry.first.ends_with(".vsnp"); });
    REQUIRE((stale != early.end() && strange != foreign.end()));
    for (const std::string& part : parts) {
        const std::string& bytes = image.at(part);
        const std::string& next = image.at(part == parts[0] ? parts[1] : parts[0]);
        struct Row {
            std::string name, contents;
        };
        for (const Row& row : {Row{"missing", ""},
                               Row{"cut", bytes.substr(0, bytes.size() - 8)},
                               Row{"grown", bytes + std::string(8, '\0')},
                               Row{"swapped", next},
                               Row{"stale", stale->second},
                               Row{"foreign", strange->second},
                               Row{"zeros", std::string(bytes.size(), '\0')}}) {
            CAPTURE(row.name, part);
            if (row.contents.empty())
                store.files.erase(part);
            else
                store.files.put(part, row.contents);
            auto opened = open_store(store.files, busy_options());
            REQUIRE(opened);
            CHECK(opened->shown == store.model.shown());
            REQUIRE_FALSE(opened->recovery.notes.empty());
            CHECK(opened->recovery.notes[0].find("the snapshot is of no use") == 0);
            CHECK(opened->recovery.notes[0].find(part) != std::string::npos);
            opened->journal.reset();
            store.files.set_image(image);
        }
    }
}

TEST_CASE("snapshot: with it broken and the journal too, the segment is named and it does not open",
          "[store]") {
    FilledStore store;
    fill_with_snapshots(store, 25, true);
    const std::string segment = store.segments().front();
    std::string bytes = store.files.contents(segment);
    bytes[4096 + 200] = static_cast<char>(bytes[4096 + 200] ^ 1);
    store.files.put(segment, bytes);
    store.files.erase(parts_of(store.files).front());
    const auto opened = open_store(store.files, busy_options());
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == Errc::corrupt);
    CHECK(opened.error().text.starts_with(segment + " at offset"));
}

TEST_CASE("snapshot: covered segments that are missing, cut, stale or swapped are refused by name",
          "[store]") {
    FilledStore store;
    fill_with_snapshots(store, 12, true);
    const Image early = store.files.image();
    const std::string active = store.segments().back();
    fill_with_snapshots(store, 40, true);
    const Image image = store.files.image();
    const store::Manifest manifest = manifest_of(store.files);
    std::size_t rows = 0;
    for (const store::ManifestEntry& entry : manifest.segments) {
        if (entry.number > manifest.snapshot_end()) break;
        const std::string path = store::StoreNames{store_path}.segment(entry.number);
        const std::string other =
            path == store.segments()[0] ? store.segments()[1] : store.segments()[0];
        std::vector<std::string> contents{
            "", image.at(path).substr(0, image.at(path).size() - 4096), image.at(other)};
        if (path == active) contents.push_back(early.at(path));
        for (const std::string& one : contents) {
            if (one == image.at(path)) continue;
            if (one.empty())
                store.files.erase(path);
            else
                store.files.put(path, one);
            const auto opened = open_store(store.files, busy_options());
            CAPTURE(path, one.size());
            REQUIRE_FALSE(opened);
            CHECK(opened.error().text.find(path) != std::string::npos);
            store.files.set_image(image);
            ++rows;
        }
    }
    CHECK(rows > 6);
}

namespace {

/// A life with snapshots and rewriting, in which from the `nth` call of a kind on something breaks.
struct JobLife {
    FilledStore store;
    std::string wrong;
    std::optional<flow::Batch> unsure;

    /// false: the call did not come.
    bool run(Call call, std::uint64_t nth, Errc code, bool forever) {
        store.traffic.retention = Millis{20};
        auto opened = open_store(store.files, busy_options());
        REQUIRE(opened);
        store::Journal& journal = *opened->journal;
        store.declare(journal, 3);
        const std::uint64_t before = store.files.calls(call);
        store.files.fail_call(call, nth, code, forever);
        for (int i = 0; i < 40 && journal.seal_reason().empty(); ++i) {
            add(journal,
                i % 4 == 3 ? store.traffic.settle_most() : store.traffic.batch(2, 1500, 2));
            (void)do_job(store.files, journal, store.traffic.now(), [&] {
                if (journal.seal_reason().empty()) add(journal, store.traffic.batch(1, 100, 2));
            });
            store.traffic.advance(Millis{10});
            journal.retire(store.traffic.now());
        }
        return store.files.calls(call) >= before + nth;
    }

    std::string verdict() {
        auto again = open_store(store.files, busy_options());
        if (!again) return "does not open: " + again.error().text;
        const auto is_it = [&](const Model& model) {
            const Timestamp now = store.traffic.now();
            return Model::without_retired(again->shown, model.retain(), now) ==
                   Model::without_retired(model.shown(), model.retain(), now);
        };
        if (is_it(store.model)) return {};
        if (unsure) {
            Model with = store.model;
            with.apply(*unsure);
            if (is_it(with)) return {};
        }
        return "shows something else than what was accepted";
    }

private:
    void add(store::Journal& journal, const flow::Batch& batch) {
        const flow::Outcome outcome = commit(journal, {batch})[0];
        if (outcome.ok) {
            store.model.apply(batch);
            store.traffic.stored(batch);
        } else if (outcome.error.code == Errc::io && !unsure) {
            unsure = batch;
        }
    }
};

}  // namespace

TEST_CASE("snapshot: a call that fails once in a snapshot or while rewriting loses nothing",
          "[store]") {
    const Call call = GENERATE(Call::write,
                               Call::sync,
                               Call::create,
                               Call::rename,
                               Call::remove,
                               Call::sync_folder,
                               Call::open,
                               Call::read,
                               Call::lock);
    const Errc code = GENERATE(Errc::io, Errc::unavailable);
    CAPTURE(static_cast<int>(call), static_cast<int>(code));
    std::uint64_t lives = 0;
    for (std::uint64_t nth = 1;; nth += 1 + nth / 12) {
        CAPTURE(nth);
        JobLife life;
        const bool has_failed = life.run(call, nth, code, false);
        life.store.files.heal();
        life.store.files.kill_process();
        std::mt19937_64 random(nth);
        life.store.files.lose_power(Loss::random, random);
        const std::string verdict = life.verdict();
        if (!verdict.empty()) FAIL(verdict);
        ++lives;
        if (!has_failed) break;
    }
    CHECK(lives > 3);
}

TEST_CASE("snapshot: the power may go at any call of a snapshot or of rewriting", "[store]") {
    const Call call =
        GENERATE(Call::write, Call::sync, Call::create, Call::rename, Call::sync_folder);
    const Loss loss = GENERATE(Loss::all, Loss::nothing, Loss::random);
    CAPTURE(static_cast<int>(call), static_cast<int>(loss));
    std::uint64_t lives = 0;
    for (std::uint64_t nth = 1;; nth += 1 + nth / 12) {
        CAPTURE(nth);
        JobLife life;
        const bool has_failed = life.run(call, nth, Errc::io, true);
        life.store.files.heal();
        std::mt19937_64 random(nth * 7);
        life.store.files.lose_power(loss, random);
        const std::string verdict = life.verdict();
        if (!verdict.empty()) FAIL(verdict);
        ++lives;
        if (!has_failed) break;
    }
    CHECK(lives > 3);
}

TEST_CASE("rewriting: a subscriber that is slow does not keep the segments behind its copies",
          "[store]") {
    FilledStore store;
    store.traffic.retention = Millis{0};
    auto opened = open_store(store.files, busy_options());
    REQUIRE(opened);
    store::Journal& journal = *opened->journal;
    store.declare(journal, 3);
    flow::Batch slow = store.traffic.batch(0, 0, 0);
    for (int i = 0; i < 6; ++i) {
        slow.events.push_back(store.traffic.event(500, 2));
        slow.events.back().unrouted_reason = "sub/koe-1: types";
    }
    const flow::Outcome outcome = commit(journal, {slow})[0];
    REQUIRE(outcome.ok);
    store.model.apply(slow);  // Traffic does not know of them: nobody settles them
    for (int i = 0; i < 120; ++i) {
        store.run(journal, 1, 3000);
        store.add(journal, store.traffic.settle_all());
        journal.retire(store.traffic.now());
        // Their states change while they are carried.
        std::uint32_t version = 0;
        REQUIRE(do_job(
                    store.files,
                    journal,
                    store.traffic.now(),
                    [&] {
                        if (i != 40 || ++version > 2) return;
                        flow::Batch change = store.traffic.batch(0, 0, 0);
                        flow::Transition& one = change.transitions.emplace_back();
                        one.copy = slow.events[0].copies[0].seq;
                        one.event = slow.events[0].seq;
                        one.queue = slow.events[0].copies[0].queue;
                        one.version = version;
                        one.state = version == 2 ? flow::CopyState::dead : flow::CopyState::waiting;
                        one.attempts = version;
                        one.at = store.traffic.now();
                        if (version == 2) one.reason = "max-attempts";
                        store.add(journal, change);
                    },
                    600) == "");
    }
    CHECK(journal.live_segments() < 8);
    CHECK(manifest_of(store.files).segments.front().number > 20);
    // The places that were told first are good for ever.
    for (std::size_t i = 0; i < slow.events.size(); ++i) {
        const auto body = journal.bodies().fetch(outcome.bodies[i]);
        if (!body) FAIL(body.error().text);
        CHECK(body->view() == slow.events[i].message.view());
        CHECK(journal.bodies().fetch_now(outcome.bodies[i]));
    }
    opened->journal.reset();
    store.files.kill_process();
    auto again = open_store(store.files, busy_options());
    REQUIRE(again);
    CHECK(again->shown.events == store.model.shown().events);
    REQUIRE(again->shown.events.size() == 6);

    SECTION("settled, they go") {
        flow::Batch done = store.traffic.batch(0, 0, 0);
        for (const auto& [seq, event] : again->shown.events)
            for (const auto& [copy, of] : event.copies) {
                flow::Transition& one = done.transitions.emplace_back();
                one.copy.value = copy;
                one.event.value = seq;
                one.queue = of.queue;
                one.version = of.version + 1;
                one.state = flow::CopyState::settled;
            }
        REQUIRE(commit(*again->journal, {done})[0].ok);
        again->journal->retire(store.traffic.now());
        CHECK(again->journal->live_segments() <= 2);
    }
    SECTION("without the snapshot the journal tells the same") {
        again->journal.reset();
        store.files.kill_process();
        for (const std::string& part : parts_of(store.files))
            store.files.erase(part);
        const auto alone = open_store(store.files, busy_options());
        REQUIRE(alone);
        CHECK_FALSE(alone->recovery.notes.empty());
        CHECK(alone->shown.events == store.model.shown().events);
    }
}

TEST_CASE("rewriting: full segments are left alone", "[store]") {
    FilledStore store;
    store.traffic.retention = Millis{0};
    auto opened = open_store(store.files, busy_options(128U << 10U));
    REQUIRE(opened);
    store.declare(*opened->journal, 2);
    for (int i = 0; i < 120; ++i) {
        flow::Batch batch = store.traffic.batch(0, 0, 0);
        batch.events.push_back(store.traffic.event(3700, 1));
        store.add(*opened->journal, batch);
        opened->journal->retire(store.traffic.now());
        REQUIRE(do_job(store.files, *opened->journal, store.traffic.now()) == "");
    }
    CHECK(manifest_of(store.files).segments.front().number == 1);
}

TEST_CASE("retention: payload is gone a day after its own clock, the rest of its segment stays",
          "[store]") {
    constexpr Millis day{86'400'000};
    FilledStore store;
    auto opened = open_store(store.files, busy_options());
    REQUIRE(opened);
    store::Journal& journal = *opened->journal;
    store.declare(journal, 2);
    // Alike in one segment: short and long retention, settled and waiting.
    struct Row {
        const char* text;
        int days;
        std::uint32_t copies;
    };
    for (const Row& row : {Row{"kort og afsluttet", 7, 0},
                           Row{"kort og ventende", 7, 1},
                           Row{"lang og afsluttet", 30, 0},
                           Row{"lang og ventende", 30, 1}}) {
        flow::Batch batch = store.traffic.batch(0, 0, 0);
        batch.events.push_back(store.traffic.event(10, row.copies));
        batch.events[0].message = Block::copy_of(row.text);
        batch.events[0].retain_until = store.traffic.now() + row.days * day;
        store.add(journal, batch);
    }
    const auto live = [&](Millis by) {
        store.traffic.advance(by);
        for (int i = 0; i < 4; ++i) {
            journal.retire(store.traffic.now());
            REQUIRE(do_job(store.files, journal, store.traffic.now()) == "");
        }
        journal.retire(store.traffic.now());
        std::set<std::string> there;
        for (const char* text :
             {"kort og afsluttet", "kort og ventende", "lang og afsluttet", "lang og ventende"})
            if (is_anywhere(store.files, text)) there.insert(text);
        return there;
    };
    using Texts = std::set<std::string>;
    CHECK(live(7 * day).size() == 4);
    CHECK(live(day + Millis{1000}) ==
          Texts{"kort og ventende", "lang og afsluttet", "lang og ventende"});
    CHECK(live(24 * day) == Texts{"kort og ventende", "lang og ventende"});
    store.add(journal, store.traffic.settle_all());
    // What was settled late goes when it is looked at next.
    CHECK(live(20 * day).empty());
    opened->journal.reset();
    store.files.kill_process();
    const auto again = open_store(store.files, busy_options());
    REQUIRE(again);
    CHECK(again->shown.events.empty());
}

namespace {

std::string hex(std::string_view bytes) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string text;
    for (const char c : bytes) {
        text += digits[static_cast<unsigned char>(c) >> 4U];
        text += digits[static_cast<unsigned char>(c) & 15U];
    }
    return text;
}

std::string used(const std::string& bytes) {
    return bytes.substr(0, bytes.find_last_not_of('\0') + 1);
}

}  // namespace

TEST_CASE("snapshot: its files have the bytes that FORMAT.md draws", "[store]") {
    FaultyFileSystem files;
    Uuid uuid;
    for (std::size_t i = 0; i < uuid.bytes.size(); ++i)
        uuid.bytes[i] = static_cast<std::uint8_t>(i);
    const store::StoreNames names{store_path};
    flow::RecoveredEvent event;
    event.seq.value = 5;
    event.leaf.value = 6;
    event.accepted.ms = 1'795'000'000'000;
    event.expiry.ms = 1'795'000'060'000;
    event.order_key = 0x1111111111111111;
    event.body = {std::uint64_t{3} << 32U | 4096U, 200, 150};
    event.message_bytes = 44;
    event.unrouted_reason = "nej";
    event.copies.resize(2);
    event.copies[0].seq.value = 8;
    event.copies[0].queue.value = 2;
    event.copies[0].due.ms = 77;
    event.copies[0].was_acquired = true;
    event.copies[1].seq.value = 9;
    event.copies[1].queue.value = 3;
    event.copies[1].version = 4;
    event.copies[1].attempts = 10;
    event.copies[1].state = flow::CopyState::dead;
    event.copies[1].died.ms = 99;
    event.copies[1].reason = "expired";
    event.copies[1].error = "fejl";
    auto writer = store::SnapshotWriter::make(files, names, uuid, store::SnapshotKind::live, 7);
    REQUIRE(writer);
    REQUIRE(writer->add(event));
    const auto live =
        writer->finish({store::SnapshotKind::live, 7, 2, 3, 0, 0, 0, {}}, Generation{12});
    REQUIRE(live);
    auto ids = store::SnapshotWriter::make(files, names, uuid, store::SnapshotKind::ids, 7);
    REQUIRE(ids);
    REQUIRE(ids->add(flow::RecoveredId{21, 22, Timestamp{23}}));
    const auto parts =
        ids->finish({store::SnapshotKind::ids, 7, 2, 3, 0, 0, 0, {}}, Generation{12});
    REQUIRE(parts);

    const std::string live_bytes = files.contents(names.snapshot(store::SnapshotKind::live, 7));
    CHECK(hex(used(live_bytes.substr(0, 4096))) ==
          "98e24423db40acfa56455241736e61700300000001000000000102030405060708090a0b0c0d0e0f"
          "07000000020000000300000000000000b8100000000000000100000000000000a98cab393d9a0f03"
          "0c");
    CHECK(hex(live_bytes.substr(4096)) ==
          "26c498053b8af755b80000000100000005000000000000000600000000000000005e56eea1010000"
          "604857eea101000011111111111111110300000000100000c8000000960000002c00000002000000"
          "030000000000000008000000000000000200000000000000000000000a0000004d00000000000000"
          "090000000000000003000000040000000a0000000100000063000000000000000700040000000000"
          "6578706972656466656a6c00000000006e656a0000000000");
    const std::string id_bytes = files.contents(names.snapshot(store::SnapshotKind::ids, 7));
    CHECK(hex(used(id_bytes.substr(0, 4096))) ==
          "3ed8b38b72f2ba5656455241736e61700300000002000000000102030405060708090a0b0c0d0e0f"
          "070000000200000003000000000000002810000000000000010000000000000089b2f13388f92feb"
          "0c0000000000000017");
    CHECK(hex(id_bytes.substr(4096)) ==
          "2ee0823e559819c72800000001000000150000000000000016000000000000001700000000000000");

    auto reader = store::SnapshotReader::open(files, names, uuid, *live);
    REQUIRE(reader);
    REQUIRE(reader->verify());
    CHECK(reader->last_generation() == Generation{12});
    flow::RecoveredEvent back;
    const auto first = reader->next(back);
    REQUIRE(first);
    REQUIRE(*first);
    CHECK(back.body == event.body);
    CHECK(back.unrouted_reason == "nej");
    CHECK(back.copies[0].due.ms == 77);
    CHECK(back.copies[1].error == "fejl");
    const auto last = reader->next(back);
    if (!last) FAIL(last.error().text);
    CHECK_FALSE(*last);

    store::Manifest manifest;
    manifest.store = uuid;
    manifest.hash_seed = 0x2222222222222222;
    manifest.sequence = 31;
    manifest.last_number = 3;
    manifest.last_snapshot = 7;
    manifest.kind = store::Manifest::Kind::backup;
    manifest.instance = uuid;
    manifest.origin = uuid;
    manifest.origin_time.ms = 1'795'000'000'000;
    manifest.segments = {{2, true, 41, 8192, 42, Timestamp{43}, Timestamp{44}},
                         {3, false, 42, 12288, 45, {}, {}}};
    manifest.snapshot = {*live, *parts};
    const std::string encoded = store::encode(manifest, 4096);
    CHECK(hex(used(encoded)) ==
          "31e78cd49634eba0564552416d616e690300000000100000000102030405060708090a0b0c0d0e0f"
          "22222222222222221f00000000000000000000000200000003000000020000000700000001000000"
          "000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f005e56eea1010000"
          "00000000000000000200000001000000290000000000000000200000000000002a00000000000000"
          "2b000000000000002c0000000000000003000000000000002a000000000000000030000000000000"
          "2d000000000000000000000000000000000000000000000001000000070000000200000003000000"
          "b8100000000000000100000000000000a98cab393d9a0f0300000000000000000200000007000000"
          "02000000030000002810000000000000010000000000000089b2f13388f92feb17");
    const auto decoded = store::decode_manifest(encoded, "m");
    REQUIRE(decoded);
    CHECK(*decoded == manifest);
}

TEST_CASE("snapshot: a carried event has the bytes that FORMAT.md draws", "[store]") {
    store::EventView event;
    event.seq.value = 5;
    event.leaf.value = 6;
    event.generation.value = 7;
    event.accepted.ms = 1'795'000'000'000;
    event.retain_until.ms = 1'797'592'000'000;
    event.order_key = 8;
    event.id_hash = 9;
    event.bytes_hash = 10;
    event.salt.fill(0x44);
    event.message = "besked";
    event.audit_record = "blad";
    event.unrouted_reason = "nej";
    std::vector<flow::RecoveredCopy> copies(1);
    copies[0].seq.value = 11;
    copies[0].queue.value = 12;
    copies[0].version = 13;
    copies[0].attempts = 14;
    copies[0].due.ms = 15;
    copies[0].died.ms = 16;
    copies[0].state = flow::CopyState::dead;
    copies[0].was_acquired = true;
    copies[0].reason = "expired";
    copies[0].error = "fejl";
    store::GroupWriter writer;
    writer.begin(3, 1, 4096, {10, 20, 0x5555}, store::encoded_bytes(event, copies));
    const flow::BodyRef ref = writer.add(event, copies, Timestamp{17});
    const std::string group(writer.finish(Timestamp{18}, 0));
    const std::string record = group.substr(0, ref.b);
    CHECK(hex(record) ==
          "9c2cbd26f75990c4e000000007010000140000000000000005000000000000000600000000000000"
          "0700000000000000005e56eea101000000000000000000000026d588a20100000800000000000000"
          "09000000000000000a0000000000000044444444444444444444444444444444da00000006000000"
          "0100000003000000040000000000000011000000000000000b000000000000000f00000000000000"
          "000000000000000010000000000000000c0000000d0000000e000000070004000101000000000000"
          "6578706972656466656a6c6e656a626c61646265736b6564");
    CHECK(record.substr(ref.c, 6) == "besked");
    const auto back = store::decode_carried(record);
    REQUIRE(back);
    CHECK(back->event.message == "besked");
    CHECK(back->event.unrouted_reason == "nej");
    CHECK(back->carried.ms == 17);
    REQUIRE(back->copies.size() == 1);
    CHECK(back->copies[0].error == "fejl");
    CHECK(back->copies[0].reason == "expired");

    // Lengths that lie are refused, never followed.
    std::size_t refused = 0;
    for (std::size_t word = 24; word + 4 <= record.size(); ++word)
        for (const std::uint32_t value : {0xffffffffU, 0x80000000U, 0xffffU, 1U, 0U}) {
            const auto bytes = std::make_unique<char[]>(record.size());
            std::copy(record.begin(), record.end(), bytes.get());
            store::put(bytes.get() + word, value);
            if (!store::decode_carried({bytes.get(), record.size()})) ++refused;
        }
    CHECK(refused > 60);
}

namespace {

/// Everything that a state says of events, as text.
std::string told(store::RecoveryState& state) {
    std::string text;
    state.finish();
    const auto done = state.each_event({}, [&](const flow::RecoveredEvent& event) {
        text += std::to_string(event.seq.value) + "@" + std::to_string(event.body.a);
        for (const flow::RecoveredCopy& copy : event.copies)
            text += " " + std::to_string(copy.seq.value) + "v" + std::to_string(copy.version);
        text += "\n";
    });
    REQUIRE(done);
    return text + std::to_string(state.transitions()) + " " + std::to_string(state.ids().size());
}

}  // namespace

TEST_CASE("snapshot: a segment read in parts says what it says as a whole, damage too", "[store]") {
    FilledStore filled;
    filled.fill(60, 9000, true, 128U << 10U);
    const store::StoreNames names{store_path};
    const auto manifest = store::read_manifest(filled.files, names);
    REQUIRE(manifest);
    REQUIRE(manifest->segments.size() > 3);
    const std::uint32_t first = manifest->segments.front().number;
    const std::uint32_t last = manifest->segments[manifest->segments.size() - 2].number;
    const auto read = [&](std::uint64_t part_bytes, std::string& text) -> Result<void> {
        store::RecoveryState state;
        auto done =
            store::read_segments(filled.files, names, *manifest, first, last, state, part_bytes);
        if (done) text = told(state);
        return done;
    };
    std::string whole;
    REQUIRE(read(1U << 20U, whole));
    CHECK(whole.size() > 1000);
    // One page is less than most groups have, so parts grow; 128 KiB hold a segment exactly.
    const std::uint64_t part_bytes = GENERATE(4096U, 8192U, 20480U, 65536U, 131072U);
    std::string parts;
    REQUIRE(read(part_bytes, parts));
    CHECK((parts == whole));

    // A wrong bit anywhere is found where the whole read finds it.
    const std::string path = names.segment(last);
    const std::uint64_t end = manifest->segments[manifest->segments.size() - 2].end;
    const std::string sound = filled.files.contents(path);
    std::mt19937_64 random(11);
    for (int i = 0; i < 60; ++i) {
        const std::uint64_t at = random() % end;
        std::string broken = sound;
        broken[at] = static_cast<char>(broken[at] ^ (1 << random() % 8));
        filled.files.put(path, broken);
        std::string text;
        const auto one = read(1U << 20U, text), other = read(part_bytes, text);
        INFO("byte " << at);
        REQUIRE_FALSE(one);
        REQUIRE_FALSE(other);
        CHECK(one.error().text == other.error().text);
    }
}
