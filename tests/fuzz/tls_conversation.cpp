#include "tests/fuzz/tls_conversation.hpp"

#include "bus/amqp/tls_session.hpp"
#include "bus/base/check.hpp"
#include "tests/fuzz/choices.hpp"
#include "tests/fuzz/watched_openssl.hpp"
#include "tests/support/test_pki.hpp"
#include "tests/support/tls_client.hpp"

#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace vera::fuzz {
namespace {

using amqp::TlsContext;
using amqp::TlsSession;

constexpr std::size_t most_handshake_bytes = 16U << 10U;  // as the door has it
constexpr std::size_t most_bytes_held = 1U << 20U;        // of both ends together
constexpr std::size_t most_bytes_left = 256U << 10U;      // of all conversations: caches
constexpr std::size_t record_head = 5;
constexpr int most_rounds = 24;

enum class Asks : std::uint8_t { nothing, certificate, always };

struct Pki {
    test::TestAuthority authority{"fuzz ca"};
    test::TestAuthority foreign{"another ca"};
    amqp::TlsPair client = issue(authority, "client");
    amqp::TlsPair stranger = issue(foreign, "stranger");
    std::array<std::shared_ptr<const TlsContext>, 3> contexts;  // by Asks

    Pki() {
        for (const Asks asks : {Asks::nothing, Asks::certificate, Asks::always}) {
            amqp::TlsMaterial material;
            material.certificates = {issue(authority, "localhost"), issue(authority, "other")};
            if (asks != Asks::nothing) material.client_ca = authority.pem();
            material.requires_client_certificate = asks == Asks::always;
            auto made = TlsContext::make(material);
            VERA_CHECK(made.has_value());
            contexts[static_cast<std::size_t>(asks)] = *made;
        }
    }
    static amqp::TlsPair issue(const test::TestAuthority& by, const std::string& name) {
        test::CertificateWish wish;
        wish.subject = {{"CN", name}};
        wish.dns = {name};
        return by.issue(wish);
    }
};

Pki& pki() {
    static Pki made;
    return made;
}

/// The server as connection_tls has it: what comes is borrowed, decrypted into a room that may be
/// small, and what is left is kept.
class Server {
public:
    Server(Asks asks, Dice& dice)
        : dice_(dice),
          tls_(pki().contexts[static_cast<std::size_t>(asks)]) {}

    /// In pieces, as a socket might have them.
    void receive(std::string_view bytes) {
        while (!bytes.empty() && !is_over()) {
            std::size_t piece = dice_.once_in(3) ? 1 + dice_.below(60) : 1 + dice_.below(65536);
            if (tls_.phase() == TlsSession::Phase::handshake) {
                if (tls_.handshake_bytes() >= most_handshake_bytes) {
                    is_cut_off_ = true;
                    return;
                }
                piece = std::min(piece, most_handshake_bytes - tls_.handshake_bytes());
            }
            const std::string_view next = bytes.substr(0, piece);
            bytes.remove_prefix(next.size());
            take(next);
        }
    }
    void say(std::string_view bytes) { tls_.write(bytes); }
    std::string take_output() {
        std::string bytes(tls_.output());
        tls_.sent(bytes.size());
        if (dice_.once_in(4)) tls_.release_memory();
        return bytes;
    }
    void close() { tls_.close(); }

    [[nodiscard]] bool is_over() const {
        return is_cut_off_ || tls_.phase() == TlsSession::Phase::failed ||
               tls_.phase() == TlsSession::Phase::ended;
    }
    [[nodiscard]] bool is_open() const { return tls_.phase() == TlsSession::Phase::open; }
    [[nodiscard]] const TlsSession& tls() const { return tls_; }
    [[nodiscard]] const std::string& heard() const { return heard_; }
    [[nodiscard]] bool was_open() const { return was_open_; }

private:
    void take(std::string_view bytes) {
        const TlsSession::Phase before = tls_.phase();
        tls_.receive(bytes);
        std::array<char, 20000> room{};
        do {
            const std::size_t most = dice_.once_in(2) ? room.size() : 1 + dice_.below(300);
            const std::size_t size = tls_.read({room.data(), most});
            VERA_CHECK(size <= most);
            VERA_CHECK(size == 0 || was_open_ || tls_.phase() != TlsSession::Phase::handshake);
            heard_.append(room.data(), size);
            was_open_ = was_open_ || tls_.phase() == TlsSession::Phase::open;
        } while (tls_.has_more());
        tls_.keep_rest();
        VERA_CHECK(tls_.phase() >= before);
        VERA_CHECK((tls_.phase() == TlsSession::Phase::failed) == !tls_.failure().empty());
        VERA_CHECK(tls_.output().size() <= most_bytes_held);
    }

