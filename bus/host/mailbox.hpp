#pragma once
// The only locks of VeRA. Values go between threads through these three; nothing else shares
// memory.
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

namespace vera::host {

/// Many writers, one reader that sleeps. Any thread may put; one thread takes.
template <class T>
class Mailbox {
public:
    void put(T value) {
        {
            const std::lock_guard lock(mutex_);
            values_.push_back(std::move(value));
        }
        ready_.notify_one();
    }
    /// Moves everything into `out` (which is cleared first); waits for something, for `wait` at
    /// most, or for close(). false: closed and empty.
    bool take(std::vector<T>& out, std::chrono::milliseconds wait) {
        out.clear();
        std::unique_lock lock(mutex_);
        ready_.wait_for(lock, wait, [this] { return !values_.empty() || is_closed_; });
        out.swap(values_);
        return !out.empty() || !is_closed_;
    }
    void close() {
        {
            const std::lock_guard lock(mutex_);
            is_closed_ = true;
        }
        ready_.notify_all();
    }

private:
    std::mutex mutex_;
    std::condition_variable ready_;
    std::vector<T> values_;
    bool is_closed_ = false;
};

/// Many writers, and the work is done by one of them at a time: whoever posts into an idle inbox
/// gets to run. Saves the hop to a thread of its own.
template <class T>
class Inbox {
public:
    /// true: nobody runs, the caller (or somebody it asks) must now call take() until it gives
    /// false.
    bool put(std::vector<T> values) {
        const std::lock_guard lock(mutex_);
        if (values_.empty())
            values_ = std::move(values);
        else
            for (T& value : values)
                values_.push_back(std::move(value));
        return !std::exchange(is_running_, true);
    }
    /// The runner's loop: false = empty, the caller no longer runs.
    bool take(std::vector<T>& out) {
        out.clear();
        const std::lock_guard lock(mutex_);
        if (values_.empty()) {
            is_running_ = false;
            return false;
        }
        out.swap(values_);
        return true;
    }

private:
    std::mutex mutex_;
    std::vector<T> values_;
    bool is_running_ = false;
};

/// A small value that is read and replaced whole, e.g. a shared_ptr to an immutable snapshot.
/// version() is cheap: readers keep a copy.
template <class T>
class Cell {
public:
    explicit Cell(T value) : value_(std::move(value)) {}
    [[nodiscard]] T get() const {
        const std::lock_guard lock(mutex_);
        return value_;
    }
    void set(T value) {
        {
            const std::lock_guard lock(mutex_);
            std::swap(value_, value);
        }
        version_.fetch_add(1, std::memory_order_release);
    }
    [[nodiscard]] std::uint64_t version() const { return version_.load(std::memory_order_acquire); }

private:
    mutable std::mutex mutex_;
    T value_;
    std::atomic<std::uint64_t> version_{1};
};

}  // namespace vera::host
