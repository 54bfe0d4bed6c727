#pragma once
// An event as expressions see it: the derived attributes, and fields read in place from the bytes
// of kuvert and payload. And a CloudEvent in JSON that need not be one of VeRA's.
#include "bus/event/attributes.hpp"
#include "bus/event/kuvert_view.hpp"
#include "bus/expr/property_reader.hpp"

#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vera::event {

/// The field that holds a text attribute; nullptr: it is made when asked for, or is no text.
[[nodiscard]] std::string Attributes::*text_member(std::string_view name);

/// Borrows all it is given. Thread: one at a time.
class EventProperties : public expr::PropertyReader {
public:
    EventProperties(const Attributes& attributes, const KuvertView& kuvert)
        : attributes_(attributes),
          kuvert_(kuvert) {}

    [[nodiscard]] bool attribute(std::string_view name, expr::Value& value) const override;
    bool field(const expr::FieldPath& path, expr::ValueSink& sink) const override;

private:
    const Attributes& attributes_;
    const KuvertView& kuvert_;
    mutable std::string time_;  ///< made when asked for
};

/// Hands the values at the end of `steps` to `sink`, from the bytes of the message in which they
/// begin.
void read_field(std::string_view message,
                std::span<const expr::FieldShape> steps,
                expr::ValueSink& sink);

/// The JSON form of CloudEvents 1.0. Numbers that are no 32-bit integers are texts, as are values
/// of other types; null is not there. `data.…` walks objects by their members' names, arrays give
/// all their elements. Borrows the document.
class JsonProperties : public expr::PropertyReader {
public:
    explicit JsonProperties(const nlohmann::json& cloud_event);

    [[nodiscard]] bool attribute(std::string_view name, expr::Value& value) const override;
    bool field(const expr::FieldPath& path, expr::ValueSink& sink) const override;

private:
    const nlohmann::json& event_;
    std::vector<std::pair<std::string, std::string>>
        written_;  ///< attributes of other types than the three
};

}  // namespace vera::event
