// How many publish, deliver and settle cycles the core does on one thread, and what a waiting copy
// costs. Not a test: run it on a quiet machine, built with the release preset. `bench_core [cycles]
// [queued]`
#include "bus/flow/bus_core.hpp"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <string>
#include <utility>

namespace {

using namespace vera;
using namespace vera::flow;

constexpr std::uint64_t batch_size = 100;

/// Of this process: the machine may be busy with other things.
double cpu_seconds() {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

std::size_t resident_bytes() {
    std::ifstream statm("/proc/self/statm");
    std::size_t total = 0;
    std::size_t resident = 0;
    statm >> total >> resident;
    return resident * 4096;
}

std::shared_ptr<Snapshot> make_snapshot() {
    auto snapshot = std::make_shared<Snapshot>();
    snapshot->generation = Generation{1};
    for (std::uint32_t i = 1; i <= 5; ++i) {
        QueueSpec spec;
        spec.id = QueueId{i};
        spec.name = "sub/" + std::to_string(i);
        snapshot->queues.push_back(spec);
    }
    return snapshot;
}

struct Shape {
    const char* name;
    std::uint64_t keys;  ///< 0: unordered
    bool has_ids;
    std::uint32_t fan_out;
};

class Bench {
public:
    explicit Bench(Shape shape)
        : shape_(shape),
          core_({.hot_bytes = 16U << 20U, .admit = nullptr}) {
        core_.start(make_snapshot(), Recovery{}, now_, out_);
        take_commit();
        for (std::uint32_t i = 1; i <= shape_.fan_out; ++i) {
            ConsumerOpened opened;
            opened.consumer = LinkId{i};
            opened.queue = QueueId{i};
            opened.system = "receiver";
            core_.on(std::move(opened), now_, out_);
        }
    }

    void publish_batch(std::uint64_t first) {
        for (std::uint64_t i = first; i < first + batch_size; ++i) {
            Published in;
            in.from = {LinkId{99}, i};
            in.raw.message = Block::copy_of(body_);
            in.plan.generation = Generation{1};
            for (std::uint32_t queue = 1; queue <= shape_.fan_out; ++queue)
                in.plan.queues.push_back(QueueId{queue});
            if (shape_.keys != 0) in.plan.order_key = 1 + (i * 0x9E3779B97F4A7C15ULL) % shape_.keys;
            if (shape_.has_ids) in.plan.id_hash = (i + 1) * 0x9E3779B97F4A7C15ULL;
            in.plan.bytes_hash = i;
            core_.on(std::move(in), now_, out_);
        }
        step();
    }

    void run(std::uint64_t cycles) {
        std::uint64_t delivered = 0;
        const double begin = cpu_seconds();
        for (std::uint64_t done = 0; done < cycles; done += batch_size) {
            now_ = now_ + Millis{1};
            for (std::uint32_t i = 1; i <= shape_.fan_out; ++i)
                core_.on(Credit{LinkId{i}, done + 1000}, now_, out_);
            publish_batch(done);
            step();
            for (const auto& [consumer, copy] : held_) {
                Settled settled;
                settled.consumer = consumer;
                settled.copy = copy;
                core_.on(std::move(settled), now_, out_);
            }
            delivered += held_.size();
            held_.clear();
        }
        const double seconds = cpu_seconds() - begin;
        std::printf("%-28s %10.0f cycles/s (%.0f deliveries/s, %llu delivered)\n",
                    shape_.name,
                    static_cast<double>(cycles) / seconds,
                    static_cast<double>(delivered) / seconds,
                    static_cast<unsigned long long>(delivered));
    }

    void queue_up(std::uint64_t count) {
        const std::size_t before = resident_bytes();
        for (std::uint64_t done = 0; done < count; done += batch_size)
            publish_batch(done);
        step();
        std::printf("%-28s %10.1f MB for %llu waiting, hot window included\n",
                    shape_.name,
                    static_cast<double>(resident_bytes() - before) / 1e6,
                    static_cast<unsigned long long>(count));
    }

private:
    void take_commit() {
        if (out_.has_commit()) {
            outcome_.ticket = out_.commit.ticket;
            outcome_.ok = true;
            outcome_.bodies.resize(out_.commit.events.size());
            has_outcome_ = true;
        }
        for (const Deliver& deliver : out_.deliveries)
            held_.emplace_back(deliver.consumer, deliver.copy);
        out_.clear();
    }
    void step() {
        do {
            if (std::exchange(has_outcome_, false))
                core_.on(std::exchange(outcome_, {}), now_, out_);
            core_.finish(now_, out_);
            take_commit();
        } while (has_outcome_);
    }

    Shape shape_;
    BusCore core_;
    Timestamp now_{1'000'000};
    Effects out_;
    Outcome outcome_;
    bool has_outcome_ = false;
    std::string body_ = std::string(256, 'x');
    std::vector<std::pair<LinkId, CopySeq>> held_;
};

}  // namespace

int main(int argc, char** argv) {
    const std::uint64_t cycles = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 2'000'000;
    const std::uint64_t queued = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 500'000;
    const Shape shapes[] = {
        {"plain", 0, false, 1},
        {"ids", 0, true, 1},
        {"ids, 10,000 order keys", 10'000, true, 1},
        {"ids, order keys, fan-out 5", 10'000, true, 5},
    };
    for (const Shape& shape : shapes)
        Bench(shape).run(cycles / shape.fan_out);
    for (const Shape& shape : shapes)
        Bench(shape).queue_up(queued);
    return 0;
}
