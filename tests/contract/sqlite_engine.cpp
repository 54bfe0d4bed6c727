#include "tests/contract/sqlite_engine.hpp"

#include "tests/contract/sqlite_store.hpp"

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace vera::flow::test {

namespace {

/// Thread: as the port says. The database belongs to the worker from start() to stop().
class SqliteEngine final : public Engine {
public:
    explicit SqliteEngine(std::string file) : store_(std::move(file)) {}
    ~SqliteEngine() override {
        // Without stop() this is a crash: what is in the queue is lost.
        end(true);
    }

    Result<Recovery> recover(RecoverySink& sink) override { return store_.recover(sink); }

    void start(EngineListener& listener) override {
        worker_ = std::thread([this, &listener] { work(listener); });
    }

    void submit(Batch batch) override {
        post([this, batch = std::make_shared<Batch>(std::move(batch))](EngineListener& listener) {
            listener.on_outcome(store_.apply(*batch));
        });
    }

    std::optional<Result<Body>> fetch_now(const BodyRef& /*ref*/) override { return std::nullopt; }

    void fetch(const BodyRef& ref, std::function<void(Result<Body>)> done) override {
        post([this, ref, done = std::move(done)](EngineListener& /*listener*/) {
            done(store_.fetch(ref));
        });
    }

    void retire(Timestamp now) override {
        post([this, now](EngineListener& /*listener*/) { store_.retire(now); });
    }

    void stop() override {
        end(false);
        store_.mark_clean();
    }

private:
    using Job = std::function<void(EngineListener&)>;

    void post(Job job) {
        const std::lock_guard lock(mutex_);
        jobs_.push_back(std::move(job));
        changed_.notify_one();
    }

    void work(EngineListener& listener) {
        for (;;) {
            Job job;
            {
                std::unique_lock lock(mutex_);
                changed_.wait(lock, [this] { return !jobs_.empty() || is_ending_; });
                if (jobs_.empty()) return;
                job = std::move(jobs_.front());
                jobs_.pop_front();
            }
            job(listener);
        }
    }

    void end(bool forgets) {
        if (!worker_.joinable()) return;
        {
            const std::lock_guard lock(mutex_);
            if (forgets) jobs_.clear();
            is_ending_ = true;
            changed_.notify_one();
        }
        worker_.join();
    }

    SqliteStore store_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Job> jobs_;
    bool is_ending_ = false;
    std::thread worker_;
};

}  // namespace

std::unique_ptr<Engine> make_sqlite_engine(std::string file) {
    return std::make_unique<SqliteEngine>(std::move(file));
}

}  // namespace vera::flow::test
