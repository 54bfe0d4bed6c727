#include "bus/event/schema_options.hpp"

#include <utility>

namespace vera::event {
namespace {

using namespace vera::options;  // NOLINT(google-build-using-namespace): of generated names

/// The options as the generated code reads them.
template <class Options>
Options read_anew(const Options& options) {
    Options read;
    // It was serialized just now: only what is required in proto2 could be missing.
    (void)read.ParsePartialFromString(options.SerializePartialAsString());
    return read;
}

template <class List>
auto copy_of(const List& list) {
    std::vector<std::decay_t<decltype(list.Get(0))>> copy;
    copy.reserve(static_cast<std::size_t>(list.size()));
    for (const auto& value : list)
        copy.push_back(value);
    return copy;
}

/// Of a file that can say which of its messages are payloads.
bool knows_options(const google::protobuf::FileDescriptor& file) {
    if (is_of_package(file.package(), "vera")) return true;
    for (int i = 0; i < file.dependency_count(); ++i)
        if (file.dependency(i)->package() == "vera.options.v1") return true;
    return false;
}

}  // namespace

bool is_of_package(std::string_view package, std::string_view root) {
    return package.starts_with(root) &&
           (package.size() == root.size() || package[root.size()] == '.');
}

bool can_mark(const google::protobuf::FileDescriptor& file) {
    for (int i = 0; i < file.dependency_count(); ++i)
        if (file.dependency(i)->name() == "vera/options/v1/options.proto") return true;
    return false;
}

FieldOptions options_of(const google::protobuf::FieldDescriptor& field) {
    FieldOptions found;
    if (field.options().ByteSizeLong() == 0) return found;
    const auto options = read_anew(field.options());
    found.is_required = options.GetExtension(v1::required);
    found.wants_known_value = options.GetExtension(v1::known_value);
    found.is_protected_address = options.GetExtension(v1::beskyttet_adresse);
    found.format = options.GetExtension(v1::format);
    found.personal = options.GetExtension(v1::personoplysning);
    found.masking = options.GetExtension(v1::maskering);
    if (options.HasExtension(v1::length)) found.length = options.GetExtension(v1::length);
    found.pattern = options.GetExtension(v1::pattern);
    for (int i = 0; i < options.ExtensionSize(v1::urn); ++i)
        found.urns.push_back(options.GetExtension(v1::urn, i));
    found.max_at_a_time = options.GetExtension(v1::max_at_a_time);
    found.example = options.GetExtension(v1::example);
    return found;
}

MessageOptions options_of(const google::protobuf::Descriptor& message) {
    MessageOptions found;
    if (message.options().ByteSizeLong() == 0) return found;
    const auto options = read_anew(message.options());
    if (options.HasExtension(v1::besked)) found.besked = options.GetExtension(v1::besked);
    found.periods = copy_of(options.GetRepeatedExtension(v1::periode));
    return found;
}

std::optional<v1::Besked> payload_of(const google::protobuf::Descriptor& message) {
    if (auto besked = options_of(message).besked) return besked;
    const google::protobuf::FileDescriptor& file = *message.file();
    const bool is_plain = message.containing_type() == nullptr && !knows_options(file) &&
                          !is_of_package(file.package(), "google.protobuf");
    return is_plain ? std::optional<v1::Besked>(std::in_place) : std::nullopt;
}

bool is_required(const google::protobuf::OneofDescriptor& oneof) {
    return oneof.options().ByteSizeLong() != 0 &&
           read_anew(oneof.options()).GetExtension(v1::oneof_required);
}

}  // namespace vera::event
