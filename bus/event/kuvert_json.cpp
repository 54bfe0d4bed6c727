#include "bus/event/kuvert_json.hpp"

#include "bus/event/catalogue.hpp"

#include "vera/besked/v1/haendelsesbesked.pb.h"

#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <string>

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

Result<std::string> kuvert_to_json(std::string_view body,
                                   std::string_view content_type,
                                   bool pretty) {
    if (form_of(body, content_type) == KuvertForm::json) return std::string(body);
    Haendelsesbesked besked;
    if (!besked.ParseFromArray(body.data(), static_cast<int>(body.size())))
        return fail(Errc::bad_input, "no kuvert");
    google::protobuf::util::JsonPrintOptions options;
    options.add_whitespace = pretty;
    std::string json;
    if (!google::protobuf::util::MessageToJsonString(besked, &json, options).ok())
        return fail(Errc::bad_input, "no kuvert");
    return json;
}

Result<std::string> kuvert_from_json(std::string_view json) {
    Haendelsesbesked besked;
    if (!google::protobuf::util::JsonStringToMessage(std::string(json), &besked).ok())
        return fail(Errc::bad_input, "no kuvert");
    return besked.SerializeAsString();
}

}  // namespace vera::event
