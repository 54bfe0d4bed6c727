#include "bus/cli/event_file.hpp"

#include "bus/event/base64.hpp"
#include "bus/event/json_scanner.hpp"
#include "bus/event/kuvert_json.hpp"
#include "bus/event/message_types.hpp"

#include <string_view>
#include <utility>
#include <variant>

namespace vera::cli {
namespace {

using nlohmann::json;

/// The attributes of a CloudEvent, then those of the kuvert in it; fields of the kuvert.
class BothProperties : public expr::PropertyReader {
public:
    BothProperties(const expr::PropertyReader* cloud_event, const expr::PropertyReader* kuvert)
        : cloud_event_(cloud_event),
          kuvert_(kuvert) {}
    bool attribute(std::string_view name, expr::Value& value) const override {
        return (cloud_event_ != nullptr && cloud_event_->attribute(name, value)) ||
               (kuvert_ != nullptr && kuvert_->attribute(name, value));
    }
    bool field(const expr::FieldPath& path, expr::ValueSink& sink) const override {
        return (kuvert_ != nullptr ? kuvert_ : cloud_event_)->field(path, sink);
    }

private:
    const expr::PropertyReader* cloud_event_;
    const expr::PropertyReader* kuvert_;
};

bool is_kuvert(const json& document) {
    return document.is_object() && document.contains("BeskedId");
}

/// The library's text quotes the input; only the place is told.
Failure no_json(const json::exception& error) {
    const auto* at = dynamic_cast<const json::parse_error*>(&error);
    return fail(
        Errc::bad_input,
        at == nullptr ? "no valid JSON" : "no valid JSON at byte " + std::to_string(at->byte));
}

bool is_protobuf(const json& cloud_event) {
    const auto type = cloud_event.find("datacontenttype");
    return type != cloud_event.end() && type->is_string() &&
           type->get_ref<const std::string&>().starts_with("application/protobuf");
}

}  // namespace

Result<std::unique_ptr<EventFile>> EventFile::make(std::string bytes, MakeCatalogue catalogue) {
    std::unique_ptr<EventFile> made(new EventFile(std::move(catalogue)));
    Result<void> read;
    if (event::form_of(bytes, {}) == event::KuvertForm::json) {
        try {
            made->document_ = json::parse(bytes);
        } catch (const json::exception& error) {
            return no_json(error);
        }
        if (!made->document_.is_object())
            return fail(Errc::bad_input, "an event in JSON is an object");
        // What walks it goes as deep as it does.
        if (event::JsonScanner scanner(bytes); !scanner.skip(0))
            return fail(Errc::bad_input, scanner.error());
        read = is_kuvert(made->document_) ? made->read_kuvert(std::move(bytes))
                                          : made->read_cloud_event();
    } else {
        read = made->read_kuvert(std::move(bytes));
    }
    if (!read) return fail(read.error().code, read.error().text);
    made->properties_ =
        std::make_unique<BothProperties>(made->of_json_ ? &*made->of_json_ : nullptr,
                                         made->of_kuvert_ ? &*made->of_kuvert_ : nullptr);
    return made;
}

Result<void> EventFile::need_catalogue() {
    if (catalogue_) return {};
    auto made = make_catalogue_();
    if (!made) return fail(made.error().code, made.error().text);
    catalogue_ = std::move(*made);
    return {};
}

Result<void> EventFile::read_kuvert(std::string bytes) {
    if (const auto made = need_catalogue(); !made)
        return fail(made.error().code, made.error().text);
    if (event::form_of(bytes, {}) == event::KuvertForm::json) {
        auto encoded = catalogue_->from_json(bytes);
        if (!encoded) return fail(encoded.error().code, encoded.error().text);
        bytes = std::move(*encoded);
    }
    kuvert_bytes_ = std::move(bytes);
    event::RawEvent raw;
    raw.body_kind = event::BodyKind::data;
    raw.body = kuvert_bytes_;
    raw.content_type = "application/protobuf";
    auto checked = catalogue_->check(raw);
    if (const auto* refusal = std::get_if<Refusal>(&checked))
        return fail(Errc::bad_input,
                    std::string(symbol(refusal->condition)) + ": " + refusal->text);
    attributes_ = std::get<event::Attributes>(std::move(checked));
    kuvert_ = event::view_kuvert(kuvert_bytes_);
    of_kuvert_.emplace(attributes_, kuvert_);
    const event::MessageTypes& types = catalogue_->messages();
    std::vector<const google::protobuf::Descriptor*> payloads;
    if (const auto* payload = types.find(attributes_.type)) payloads.push_back(payload);
    schema_ = std::make_unique<event::DescriptorSchema>(
        types.find("vera.besked.v1.Beskedkuvert"), payloads, false);
    return {};
}

Result<void> EventFile::read_cloud_event() {
    of_json_.emplace(document_);
    std::string bytes;
    const auto data = document_.find("data");
    const auto encoded = document_.find("data_base64");
    if (data != document_.end() && is_kuvert(*data)) {
        bytes = data->dump();
    } else if (encoded != document_.end() && encoded->is_string() && is_protobuf(document_)) {
        bytes = event::from_base64(encoded->get_ref<const std::string&>()).value_or(std::string{});
    }
    if (bytes.empty()) return {};
    if (const auto made = need_catalogue(); !made)
        return fail(made.error().code, made.error().text);
    // With other data than a kuvert it is an event all the same; its fields are as the JSON has
    // them.
    if (read_kuvert(std::move(bytes))) return {};
    of_kuvert_.reset();
    schema_.reset();
    return {};
}

}  // namespace vera::cli