    Dice& dice_;
    TlsSession tls_;
    std::string heard_;
    bool is_cut_off_ = false;
    bool was_open_ = false;
};

std::vector<std::string> records_of(std::string_view flight) {
    std::vector<std::string> records;
    while (flight.size() >= record_head) {
        const std::size_t size = static_cast<std::uint8_t>(flight[3]) * std::size_t{256} +
                                 static_cast<std::uint8_t>(flight[4]);
        records.emplace_back(flight.substr(0, record_head + size));
        flight.remove_prefix(records.back().size());
    }
    if (!flight.empty()) records.emplace_back(flight);
    return records;
}

std::string record(std::uint8_t type, std::uint16_t version, std::string_view payload) {
    std::string made{static_cast<char>(type),
                     static_cast<char>(version >> 8U),
                     static_cast<char>(version),
                     static_cast<char>(payload.size() >> 8U),
                     static_cast<char>(payload.size())};
    return made.append(payload);
}

/// A record as no client would send it just now.
std::string odd_record(Choices& choices) {
    static constexpr std::array<std::uint8_t, 6> types{20, 21, 22, 23, 24, 255};
    static constexpr std::array<std::uint16_t, 5> versions{0x0303, 0x0301, 0x0304, 0x0300, 0x0200};
    const std::uint8_t type = types[choices.below(6)];
    const std::uint16_t version = versions[choices.below(5)];
    std::string payload(
        choices.below(4) == 0 ? choices.byte() * std::size_t{80} : choices.below(48),
        static_cast<char>(choices.byte()));
    for (std::size_t i = 0; i < std::min<std::size_t>(payload.size(), 6); ++i)
        payload[i] = static_cast<char>(choices.byte());
    return record(type, version, payload);
}

/// true: something of the flight is no longer what the client sent. A record torn into two of the
/// same type means the same only while nothing is encrypted, so it counts as well.
bool mutate(std::vector<std::string>& records, Choices& choices) {
    if (records.empty()) return false;
    const std::size_t at = choices.below(256) % records.size();
    std::string& one = records[at];
    if (one.empty()) return false;
    switch (choices.below(12)) {
        case 0: {  // bits flipped
            for (std::uint32_t flips = 1 + choices.below(3); flips > 0; --flips)
                one[choices.number32() % one.size()] ^= static_cast<char>(1U << choices.below(8));
            return true;
        }
        case 1:  // cut
            one.resize(choices.number32() % one.size());
            return true;
        case 2:  // cut, and its length says so
            one.resize(choices.number32() % one.size());
            if (one.size() < record_head) return true;
            one = record(static_cast<std::uint8_t>(one[0]), 0x0303, one.substr(record_head));
            return true;
        case 3:  // doubled
            records.insert(records.begin() + static_cast<std::ptrdiff_t>(at), std::string(one));
            return true;
        case 4:  // in another order
            std::swap(one, records[(at + 1) % records.size()]);
            return records.size() > 1;
        case 5:  // lost
            records.erase(records.begin() + static_cast<std::ptrdiff_t>(at));
            return true;
        case 6:
        case 7:  // another one before it
            records.insert(records.begin() + static_cast<std::ptrdiff_t>(at), odd_record(choices));
            return true;
        case 8: {  // torn in two
            if (one.size() < record_head + 2) return false;
            const auto type = static_cast<std::uint8_t>(one[0]);
            const std::string payload = one.substr(record_head);
            const std::size_t first = 1 + choices.number32() % (payload.size() - 1);
            one = record(type, 0x0303, payload.substr(0, first)) +
                  record(type, 0x0303, payload.substr(first));
            return true;
        }
        case 9:  // its head is another one
            one[choices.below(record_head) % one.size()] = static_cast<char>(choices.byte());
            return true;
        case 10:  // a length within a handshake message is another one
            if (one.size() <= record_head + 4) return false;
            one[record_head + 1 + choices.number32() % (one.size() - record_head - 1)] =
                static_cast<char>(choices.byte());
            return true;
        default: {  // a burst of records, or of anything
            std::string burst;
            const std::string piece = odd_record(choices);
            for (std::uint32_t times = choices.byte(); times > 0 && burst.size() < 40000; --times)
                burst += piece;
            records.insert(records.begin() + static_cast<std::ptrdiff_t>(at), std::move(burst));
            return true;
        }
    }
}

enum class Holds : std::uint8_t { nothing, good, foreign };

test::TlsClientOptions client_options(Choices& choices, Holds holds) {
    test::TlsClientOptions options;
    options.ca = pki().authority.pem();
    if (holds == Holds::good) options.pair = pki().client;
    if (holds == Holds::foreign) options.pair = pki().stranger;
    static constexpr std::array<std::pair<int, int>, 3> versions{
        {{0, 0}, {TLS1_2_VERSION, TLS1_2_VERSION}, {TLS1_3_VERSION, TLS1_3_VERSION}}};
    std::tie(options.lowest_version, options.highest_version) = versions[choices.below(3)];
    static constexpr std::array<const char*, 3> names{"localhost", "other", ""};
    options.server_name = names[choices.below(3)];
    return options;
}

/// A real client, and whoever sits between it and the server.
class Encounter {
public:
    Encounter(Choices& choices, Dice& dice, TlsTally& tally)
        : choices_(choices),
          tally_(tally),
          asks_(static_cast<Asks>(choices.below(3))),
          holds_(static_cast<Holds>(choices.below(3))),
          is_left_alone_(choices.below(8) == 0),
          server_(asks_, dice),
          client_(client_options(choices, holds_)) {}

