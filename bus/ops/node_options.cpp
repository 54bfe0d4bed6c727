// The options of the node itself: where it listens, what it keeps, how much it takes.
#include "bus/ops/names.hpp"
#include "bus/ops/option_parts.hpp"
#include "bus/ops/reading.hpp"

#include <array>

namespace vera::ops {
namespace {

using namespace std::chrono_literals;

const TextForm address_form = form("an IP address", is_ip_address, "not an IP address");

OptionTable<TlsPairConfig> pair_options() {
    return {
        text("certificate",
             at(&TlsPairConfig::certificate),
             path_form,
             {"0.1", reload, "PEM: the server's own first, then those that issued it"})
            .required("tls/bus.pem"),
        text("key",
             at(&TlsPairConfig::key),
             path_form,
             {"0.1", reload, "PEM, without a passphrase; mode 0400, 0440, 0600 or 0640"})
            .required("tls/bus.key"),
    };
}

/// Whom it verifies by is looked at at once.
Option<TlsConfig> client_ca_option() {
    auto option = text("client_ca",
                       at(&TlsConfig::client_ca),
                       path_form,
                       {"0.1",
                        reload,
                        "PEM: who issues the certificates of clients, for SASL EXTERNAL; left "
                        "out: clients are not asked for one"});
    option.read =
        [read = option.read](
            const OptionFacts& facts, Section& section, TlsConfig& tls, Reading& reading) {
            read(facts, section, tls, reading);
            reading.check_client_ca(section, tls);
        };
    return option;
}

OptionTable<TlsConfig> tls_options() {
    return {
        list(
            "certificates",
            at(&TlsConfig::certificates),
            pair_options(),
            {{}, &Reading::check_pair, "is empty: TLS needs a certificate"},
            {"0.1", reload, "chosen by the name that a client asks for; the first for all others"}),
        client_ca_option().example("tls/client-ca.pem"),
        choice("client_certificate",
               at(&TlsConfig::requires_client_certificate),
               {{"optional", false}, {"required", true}},
               {"0.1", reload, "with `client_ca`: whether a client may come without one"}),
    };
}

}  // namespace

OptionTable<ListenConfig> listen_options() {
    return {
        text("address",
             at(&ListenConfig::address),
             address_form,
             {"0.1", restart, "beyond loopback only with `tls` and `vera serve --pilot`"})
            .basic(),
        integer(
            "port", at(&ListenConfig::port), {0, 65535}, "", {"0.1", restart, "0: any free one"})
            .basic(),
        boolean("anonymous",
                at(&ListenConfig::allows_anonymous),
                {"0.1", restart, "SASL ANONYMOUS, on loopback only"})
            .basic(),
        boolean("plain",
                at(&ListenConfig::allows_plain),
                {"0.1", restart, "SASL PLAIN with the secrets of `systems`"}),
        group("tls",
              at(&ListenConfig::tls),
              tls_options(),
              {"0.1",
               reload,
               "TLS 1.2 and 1.3; files are read again with each reload, and paths are relative to "
               "the configuration's folder. Whether there is TLS changes with a restart"})
            .aside(),
    };
}

/// `store.retention` is one of the limits of the flow, and so a field of its own elsewhere.
OptionTable<Config> store_options() {
    return {
        text("path",
             at(&Config::store, &StoreConfig::path),
             path_form,
             {"0.1", restart, "folder of the journal, made if absent"})
            .basic(),
        size("segment",
             at(&Config::store, &StoreConfig::segment_bytes),
             {64 * kib, 1 * gib, 4 * kib},
             {"0.1", restart, "size of one journal file"}),
        duration("retention",
                 at(&Config::limits, &flow::Limits::retention),
                 {1min, 3650 * day},
                 {"0.1",
                  reload,
                  "events are kept this long after acceptance, but never shorter than "
                  "`limits.dedup_window` nor before every copy is settled"})
            .basic(),
        duration("retention_sensitive",
                 at(&Config::limits, &flow::Limits::sensitive_retention),
                 {1min, 3650 * day},
                 {"0.1",
                  reload,
                  "the same for events of foelsomhed (sensitivity) 3 and 4, where it is shorter; "
                  "what is over is gone from the files within a day once it is settled"}),
    };
}

OptionTable<flow::Limits> limit_options() {
    using flow::Limits;
    return {
        size("event",
             at(&Limits::max_event_bytes),
             {1 * kib, 16 * mib},
             {"0.1", reload, "largest message to `events`"}),
        size("message",
             at(&Limits::max_message_bytes),
             {1 * kib, 256 * mib},
             {"0.1", reload, "largest message to `queue/<name>` or `inbox/<system>`"}),
        duration("dedup_window",
                 at(&Limits::dedup_window),
                 {1s, 30 * day},
                 {"0.1", reload, "a repeated BeskedId is recognised this long"}),
        integer("dedup_ids",
                at(&Limits::dedup_ids),
                {1000, 1'000'000'000},
                "ids",
                {"0.1", reload, "and at most so many of them (24 bytes each)"}),
        duration("schedule",
                 at(&Limits::longest_schedule),
                 {0ms, 3660 * day},
                 {"0.1", reload, "a publisher may ask for delivery so far ahead, no further"}),
    };
}

OptionTable<DoorConfig> door_options() {
    return {
        integer("io_threads",
                at(&DoorConfig::io_threads),
                {1, 64},
                "threads",
                {"0.1", restart, "threads that serve connections"}),
        duration("idle_timeout",
                 at(&DoorConfig::idle_timeout),
                 {1s, 1h},
                 {"0.1", restart, "a peer silent for this long is closed"}),
        duration("handshake_timeout",
                 at(&DoorConfig::handshake_timeout),
                 {100ms, 1min},
                 {"0.1",
                  restart,
                  "at most so long until the peer has authenticated, TLS included, and opened"}),
        duration("write_stall_timeout",
                 at(&DoorConfig::write_stall_timeout),
                 {1s, 1h},
                 {"0.1", restart, "a peer that does not read while output waits"}),
        integer("publisher_credit",
                at(&DoorConfig::publisher_credit),
                {1, 100'000},
                "deliveries",
                {"0.1", restart, "credit of each publishing link"}),
        size("in_flight",
             at(&DoorConfig::in_flight_bytes),
             {1 * mib, 64 * gib},
             {"0.1",
              restart,
              "received and not settled, all connections; at least the largest message"}),
        integer("max_connections",
                at(&DoorConfig::max_connections),
                {1, 1'000'000},
                "connections",
                {"0.1", restart, "never more than the limit of open files less 256"}),
        size("max_frame",
             at(&DoorConfig::max_frame_bytes),
             {512, 16 * mib},  // AMQP 1.0 §2.7.1: at least 512
             {"0.1", restart, "largest AMQP frame, in and out"}),
        integer("sessions",
                at(&DoorConfig::max_sessions),
                {1, 4096},
                "sessions",
                {"0.1", restart, "per connection"}),
        integer("links",
                at(&DoorConfig::max_links),
                {1, 4096},
                "links",
                {"0.1", restart, "per session"}),
        integer("reply_messages",
                at(&DoorConfig::reply_messages),
                {1, 1'000'000},
                "messages",
                {"0.1", restart, "that wait in the dynamic nodes of one connection"}),
        size("reply_bytes",
             at(&DoorConfig::reply_bytes),
             {64 * kib, 1 * gib},
             {"0.1", restart, "the same in bytes; all connections together: `in_flight`"}),
    };
}

OptionTable<Config> memory_options() {
    return {
        size("hot",
             at(&Config::hot_bytes),
             {0, 64 * gib},
             {"0.1", restart, "messages kept in memory after the commit, newest first"}),
    };
}

}  // namespace vera::ops
