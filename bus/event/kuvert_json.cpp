#include "bus/event/kuvert_json.hpp"

#include "bus/event/json_writer.hpp"
#include "bus/event/message_types.hpp"

#include "vera/besked/v1/haendelsesbesked.pb.h"

#include <algorithm>
#include <climits>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

namespace vera::event {
namespace {

using vera::besked::v1::Haendelsesbesked;

std::string_view without_space(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r\n");
    return first == std::string_view::npos ? std::string_view{} : text.substr(first);
}

std::string media_type(std::string_view content_type) {
    content_type = content_type.substr(0, content_type.find(';'));
    const auto last = content_type.find_last_not_of(" \t");
    std::string type(
        without_space(content_type.substr(0, last == std::string_view::npos ? 0 : last + 1)));
    std::ranges::transform(type, type.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return type;
}

}  // namespace

KuvertForm form_of(std::string_view body, std::string_view content_type) {
    if (content_type == "application/protobuf") return KuvertForm::protobuf;
    const std::string type = media_type(content_type);
    if (type == "application/json") return KuvertForm::json;
    if (type == "application/protobuf" || type == "application/x-protobuf" ||
        type == "application/vnd.google.protobuf")
        return KuvertForm::protobuf;
    // A Protobuf kuvert may begin with bytes that look like space and a brace, but a name or the
    // end never follows.
    std::string_view text = body;
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    text = without_space(text);
    if (!text.starts_with('{')) return KuvertForm::protobuf;
    text = without_space(text.substr(1));
    return text.starts_with('"') || text.starts_with('}') ? KuvertForm::json : KuvertForm::protobuf;
}

std::variant<std::string, Refusal> kuvert_of_json(std::string_view json,
                                                  UnknownPayloadMembers unknown,
                                                  const Catalogue& catalogue) {
    Haendelsesbesked besked;
    if (auto refused = read_json(json, unknown, catalogue.messages(), besked))
        return std::move(*refused);
    return besked.SerializeAsString();
}

Result<std::optional<std::string>> kuvert_without(const ProtectedAddresses& addresses,
                                                  std::string_view body,
                                                  std::string_view content_type,
                                                  Timestamp now,
                                                  const Catalogue& catalogue) {
    if (form_of(body, content_type) == KuvertForm::protobuf) {
        WireReader reader(body);
        WireField field;
        while (reader.next(field)) {
        }
        if (!reader.at_end()) return fail(Errc::bad_input, "no kuvert");
        return addresses.without(body, now);
    }
    if (!addresses.may_be_in_json(body)) return std::optional<std::string>{};
    auto kuvert = kuvert_of_json(body, UnknownPayloadMembers::refused, catalogue);
    const bool has_unknown = std::holds_alternative<Refusal>(kuvert);
    if (has_unknown) kuvert = kuvert_of_json(body, UnknownPayloadMembers::ignored, catalogue);
    if (const auto* refused = std::get_if<Refusal>(&kuvert))
        return fail(Errc::bad_input, refused->text);
    const auto rest = addresses.without(std::get<std::string>(kuvert), now, has_unknown);
    if (!rest) return std::optional<std::string>{};
    auto json = kuvert_to_json(*rest, "application/protobuf", false, catalogue);
    if (!json) return fail(json.error().code, json.error().text);
    return std::optional<std::string>(std::move(*json));
}

Result<std::string> kuvert_to_json(std::string_view body,
                                   std::string_view content_type,
                                   bool pretty,
                                   const Catalogue& catalogue) {
    if (body.size() > INT_MAX) return fail(Errc::too_large, "a kuvert of more than 2 GiB");
    Haendelsesbesked besked;
    if (form_of(body, content_type) == KuvertForm::protobuf) {
        if (!besked.ParseFromArray(body.data(), static_cast<int>(body.size())))
            return fail(Errc::bad_input, "no kuvert");
        return write_json(besked, catalogue.messages(), pretty);
    }
    if (!read_json(body, UnknownPayloadMembers::refused, catalogue.messages(), besked))
        return write_json(besked, catalogue.messages(), pretty);
    // A payload may have members that its schema here does not know: then the text is shown as it
    // is, only laid out anew.
    besked.Clear();
    if (const auto refused =
            read_json(body, UnknownPayloadMembers::ignored, catalogue.messages(), besked))
        return fail(Errc::bad_input, refused->text);
    if (body.starts_with("\xef\xbb\xbf")) body.remove_prefix(3);
    const auto text = nlohmann::ordered_json::parse(body, nullptr, false);
    if (text.is_discarded()) return fail(Errc::bad_input, "a number is out of range");
    return text.dump(pretty ? 2 : -1);
}

}  // namespace vera::event
