#pragma once
// An event in a file, in whatever form, as expressions see it: a kuvert in Protobuf or
// protobuf-JSON, or any CloudEvent in JSON, with or without a kuvert as its data.
#include "bus/base/result.hpp"
#include "bus/event/attributes.hpp"
#include "bus/event/catalogue.hpp"
#include "bus/event/descriptor_schema.hpp"
#include "bus/event/event_properties.hpp"
#include "bus/event/kuvert_view.hpp"

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

namespace vera::cli {

using MakeCatalogue = std::function<Result<std::shared_ptr<const event::Catalogue>>()>;

/// Stays where it is: its parts look at each other.
class EventFile {
public:
    /// Errc::bad_input says why it is no event. `catalogue`, which knows the payloads, is asked for
    /// only if there may be a kuvert: to make it takes longer than all the rest.
    [[nodiscard]] static Result<std::unique_ptr<EventFile>> make(std::string bytes,
                                                                 MakeCatalogue catalogue);

    [[nodiscard]] const expr::PropertyReader& properties() const { return *properties_; }
    /// Of kuvert and payload; nullptr: there is no kuvert, and fields are as the JSON has them.
    [[nodiscard]] const expr::Schema* schema() const { return schema_.get(); }

    EventFile(const EventFile&) = delete;
    EventFile& operator=(const EventFile&) = delete;

private:
    explicit EventFile(MakeCatalogue catalogue) : make_catalogue_(std::move(catalogue)) {}
    Result<void> read_kuvert(std::string bytes);
    Result<void> need_catalogue();
    Result<void> read_cloud_event();

    MakeCatalogue make_catalogue_;
    std::shared_ptr<const event::Catalogue> catalogue_;
    nlohmann::json document_;
    std::string kuvert_bytes_;
    event::Attributes attributes_;
    event::KuvertView kuvert_;
    std::optional<event::JsonProperties> of_json_;
    std::optional<event::EventProperties> of_kuvert_;
    std::unique_ptr<expr::PropertyReader> properties_;
    std::unique_ptr<event::DescriptorSchema> schema_;
};

}  // namespace vera::cli
