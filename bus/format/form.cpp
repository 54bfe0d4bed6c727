#include "bus/format/form.hpp"

#include <array>
#include <utility>

namespace vera::format {
namespace {

struct Known {
    Form form;
    std::string_view name;
    std::string_view content_type;
};
constexpr std::array<Known, 5> known{
    {{Form::protobuf, "protobuf", "application/protobuf"},
     {Form::json, "json", "application/json"},
     {Form::cloudevents_json, "cloudevents-json", "application/cloudevents+json; charset=utf-8"},
     {Form::cloudevents_protobuf, "cloudevents-protobuf", "application/cloudevents+protobuf"},
     {Form::beskedkuvert_xml, "beskedkuvert-xml", "application/xml; charset=utf-8"}}};

}  // namespace

std::string_view name_of(Form form) {
    return known[static_cast<std::size_t>(form)].name;
}

std::optional<Form> form_called(std::string_view name) {
    for (const Known& one : known)
        if (one.name == name) return one.form;
    return std::nullopt;
}

std::string_view content_type_of(Form form) {
    return known[static_cast<std::size_t>(form)].content_type;
}

}  // namespace vera::format
