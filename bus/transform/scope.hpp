#pragma once
// What expressions see while a mapping runs: attributes, kuvert and payload of the event, and the
// elements they are inside. Private to this room.
#include "bus/event/event_properties.hpp"
#include "bus/transform/plan.hpp"

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace vera::transform {

class Scope : public expr::PropertyReader {
public:
    struct Item {
        std::string_view name;
        std::string_view bytes;  ///< of a message
        bool is_value = false;
        expr::Value value;
    };

    /// Borrows them until the next call.
    void look_at(const event::Attributes& attributes, const event::KuvertView& kuvert);
    void look_at(std::string_view payload);
    void enter(const Item& item) { items_.push_back(item); }
    void leave() { items_.pop_back(); }
    void leave_all() { items_.clear(); }

    /// The message in which a path begins, or as much of it as the path needs.
    [[nodiscard]] std::string_view root(const SourcePath& path) const;
    [[nodiscard]] bool attribute(std::string_view name, expr::Value& value) const override;
    bool field(const expr::FieldPath& path, expr::ValueSink& sink) const override;

private:
    const event::Attributes* attributes_ = nullptr;
    const event::KuvertView* kuvert_ = nullptr;
    [[nodiscard]] std::string_view payload_for(std::uint32_t number, bool is_repeated) const {
        return is_repeated || number >= records_.size() ? payload_ : records_[number];
    }

    std::string_view payload_;
    /// Its fields of small numbers, tag and all, by number: most mappings ask for many of them, and
    /// so the payload is read once.
    std::array<std::string_view, 64> records_;
    std::vector<Item> items_;
};

}  // namespace vera::transform
