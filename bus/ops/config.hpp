#pragma once
// A configuration file as plain values, every option with its default; and its reader, which finds
// all errors, not only the first. What there is to know about each option stands in
// option_table.cpp, for people in OPTIONS.md. What a configuration means for queues is
// generation.hpp.
#include "bus/amqp/tls_session.hpp"
#include "bus/base/time.hpp"
#include "bus/base/uuid.hpp"
#include "bus/event/catalogue.hpp"
#include "bus/event/uuid_names.hpp"
#include "bus/flow/snapshot.hpp"
#include "bus/format/form.hpp"
#include "bus/route/routing_table.hpp"
#include "bus/transform/mapping.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vera::ops {

/// Paths as they are written.
struct TlsPairConfig {
    std::string certificate;
    std::string key;
};

struct TlsConfig {
    std::vector<TlsPairConfig> certificates;  ///< none: no TLS
    std::string client_ca;                    ///< empty: clients are not asked for a certificate
    bool requires_client_certificate = false;
    std::shared_ptr<const amqp::TlsContext> context;  ///< made of the files by load_config
    [[nodiscard]] bool is_on() const { return !certificates.empty(); }
};

struct ListenConfig {
    std::string address = "127.0.0.1";  ///< IP literal
    std::uint16_t port = 5672;          ///< 0: any free one
    bool allows_anonymous = false;      ///< loopback only
    bool allows_plain = true;
    TlsConfig tls;
    [[nodiscard]] bool is_loopback() const;
    /// As far as only a restart changes it: with or without TLS, not with which certificates.
    friend bool operator==(const ListenConfig& left, const ListenConfig& right) {
        return left.address == right.address && left.port == right.port &&
               left.allows_anonymous == right.allows_anonymous &&
               left.allows_plain == right.allows_plain && left.tls.is_on() == right.tls.is_on();
    }
};

struct StoreConfig {
    std::string path = "data";  ///< absolute after loading
    std::uint64_t segment_bytes = 64ULL << 20U;
    friend bool operator==(const StoreConfig&, const StoreConfig&) = default;
};