    void hold() {
        for (int round = 0; round < most_rounds && !server_.is_over(); ++round) {
            to_server();
            if (server_.is_open()) talk();
            std::string answer = server_.take_output();
            if (!is_left_alone_ && choices_.once_in(40)) spoil(answer);
            client_.receive(answer);
        }
        if (is_left_alone_ && server_.is_open()) {
            client_.close();
            to_server();
        }
        note_end();
    }

private:
    void to_server() {
        std::vector<std::string> records = records_of(client_.take_output());
        while (!is_left_alone_ && choices_.once_in(5)) {
            is_touched_ = mutate(records, choices_) || is_touched_;
            ++tally_.mutations;
        }
        std::string flight;
        for (const std::string& one : records)
            flight += one;
        tally_.bytes += flight.size();
        server_.receive(flight);
        VERA_CHECK(said_.starts_with(server_.heard()));
    }

    void talk() {
        // What has been heard is said back.
        server_.say(std::string_view(server_.heard()).substr(echoed_));
        echoed_ = server_.heard().size();
        if (!client_.is_open() || asks_anew_) return;
        if (!is_left_alone_ && choices_.once_in(30)) {
            asks_anew_ = client_.renegotiate();
            if (asks_anew_) return;  // then it waits for an answer
        }
        const std::size_t size =
            1 + (choices_.below(4) == 0 ? choices_.byte() * std::size_t{90} : choices_.below(40));
        const std::string words(size, static_cast<char>('a' + choices_.below(26)));
        client_.write(words);
        said_ += words;
    }

    // Then the client complains, and the server hears its alert.
    void spoil(std::string& answer) {
        if (answer.empty()) return;
        answer[choices_.number32() % answer.size()] ^= 1;
        is_touched_ = true;
    }

