#include "bus/format/cloud_event.hpp"

#include "bus/event/kuvert_view.hpp"
#include "bus/event/wire_writer.hpp"

#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <utility>

namespace vera::format {
namespace {

using event::append_bytes;
using event::append_varint;
using event::LengthMark;

/// Extension attributes: names in lower case, as CloudEvents has them.
struct Extension {
    std::string_view name;
    std::string event::Attributes::*member;
};
constexpr std::array<Extension, 5> extensions{{{"beskedtype", &event::Attributes::beskedtype},
                                               {"myndighed", &event::Attributes::myndighed},
                                               {"objekttype", &event::Attributes::objekttype},
                                               {"handling", &event::Attributes::handling},
                                               {"kle", &event::Attributes::kle}}};

Result<event::KuvertView> with_one_payload(std::string_view kuvert) {
    event::KuvertView view = event::view_kuvert(kuvert);
    if (view.beskeddata.empty())
        return fail(Errc::bad_input, "Beskeddata: is missing, and a CloudEvent has a type by it");
    if (view.beskeddata.size() > 1)
        return fail(Errc::bad_input,
                    "Beskeddata: there are " + std::to_string(view.beskeddata.size()) +
                        ", and a CloudEvent holds one");
    return view;
}

// io.cloudevents.v1 (cloudevents.proto): fields of CloudEvent and CloudEventAttributeValue.
constexpr std::string_view id_tag = "\x0a";
constexpr std::string_view source_tag = "\x12";
constexpr std::string_view spec_version_tag = "\x1a";
constexpr std::string_view type_tag = "\x22";
constexpr std::string_view attributes_tag = "\x2a";
constexpr std::string_view proto_data_tag = "\x42";
constexpr std::string_view key_tag = "\x0a";
constexpr std::string_view value_tag = "\x12";
constexpr std::string_view ce_integer_tag = "\x10";
constexpr std::string_view ce_string_tag = "\x1a";
constexpr std::string_view ce_uri_tag = "\x2a";
constexpr std::string_view ce_timestamp_tag = "\x3a";

void add_text(std::string& out,
              std::string_view name,
              std::string_view kind_tag,
              std::string_view text) {
    if (text.empty()) return;
    LengthMark entry(out, attributes_tag);
    append_bytes(out, key_tag, name);
    LengthMark value(out, value_tag);
    append_bytes(out, kind_tag, text);
    value.end();
    entry.end();
}

void add_time(std::string& out, Timestamp time) {
    LengthMark entry(out, attributes_tag);
    append_bytes(out, key_tag, "time");
    LengthMark value(out, value_tag);
    LengthMark moment(out, ce_timestamp_tag);
    std::int64_t seconds = time.ms / 1000;
    std::int64_t rest = time.ms % 1000;
    if (rest < 0) {
        rest += 1000;
        --seconds;
    }
    out += '\x08';
    append_varint(out, static_cast<std::uint64_t>(seconds));
    if (rest != 0) {
        out += '\x10';
        append_varint(out, static_cast<std::uint64_t>(rest) * 1'000'000);
    }
    moment.end();
    value.end();
    entry.end();
}

void add_integer(std::string& out, std::string_view name, int number) {
    LengthMark entry(out, attributes_tag);
    append_bytes(out, key_tag, name);
    LengthMark value(out, value_tag);
    out.append(ce_integer_tag);
    append_varint(out, static_cast<std::uint64_t>(number));
    value.end();
    entry.end();
}

}  // namespace

Result<std::string> cloud_event_json(std::string_view kuvert,
                                     const event::Attributes& attributes,
                                     const event::Catalogue& catalogue) {
    using nlohmann::ordered_json;
    if (const auto view = with_one_payload(kuvert); !view)
        return fail(view.error().code, view.error().text);
    const auto text = catalogue.to_json(kuvert, "application/protobuf", false);
    if (!text) return fail(text.error().code, text.error().text);
    ordered_json whole = ordered_json::parse(*text, nullptr, false);
    if (whole.is_discarded()) return fail(Errc::bad_input, "a number is out of range");
    ordered_json event{{"specversion", "1.0"},
                       {"id", attributes.id},
                       {"source", attributes.source},
                       {"type", attributes.type}};
    if (!attributes.subject.empty()) event["subject"] = attributes.subject;
    if (attributes.time) event["time"] = to_rfc3339(attributes.time);
    event["datacontenttype"] = "application/json";
    if (!attributes.dataschema.empty()) event["dataschema"] = attributes.dataschema;
    for (const Extension& extension : extensions)
        if (const std::string& value = attributes.*extension.member; !value.empty())
            event[std::string(extension.name)] = value;
    if (attributes.foelsomhed != 0) event["foelsomhed"] = attributes.foelsomhed;
    ordered_json data = std::move(whole["Beskeddata"][0]);
    data.erase("@type");
    event["data"] = std::move(data);
    return event.dump();
}

Result<std::string> cloud_event_protobuf(std::string_view kuvert,
                                         const event::Attributes& attributes) {
    const auto view = with_one_payload(kuvert);
    if (!view) return fail(view.error().code, view.error().text);
    std::string out;
    append_bytes(out, id_tag, attributes.id);
    append_bytes(out, source_tag, attributes.source);
    append_bytes(out, spec_version_tag, "1.0");
    append_bytes(out, type_tag, attributes.type);
    add_text(out, "subject", ce_string_tag, attributes.subject);
    if (attributes.time) add_time(out, attributes.time);
    add_text(out, "datacontenttype", ce_string_tag, "application/protobuf");
    add_text(out, "dataschema", ce_uri_tag, attributes.dataschema);
    for (const Extension& extension : extensions)
        add_text(out, extension.name, ce_string_tag, attributes.*extension.member);
    if (attributes.foelsomhed != 0) add_integer(out, "foelsomhed", attributes.foelsomhed);
    const event::Payload& payload = view->beskeddata.front();
    LengthMark data(out, proto_data_tag);
    append_bytes(out, key_tag, payload.type_url);
    append_bytes(out, value_tag, payload.value);
    data.end();
    return out;
}

}  // namespace vera::format