struct DoorConfig {
    unsigned io_threads = 2;
    Millis idle_timeout{60'000};
    Millis handshake_timeout{5'000};
    Millis write_stall_timeout{60'000};
    std::uint32_t publisher_credit = 1000;          ///< deliveries per link
    std::uint64_t in_flight_bytes = 256ULL << 20U;  ///< all connections together
    std::uint32_t max_connections = 20'000;
    std::uint32_t max_frame_bytes = 64U << 10U;
    std::uint16_t max_sessions = 32;          ///< per connection
    std::uint32_t max_links = 256;            ///< per session
    std::uint32_t reply_messages = 1000;      ///< in dynamic nodes, per connection
    std::uint64_t reply_bytes = 8ULL << 20U;  ///< the same
    friend bool operator==(const DoorConfig&, const DoorConfig&) = default;
};

/// Attributes of a certificate's subject that a mapping may name, by their short names.
constexpr std::array<std::string_view, 10> subject_attributes{"organizationIdentifier",
                                                              "serialNumber",
                                                              "CN",
                                                              "UID",
                                                              "O",
                                                              "OU",
                                                              "C",
                                                              "L",
                                                              "ST",
                                                              "emailAddress"};

/// A certificate is meant if its subject has each attribute that is not empty here, once and equal.
struct SubjectConfig {
    std::array<std::string, subject_attributes.size()> values;
};
[[nodiscard]] bool matches(const SubjectConfig& wanted, const amqp::CertificateSubject& subject);
/// No certificate can be meant by both.
[[nodiscard]] bool excludes(const SubjectConfig& one, const SubjectConfig& other);

/// When a queue is full. Not set: no limit.
struct QueueLimitsConfig {
    std::optional<std::uint64_t> count;  ///< 1 – 10^12 copies
    std::optional<std::uint64_t> bytes;  ///< 1 KiB – 1 PiB
    std::optional<Millis> age;           ///< 1s – 3650d
    flow::Overflow overflow = flow::Overflow::dead_letter;
};

/// The queue of messages to one system.
struct InboxConfig {
    std::vector<std::string> accepts{};  ///< types, see route::covers; empty: any message
    QueueLimitsConfig limits;
    std::optional<Millis> ttl;  ///< 1s – 3650d; not set: messages wait for ever
};

struct SystemConfig {
    std::string name;
    std::string authority;  ///< CVR number
    std::vector<std::string>
        secrets;  ///< hashed, see policy/secret.hpp; several while one is being replaced
    std::vector<SubjectConfig> certificates{};  ///< by their subjects; several likewise
    InboxConfig inbox{};
    bool is_operator = false;              ///< may see and reload the configuration
    bool has_protected_addresses = false;  ///< has the right to them
};

struct AuthorityConfig {
    std::string cvr;   ///< 8 digits
    std::string name;  ///< of people
    std::string code;  ///< municipality code, 3 or 4 digits, or empty
};

/// What a UUID is called.
struct NameConfig {
    std::string uuid;  ///< lower case
    event::UuidName::Kind kind = event::UuidName::Kind::aktoer;
    std::string name;
    std::uint16_t level = 0;  ///< of foelsomhed: 1 – 4
};

struct SubscriptionConfig {
    std::optional<Uuid> id;  ///< its identity; without it the name is
    std::string name;
    route::Filter filter;       ///< its expression is made of the text below
    std::string filter_text{};  ///< as written; empty: none
    flow::RetryPolicy retry{};
    bool allows_presettled = false;
    QueueLimitsConfig limits{};
    std::optional<Millis> ttl{};  ///< 1s – 3650d; not set: copies wait for ever
    flow::DeliverAt deliver_at = flow::DeliverAt::once;
    bool has_protected_addresses = false;  ///< for systems with the right to them
    std::vector<std::string> transform{};  ///< names of mappings; the first that is meant
    std::optional<format::Form> format{};  ///< not set: the form in which the event came
};

struct QueueConfig {
    std::string name;
    flow::RetryPolicy retry;
    bool allows_presettled = false;
    QueueLimitsConfig limits{};
    std::optional<Millis> ttl{};  ///< 1s – 3650d; not set: messages wait for ever
};

struct Config {
    std::string node = "vera";  ///< AMQP container id
    Millis stop_timeout{10'000};
    std::vector<ListenConfig> listen{ListenConfig{}};
    StoreConfig store;
    flow::Limits limits;
    DoorConfig door;
    std::uint64_t hot_bytes = 16ULL << 20U;
    std::vector<std::string> schemas;  ///< folders, as written
    std::vector<NameConfig> names;
    std::string persons;  ///< file, as written; empty: none
    /// Made of the three, and of what is built in, by load_config.
    std::shared_ptr<const event::Catalogue> catalogue;
    std::vector<std::string> transformations;  ///< files and folders of mappings, as written
    /// Compiled by load_config, in the order of their names.
    std::vector<std::shared_ptr<const transform::Mapping>> mappings;
    std::vector<SystemConfig> systems;
    std::vector<AuthorityConfig> authorities;
    std::string subscriptions_folder;  ///< as written; empty: none
    std::vector<SubscriptionConfig> subscriptions;
    std::vector<QueueConfig> queues;
    std::string digest;  ///< SHA-256 of the bytes of all files read, lower-case hexadecimal
};

/// One thing that is wrong. `line` 0: the file as a whole.
struct Problem {
    std::string file;
    int line = 0;
    std::string key;  ///< "subscriptions[2].retry.attempts"; may be empty
    std::string reason;
};
/// "file:line: key: reason".
[[nodiscard]] std::string to_text(const Problem& problem);
/// One per line.
[[nodiscard]] std::string to_text(const std::vector<Problem>& problems);

/// Where an option is set.
struct Source {
    std::string file;
    int line = 0;
};
/// By the place of the option in the whole configuration: "subscriptions[2].retry.attempts", those
/// of the folder counted behind those of the file.
using Sources = std::map<std::string, Source>;

struct LoadedConfig {
    Config config;                  ///< only to be used if there are no problems
    std::vector<Problem> problems;  ///< all, in the order of the files
    std::vector<Problem> warnings;  ///< what is no error, and hardly meant; likewise
    Sources sources;                ///< if asked for
    [[nodiscard]] bool is_good() const { return problems.empty(); }
};

struct LoadOptions {
    bool allows_beyond_loopback = false;  ///< --pilot
    bool keeps_sources = false;           ///< also tells where every option is set
    /// Spares making it anew where the configuration adds nothing to it.
    std::shared_ptr<const event::Catalogue> built_in{};
    /// Folders of schemas beside those of the configuration, as seen from the working folder.
    std::vector<std::string> schemas{};
};

/// What is wrong with the parts together, each of which is fine for itself: key and reason.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> contradictions(const Config& config);

/// SHA-256, lower-case hexadecimal.
[[nodiscard]] std::string digest_of(const std::string& bytes);

/// Reads the file, its folder of subscriptions and its schemas. Blocks on disk. Never throws on any
/// content.
[[nodiscard]] LoadedConfig load_config(const std::string& file, const LoadOptions& options);

}  // namespace vera::ops
