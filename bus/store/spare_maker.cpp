#include "bus/store/spare_maker.hpp"

#include "bus/host/log.hpp"

#include <algorithm>
#include <utility>

namespace vera::store {
namespace {

constexpr std::uint32_t stock_ahead = 1;
constexpr std::chrono::milliseconds retry_after{1000};
constexpr std::chrono::milliseconds for_long{60'000};
constexpr std::uint64_t large_numbers =
    1'000'000'000;  ///< names apart from those of the files thread

}  // namespace

SpareMaker::SpareMaker(host::FileSystem& files,
                       std::string folder,
                       std::uint64_t bytes,
                       std::uint32_t recycle)
    : files_(files),
      names_{std::move(folder)},
      bytes_(bytes),
      recycle_(std::max(recycle, stock_ahead)) {}

void SpareMaker::start() {
    if (!thread_.joinable()) thread_ = std::jthread([this] { run(); });
}

void SpareMaker::stop() {
    jobs_.close();
    if (thread_.joinable()) thread_.join();
}

void SpareMaker::hear(bool waits) {
    const auto wait = waits ? for_long : std::chrono::milliseconds{0};
    answers_.take(heard_, wait);
    for (Answer& answer : heard_) {
        error_ = std::move(answer.error);
        if (answer.spare) ready_.push_back(*std::move(answer.spare));
    }
}

Result<Spare> SpareMaker::take(std::uint64_t bytes) {
    if (bytes > bytes_ || !thread_.joinable())
        return make_spare(
            files_, names_.spare(large_numbers + next_large_++), std::max(bytes, bytes_));
    hear(false);
    while (ready_.empty() && !error_)
        hear(true);
    if (ready_.empty()) return fail(error_->code, error_->text);
    Spare spare = std::move(ready_.front());
    ready_.pop_front();
    jobs_.put({Job::Kind::taken, {}, 0});
    return spare;
}

void SpareMaker::put_back(Spare spare) {
    if (spare.bytes == bytes_) {
        ready_.push_front(std::move(spare));
        jobs_.put({Job::Kind::returned, {}, 0});
    } else {
        jobs_.put({Job::Kind::given, spare.path, spare.bytes});
    }
}

void SpareMaker::give(const std::string& path, std::uint64_t bytes) {
    jobs_.put({Job::Kind::given, path, bytes});
}

void SpareMaker::run() {
    std::vector<Job> jobs;
    do {
        for (const Job& job : jobs)
            do_job(job);
        fill_stock();
    } while (jobs_.take(jobs, is_failing_ ? retry_after : for_long));
}

void SpareMaker::do_job(const Job& job) {
    switch (job.kind) {
        case Job::Kind::taken:
            stock_ -= std::min<std::uint32_t>(stock_, 1);
            return;
        case Job::Kind::returned:
            ++stock_;
            return;
        case Job::Kind::given:
            break;
    }
    if (job.bytes == bytes_ && stock_ < recycle_ && !has_given_up_) {
        const std::string path = names_.spare(next_number_++);
        if (files_.rename(job.path, path)) {
            auto spare = make_spare(files_, path, bytes_);
            if (!spare) return;
            ++stock_;
            is_failing_ = false;
            answers_.put({*std::move(spare), std::nullopt});
            return;
        }
    }
    // What cannot be removed is found and removed by the next start.
    (void)files_.remove(job.path);
}

void SpareMaker::fill_stock() {
    while (stock_ < stock_ahead && !has_given_up_) {
        auto spare = make_spare(files_, names_.spare(next_number_++), bytes_);
        if (spare) {
            ++stock_;
            if (std::exchange(is_failing_, false))
                host::log::info("space for a new segment again", {{"store", names_.folder}});
            answers_.put({*std::move(spare), std::nullopt});
            continue;
        }
        // A disk that fails is left alone; one that is full may get better.
        has_given_up_ = spare.error().code != Errc::unavailable;
        if (!std::exchange(is_failing_, true))
            host::log::error("no new segment",
                             {{"store", names_.folder}, {"error", spare.error().text}});
        answers_.put({std::nullopt, spare.error()});
        return;
    }
}

}  // namespace vera::store
