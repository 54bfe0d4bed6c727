#pragma once
// The database of the SQLite engine.
#include "bus/flow/engine.hpp"

#include <string>

struct sqlite3;

namespace vera::flow::test {

/// Thread: one at a time.
class SqliteStore {
public:
    explicit SqliteStore(std::string file) : file_(std::move(file)) {}
    SqliteStore(const SqliteStore&) = delete;
    SqliteStore& operator=(const SqliteStore&) = delete;
    ~SqliteStore();

    Result<Recovery> recover(RecoverySink& sink);
    Outcome apply(const Batch& batch);
    Result<Body> fetch(const BodyRef& ref);
    void retire(Timestamp now);
    void mark_clean();

private:
    [[nodiscard]] Result<void> run(const char* sql);
    [[nodiscard]] Result<void> store(const Batch& batch, std::vector<BodyRef>& bodies);
    [[nodiscard]] Result<void> store(const EventCommit& event);
    [[nodiscard]] Result<void> store(const Transition& change);
    void recover_queues(RecoverySink& sink);
    void recover_events(RecoverySink& sink);
    [[nodiscard]] std::int64_t meta(const char* name);
    [[nodiscard]] Result<void> set_meta(const char* name, std::int64_t value);

    std::string file_;
    sqlite3* database_ = nullptr;
};

}  // namespace vera::flow::test
