#pragma once
// The bus from the outside, simulated from a seed: publishers that repeat until they are answered,
// consumers that take, fail, vanish and come again, an engine whose power goes. What the clients
// were promised (design §2) is checked on what they see.
#include "tests/contract/bus.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace vera::flow::test {

/// A store whose days are bad as the simulation wants it.
class SimulatedStore : public EngineUnderTest {
public:
    /// Before an outcome is waited for: engines whose syncs the test performs do one.
    virtual void work(std::mt19937_64& random) = 0;
    /// From now on or for a while, storing goes wrong; what kind of wrong is the store's choice.
    virtual void misbehave(std::mt19937_64& random) = 0;
    /// All is well again.
    virtual void heal() = 0;
};

class Simulation {
public:
    Simulation(SimulatedStore& store, std::uint64_t seed);
    /// Throws std::logic_error that says which promise was broken.
    void run(int steps);
    [[nodiscard]] std::string summary() const;

private:
    static constexpr std::uint32_t queue_count = 3;
    static constexpr std::uint64_t key_count = 6;
    struct Message {
        std::uint64_t key = 0;
        std::uint64_t number = 0;
        std::vector<std::uint32_t> queues;
        std::string bytes;
        bool is_sent = false;
        bool is_confirmed = false;
    };
    /// What became of a message in one queue, as far as its consumers know.
    struct Fate {
        std::uint64_t copy = 0;
        bool is_done = false;
        bool is_dead = false;
    };
    struct Client {
        std::uint32_t queue = 0;
        std::uint64_t delivered = 0;
        std::uint64_t limit = 0;
        bool watches_dead = false;
        std::map<std::uint64_t, std::size_t> held;  ///< copy to message
    };

    [[nodiscard]] std::uint64_t pick(std::uint64_t below) { return random_() % below; }
    [[nodiscard]] bool chance(unsigned percent) { return pick(100) < percent; }
    static void require(bool holds, const std::string& what);

    void start();
    void restart(bool in_order);
    void publish(std::vector<Input>& inputs);
    void open_client(std::uint32_t queue, std::vector<Input>& inputs);
    void consume(std::vector<Input>& inputs);
    void settle(std::vector<Input>& inputs);
    void vanish(std::vector<Input>& inputs);
    void step_with(std::vector<Input> inputs);
    void take_outcome();
    void see(const Effects& out);
    void see(const Deliver& deliver);
    void drain_everything();
    [[nodiscard]] std::size_t message_of(const std::string& bytes) const;
    Message& new_message(std::uint64_t key);

    SimulatedStore& store_;
    std::mt19937_64 random_;
    std::unique_ptr<Bus> bus_;
    Timestamp now_{1'700'000'000'000};
    std::vector<Message> messages_;
    std::map<std::string, std::size_t> by_bytes_;
    std::vector<std::size_t> current_of_key_;  ///< each publisher has one message under way
    std::map<std::pair<std::uint32_t, std::size_t>, Fate> fates_;
    std::map<std::uint64_t, Client> clients_;
    std::set<std::uint64_t> done_in_this_run_;
    std::uint64_t next_link_ = 1;
    bool is_sealed_ = false;
    bool has_trouble_ = false;
    std::uint64_t deliveries_ = 0, repeats_ = 0, crashes_ = 0, troubles_ = 0, refusals_ = 0;
};

}  // namespace vera::flow::test
