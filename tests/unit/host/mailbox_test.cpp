#include "bus/host/mailbox.hpp"

#include "tests/support/catch.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

using namespace vera::host;
using std::chrono::milliseconds;

namespace {
constexpr milliseconds deadline{20'000};
}

TEST_CASE("mailbox: values come out in the order of one writer, none lost, none twice", "[host]") {
    constexpr int writers = 4;
    constexpr int each = 5000;
    Mailbox<int> box;
    std::vector<std::jthread> threads;
    for (int w = 0; w < writers; ++w)
        threads.emplace_back([&box, w] {
            for (int i = 0; i < each; ++i)
                box.put(w * each + i);
        });
    std::vector<int> next(writers, 0);
    std::vector<int> batch;
    int seen = 0;
    while (seen < writers * each) {
        REQUIRE(box.take(batch, deadline));
        REQUIRE_FALSE(batch.empty());
        for (const int value : batch) {
            int& want = next[static_cast<std::size_t>(value / each)];
            REQUIRE(value % each == want);
            ++want;
            ++seen;
        }
    }
}

TEST_CASE("mailbox: after close what is left is still given, then it ends", "[host]") {
    Mailbox<int> box;
    box.put(1);
    box.close();
    std::vector<int> batch{7};
    CHECK(box.take(batch, deadline));
    CHECK(batch == std::vector<int>{1});
    CHECK_FALSE(box.take(batch, deadline));
    CHECK(batch.empty());
}

TEST_CASE("mailbox: close wakes a reader that waits", "[host]") {
    Mailbox<int> box;
    std::atomic<bool> has_ended{false};
    std::jthread reader([&] {
        std::vector<int> batch;
        has_ended = !box.take(batch, deadline);
    });
    box.close();
    reader.join();
    CHECK(has_ended);
}

TEST_CASE("mailbox: a wait without values ends empty and open", "[host]") {
    Mailbox<int> box;
    std::vector<int> batch{7};
    CHECK(box.take(batch, milliseconds{1}));
    CHECK(batch.empty());
}

TEST_CASE("inbox: only who finds it idle is told to run, until it was found empty", "[host]") {
    Inbox<int> box;
    std::vector<int> batch;
    CHECK(box.put({1}));
    CHECK_FALSE(box.put({2, 3}));
    CHECK(box.take(batch));
    CHECK(batch == std::vector<int>{1, 2, 3});
    CHECK_FALSE(box.put({4}));
    CHECK(box.take(batch));
    CHECK(batch == std::vector<int>{4});
    CHECK_FALSE(box.take(batch));
    CHECK(batch.empty());
    CHECK(box.put({5}));
}

TEST_CASE("inbox: under many writers one runs at a time and every value is taken once", "[host]") {
    constexpr int writers = 4;
    constexpr int each = 5000;
    Inbox<int> box;
    std::atomic<bool> is_processing{false};
    std::atomic<int> overlaps{0};
    std::vector<int> times(writers * each, 0);  // touched by the runner alone
    {
        std::vector<std::jthread> threads;
        for (int w = 0; w < writers; ++w)
            threads.emplace_back([&, w] {
                std::vector<int> batch;
                for (int i = 0; i < each; ++i) {
                    if (!box.put({w * each + i})) continue;
                    while (box.take(batch)) {
                        if (is_processing.exchange(true)) ++overlaps;
                        for (const int value : batch)
                            ++times[static_cast<std::size_t>(value)];
                        is_processing = false;
                    }
                }
            });
    }
    CHECK(overlaps == 0);
    CHECK(times == std::vector<int>(writers * each, 1));
}

TEST_CASE("cell: readers see the old value or the new one, and the version tells that it changed",
          "[host]") {
    Cell<std::shared_ptr<const int>> cell(std::make_shared<const int>(1));
    const auto version = cell.version();
    const auto old = cell.get();
    cell.set(std::make_shared<const int>(2));
    CHECK(cell.version() != version);
    CHECK(*old == 1);
    CHECK(*cell.get() == 2);

    std::atomic<int> wrong{0};
    {
        std::vector<std::jthread> readers;
        for (int r = 0; r < 3; ++r)
            readers.emplace_back([&] {
                int last = 0;
                for (int i = 0; i < 20'000; ++i) {
                    const auto now = cell.get();
                    if (*now < last) ++wrong;
                    last = *now;
                }
            });
        for (int i = 3; i < 1000; ++i)
            cell.set(std::make_shared<const int>(i));
    }
    CHECK(wrong == 0);
    CHECK(*cell.get() == 999);
}
