#include "bus/pages/description.hpp"

#include "bus/event/schema_options.hpp"
#include "bus/pages/nearest.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace vera::pages {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
namespace options = vera::options::v1;

std::string lower(std::string_view text) {
    std::string lowered(text);
    for (char& c : lowered)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return lowered;
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

/// One line of text: a comment's line breaks mean nothing.
std::string joined_lines(std::string_view raw) {
    std::string text;
    for (const char c : trimmed(raw)) {
        const bool is_space = c == ' ' || c == '\n' || c == '\r' || c == '\t';
        if (!is_space)
            text += c;
        else if (!text.empty() && text.back() != ' ')
            text += ' ';
    }
    return text;
}

/// "0..1" or "1" at the beginning; 0 if there is none.
std::size_t length_of_cardinality(std::string_view text) {
    std::size_t at = 0;
    while (at < text.size() && is_digit(text[at]))
        ++at;
    if (at == 0) return 0;
    if (text.substr(at).starts_with("..")) {
        std::size_t end = at + 2;
        if (end < text.size() && text[end] == '*') return end + 1;
        while (end < text.size() && is_digit(text[end]))
            ++end;
        if (end > at + 2) at = end;
    }
    const std::string_view rest = text.substr(at);
    const bool ends = rest.empty() || rest[0] == ':' || rest[0] == ',' || rest[0] == '.' ||
                      rest.starts_with(" [");
    return ends ? at : 0;
}

/// "[OIO]": a short word in brackets.
bool is_source(std::string_view inside) {
    return !inside.empty() && inside.size() <= 24 &&
           std::ranges::none_of(inside, [](char c) { return c == '.' || c == '(' || c == '^'; }) &&
           inside[0] >= 'A' && inside[0] <= 'Z';
}

template <class AnyDescriptor>
std::string raw_comment(const AnyDescriptor& descriptor) {
    google::protobuf::SourceLocation location;
    if (!descriptor.GetSourceLocation(&location)) return {};
    return location.leading_comments.empty() ? location.trailing_comments
                                             : location.leading_comments;
}

/// "vera.sag.v1": byggeblok and version are its last two parts.
template <class Described>
void put_names(const std::string& full_name, const FileDescriptor& file, Described& described) {
    described.full_name = full_name;
    described.package = file.package();
    described.name =
        file.package().empty() ? full_name : full_name.substr(file.package().size() + 1);
    described.file = file.name();
    std::string_view package = file.package();
    const auto last = package.rfind('.');
    const std::string_view tail =
        last == std::string_view::npos ? package : package.substr(last + 1);
    const bool is_version = tail.size() >= 2 && tail[0] == 'v' && is_digit(tail[1]);
    if (is_version) {
        described.version = tail;
        package = last == std::string_view::npos ? std::string_view{} : package.substr(0, last);
    }
    const auto before = package.rfind('.');
    described.byggeblok = before == std::string_view::npos ? package : package.substr(before + 1);
}

Rules rules_of(const FieldDescriptor& field) {
    const auto& given = field.options();
    Rules rules;
    rules.is_required = field.is_required() || given.GetExtension(options::required);
    rules.wants_known_value = given.GetExtension(options::known_value);
    rules.is_protected_address = given.GetExtension(options::beskyttet_adresse);
    rules.format = given.GetExtension(options::format);
    rules.min_length = given.GetExtension(options::length).min();
    rules.max_length = given.GetExtension(options::length).max();
    rules.pattern = given.GetExtension(options::pattern);
    for (int i = 0; i < given.ExtensionSize(options::urn); ++i)
        rules.urns.push_back(given.GetExtension(options::urn, i));
    rules.max_at_a_time = given.GetExtension(options::max_at_a_time);
    return rules;
}

void put_type(const FieldDescriptor& field, Field& described) {
    if (field.is_map()) {
        put_type(*field.message_type()->map_value(), described);
        described.kind = Kind::map;
        described.key_type = field.message_type()->map_key()->type_name();
        return;
    }
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        described.kind = Kind::message;
        described.type = field.message_type()->full_name();
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
        described.kind = Kind::enumeration;
        described.type = field.enum_type()->full_name();
    } else {
        described.type = field.type_name();
    }
}

