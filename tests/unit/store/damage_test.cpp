// Damage to the files of a store that is not running: found and named, or without effect; never
// another content.
#include "bus/store/scan.hpp"
#include "tests/unit/store/filled_store.hpp"

#include <algorithm>
#include <iostream>

using namespace vera;
using namespace vera::test;

namespace {

using Image = std::map<std::string, std::string>;

/// What became of a damaged store.
enum class Found : std::uint8_t { refused, noted, harmless, silent };

/// Opens the image as it is now and compares. `want`: what must be shown if nothing was said;
/// `drops_tail`: a note that the last group was dropped excuses the loss of that group alone.
Found look(FaultyFileSystem& files,
           const Shown& want,
           const Shown& want_dropped,
           std::uint64_t segment_bytes,
           std::string& text) {
    auto opened = open_store(files, segment_bytes);
    if (!opened) {
        text = opened.error().text;
        return Found::refused;
    }
    text = opened->recovery.notes.empty() ? "" : opened->recovery.notes[0];
    if (opened->shown == want)
        return opened->recovery.notes.empty() ? Found::harmless : Found::noted;
    return !text.empty() && opened->shown == want_dropped ? Found::noted : Found::silent;
}

/// As look, but first without the cost of opening: reading alone finds nearly everything.
Found look_fast(FaultyFileSystem& files,
                const Image& image,
                const std::string& path,
                std::string bytes,
                const Shown& want,
                const Shown& want_dropped,
                std::uint64_t segment_bytes,
                std::string& text) {
    files.put(path, std::move(bytes));
    {
        store::RecoveryState state;
        const auto scan = store::scan_store(files, {store_path}, state);
        if (!scan) text = scan.error().text;
        const store::Finding* damage = scan ? scan->first_damage() : nullptr;
        if (damage != nullptr) text = damage->to_text();
        if (!scan || damage != nullptr) {
            files.put(path, image.at(path));
            return Found::refused;
        }
    }
    const Found found = look(files, want, want_dropped, segment_bytes, text);
    files.set_image(image);
    return found;
}

constexpr std::uint64_t small = 32U << 10U;

struct FlipCount {
    std::size_t refused = 0, noted = 0, harmless = 0;
};

/// Flips one bit in every `step`-th byte of every file of the store.
FlipCount flip_all(bool is_orderly, std::size_t step) {
    FilledStore store;
    store.fill(9, 700, is_orderly, small);
    Shown before_last = store.model.shown();
    {
        auto opened = open_store(store.files, small);
        REQUIRE(opened);
        store.run(*opened->journal, 1, 700);
        if (is_orderly) opened->journal->close();
    }
    store.files.kill_process();
    REQUIRE(store.segments().size() >= 2);
    const Image image = store.files.image();
    FlipCount count;
    std::size_t bit = 0;
    for (const auto& [path, bytes] : image) {
        if (path.ends_with("LOCK") || path.ends_with(".next") || path.ends_with(".tmp")) continue;
        for (std::size_t at = 0; at < bytes.size(); at += step) {
            std::string flipped = bytes;
            flipped[at] = static_cast<char>(flipped[at] ^ (1 << (bit++ % 8)));
            std::string text;
            const Found found = look_fast(store.files,
                                          image,
                                          path,
                                          std::move(flipped),
                                          store.model.shown(),
                                          before_last,
                                          small,
                                          text);
            if (found == Found::silent ||
                (found != Found::harmless && text.find(path) == std::string::npos)) {
                CAPTURE(path, at, text);
                FAIL("a flipped bit was not named");
            }
            if (found == Found::refused) ++count.refused;
            if (found == Found::noted) ++count.noted;
            if (found == Found::harmless) ++count.harmless;
        }
    }
    return count;
}

}  // namespace

TEST_CASE("damage: a flipped bit anywhere is named or changes nothing", "[store]") {
    const bool is_orderly = GENERATE(true, false);
    CAPTURE(is_orderly);
    const FlipCount count = flip_all(is_orderly, 29);
    CHECK(count.refused > 500);
    if (is_orderly) CHECK(count.noted > 0);  // behind the end
}

TEST_CASE("damage: a flipped bit in every byte is named or changes nothing", "[.][long][store]") {
    const bool is_orderly = GENERATE(true, false);
    const FlipCount count = flip_all(is_orderly, 1);
    std::cout << "flips refused " << count.refused << ", noted " << count.noted << ", harmless "
              << count.harmless << "\n";
    CHECK(count.refused > 5000);
}

