#pragma once
// A random walk over the core beside a model that says the same in the slowest and plainest way.
// Every effect is checked when it comes, and after every step the model asks whether something
// should have come that did not.
#include "tests/support/memory_store.hpp"
#include "tests/unit/flow/core_driver.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace vera::flow::test {

class Walk {
public:
    explicit Walk(std::uint64_t seed);
    /// One random step. Throws std::logic_error with what was broken.
    void step();
    /// Everything is settled in the end: nothing is lost.
    void finish();
    [[nodiscard]] std::string summary() const;

private:
    enum class State { ready, held, delayed, dead, dead_held, dead_delayed, settled };
    struct ModelCopy {
        std::uint32_t queue = 0;
        std::uint64_t event = 0;
        std::uint64_t key = 0;
        Timestamp expiry;
        State state = State::ready;
        LinkId holder;
        Timestamp due;
        std::uint32_t attempts = 0;
        Timestamp ready_at;  ///< none: at once
        Timestamp accepted;
    };
    struct ModelConsumer {
        std::uint32_t queue = 0;
        bool is_dead_letter = false;
        ConsumeMode mode = ConsumeMode::take;
        bool is_presettled = false;
        bool is_draining = false;
        std::uint64_t limit = 0;
        std::uint64_t delivered = 0;
        std::set<std::uint64_t> seen;  ///< look
    };
    struct ModelDelivery {
        std::uint64_t id = 0;
        std::uint64_t bytes_hash = 0;
    };
    struct Expected {
        std::optional<bool> is_duplicate;  ///< accept
        std::optional<Condition> condition;
    };

    [[nodiscard]] std::uint64_t pick(std::uint64_t below) { return random_() % below; }
    [[nodiscard]] bool chance(unsigned percent) { return pick(100) < percent; }
    static void require(bool holds, const std::string& what);

    void publish(std::vector<Input>& inputs);
    void open_consumer(std::vector<Input>& inputs);
    void give_credit(std::vector<Input>& inputs);
    void settle_one(std::vector<Input>& inputs);
    void close_consumer(std::vector<Input>& inputs);
    void reload(std::vector<Input>& inputs);
    void conclude(bool ok);
    void crash();

    void take_input_failure(ModelCopy& copy, bool backs_off);
    void perform(std::vector<Input> inputs);
    void check_effects();
    void check_delivery(const Deliver& deliver);
    void check_rest();
    void check_close(LinkId link);
    /// The order in which copies became ready.
    [[nodiscard]] static std::pair<Timestamp, std::uint64_t> order_of(std::uint64_t seq,
                                                                      const ModelCopy& copy);
    /// Its time has come, and no event that was accepted before that is still on its way.
    [[nodiscard]] bool is_due(const ModelCopy& copy) const;
    void pause(std::vector<Input>& inputs);
    [[nodiscard]] bool is_expired(const ModelCopy& copy) const;
    [[nodiscard]] bool is_deliverable(std::uint64_t seq, const ModelCopy& copy) const;
    [[nodiscard]] bool is_empty(std::uint32_t queue, bool is_dead_letter) const;
    [[nodiscard]] QueueSpec& spec(std::uint32_t queue);
    /// How long a dead letter stays away that was not taken.
    [[nodiscard]] Millis wait_of(std::uint32_t queue);
    void configure();
    void start();

    std::mt19937_64 random_;
    MemoryStore store_;
    std::unique_ptr<CoreDriver> drive_;
    std::vector<QueueSpec> specs_;
    Timestamp now_{1'000'000};
    bool is_full_ = false;
    std::set<std::uint32_t> paused_;
    std::map<std::uint64_t, ModelCopy> copies_;  ///< by seq; committed ones
    std::map<std::uint64_t, ModelConsumer> consumers_;
    std::map<std::uint64_t, ModelDelivery> unanswered_;   ///< by delivery
    std::map<std::uint64_t, Expected> expected_;          ///< answers that must come in this step
    std::map<std::uint64_t, std::uint64_t> pending_ids_;  ///< id to bytes of what is not concluded
    std::map<std::uint64_t, std::uint64_t> known_ids_;
    std::map<std::uint64_t, std::string> bodies_;  ///< by event
    std::uint64_t next_delivery_ = 1, next_link_ = 1, next_id_ = 1;
    std::uint64_t accepted_ = 0, deliveries_ = 0, dead_ = 0, crashes_ = 0, failures_ = 0;
};

}  // namespace vera::flow::test