Field describe_field(const FieldDescriptor& field) {
    Field described;
    described.name = field.name();
    described.json_name = field.json_name();
    described.number = field.number();
    put_type(field, described);
    described.is_repeated = field.is_repeated();
    described.has_presence = field.has_presence();
    described.is_deprecated = field.options().deprecated();
    if (const auto* choice = field.real_containing_oneof()) described.choice = choice->index();
    described.rules = rules_of(field);
    described.personal = field.options().GetExtension(options::personoplysning);
    described.masking = field.options().GetExtension(options::maskering);
    described.source_name = field.options().GetExtension(options::source_name);
    described.example = field.options().GetExtension(options::example);
    described.comment = parse_comment(raw_comment(field));
    return described;
}

/// The class of the object that an event carries: of its first field that has an identity and a
/// registration.
std::string carried_class(const Descriptor& message) {
    for (int i = 0; i < message.field_count(); ++i) {
        const Descriptor* type = message.field(i)->message_type();
        if (type != nullptr && type->FindFieldByName("objekt_id") != nullptr &&
            type->FindFieldByName("registrering") != nullptr)
            return type->full_name();
    }
    return {};
}

Event describe_event(const Descriptor& message) {
    const auto& besked = message.options().GetExtension(options::besked);
    Event event;
    event.beskedtype = lower(besked.beskedtype());
    // A schema that does not say what its events are called has their types' names.
    event.titel_da = besked.titel_da().empty() ? message.name() : besked.titel_da();
    event.titel_en = besked.titel_en().empty() ? event.titel_da : besked.titel_en();
    event.foelsomhed = besked.foelsomhed();
    if (besked.art() != options::Besked::ART_UNSPECIFIED) event.art = besked.art();
    event.objekttype = lower(besked.objekttype());
    event.objekthandling = lower(besked.objekthandling());
    event.kle = besked.kle();
    event.begrundelse = besked.begrundelse();
    event.afloeser = besked.afloeser();
    event.object_class = carried_class(message);
    return event;
}

std::string json_name_of(const Descriptor& message, const std::string& field) {
    const FieldDescriptor* found = message.FindFieldByName(field);
    return found == nullptr ? field : found->json_name();
}

Message describe_message(const Descriptor& message) {
    Message described;
    put_names(message.full_name(), *message.file(), described);
    described.comment = parse_comment(raw_comment(message));
    described.is_deprecated = message.options().deprecated();
    if (event::payload_of(message)) described.event = describe_event(message);
    described.objekttype = lower(message.options().GetExtension(options::objekttype));
    for (int i = 0; i < message.field_count(); ++i)
        described.fields.push_back(describe_field(*message.field(i)));
    for (int i = 0; i < message.real_oneof_decl_count(); ++i) {
        const auto& oneof = *message.oneof_decl(i);
        Choice choice;
        choice.is_required = oneof.options().GetExtension(options::oneof_required);
        for (int j = 0; j < oneof.field_count(); ++j)
            choice.fields.push_back(oneof.field(j)->json_name());
        described.choices.push_back(std::move(choice));
    }
    for (int i = 0; i < message.options().ExtensionSize(options::periode); ++i) {
        const auto& period = message.options().GetExtension(options::periode, i);
        described.periods.push_back(
            {json_name_of(message, period.fra()), json_name_of(message, period.til())});
    }
    return described;
}

Enum describe_enum(const EnumDescriptor& enumeration) {
    Enum described;
    put_names(enumeration.full_name(), *enumeration.file(), described);
    described.comment = parse_comment(raw_comment(enumeration));
    for (int i = 0; i < enumeration.value_count(); ++i) {
        const auto& value = *enumeration.value(i);
        described.values.push_back({value.name(),
                                    value.number(),
                                    value.options().GetExtension(options::source_text),
                                    joined_lines(raw_comment(value))});
    }
    return described;
}

void add_nested(const Descriptor& message, Description& description) {
    if (message.options().map_entry()) return;
    description.messages.push_back(describe_message(message));
    for (int i = 0; i < message.nested_type_count(); ++i)
        add_nested(*message.nested_type(i), description);
    for (int i = 0; i < message.enum_type_count(); ++i)
        description.enums.push_back(describe_enum(*message.enum_type(i)));
}

