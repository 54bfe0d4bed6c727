#pragma once
// What a bus would do with an event of a file, by the same code: the check at the door and the
// routing table, over the subscriptions of a configuration or of a running bus.
#include "bus/base/refusal.hpp"
#include "bus/base/result.hpp"
#include "bus/cli/connecting.hpp"
#include "bus/cli/schemas.hpp"
#include "bus/event/attributes.hpp"
#include "bus/event/catalogue.hpp"
#include "bus/event/kuvert_view.hpp"
#include "bus/route/routing_table.hpp"

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace vera::cli {

/// Whether one subscription gets the event, and what decided.
struct Routed {
    std::string subscription;
    bool is_delivered = false;
    std::string step;  ///< "types", "authorities", "objects", "filter"; empty: delivered
    std::string saw;   ///< "29189382 is none of 45973328"; personal data masked
    nlohmann::ordered_json clauses = nlohmann::ordered_json::array();  ///< of a filter expression
};

/// What the door and the table say of one event.
struct Decision {
    event::Attributes attributes;
    std::vector<Routed> subscriptions;  ///< in the order of the configuration

    [[nodiscard]] bool is_delivered_to(std::string_view subscription) const;
    [[nodiscard]] std::size_t deliveries() const;
};

class RoutingTrial {
public:
    /// Of a configuration's file. Errc::bad_input: what is wrong with it.
    [[nodiscard]] static Result<RoutingTrial> of_file(const std::string& config,
                                                      const SchemaFlags& schemas);
    /// Of what runs; it does not tell its schemas, `schemas` are to be the same.
    [[nodiscard]] static Result<RoutingTrial> of_bus(const ConnectFlags& connect,
                                                     const SchemaFlags& schemas);

    /// Personal data is masked unless `is_unmasked`.
    [[nodiscard]] std::variant<Decision, Refusal> decide(std::string_view body,
                                                         std::string_view content_type,
                                                         bool is_unmasked) const;
    [[nodiscard]] std::vector<std::string> names() const;
    /// Errc::not_found: there is no such subscription; names the nearest.
    [[nodiscard]] Result<void> find(const std::string& subscription) const;
    /// Another expression for one subscription. Errc::bad_input: what is wrong with it.
    [[nodiscard]] Result<void> replace_filter(const std::string& subscription,
                                              const std::string& text);

private:
    RoutingTrial(std::shared_ptr<const event::Catalogue> catalogue,
                 std::vector<route::Subscription> subscriptions);
    [[nodiscard]] Routed explain(const route::Subscription& subscription,
                                 const route::Exclusion* exclusion,
                                 const event::Attributes& attributes,
                                 const event::KuvertView& kuvert,
                                 bool is_unmasked) const;

    std::shared_ptr<const event::Catalogue> catalogue_;
    std::vector<route::Subscription> subscriptions_;
    std::shared_ptr<const route::RoutingTable> table_;
};

/// Where the subscriptions are: -c or --running, and --schemas.
struct TrialFlags {
    std::string config;
    bool asks_bus = false;
    SchemaFlags schemas;
    std::shared_ptr<ConnectFlags> connect;
};
void add_trial_flags(CLI::App& verb, TrialFlags& flags);
[[nodiscard]] Result<RoutingTrial> trial_of(const TrialFlags& flags);

/// One event of a file or a folder of them.
struct FileEvent {
    std::string place;  ///< "events/1.json", "events.jsonl line 7"
    std::string body;
    std::string_view content_type;
};
/// Calls `take` with each event of the file, or of all files of the folder in the order of their
/// names: kuverts in Protobuf, as JSON, or as JSON lines. Errc::io. `-`: `standard_input`.
[[nodiscard]] Result<void> each_event(const std::string& file_or_folder,
                                      std::istream& standard_input,
                                      const std::function<void(const FileEvent&)>& take);

}  // namespace vera::cli
