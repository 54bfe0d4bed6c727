// The options of those who use the node: authorities, systems, subscriptions and queues.
#include "bus/ops/names.hpp"
#include "bus/ops/option_parts.hpp"
#include "bus/ops/option_table.hpp"
#include "bus/ops/reading.hpp"
#include "bus/policy/secret.hpp"

#include <array>

namespace vera::ops {
namespace {

using namespace std::chrono_literals;

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

}  // namespace

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

namespace {

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
    return {
        texts("accepts",
              at(&InboxConfig::accepts),
              any_text,
              some,
              {"0.1",
               reload,
               "full names of the catalogue, or `vera.sag.v1.*` for a package: messages are "
               "kuverts of these types, checked like events; left out: anything, unchecked"})
            .example("[vera.barn.v1.UnderretningModtaget]"),
        queue_limits<InboxConfig>(),
        queue_ttl<InboxConfig>(),
    };
}

}  // namespace

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

namespace {

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

/// Compiled as soon as it is read: the clauses about types stand before it in the table.
Option<SubscriptionConfig> subscription_filter() {
    auto option = text("filter",
                       at(&SubscriptionConfig::filter_text),
                       form(
                           "an expression, see bus/expr/README.md",
                           [](const std::string& text) { return !text.empty(); },
                           "is empty; leave it out for every event"),
                       {"0.1", reload, "what must be true of an event besides the lists above"});
    option.read = [read = option.read](const OptionFacts& facts,
                                       Section& section,
                                       SubscriptionConfig& subscription,
                                       Reading& reading) {
        read(facts, section, subscription, reading);
        if (!subscription.filter_text.empty())
            reading.compile_filter(section, facts.key, subscription);
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
        subscription_filter().example("kle LIKE '27.%' AND foelsomhed <= 2").basic(),
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
        texts("transform",
              at(&SubscriptionConfig::transform),
              any_text,
              {},
              {"0.1",
               reload,
               "names of `transformations`: events of their types are made into others, by the "
               "first whose `when` holds; those of other types go as they came"})
            .example("[elev-v1]")
            .aside(),
        choice("format",
               at(&SubscriptionConfig::format),
               {{"protobuf", format::Form::protobuf},
                {"json", format::Form::json},
                {"cloudevents-json", format::Form::cloudevents_json},
                {"cloudevents-protobuf", format::Form::cloudevents_protobuf},
                {"beskedkuvert-xml", format::Form::beskedkuvert_xml}},
               {"0.1", reload, "the form of events, after `transform`; left out: as they came"})
            .example("json"),
        boolean("protected_addresses",
                at(&SubscriptionConfig::has_protected_addresses),
                {"0.1",
                 reload,
                 "systems with the right to them get addresses that a person's address protection "
                 "covers; without it, and to other systems, events come without these"}),
    };
}

}  // namespace

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

const OptionTable<SubscriptionConfig>& subscription_options() {
    static const auto table = make_subscription_options();
    return table;
}

}  // namespace vera::ops