namespace {

enum class Tear : std::uint8_t { cut, zeros, garbage };

/// Tears the last group of an unclean store at every `step`-th byte.
void tear_all(Tear tear, std::size_t step) {
    FilledStore store;
    store.fill(5, 500, false);
    const Shown without = store.model.shown();
    const std::string active = store.segments().back();
    std::size_t begin = 0;
    {
        store::RecoveryState state;
        const auto scan = store::scan_store(store.files, {store_path}, state);
        REQUIRE(scan);
        begin = scan->segments.back().entry.end;
    }
    {
        auto opened = open_store(store.files);
        REQUIRE(opened);
        store.run(*opened->journal, 1, 0);
        flow::Batch batch = store.traffic.batch(6, 1500, 4);
        // Made again by hand: the last group is one of many pages with every kind of record.
        batch.queues.push_back(make_queue(9, "sub/ny"));
        store.add(*opened->journal, batch);
    }
    store.files.kill_process();
    const Shown with = store.model.shown();
    store::RecoveryState state;
    const auto scan = store::scan_store(store.files, {store_path}, state);
    REQUIRE(scan);
    REQUIRE(scan->segments.back().entry.end > begin);
    const std::size_t group = scan->last_group.offset;
    const std::size_t end = scan->segments.back().entry.end;
    Shown one_less = without;
    {
        // What the store shows without its last group.
        std::string bytes = store.files.contents(active);
        const Image image = store.files.image();
        std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(group), bytes.end(), '\0');
        store.files.put(active, bytes);
        auto opened = open_store(store.files);
        REQUIRE(opened);
        one_less = opened->shown;
        opened->journal.reset();
        store.files.set_image(image);
    }
    REQUIRE(one_less != with);

    const Image image = store.files.image();
    std::mt19937_64 random(3);
    for (std::size_t at = group; at < end; at += step) {
        std::string bytes = image.at(active);
        if (tear == Tear::cut || tear == Tear::zeros)
            std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(at), bytes.end(), '\0');
        if (tear == Tear::garbage)
            for (std::size_t i = at; i < end; ++i)
                bytes[i] = static_cast<char>(random());
        if (tear == Tear::zeros) {
            // The end is there, the beginning is not: sectors reach the disk in any order.
            bytes = image.at(active);
            std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(group),
                      bytes.begin() + static_cast<std::ptrdiff_t>(at) + 1,
                      '\0');
        }
        store.files.put(active, bytes);
        CAPTURE(at, group, end);
        auto opened = open_store(store.files);
        if (!opened) FAIL(opened.error().text);
        const bool is_whole = opened->shown == with;
        if (!is_whole && opened->shown != one_less) FAIL("half a group was applied");
        const bool is_left = bytes.find_first_not_of('\0', group) != std::string::npos;
        if (!is_whole && is_left && opened->recovery.notes.empty())
            FAIL("a dropped group was not told");
        if (!is_whole && !opened->recovery.notes.empty() &&
            opened->recovery.notes[0].find(active + " at offset " + std::to_string(group)) ==
                std::string::npos)
            FAIL(opened->recovery.notes[0]);
        // It goes on, and the next start finds nothing to mend.
        flow::Batch more;
        more.ticket = 1;
        more.queues.push_back(make_queue(20, "sub/videre"));
        if (!commit(*opened->journal, {more})[0].ok) FAIL("it does not go on");
        opened->journal.reset();
        auto again = open_store(store.files);
        if (!again) FAIL(again.error().text);
        if (!again->recovery.notes.empty() || again->shown.queues.count(20) != 1)
            FAIL("the torn group came up again");
        again->journal.reset();
        store.files.set_image(image);
    }
}

}  // namespace

TEST_CASE("damage: a last group torn anywhere is dropped whole, and the store goes on", "[store]") {
    const Tear tear = GENERATE(Tear::cut, Tear::zeros, Tear::garbage);
    CAPTURE(static_cast<int>(tear));
    tear_all(tear, 61);
}

TEST_CASE("damage: a last group torn at every byte is dropped whole, and the store goes on",
          "[.][long][store]") {
    const Tear tear = GENERATE(Tear::cut, Tear::zeros, Tear::garbage);
    CAPTURE(static_cast<int>(tear));
    tear_all(tear, 1);
}

TEST_CASE("damage: a group broken before the last one is not taken for a torn tail", "[store]") {
    FilledStore store;
    store.fill(3, 500, false);
    const std::string active = store.segments().back();
    store::RecoveryState state;
    const auto scan = store::scan_store(store.files, {store_path}, state);
    REQUIRE(scan);
    const std::size_t first =
        scan->manifest.segments.back().end;  // behind the point certainly reached
    std::string bytes = store.files.contents(active);
    bytes[first + 100] = static_cast<char>(bytes[first + 100] ^ 1);
    store.files.put(active, bytes);
    auto opened = open_store(store.files);
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == Errc::corrupt);
    CHECK(opened.error().text.find(active + " at offset " + std::to_string(first)) == 0);
    CHECK(opened.error().text.find("a valid record begins one at offset") != std::string::npos);
}

