#include "bus/ops/option_table.hpp"

#include "bus/ops/names.hpp"
#include "bus/ops/option_kinds.hpp"
#include "bus/ops/reading.hpp"
#include "bus/policy/secret.hpp"

#include <array>

namespace vera::ops {
namespace {

using namespace std::chrono_literals;

constexpr Takes reload = Takes::reload;
constexpr Takes restart = Takes::restart;
constexpr std::uint64_t kib = 1ULL << 10U;
constexpr std::uint64_t mib = 1ULL << 20U;
constexpr std::uint64_t gib = 1ULL << 30U;
constexpr Millis day{86'400'000};

/// A text that must fulfil something.
template <class Holds>
TextForm form(std::string range, Holds holds, std::string otherwise) {
    return {std::move(range), [=](const std::string& text) -> std::optional<std::string> {
                if (holds(text)) return std::nullopt;
                return otherwise;
            }};
}

const TextForm any_text{"", {}};
const TextForm path_form = form(
    "a path", [](const std::string& text) { return !text.empty(); }, "is empty");
const TextForm address_form = form("an IP address", is_ip_address, "not an IP address");
const TextForm cvr_form = form(
    "8 digits",
    [](const std::string& text) { return is_digits(text, 8, 8); },
    "not a CVR number: 8 digits, in quotes");
const TextForm authority_form = form(
    "a CVR number of `authorities`",
    [](const std::string& text) { return is_digits(text, 8, 8); },
    "a CVR number (8 digits, in quotes) is required");
const TextForm code_form = form(
    "3 or 4 digits",
    [](const std::string& text) { return is_digits(text, 3, 4); },
    "not a municipality code: 3 or 4 digits, in quotes");
const TextForm display_name_form = form(
    "1 – 256 bytes",
    [](const std::string& text) { return !text.empty() && text.size() <= 256; },
    "a name of 1 to 256 bytes is required");
const TextForm node_form = form(
    "a name", is_name, "not a name: letters a-z, æ, ø, å, digits, then also . _ -, at most 64");
const TextForm name_form{
    "a name", [](const std::string& text) -> std::optional<std::string> {
        if (text.empty()) return "a name is required";
        if (is_name(text)) return std::nullopt;
        return "not a name: small letters a-z, æ, ø, å or digits, then also . _ -, at most 64";
    }};
const TextForm secret_form{"scrypt hashes",
                           [](const std::string& text) -> std::optional<std::string> {
                               const auto checked = policy::check_hash(text);
                               if (checked) return std::nullopt;
                               return "no hashed secret: " + checked.error().text;
                           }};
const Count some{0, SIZE_MAX, "", true};

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

OptionTable<AuthorityConfig> authority_options() {
    return {
        text("cvr", at(&AuthorityConfig::cvr), cvr_form, {"0.1", reload, "its CVR number"})
            .required("29189382")
            .basic(),
        text("name", at(&AuthorityConfig::name), display_name_form, {"0.1", reload, "for people"})
            .required("Hjørring Kommune")
            .basic(),
        text("code", at(&AuthorityConfig::code), code_form, {"0.1", reload, "municipality code"})
            .example("0860")
            .basic(),
    };
}

OptionTable<SubjectConfig> subject_options() {
    OptionTable<SubjectConfig> table;
    const TextForm value_form = form(
        "1 – 256 bytes",
        [](const std::string& text) { return !text.empty() && text.size() <= 256; },
        "not 1 to 256 bytes; leave it out if it does not matter");
    static constexpr std::array<const char*, subject_attributes.size()> examples{
        "NTRDK-29189382",
        "UI:DK-O:G:b1a3",
        "sbsys-hjoerring",
        "sbsys",
        "Hjørring Kommune",
        "Drift",
        "DK",
        "Hjørring",
        "Nordjylland",
        "drift@example.dk"};
    for (std::size_t i = 0; i < subject_attributes.size(); ++i)
        table.push_back(
            text(std::string(subject_attributes[i]),
                 Place<SubjectConfig, std::string>{
                     [i](SubjectConfig& subject) -> std::string& { return subject.values[i]; },
                     [i](const SubjectConfig& subject) -> const std::string& {
                         return subject.values[i];
                     }},
                 value_form,
                 {"0.1", reload, "must stand once in the subject, with this value; left out: any"})
                .example(examples[i]));
    return table;
}

OptionTable<QueueLimitsConfig> queue_limit_options() {
    return {
        integer("count",
                at(&QueueLimitsConfig::count),
                {1, 1'000'000'000'000},
                "copies",
                {"0.1", reload, "most copies that wait, are scheduled or in hands"})
            .example("1000000"),
        size("bytes",
             at(&QueueLimitsConfig::bytes),
             {1 * kib, 1024 * 1024 * gib},
             {"0.1", reload, "most bytes of their messages"})
            .example("10GiB"),
        duration("age",
                 at(&QueueLimitsConfig::age),
                 {1s, 3650 * day},
                 {"0.1", reload, "full as well when the oldest has been there for so long"})
            .example("30d"),
        choice("overflow",
               at(&QueueLimitsConfig::overflow),
               {{"dead_letter", flow::Overflow::dead_letter},
                {"refuse", flow::Overflow::refuse},
                {"drop_oldest", flow::Overflow::drop_oldest}},
               {"0.1",
                reload,
                "what comes to a full queue is a dead letter; or is refused to the publisher, for "
                "all subscriptions; or makes the oldest that nobody holds dead letters"}),
    };
}

template <class Owner>
Option<Owner> queue_limits() {
    return group("limits",
                 at(&Owner::limits),
                 queue_limit_options(),
                 {"0.1", reload, "when the queue is full, and what happens then"});
}

template <class Owner>
Option<Owner> queue_ttl() {
    return duration("ttl",
                    at(&Owner::ttl),
                    {1s, 3650 * day},
                    {"0.1",
                     reload,
                     "a copy that has been ready for so long is a dead letter; the message's own "
                     "ttl counts as well"})
        .example("30d");
}

OptionTable<InboxConfig> inbox_options() {
    return {queue_limits<InboxConfig>(), queue_ttl<InboxConfig>()};
}

OptionTable<SystemConfig> system_options() {
    return {
        text("name",
             at(&SystemConfig::name),
             name_form,
             {"0.1", reload, "who authenticates; `inbox/<name>` is for messages to it"})
            .required("sbsys-hjoerring")
            .basic(),
        text("authority",
             at(&SystemConfig::authority),
             authority_form,
             {"0.1", reload, "on whose behalf"})
            .required("29189382")
            .basic(),
        texts(
            "secrets",
            at(&SystemConfig::secrets),
            secret_form,
            {0, 4, "hashed secret"},
            {"0.1",
             reload,
             "made by `vera secret hash`, for SASL PLAIN; several while one is being replaced. At "
             "least one, or one of `certificates`"})
            .example("[scrypt$15$8$1$AQIDBAUGBwgJCgsMDQ4PEA==$"
                     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=]")
            .secret()
            .basic(),
        list("certificates",
             at(&SystemConfig::certificates),
             subject_options(),
             {{}, &Reading::check_subject, ""},
             {"0.1",
              reload,
              "subjects of its certificates, for SASL EXTERNAL; several while one is being "
              "replaced. No certificate may fit two systems"}),
        group("inbox",
              at(&SystemConfig::inbox),
              inbox_options(),
              {"0.1", reload, "the queue of messages to it"}),
        boolean("operator",
                at(&SystemConfig::is_operator),
                {"0.1", reload, "may see and reload the configuration by `$management`"}),
        boolean("protected_addresses",
                at(&SystemConfig::has_protected_addresses),
                {"0.1",
                 reload,
                 "has the right to addresses under address protection (CPR-loven § 28), from "
                 "subscriptions that ask for them"}),
    };
}

OptionTable<flow::RetryPolicy> retry_options() {
    return {
        durations("backoff",
                  at(&flow::RetryPolicy::backoff),
                  {0ms, 30 * day},
                  {1, 64},
                  {"0.1", reload, "wait before attempt 2, 3, …; the last repeats"}),
        integer("attempts",
                at(&flow::RetryPolicy::max_attempts),
                {1, 100'000},
                "attempts",
                {"0.1", reload, "failed attempts until the copy is a dead letter"}),
    };
}

Option<SubscriptionConfig> subscription_id() {
    return kinds::value(
        kinds::facts("id",
                     "UUID",
                     "",
                     "",
                     {"0.1",
                      reload,
                      "its identity: with it a rename keeps the queue; without it the name is the "
                      "identity"}),
        at(&SubscriptionConfig::id),
        [](const OptionFacts& self, Section& section, Uuid& out) {
            std::string id;
            section.text(self.key, id);
            const auto uuid = parse_uuid(id);
            if (uuid && !uuid->is_nil())
                out = *uuid;
            else if (section.has(self.key))
                section.problem(self.key, "not a UUID");
        },
        [](const Uuid& uuid) { return nlohmann::json(to_text(uuid)); });
}

/// Object ids are kept in the form in which events have them.
Option<SubscriptionConfig> subscription_objects() {
    const auto place = at(&SubscriptionConfig::filter, &route::Filter::objects);
    auto option = texts("objects",
                        place,
                        any_text,
                        some,
                        {"0.1", reload, "object ids: any object of the event; left out: all"});
    option.read = [place, read = option.read](const OptionFacts& facts,
                                              Section& section,
                                              SubscriptionConfig& subscription,
                                              Reading& reading) {
        read(facts, section, subscription, reading);
        for (std::string& object : place.in(subscription))
            object = reading.catalogue()->object_id(object);
    };
    return option;
}

OptionTable<SubscriptionConfig> make_subscription_options() {
    return {
        subscription_id().example("96514e13-afdd-44d6-95a8-adc2ca19b127"),
        text("name",
             at(&SubscriptionConfig::name),
             name_form,
             {"0.1", reload, "address `sub/<name>`"})
            .required("omsorg-hjoerring")
            .basic(),
        texts("types",
              at(&SubscriptionConfig::filter, &route::Filter::types),
              any_text,
              some,
              {"0.1",
               reload,
               "full names of the catalogue, or `vera.sag.v1.*` for a package; left out: all"})
            .example("[vera.person.v1.PersonFlyttet]")
            .basic(),
        texts("authorities",
              at(&SubscriptionConfig::filter, &route::Filter::authorities),
              cvr_form,
              some,
              {"0.1", reload, "CVR numbers: responsible for the object; left out: all"})
            .example("[\"29189382\"]")
            .basic(),
        subscription_objects().example("[7654895c-a3f3-4c77-8afd-4c77330f963c]"),
        group("retry",
              at(&SubscriptionConfig::retry),
              retry_options(),
              {"0.1", reload, "when and how often a failed delivery is tried again"}),
        boolean("presettled",
                at(&SubscriptionConfig::allows_presettled),
                {"0.1", reload, "consumers may ask for presettled deliveries"}),
        queue_limits<SubscriptionConfig>(),
        queue_ttl<SubscriptionConfig>(),
        choice("deliver_at",
               at(&SubscriptionConfig::deliver_at),
               {{"once", flow::DeliverAt::once}, {"virkning", flow::DeliverAt::virkning}},
               {"0.1",
                reload,
                "at once, or when all of the payload's registration has taken effect: the latest "
                "FraTidspunkt of any Virkning in it"}),
        boolean("protected_addresses",
                at(&SubscriptionConfig::has_protected_addresses),
                {"0.1",
                 reload,
                 "systems with the right to them get addresses that a person's address protection "
                 "covers; without it, and to other systems, events come without these"}),
    };
}

OptionTable<QueueConfig> queue_options() {
    return {
        text("name", at(&QueueConfig::name), name_form, {"0.1", reload, "address `queue/<name>`"})
            .required("lager")
            .basic(),
        group("retry",
              at(&QueueConfig::retry),
              retry_options(),
              {"0.1", reload, "when and how often a failed delivery is tried again"}),
        boolean("presettled",
                at(&QueueConfig::allows_presettled),
                {"0.1", reload, "consumers may ask for presettled deliveries"}),
        queue_limits<QueueConfig>(),
        queue_ttl<QueueConfig>(),
    };
}

OptionTable<NameConfig> name_options() {
    using Kind = event::UuidName::Kind;
    const TextForm uuid_form = form(
        "a UUID",
        [](const std::string& text) { return parse_uuid(text).has_value(); },
        "not a UUID");
    auto uuid = text("uuid", at(&NameConfig::uuid), uuid_form, {"0.1", reload, "any case"});
    uuid.read =
        [read = uuid.read](
            const OptionFacts& facts, Section& section, NameConfig& name, Reading& reading) {
            read(facts, section, name, reading);
            const auto parsed = parse_uuid(name.uuid);
            name.uuid = parsed ? to_text(*parsed) : "";
        };
    return {
        std::move(uuid).required("96514e13-afdd-44d6-95a8-adc2ca19b127"),
        choice("kind",
               at(&NameConfig::kind),
               {{"beskedtype", Kind::beskedtype},
                {"objekttype", Kind::objekttype},
                {"handling", Kind::handling},
                {"foelsomhed", Kind::foelsomhed},
                {"aktoer", Kind::aktoer}},
               {"0.1",
                reload,
                "type of message, type of object, what was done to it, sensitivity, or who sends"}),
        text(
            "name", at(&NameConfig::name), display_name_form, {"0.1", reload, "what listings show"})
            .required("Digital Post"),
        integer("level",
                at(&NameConfig::level),
                {0, 4},
                "",
                {"0.1", reload, "of `foelsomhed`: 1 to 4; 0: none"}),
    };
}

/// The last of the three that the catalogue is made of: what follows may name its types.
Option<Config> persons_option() {
    auto option = text(
        "persons",
        at(&Config::persons),
        any_text,
        {"0.1",
         reload,
         "a file of lines `CPR,UUID`, mode 0400, 0440, 0600 or 0640: events about one person are "
         "kept in order whichever of the two they name; another table counts for those that come "
         "after it"});
    option.read =
        [read = option.read](
            const OptionFacts& facts, Section& section, Config& config, Reading& reading) {
            read(facts, section, config, reading);
            reading.make_catalogue(section);
            config.catalogue = reading.catalogue();
        };
    return option;
}

OptionTable<Config> make_config_options() {
    return {
        text("node", at(&Config::node), node_form, {"0.1", restart, "AMQP container id"}).basic(),
        duration("stop_timeout",
                 at(&Config::stop_timeout),
                 {0ms, 10min},
                 {"0.1",
                  reload,
                  "how long clients may take to end what they began when the bus stops; one half "
                  "for deliveries under way, the rest for connections"}),
        list("listen",
             at(&Config::listen),
             listen_options(),
             {{}, &Reading::check_listen, "is empty: nobody could connect"},
             {"0.1", restart, "where clients connect; one listener if left out"}),
        group("store", itself<Config>(), store_options(), {"0.1", reload, "the journal on disk"}),
        group("limits",
              at(&Config::limits),
              limit_options(),
              {"0.1", reload, "what the bus takes and remembers"}),
        group(
            "door", at(&Config::door), door_options(), {"0.1", restart, "connections of clients"}),
        group("memory", itself<Config>(), memory_options(), {"0.1", restart, "use of memory"}),
        texts("schemas",
              at(&Config::schemas),
              path_form,
              {},
              {"0.1",
               reload,
               "folders of `.proto` files or descriptor sets (`*.binpb`, `*.pb`, `*.desc`), "
               "relative to the configuration's folder: their messages are known beside the "
               "built-in ones"})
            .example("[skemaer]")
            .aside(),
        list("names",
             at(&Config::names),
             name_options(),
             {[](const NameConfig& one) { return one.uuid; }, &Reading::check_name_of_uuid, ""},
             {"0.1",
              reload,
              "what UUIDs are called, and the level of those of sensitivity; beside those that "
              "schemas and reference give"}),
        persons_option().example("persons.csv").aside(),
        list("authorities",
             at(&Config::authorities),
             authority_options(),
             {[](const AuthorityConfig& one) { return one.cvr; }, &Reading::check_authority, ""},
             {"0.1", reload, "municipalities and other bodies"}),
        list("systems",
             at(&Config::systems),
             system_options(),
             {[](const SystemConfig& one) { return one.name; }, &Reading::check_system, ""},
             {"0.1", reload, "who may connect, with a secret or a certificate"}),
        list("subscriptions",
             at(&Config::subscriptions),
             subscription_options(),
             {[](const SubscriptionConfig& one) { return one.name; },
              &Reading::check_subscription,
              ""},
             {"0.1", reload, "filter and delivery rules; each has one queue"}),
        text("subscriptions_folder",
             at(&Config::subscriptions_folder),
             any_text,
             {"0.1", reload, "a folder: each `*.yaml` in it is one subscription of these keys"}),
        list("queues",
             at(&Config::queues),
             queue_options(),
             {[](const QueueConfig& one) { return one.name; }, &Reading::check_queue, ""},
             {"0.1", reload, "plain queues for opaque messages"}),
    };
}

}  // namespace

const OptionTable<SubscriptionConfig>& subscription_options() {
    static const auto table = make_subscription_options();
    return table;
}

const OptionTable<Config>& config_options() {
    static const auto table = make_config_options();
    return table;
}

}  // namespace vera::ops