    void note_end() {
        const TlsSession& tls = server_.tls();
        ++(is_touched_ ? tally_.mutated : tally_.untouched);
        if (tls.phase() == TlsSession::Phase::failed) ++tally_.failures[std::string(tls.failure())];
        if (tls.phase() == TlsSession::Phase::ended) ++tally_.ended;
        const bool may_be_somebody = holds_ == Holds::good && asks_ != Asks::nothing;
        VERA_CHECK(may_be_somebody || !tls.peer());
        if (server_.was_open()) {
            ++tally_.opened;
            if (tls.peer()) {
                ++tally_.with_certificate;
                VERA_CHECK(tls.peer()->attributes.front() ==
                           std::pair(std::string("CN"), std::string("client")));
            }
            VERA_CHECK(asks_ != Asks::always || tls.peer());
            VERA_CHECK(tls.version() == "TLSv1.2" || tls.version() == "TLSv1.3");
        }
        if (is_touched_ || !is_left_alone_) return;
        const bool is_welcome = asks_ == Asks::nothing ||
                                (asks_ == Asks::certificate && holds_ != Holds::foreign) ||
                                holds_ == Holds::good;
        VERA_CHECK(is_welcome == server_.was_open());
        if (!is_welcome) return;
        VERA_CHECK(tls.phase() == TlsSession::Phase::ended);
        VERA_CHECK(server_.heard() == said_ && !said_.empty());
        VERA_CHECK(said_.starts_with(client_.input) && !client_.input.empty());
        VERA_CHECK(tls.peer().has_value() == may_be_somebody);
    }

    Choices& choices_;
    TlsTally& tally_;
    const Asks asks_;
    const Holds holds_;
    const bool is_left_alone_;
    Server server_;
    test::TlsClient client_;
    std::string said_;  // by the client, in the clear
    std::size_t echoed_ = 0;
    bool asks_anew_ = false;
    bool is_touched_ = false;
};

void throw_bytes(std::string_view bytes, Asks asks, Dice& dice, TlsTally& tally) {
    ++tally.raw;
    tally.bytes += bytes.size();
    Server server(asks, dice);
    while (!bytes.empty() && !server.is_over()) {
        const std::string_view next = bytes.substr(0, 1 + dice.below(4096));
        bytes.remove_prefix(next.size());
        server.receive(next);
        static_cast<void>(server.take_output());
    }
    if (server.tls().phase() == TlsSession::Phase::failed)
        ++tally.failures[std::string(server.tls().failure())];
    VERA_CHECK(asks != Asks::always || !server.was_open());
    server.close();
}

constexpr std::uint8_t raw_mark = 4;  // below it: what is asked of the client, and the bytes follow
std::size_t bytes_before = 0;

void check_memory() {
    VERA_CHECK(take_openssl_peak() <= bytes_before + most_bytes_held);
    VERA_CHECK(openssl_bytes() <= bytes_before + most_bytes_left);
}

}  // namespace

void prepare_tls_conversations() {
    watch_openssl();
    seed_openssl(1);
    static_cast<void>(pki());
    TlsTally tally;  // what OpenSSL makes once and keeps is made now
    for (std::uint8_t i = 0; i < 64; ++i) {
        const std::string bytes(64, static_cast<char>(i * 4 + 3));
        Choices choices(bytes);
        Dice dice(i);
        Encounter(choices, dice, tally).hold();
    }
    bytes_before = openssl_bytes();
    static_cast<void>(take_openssl_peak());
}

void run_tls_conversation(std::string_view bytes, TlsTally& tally) {
    Choices choices(bytes);
    const std::uint32_t way = choices.below(16);
    Dice dice(bytes.size() * 256 + way);
    seed_openssl(way);
    if (way < raw_mark - 1) {
        throw_bytes(bytes.substr(std::min<std::size_t>(1, bytes.size())),
                    static_cast<Asks>(way),
                    dice,
                    tally);
    } else {
        Encounter(choices, dice, tally).hold();
    }
    check_memory();
}

std::string recorded_flights(bool is_old, bool has_certificate) {
    Dice dice(1);
    const Asks asks = has_certificate ? Asks::certificate : Asks::nothing;
    Server server(asks, dice);
    test::TlsClientOptions options;
    options.ca = pki().authority.pem();
    if (has_certificate) options.pair = pki().client;
    options.server_name = "localhost";
    options.lowest_version = options.highest_version = is_old ? TLS1_2_VERSION : TLS1_3_VERSION;
    test::TlsClient client(options);
    std::string flights(1, static_cast<char>(asks));
    for (int round = 0; round < 4; ++round) {
        const std::string flight = client.take_output();
        flights += flight;
        server.receive(flight);
        client.receive(server.take_output());
        if (round == 2) client.write("AMQP\x03\x01");
    }
    VERA_CHECK(server.is_open() && server.heard() == "AMQP\x03\x01");
    return flights;
}

}  // namespace vera::fuzz