TEST_CASE("damage: missing, stale, swapped, doubled, foreign and recycled files are named",
          "[store]") {
    const bool is_orderly = GENERATE(true, false);
    CAPTURE(is_orderly);
    FilledStore store;
    store.fill(60, 3000, is_orderly);
    const Image early = store.files.image();
    store.fill(60, 3000, is_orderly);
    const Image image = store.files.image();
    FilledStore other(8);
    other.fill(120, 3000, is_orderly);
    const Image foreign = other.files.image();
    const auto segments = store.segments();
    REQUIRE(segments.size() > 5);
    const std::string manifest = store_path + "/MANIFEST";
    const std::string beyond = store_path + "/segment-0000000999.vlog";

    struct Row {
        std::string name;
        std::map<std::string, std::string> change;  // path to contents, empty = removed
        std::string named;
    };
    std::vector<Row> rows;
    for (const std::string& segment : segments) {
        rows.push_back({"missing " + segment, {{segment, ""}}, segment});
        const std::string& next =
            segments[(static_cast<std::size_t>(&segment - segments.data()) + 1) % segments.size()];
        rows.push_back({"swapped " + segment,
                        {{segment, image.at(next)}, {next, image.at(segment)}},
                        segment});
        rows.push_back({"cut " + segment,
                        {{segment, image.at(segment).substr(0, image.at(segment).size() - 4096)}},
                        segment});
        if (foreign.contains(segment))
            rows.push_back({"foreign " + segment, {{segment, foreign.at(segment)}}, segment});
        rows.push_back({"doubled " + segment, {{beyond, image.at(segment)}}, beyond});
        rows.push_back(
            {"zeros for " + segment, {{segment, std::string(64U << 10U, '\0')}}, segment});
    }
    rows.push_back({"stale segment",
                    {{segments[2], early.contains(segments[2]) ? early.at(segments[2]) : ""}},
                    segments[2]});
    rows.push_back({"manifest missing", {{manifest, ""}}, manifest});
    rows.push_back({"manifest of another store", {{manifest, foreign.at(manifest)}}, segments[0]});
    rows.push_back({"stale manifest", {{manifest, early.at(manifest)}}, store_path});
    std::size_t found = 0;
    for (const Row& row : rows) {
        CAPTURE(row.name);
        bool changes = false;
        for (const auto& [path, bytes] : row.change) {
            changes = changes || !image.contains(path) || image.at(path) != bytes;
            if (bytes.empty())
                store.files.erase(path);
            else
                store.files.put(path, bytes);
        }
        if (changes) {
            auto opened = open_store(store.files);
            REQUIRE_FALSE(opened);
            CHECK((opened.error().code == Errc::corrupt || opened.error().code == Errc::refused));
            const bool is_named =
                opened.error().text.find(row.named) != std::string::npos ||
                std::ranges::any_of(row.change, [&](const auto& changed) {
                    return opened.error().text.find(changed.first) != std::string::npos;
                });
            CHECK(is_named);
            ++found;
        }
        store.files.set_image(image);
    }
    CHECK(found >= segments.size() * 5);
    auto untouched = open_store(store.files);
    REQUIRE(untouched);
    CHECK(untouched->shown == store.model.shown());
}

TEST_CASE("damage: a file of an older or newer version is refused by name, with what to do",
          "[store]") {
    struct Row {
        int version;
        std::string what;
    };
    const Row row = GENERATE(values<Row>({{1, "an older VeRA wrote it; start that one"},
                                          {2, "an older VeRA wrote it; start that one"},
                                          {4, "a newer VeRA wrote it; start that one"}}));
    FilledStore store;
    store.fill(3, 100, true);
    const Image image = store.files.image();
    for (const std::string& path : {store_path + "/MANIFEST", store.segments()[0]}) {
        CAPTURE(row.version, path);
        std::string bytes = image.at(path);
        bytes[16] = static_cast<char>(row.version);
        store.files.put(path, bytes);
        const Image before = store.files.image();
        auto opened = open_store(store.files);
        REQUIRE_FALSE(opened);
        CHECK(opened.error().code == Errc::refused);
        CHECK(opened.error().text.starts_with(path));
        CHECK(opened.error().text.find("format version " + std::to_string(row.version)) !=
              std::string::npos);
        CHECK(opened.error().text.find("it reads and writes version 3") != std::string::npos);
        CHECK(opened.error().text.find(row.what) != std::string::npos);
        CHECK(store.files.image() == before);  // a refusal changes nothing
        store.files.set_image(image);
    }
}

TEST_CASE("damage: bytes that change on disk under a running store are not delivered", "[store]") {
    FilledStore store;
    auto opened = open_store(store.files);
    REQUIRE(opened);
    flow::Batch batch = store.traffic.batch(0, 0, 0);
    batch.events.push_back(store.traffic.event(500, 1));
    const auto outcomes = commit(*opened->journal, {batch});
    const flow::BodyRef ref = outcomes[0].bodies[0];
    const std::size_t at = (ref.a & 0xffffffffU) + ref.c + 250;
    auto file = store.files.open(store.segments()[0], host::OpenMode::write);
    REQUIRE(file);
    char byte = 0;
    REQUIRE((*file)->read(at, {&byte, 1}));
    byte = static_cast<char>(byte ^ 4);
    REQUIRE((*file)->write(at, {&byte, 1}));
    const auto body = opened->journal->bodies().fetch(ref);
    REQUIRE_FALSE(body);
    CHECK(body.error().code == Errc::corrupt);
    CHECK(body.error().text == store.segments()[0] + " at offset " +
                                   std::to_string(ref.a & 0xffffffffU) +
                                   ": the record's checksum does not hold");
}
