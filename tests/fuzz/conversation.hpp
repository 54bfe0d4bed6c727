#pragma once
// What a client might say: from fuzz bytes a conversation that is mostly valid AMQP (SASL, open,
// sessions, links of both roles, transfers, flows, dispositions, detach, end, close) with a few
// fields, encodings or bytes that are not.
#include "tests/fuzz/choices.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace vera::fuzz {

class Conversation {
public:
    explicit Conversation(Choices& choices) : choices_(choices) {}
    /// All bytes the client sends.
    [[nodiscard]] std::string make();

private:
    struct Link {
        bool is_attached = false;
        bool is_sender = false;  ///< the client sends on it
        bool is_unfinished = false;
        std::uint32_t delivery_id = 0;
        std::uint32_t delivery_count = 0;
        std::string tag;
    };
    struct Session {
        bool is_begun = false;
        std::uint32_t next_id = 0;
        std::array<Link, 4> links;
    };
    using Fields = std::vector<std::string>;

    void greet();
    void step();
    void open();
    void begin(unsigned channel);
    void attach(unsigned channel, unsigned handle);
    void transfer(unsigned channel, unsigned handle);
    void flow(unsigned channel, unsigned handle);
    void disposition(unsigned channel);
    void detach(unsigned channel, unsigned handle);
    void end(unsigned channel);
    void close();
    void noise();

    void send(std::uint64_t descriptor,
              Fields fields,
              unsigned channel,
              const std::string& payload = {});
    void mutate(Fields& fields);
    std::string weird();
    std::string source();
    std::string target();
    std::string state();
    std::string error();
    std::string annotations();
    std::string encode32(std::uint32_t value);
    std::string optional(std::string value);

    Choices& choices_;
    std::string out_;
    bool is_open_ = false;
    bool is_closed_ = false;
    std::array<Session, 4> sessions_;
};

}  // namespace vera::fuzz
