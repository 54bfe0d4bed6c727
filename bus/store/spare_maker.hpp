#pragma once
// The files thread: has a spare segment ready before the journal needs it, wipes and removes
// segments that were given back.
#include "bus/host/file_system.hpp"
#include "bus/host/mailbox.hpp"
#include "bus/store/spares.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace vera::store {

/// Thread: the committing one calls; the work is done on a thread of its own between start and
/// stop, before start on the caller's. Without space it tries again every second, and at once when
/// a segment is given back.
class SpareMaker final : public Spares {
public:
    SpareMaker(host::FileSystem& files,
               std::string folder,
               std::uint64_t bytes,
               std::uint32_t recycle);
    ~SpareMaker() override { stop(); }

    void start();
    /// Ends the thread after what it is at. Idempotent.
    void stop();

    Result<Spare> take(std::uint64_t bytes) override;
    void put_back(Spare spare) override;
    void give(const std::string& path, std::uint64_t bytes) override;

private:
    struct Job {
        enum class Kind : std::uint8_t { taken, returned, given } kind;
        std::string path;
        std::uint64_t bytes = 0;
    };
    struct Answer {
        std::optional<Spare> spare;
        std::optional<Error> error;
    };
    void run();
    void do_job(const Job& job);
    void fill_stock();
    void hear(bool waits);

    host::FileSystem& files_;
    StoreNames names_;
    const std::uint64_t bytes_;
    const std::uint32_t recycle_;
    host::Mailbox<Job> jobs_;
    host::Mailbox<Answer> answers_;

    // The committing thread's.
    std::deque<Spare> ready_;
    std::optional<Error> error_;  ///< of the last attempt
    std::vector<Answer> heard_;
    std::uint64_t next_large_ = 1;

    // The files thread's.
    std::uint32_t stock_ = 0;  ///< spares made and not taken
    std::uint64_t next_number_ = 1;
    bool is_failing_ = false;
    bool has_given_up_ = false;

    std::jthread thread_;
};

}  // namespace vera::store
