// The core's small parts by themselves, against the standard library's.
#include "bus/flow/dedup_window.hpp"
#include "bus/flow/hot_window.hpp"
#include "bus/flow/key_index.hpp"
#include "bus/flow/slab.hpp"
#include "tests/support/catch.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <random>
#include <string>

using namespace vera;
using namespace vera::flow;

TEST_CASE("slab: objects keep their values while others come and go", "[flow]") {
    Slab<std::uint64_t> slab;
    std::map<std::uint32_t, std::uint64_t> known;
    std::mt19937_64 random(1);
    for (int i = 0; i < 50'000; ++i) {
        if (known.empty() || random() % 100 < (i % 10'000 < 5'000 ? 70U : 30U)) {
            const std::uint32_t slot = slab.add();
            REQUIRE(known.emplace(slot, random()).second);
            slab[slot] = known.at(slot);
        } else {
            const auto at = std::next(
                known.begin(),
                static_cast<std::ptrdiff_t>(random() % std::min<std::size_t>(known.size(), 50)));
            REQUIRE(slab[at->first] == at->second);
            slab.remove(at->first);
            known.erase(at);
        }
    }
    CHECK(slab.size() == known.size());
}

TEST_CASE("key index: finds what was set and not erased", "[flow]") {
    KeyIndex index;
    std::map<std::uint64_t, std::uint32_t> known;
    std::mt19937_64 random(2);
    for (std::uint32_t i = 0; i < 100'000; ++i) {
        const std::uint64_t key = random() % 3000;
        if (random() % 2 == 0) {
            index.set(key, i);
            known[key] = i;
        } else {
            index.erase(key);
            known.erase(key);
        }
        const std::uint64_t asked = random() % 3000;
        const auto at = known.find(asked);
        REQUIRE(index.find(asked) == (at == known.end() ? no_slot : at->second));
    }
    CHECK(index.size() == known.size());
}

TEST_CASE("dedup window: remembers within time and count, and nothing else", "[flow]") {
    DedupWindow window;
    window.set_limits(Millis{10'000}, 5'000);
    struct Entry {
        std::uint64_t id, bytes;
        std::int64_t at;
    };
    std::deque<Entry> known;
    std::mt19937_64 random(3);
    std::int64_t now = 1'000'000;
    for (int i = 0; i < 100'000; ++i) {
        now += i % 20'000 < 10'000 ? static_cast<std::int64_t>(random() % 6) : 0;
        if (i % 30'000 == 29'999) now += 5'000'000'000;
        while (!known.empty() && now - known.front().at >= 10'000)
            known.pop_front();
        const std::uint64_t id = 1 + random() % 8000 * 0x9E3779B97F4A7C15ULL;
        const auto at = std::find_if(
            known.begin(), known.end(), [&](const Entry& entry) { return entry.id == id; });
        const auto found = window.find(id, Timestamp{now});
        REQUIRE(found.has_value() == (at != known.end()));
        if (found) {
            REQUIRE(*found == at->bytes);
            if (random() % 10 != 0) continue;
            known.erase(at);
        }
        const std::uint64_t bytes = random();
        window.insert(id, bytes, Timestamp{now});
        if (known.size() == 5'000) known.pop_front();
        known.push_back({id, bytes, now});
    }
    CHECK(window.size() == known.size());
}

TEST_CASE("hot window: one message that stays does not make the window grow", "[flow]") {
    HotWindow window(1U << 20U);
    const std::uint32_t stays = window.keep(Block::copy_of("stays"), 1);
    bool is_evicted = false;
    for (std::uint32_t i = 2; i < 100'000 && !is_evicted; ++i) {
        window.drop(window.keep(Block::copy_of("goes"), i));
        is_evicted = window.evict() == 1;
    }
    CHECK(is_evicted);
    CHECK(window.bytes() == 0);
    (void)stays;
}
