#include "bus/event/event_properties.hpp"

#include "bus/event/formats.hpp"
#include "bus/event/wire.hpp"

#include <array>
#include <cstring>
#include <limits>
#include <span>

namespace vera::event {
namespace {

using expr::FieldKind;
using expr::FieldShape;
using expr::Value;

struct TextAttribute {
    std::string_view name;
    std::string Attributes::*member;
};
constexpr std::array<TextAttribute, 10> text_attributes = {
    {{"id", &Attributes::id},
     {"type", &Attributes::type},
     {"kle", &Attributes::kle},
     {"subject", &Attributes::subject},
     {"source", &Attributes::source},
     {"myndighed", &Attributes::myndighed},
     {"handling", &Attributes::handling},
     {"objekttype", &Attributes::objekttype},
     {"beskedtype", &Attributes::beskedtype},
     {"dataschema", &Attributes::dataschema}}};

std::int64_t decoded(expr::Encoding encoding, std::uint64_t value) {
    if (encoding == expr::Encoding::zigzag) value = (value >> 1U) ^ (~(value & 1U) + 1U);
    return static_cast<std::int64_t>(value);
}

std::int64_t fixed(std::string_view bytes) {
    if (bytes.size() == 4) {
        std::int32_t value = 0;
        std::memcpy(&value, bytes.data(), sizeof value);
        return value;
    }
    std::int64_t value = 0;
    std::memcpy(&value, bytes.data(), sizeof value);
    return value;
}

/// google.protobuf.Timestamp, truncated to milliseconds.
std::int64_t timestamp_ms(std::string_view bytes) {
    std::int64_t seconds = 0;
    std::int64_t nanos = 0;
    WireReader reader(bytes);
    WireField field;
    while (reader.next(field)) {
        if (field.number == 1) seconds = static_cast<std::int64_t>(field.value);
        if (field.number == 2) nanos = static_cast<std::int64_t>(field.value);
    }
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max() / 1000 - 1;
    if (seconds > most || seconds < -most) return 0;
    return seconds * 1000 + nanos / 1'000'000;
}

/// The values at the end of `steps`, from the bytes of the message that they begin in.
class Walk {
public:
    explicit Walk(expr::ValueSink& sink) : sink_(sink) {}

    void from(std::string_view message, std::span<const FieldShape> steps) {
        const FieldShape& step = steps.front();
        const bool is_last = steps.size() == 1;
        WireField last;
        bool is_there = false;
        WireReader reader(message);
        WireField field;
        while (reader.next(field)) {
            if (field.number != step.number) continue;
            if (step.is_repeated) {
                take(field, step, is_last, steps);
            } else {
                last = field;
                is_there = true;
            }
        }
        if (is_there) {
            take(last, step, is_last, steps);
        } else if (is_last && step.has_default) {
            sink_.take(step.kind == FieldKind::boolean ? Value::of_boolean(false)
                                                       : Value::of_int64(0));
        }
    }

private:
    void take(const WireField& field,
              const FieldShape& step,
              bool is_last,
              std::span<const FieldShape> steps) {
        if (!is_last) {
            if (field.type == WireType::length) from(field.bytes, steps.subspan(1));
            return;
        }
        const bool is_number = step.kind == FieldKind::boolean || step.kind == FieldKind::integer ||
                               step.kind == FieldKind::enumeration;
        if (!is_number) return take_bytes(field, step);
        if (field.type == WireType::length) return take_packed(field.bytes, step);
        take_number(field, step);
    }

    void take_bytes(const WireField& field, const FieldShape& step) {
        switch (step.kind) {
            case FieldKind::text:
                // Without presence of its own an empty text is none.
                if (!field.bytes.empty() || step.is_repeated)
                    sink_.take(Value::of_text(field.bytes));
                return;
            case FieldKind::timestamp:
                sink_.take(Value::of_timestamp(timestamp_ms(field.bytes)));
                return;
            default:
                sink_.take(Value::of_boolean(true));  // asked for presence only
                return;
        }
    }

    void take_packed(std::string_view bytes, const FieldShape& step) {
        WireReader reader(bytes);
        if (step.encoding == expr::Encoding::fixed) return;  // no schema of ours packs them
        std::uint64_t value = 0;
        while (!reader.at_end() && reader.varint(value))
            give(step, decoded(step.encoding, value));
    }

    void take_number(const WireField& field, const FieldShape& step) {
        const bool is_fixed = field.type == WireType::fixed32 || field.type == WireType::fixed64;
        give(step, is_fixed ? fixed(field.bytes) : decoded(step.encoding, field.value));
    }

    void give(const FieldShape& step, std::int64_t number) {
        if (step.kind == FieldKind::boolean) {
            sink_.take(Value::of_boolean(number != 0));
        } else if (step.kind == FieldKind::enumeration) {
            sink_.take(Value::of_enumeration(number,
                                             step.enumeration == nullptr
                                                 ? std::string_view{}
                                                 : step.enumeration->name_of(number)));
        } else {
            sink_.take(Value::of_int64(number));
        }
    }

