#include "bus/ops/option_table.hpp"

#include "bus/ops/names.hpp"
#include "bus/ops/option_parts.hpp"
#include "bus/ops/reading.hpp"

namespace vera::ops {
namespace {

using namespace std::chrono_literals;

const TextForm node_form = form(
    "a name", is_name, "not a name: letters a-z, æ, ø, å, digits, then also . _ -, at most 64");

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
        text("name",
             at(&NameConfig::name),
             display_name_form,
             {"0.1", reload, "what listings show, and flags of `vera event publish` take"})
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

/// Mappings are compiled against the schemas, so they come behind them.
Option<Config> transformations_option() {
    auto option =
        texts("transformations",
              at(&Config::transformations),
              path_form,
              {},
              {"0.1",
               reload,
               "files of mappings and folders of them (`*.yaml`), relative to the configuration's "
               "folder: subscriptions name them in `transform`; their tests have to hold"})
            .example("[mappings]")
            .aside();
    option.read =
        [read = option.read](
            const OptionFacts& facts, Section& section, Config& config, Reading& reading) {
            read(facts, section, config, reading);
            reading.make_mappings(section);
            config.mappings = reading.mappings();
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
        transformations_option().example("[mappings]").aside(),
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

const OptionTable<Config>& config_options() {
    static const auto table = make_config_options();
    return table;
}

}  // namespace vera::ops
