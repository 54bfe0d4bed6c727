// fsck reads a stopped store and says what recovery would.
#include "bus/store/fsck.hpp"

#include "tests/unit/store/filled_store.hpp"

#include <algorithm>

using namespace vera;
using namespace vera::test;

TEST_CASE("fsck: agrees with recovery on queues, copies, events and sequences", "[store]") {
    const bool is_orderly = GENERATE(true, false);
    FilledStore store;
    store.fill(80, 2000, is_orderly);
    const auto before = store.files.image();
    const auto report = store::check_store(store.files, store_path);
    REQUIRE(report);
    CHECK(report->was_clean == is_orderly);
    CHECK(report->findings.empty());
    CHECK_FALSE(report->has_damage());
    CHECK(report->format_version == 3);
    auto after = store.files.image();
    CHECK(after == before);  // it changes nothing

    auto opened = open_store(store.files);
    REQUIRE(opened);
    const Shown& shown = opened->shown;
    CHECK(report->instance == opened->recovery.store);
    CHECK(report->store == report->instance);
    CHECK(report->last_event == opened->recovery.last_event);
    CHECK(report->last_copy == opened->recovery.last_copy);
    CHECK(report->last_leaf == opened->recovery.last_leaf);
    CHECK(report->last_stamp == opened->recovery.last_stamp);
    CHECK(report->events == store.model.events());
    std::map<std::uint32_t, std::pair<std::uint64_t, std::uint64_t>> counts;
    std::uint64_t copies = 0;
    for (const auto& [seq, event] : shown.events) {
        for (const auto& [copy, at] : event.copies) {
            ++(at.state == flow::CopyState::dead ? counts[at.queue.value].second
                                                 : counts[at.queue.value].first);
            ++copies;
        }
    }
    CHECK(report->leaves == store.model.leaves());
    CHECK(report->waiting + report->dead == copies);
    CHECK(report->dead > 0);
    REQUIRE(report->queues.size() == shown.queues.size());
    for (const store::FsckQueue& queue : report->queues) {
        CHECK(shown.queues.at(queue.id.value).starts_with(queue.name + " "));
        CHECK(queue.waiting == counts[queue.id.value].first);
        CHECK(queue.dead == counts[queue.id.value].second);
    }
    std::uint64_t live = 0;
    for (const store::FsckSegment& segment : report->segments)
        live += segment.live_copies;
    CHECK(live == copies);
    CHECK(report->segments.size() == opened->journal->live_segments());
    CHECK_FALSE(report->segments.back().is_closed);
}

TEST_CASE("fsck: lists every damaged segment, not only the first", "[store]") {
    FilledStore store;
    store.fill(80, 2000, true);
    const auto segments = store.segments();
    REQUIRE(segments.size() > 4);
    for (const std::size_t i : {std::size_t{1}, std::size_t{3}}) {
        std::string bytes = store.files.contents(segments[i]);
        bytes[12'000] = static_cast<char>(bytes[12'000] ^ 1);
        store.files.put(segments[i], bytes);
    }
    const auto report = store::check_store(store.files, store_path);
    REQUIRE(report);
    CHECK(report->has_damage());
    for (const std::size_t i : {std::size_t{1}, std::size_t{3}})
        CHECK(std::ranges::any_of(report->findings, [&](const store::FsckFinding& finding) {
            return finding.file == segments[i] && finding.is_damage && finding.offset >= 4096 &&
                   finding.offset <= 12'000;
        }));
    CHECK(report->findings.size() == 2);
}

TEST_CASE("fsck: a torn tail is a note, not damage", "[store]") {
    FilledStore store;
    store.fill(10, 500, false, 1U << 20U);
    const std::string active = store.segments().back();
    std::string bytes = store.files.contents(active);
    const std::size_t end = bytes.find_last_not_of('\0');
    bytes[end] = static_cast<char>(bytes[end] ^ 1);
    store.files.put(active, bytes);
    const auto report = store::check_store(store.files, store_path);
    REQUIRE(report);
    CHECK_FALSE(report->has_damage());
    REQUIRE(report->findings.size() == 1);
    CHECK(report->findings[0].file == active);
    CHECK(report->findings[0].text.find("was never accepted") != std::string::npos);
}

TEST_CASE("fsck: refuses a running store, and a folder without one", "[store]") {
    FilledStore store;
    auto opened = open_store(store.files);
    REQUIRE(opened);
    const auto busy = store::check_store(store.files, store_path);
    REQUIRE_FALSE(busy);
    CHECK(busy.error().code == Errc::refused);
    const auto nothing = store::check_store(store.files, "elsewhere");
    REQUIRE_FALSE(nothing);
    CHECK(nothing.error().code == Errc::not_found);
    CHECK(nothing.error().text == "there is no store in elsewhere");
}
