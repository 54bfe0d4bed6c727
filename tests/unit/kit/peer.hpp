#pragma once
// An AMQP peer in the test's own process that does as the test says: answers what it is sent, sends
// what it was given, breaks off.
#include "adapters/kit/message.hpp"
#include "bus/host/mailbox.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace vera::test {

struct PeerAnswer {
    enum class Kind { accept, reject, release, modify, nothing, break_off } kind = Kind::accept;
    std::string condition, text;
};

/// What a consumer told the peer about the n-th message it was sent (from 1).
struct PeerOutcome {
    std::uint64_t number = 0;
    std::string state;  ///< "accepted", "rejected", "released", "modified"
    bool is_failed = false;
    std::string condition, text;
    bool operator==(const PeerOutcome&) const = default;
};

struct PeerScript {
    /// The answer to the n-th message that came in (from 1, over all connections).
    std::function<PeerAnswer(std::uint64_t number, const std::string& body)> answer;
    /// What it sends to a consumer of any source: text bodies, with an annotation
    /// x-opt-vera-sequence = place from 1.
    std::vector<std::string> outgoing;
    /// Addresses that are refused with amqp:not-found.
    std::string unknown_address = "nowhere";
    /// Credit for each sender on each connection.
    int credit = 10;
};

class Peer {
public:
    explicit Peer(PeerScript script);
    Peer(const Peer&) = delete;
    Peer& operator=(const Peer&) = delete;
    ~Peer();

    [[nodiscard]] std::string url() const;
    /// The bodies that came in so far, in order, repeats included; waits until there are `count`,
    /// at most 10 s.
    [[nodiscard]] std::vector<std::string> bodies(std::size_t count);
    /// The same for consumers' outcomes.
    [[nodiscard]] std::vector<PeerOutcome> outcomes(std::size_t count);
    /// Facts of the last message and the last links, for looking into after bodies() or outcomes().
    [[nodiscard]] std::map<std::string, std::string> facts();

private:
    class Driver;
    std::unique_ptr<Driver> driver_;
    std::vector<std::string> bodies_;
    std::vector<PeerOutcome> outcomes_;
};

}  // namespace vera::test
