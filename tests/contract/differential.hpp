#pragma once
// The same operations on two engines through two cores: whatever clients could see must be the
// same, step by step.
#include "tests/contract/bus.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace vera::flow::test {

class Differential {
public:
    Differential(EngineUnderTest& one, EngineUnderTest& other, std::uint64_t seed);
    /// What differed first, if anything did.
    [[nodiscard]] std::optional<std::string> run(int steps);

private:
    struct Side {
        EngineUnderTest* store = nullptr;
        std::unique_ptr<Bus> bus;
        std::string seen;
    };
    [[nodiscard]] std::uint64_t pick(std::uint64_t below) { return random_() % below; }
    void open();
    void perform(const std::vector<Input>& inputs);
    void write_down(Side& side, bool remembers);
    void stop(Side& side);
    void reopen();
    [[nodiscard]] std::vector<Input> next_inputs();
    [[nodiscard]] Published publish();

    Side sides_[2];
    std::mt19937_64 random_;
    Timestamp now_{1'700'000'000'000};
    std::vector<std::pair<LinkId, CopySeq>> held_;
    std::vector<LinkId> links_;
    std::vector<std::uint64_t> delivered_;
    std::uint64_t next_link_ = 1;
    std::uint64_t next_id_ = 1;
};

}  // namespace vera::flow::test