/// Classes say by which objekttype events are about them.
void name_classes(std::vector<Message>& messages) {
    std::map<std::string_view, std::string_view> classes;
    for (const Message& message : messages)
        if (!message.objekttype.empty()) classes.emplace(message.objekttype, message.full_name);
    for (Message& message : messages) {
        if (!message.event) continue;
        const auto found = classes.find(message.event->objekttype);
        if (found != classes.end()) message.event->object_class = found->second;
    }
}

template <class Described>
const Described* find_in(const std::vector<Described>& sorted, std::string_view full_name) {
    const auto at = std::ranges::lower_bound(
        sorted, full_name, {}, [](const Described& one) -> std::string_view {
            return one.full_name;
        });
    return at != sorted.end() && at->full_name == full_name ? &*at : nullptr;
}

}  // namespace

Comment parse_comment(std::string_view raw) {
    const std::string line = joined_lines(raw);
    std::string_view text = line;
    Comment comment;
    const std::size_t length = length_of_cardinality(text);
    comment.cardinality = text.substr(0, length);
    text.remove_prefix(length);
    const auto open = text.find('[');
    const auto close = open == std::string_view::npos ? open : text.find(']', open);
    std::string rest(text);
    if (close != std::string_view::npos && is_source(text.substr(open + 1, close - open - 1))) {
        comment.source = text.substr(open + 1, close - open - 1);
        std::string_view before = text.substr(0, open);
        while (!before.empty() && before.back() == ' ')
            before.remove_suffix(1);
        rest = std::string(before) + std::string(text.substr(close + 1));
    }
    const auto first = rest.find_first_not_of(" ,:.");
    comment.text = first == std::string::npos ? std::string{} : rest.substr(first);
    return comment;
}

std::string_view cardinality_of(const Field& field) {
    if (field.is_repeated) return field.rules.is_required ? "1..*" : "0..*";
    return field.rules.is_required ? "1" : "0..1";
}

const Message* Description::message(std::string_view full_name) const {
    return find_in(messages, full_name);
}

const Enum* Description::enumeration(std::string_view full_name) const {
    return find_in(enums, full_name);
}

Description describe(const TypeSet& types) {
    Description description;
    for (const FileDescriptor* file : types.files()) {
        for (int i = 0; i < file->message_type_count(); ++i)
            add_nested(*file->message_type(i), description);
        for (int i = 0; i < file->enum_type_count(); ++i)
            description.enums.push_back(describe_enum(*file->enum_type(i)));
    }
    name_classes(description.messages);
    std::ranges::sort(description.messages, {}, &Message::full_name);
    std::ranges::sort(description.enums, {}, &Enum::full_name);
    return description;
}

Result<const Message*> find_message(const Description& description, std::string_view name) {
    if (const Message* exact = description.message(name)) return exact;
    const std::string wanted = lower(name);
    std::vector<const Message*> found;
    for (const Message& message : description.messages) {
        const bool is_type =
            message.event && !wanted.empty() && message.event->beskedtype == wanted;
        if (is_type || lower(message.name) == wanted || lower(message.full_name) == wanted)
            found.push_back(&message);
    }
    if (found.size() == 1) return found.front();
    if (!found.empty()) {
        std::string names;
        for (const Message* one : found)
            names += (names.empty() ? "" : ", ") + one->full_name;
        return fail(Errc::bad_input, "'" + std::string(name) + "' stands for several: " + names);
    }
    std::vector<std::string> known;
    for (const Message& message : description.messages)
        known.push_back(message.full_name);
    std::string near;
    for (const std::string& one : nearest_names(name, known))
        near += (near.empty() ? "; nearest: " : ", ") + one;
    return fail(Errc::not_found, "no type '" + std::string(name) + "'" + near);
}

Parts parts_of(const Description& description, const Message& root) {
    Parts parts;
    std::set<std::string_view> seen{root.full_name};
    std::vector<const Message*> open{&root};
    for (std::size_t at = 0; at < open.size(); ++at)  // breadth first
        for (const Field& field : open[at]->fields) {
            if (!seen.insert(field.type).second) continue;
            if (const Message* part = description.message(field.type)) {
                parts.messages.push_back(part);
                open.push_back(part);
            } else if (const Enum* values = description.enumeration(field.type)) {
                parts.enums.push_back(values);
            }
        }
    return parts;
}

}  // namespace vera::pages
