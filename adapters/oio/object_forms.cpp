#include "adapters/oio/object_forms.hpp"

#include "adapters/oio/json_tree.hpp"
#include "bus/event/json_reader.hpp"
#include "bus/event/json_scanner.hpp"
#include "bus/event/json_writer.hpp"

#include "vera/oio/v1/objektsamling.pb.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>
#include <utility>

namespace vera::oio {
namespace {

using google::protobuf::Any;
using google::protobuf::Descriptor;
using google::protobuf::Message;
using Kind = JsonValue::Kind;

constexpr const char* type_member = "@type";

std::string type_of_url(const std::string& url) {
    return url.substr(url.rfind('/') + 1);
}

/// A type that the model has, by its URL.
const Descriptor* known_type(const Model& model, const std::string& url) {
    return url.find('/') == std::string::npos ? nullptr : model.type(type_of_url(url));
}

bool is_collection(const Descriptor& type) {
    return &type == v1::Objektsamling::descriptor();
}

Result<JsonValue> tree_of(const Model& model, const Any& any);

Result<JsonValue> tree_of_collection(const Model& model, const Any& any) {
    v1::Objektsamling all;
    if (!all.ParseFromString(any.value())) return fail(Errc::bad_input, "no valid Protobuf");
    JsonValue objects = JsonValue::of(Kind::list);
    for (const v1::Objektplads& one : all.objekter()) {
        auto object = tree_of(model, one.objekt());
        if (!object) return object;
        JsonValue place = JsonValue::of(Kind::object);
        place.add("sti", JsonValue::of_text(one.sti()));
        place.add("objekt", std::move(*object));
        objects.elements.push_back(std::move(place));
    }
    JsonValue tree = JsonValue::of(Kind::object);
    tree.add(type_member, JsonValue::of_text(any.type_url()));
    tree.add("objekter", std::move(objects));
    tree.add("ramme", JsonValue::of_text(all.ramme()));
    return tree;
}

Result<JsonValue> tree_of(const Model& model, const Any& any) {
    const Descriptor* type = known_type(model, any.type_url());
    if (type == nullptr)
        return fail(Errc::not_found, "unknown type " + type_of_url(any.type_url()));
    if (is_collection(*type)) return tree_of_collection(model, any);
    const auto message = model.make(*type);
    if (!message->ParseFromString(any.value()))
        return fail(Errc::bad_input, "no valid Protobuf of " + type->full_name());
    JsonLimits limits;
    limits.text_bytes = limits.bytes;
    auto members = parse_json(event::write_json(*message, model.messages(), false), limits);
    if (!members) return members;
    JsonValue tree = JsonValue::of(Kind::object);
    tree.add(type_member, JsonValue::of_text(any.type_url()));
    for (std::size_t i = 0; i < members->elements.size(); ++i)
        tree.add(std::move(members->names[i]), std::move(members->elements[i]));
    return tree;
}

/// The object's text with space in the place of "@type", so that lines stay.
std::string without_type(std::string_view text) {
    std::string out(text);
    event::JsonScanner scanner(text);
    std::string name;
    std::optional<std::size_t> comma;
    (void)scanner.expect('{');
    do {
        scanner.peek();
        std::size_t begin = scanner.offset();
        if (!scanner.string(name) || !scanner.expect(':') || !scanner.skip(0)) break;
        std::size_t end = scanner.offset();
        const bool is_last = scanner.peek() != ',';
        if (name == type_member) {
            if (!is_last) end = scanner.offset() + 1;
            if (is_last && comma) begin = *comma;
            for (std::size_t i = begin; i < end; ++i)
                if (out[i] != '\n') out[i] = ' ';
            break;
        }
        comma = scanner.offset();
    } while (scanner.take(','));
    return out;
}

/// "line 3: …" of a text that begins in line 7 of the input is line 9 there.
std::string in_source(std::string_view source, std::size_t offset, const std::string& text) {
    constexpr std::string_view line = "line ";
    std::size_t number = 0;
    const char* end = text.data() + text.size();
    if (!text.starts_with(line)) return text;
    const auto [rest, error] = std::from_chars(text.data() + line.size(), end, number);
    if (error != std::errc{}) return text;
    const auto before = std::ranges::count(source.substr(0, offset), '\n');
    return std::string(line) + std::to_string(number + static_cast<std::size_t>(before)) +
           std::string(rest, end);
}

class FormReader {
public:
    FormReader(const Model& model, std::string_view source) : model_(model), source_(source) {}

