#include "bus/flow/outgoing.hpp"

#include "bus/event/kuvert_json.hpp"
#include "bus/event/raw_event.hpp"
#include "bus/event/wire.hpp"
#include "bus/format/conversion.hpp"

#include <algorithm>
#include <utility>

namespace vera::flow {
namespace {

using event::KuvertForm;
using transform::Failure;

format::Form form_that_came(KuvertForm form) {
    return form == KuvertForm::json ? format::Form::json : format::Form::protobuf;
}

/// The attributes as the door derived them; a failure if the catalogue has changed since so that it
/// would not let the event in again.
std::variant<event::Attributes, Refusal> attributes_of(std::string_view kuvert,
                                                       const event::Catalogue& catalogue) {
    event::RawEvent raw;
    raw.body_kind = event::BodyKind::data;
    raw.body = kuvert;
    raw.content_type = "application/protobuf";
    return catalogue.check(raw);
}

}  // namespace

Shape reshape(const Outgoing& outgoing,
              std::string_view body,
              std::string_view content_type,
              const event::Catalogue& catalogue,
              transform::Transformer& transformer) {
    const KuvertForm came = event::form_of(body, content_type);
    const format::Form wanted = outgoing.form.value_or(form_that_came(came));
    std::string encoded;
    if (came == KuvertForm::json) {
        auto kuvert = event::kuvert_of_json(body, event::UnknownPayloadMembers::ignored, catalogue);
        if (const auto* refused = std::get_if<Refusal>(&kuvert))
            return Failure{{}, {}, 0, refused->text};
        encoded = std::get<std::string>(std::move(kuvert));
    }
    std::string_view kuvert = came == KuvertForm::json ? std::string_view(encoded) : body;
    auto checked = attributes_of(kuvert, catalogue);
    if (const auto* refused = std::get_if<Refusal>(&checked))
        return Failure{{}, {}, 0, refused->text};
    event::Attributes& attributes = std::get<event::Attributes>(checked);

    const event::KuvertView view = event::view_kuvert(kuvert);
    Reshaped made;
    std::string transformed;
    bool is_of_a_type = false;
    for (const auto& mapping : outgoing.mappings) {
        auto result = transformer.apply(*mapping, kuvert, attributes);
        if (auto* failure = std::get_if<Failure>(&result)) return std::move(*failure);
        is_of_a_type = is_of_a_type || transform::concerns(*mapping, view);
        if (std::holds_alternative<transform::NotMeant>(result)) continue;
        transformed = std::get<std::string>(std::move(result));
        made.mapping = mapping->name();
        break;
    }
    if (made.mapping.empty() && is_of_a_type)
        return Failure{{}, {}, 0, "no mapping is meant for it: no `when` holds"};
    if (made.mapping.empty() && wanted == form_that_came(came)) return AsItCame{};
    if (!made.mapping.empty()) {
        kuvert = transformed;
        checked = attributes_of(kuvert, catalogue);
        if (const auto* refused = std::get_if<Refusal>(&checked))
            return Failure{{}, {}, 0, made.mapping + ": " + refused->text};
    }
    auto converted =
        format::convert(wanted, kuvert, std::get<event::Attributes>(checked), catalogue);
    if (!converted) return Failure{{}, {}, 0, converted.error().text};
    made.body = std::move(*converted);
    made.content_type = format::content_type_of(wanted);
    return made;
}

std::string name_alone(std::string_view body,
                       std::string_view content_type,
                       const event::Catalogue& catalogue) {
    std::string encoded;
    if (event::form_of(body, content_type) == KuvertForm::json) {
        auto kuvert = event::kuvert_of_json(body, event::UnknownPayloadMembers::ignored, catalogue);
        if (auto* bytes = std::get_if<std::string>(&kuvert)) encoded = std::move(*bytes);
        body = encoded;
    }
    std::string out;
    event::WireReader reader(body);
    event::WireField field;
    const char* at = reader.position();
    while (reader.next(field)) {
        if (field.number <= 2) out.append(at, reader.position());
        at = reader.position();
    }
    return out;
}

}  // namespace vera::flow