    expr::ValueSink& sink_;
};

}  // namespace

void read_field(std::string_view message,
                std::span<const FieldShape> steps,
                expr::ValueSink& sink) {
    Walk(sink).from(message, steps);
}

std::string Attributes::*text_member(std::string_view name) {
    for (const TextAttribute& one : text_attributes)
        if (one.name == name) return one.member;
    return nullptr;
}

bool EventProperties::attribute(std::string_view name, Value& value) const {
    for (const TextAttribute& one : text_attributes) {
        if (one.name != name) continue;
        const std::string& text = attributes_.*one.member;
        value = Value::of_string(text);
        return !text.empty();
    }
    if (name == "foelsomhed") {
        value = Value::of_integer(attributes_.foelsomhed);
        return attributes_.foelsomhed != 0;
    }
    if (name == "specversion") {
        value = Value::of_string("1.0");
        return true;
    }
    if (name != "time" || !attributes_.time) return false;
    if (time_.empty()) time_ = to_rfc3339(attributes_.time);
    value = Value::of_string(time_);
    return true;
}

bool EventProperties::field(const expr::FieldPath& path, expr::ValueSink& sink) const {
    const bool is_kuvert = path.root == expr::Root::kuvert;
    if (!is_kuvert && kuvert_.beskeddata.empty()) return false;
    const std::string_view type =
        is_kuvert ? std::string_view{} : type_of_url(kuvert_.beskeddata.front().type_url);
    for (const expr::ResolvedPath& resolved : path.resolved) {
        if (!is_kuvert && resolved.message != type) continue;
        Walk(sink).from(is_kuvert ? kuvert_.beskedkuvert : kuvert_.beskeddata.front().value,
                        resolved.steps);
        return true;
    }
    return false;
}

// ---- CloudEvents in JSON

namespace {

using nlohmann::json;

bool is_small(const json& number) {
    if (number.is_number_unsigned())
        return number.get<std::uint64_t>() <= std::numeric_limits<std::int32_t>::max();
    const auto value = number.get<std::int64_t>();
    return value >= std::numeric_limits<std::int32_t>::min() &&
           value <= std::numeric_limits<std::int32_t>::max();
}

void take_json(const json& value, expr::ValueSink& sink) {
    if (value.is_boolean()) {
        sink.take(Value::of_boolean(value.get<bool>()));
    } else if (value.is_number_integer() &&
               !(value.is_number_unsigned() &&
                 value.get<std::uint64_t>() >
                     static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))) {
        sink.take(Value::of_int64(value.get<std::int64_t>()));
    } else if (value.is_string()) {
        sink.take(Value::of_text(value.get_ref<const std::string&>()));
    } else if (value.is_array()) {
        for (const json& element : value)
            take_json(element, sink);
    } else if (!value.is_null()) {
        sink.take(Value::of_text(sink.keep(value.dump())));
    }
}

/// Its depth is the path's.
void walk_json(const json& value, std::span<const std::string> names, expr::ValueSink& sink) {
    if (names.empty()) return take_json(value, sink);
    if (value.is_array()) {
        for (const json& element : value)
            if (element.is_object()) walk_json(element, names, sink);
        return;
    }
    if (!value.is_object()) return;
    const auto found = value.find(names.front());
    if (found != value.end()) walk_json(*found, names.subspan(1), sink);
}

}  // namespace

JsonProperties::JsonProperties(const json& cloud_event) : event_(cloud_event) {
    for (const auto& [name, value] : cloud_event.items()) {
        const bool is_own_type = value.is_string() || value.is_boolean() ||
                                 (value.is_number_integer() && is_small(value));
        if (!is_own_type && !value.is_null() && name != "data" && name != "data_base64")
            written_.emplace_back(name, value.dump());
    }
}

bool JsonProperties::attribute(std::string_view name, Value& value) const {
    const auto found = event_.find(std::string(name));
    if (found == event_.end() || found->is_null() || name == "data") return false;
    if (found->is_string()) {
        value = Value::of_string(found->get_ref<const std::string&>());
        return true;
    }
    if (found->is_boolean()) {
        value = Value::of_boolean(found->get<bool>());
        return true;
    }
    for (const auto& [written, text] : written_) {
        if (written != name) continue;
        value = Value::of_string(text);
        return true;
    }
    value = Value::of_integer(found->get<std::int32_t>());
    return true;
}

bool JsonProperties::field(const expr::FieldPath& path, expr::ValueSink& sink) const {
    const auto data = event_.find("data");
    if (path.root != expr::Root::data || data == event_.end()) return false;
    walk_json(*data, path.names, sink);
    return true;
}

}  // namespace vera::event