    Result<Any> run(const JsonValue& value) const;

private:
    Result<Any> collection(const JsonValue& value) const;
    Failure wrong(Errc code, const JsonValue& value, const std::string& what) const {
        return fail(code, line_of(source_, value.offset) + what);
    }

    const Model& model_;
    std::string_view source_;
};

Result<Any> FormReader::run(const JsonValue& value) const {
    if (!value.is(Kind::object)) return wrong(Errc::bad_input, value, "an object expected");
    const JsonValue* url = value.find(type_member);
    if (url == nullptr || !url->is(Kind::text))
        return wrong(Errc::bad_input, value, "@type is missing: which message is it?");
    const Descriptor* type = known_type(model_, url->text);
    if (type == nullptr) return wrong(Errc::not_found, *url, "@type is no type of the schemas");
    if (is_collection(*type)) return collection(value);
    const auto message = model_.make(*type);
    const std::string text = without_type(source_.substr(value.offset, value.end - value.offset));
    const auto refusal =
        event::read_json(text, event::UnknownPayloadMembers::refused, model_.messages(), *message);
    if (refusal) return fail(Errc::bad_input, in_source(source_, value.offset, refusal->text));
    Any any;
    any.set_type_url(url->text);
    message->SerializeToString(any.mutable_value());
    return any;
}

Result<Any> FormReader::collection(const JsonValue& value) const {
    v1::Objektsamling all;
    const JsonValue* objects = value.find("objekter");
    const JsonValue* frame = value.find("ramme");
    const std::size_t known = 1U + (objects != nullptr ? 1U : 0U) + (frame != nullptr ? 1U : 0U);
    if (value.names.size() != known) return wrong(Errc::bad_input, value, "unknown field");
    if (frame == nullptr || !frame->is(Kind::text))
        return wrong(Errc::bad_input, value, "ramme: text in quotes expected");
    if (objects != nullptr && !objects->is(Kind::list))
        return wrong(Errc::bad_input, *objects, "objekter: a list expected");
    all.set_ramme(frame->text);
    for (std::size_t i = 0; objects != nullptr && i < objects->elements.size(); ++i) {
        const JsonValue& one = objects->elements[i];
        const JsonValue* path = one.find("sti");
        const JsonValue* object = one.find("objekt");
        if (path == nullptr || !path->is(Kind::text) || object == nullptr || one.names.size() != 2)
            return wrong(Errc::bad_input,
                         one,
                         "objekter[" + std::to_string(i) + "]: sti and objekt expected");
        auto read = run(*object);
        if (!read) return read;
        v1::Objektplads& place = *all.add_objekter();
        place.set_sti(path->text);
        *place.mutable_objekt() = std::move(*read);
    }
    Any any;
    any.set_type_url(value.find(type_member)->text);
    all.SerializeToString(any.mutable_value());
    return any;
}

}  // namespace

Result<std::string> object_to_json(const Model& model, const Any& object) {
    const auto tree = tree_of(model, object);
    if (!tree) return fail(tree.error().code, tree.error().text);
    return to_json(*tree, true) + '\n';
}

Result<Any> object_from(const Model& model, std::string_view bytes) {
    // No JSON begins like this: a type's URL after its tag and length.
    Any any;
    if (any.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) &&
        !any.type_url().empty()) {
        if (known_type(model, any.type_url()) == nullptr)
            return fail(Errc::not_found, "the Any holds a type that is not among the schemas");
        return any;
    }
    // What was kept aside is one text each, however much it is.
    JsonLimits limits;
    limits.text_bytes = limits.bytes;
    const auto tree = parse_json(bytes, limits);
    if (!tree) return fail(tree.error().code, tree.error().text);
    return FormReader(model, bytes).run(*tree);
}

}  // namespace vera::oio
