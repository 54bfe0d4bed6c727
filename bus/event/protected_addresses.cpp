#include "bus/event/protected_addresses.hpp"

#include "bus/event/address_protection.hpp"
#include "bus/event/formats.hpp"
#include "bus/event/schema_options.hpp"
#include "bus/event/wire_types.hpp"

#include <google/protobuf/any.pb.h>

#include <algorithm>
#include <cstddef>

namespace vera::event {
namespace {

using google::protobuf::Any;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

constexpr std::size_t max_nesting = 100;  // more than the check at the door lets in
constexpr std::string_view protection_type = "vera.person.v1.Adressebeskyttelse";
constexpr std::string_view end_name = "slutdato";
constexpr std::string_view flag_name =
    "vera.person.v1.PersonAdressebeskyttelseAendret.er_beskyttet";
constexpr std::string_view extension_type = "vera.oio.v1.LokalUdvidelse";
constexpr std::string_view signature_type = "vera.besked.v1.Signatur";
constexpr std::string_view kuvert_type = "vera.besked.v1.Haendelsesbesked";
constexpr std::string_view any_type = "google.protobuf.Any";

bool fits(const FieldMark& mark, const WireField& field) {
    return field.type == mark.wire_type || (mark.is_packable && field.type == WireType::length);
}

void put_varint(std::string& out, std::uint64_t value) {
    for (; value >= 0x80U; value >>= 7U)
        out.push_back(static_cast<char>(value | 0x80U));
    out.push_back(static_cast<char>(value));
}

void put_bytes(std::string& out, std::uint32_t number, std::string_view bytes) {
    put_varint(out, std::uint64_t{number} << 3U | static_cast<unsigned>(WireType::length));
    put_varint(out, bytes.size());
    out.append(bytes);
}

}  // namespace

/// What a walk over a kuvert has seen.
struct ProtectedAddresses::Finding {
    Timestamp now;
    bool has_marked = false;
    bool has_unknown = false;
    bool has_person = false;
    bool is_protected = false;

    /// Nobody can tell what is in there.
    void lose() { has_marked = has_unknown = is_protected = true; }
};

const FieldMark* MessageMarks::find(std::uint32_t number) const {
    const auto at =
        std::ranges::lower_bound(fields, number, {}, &std::pair<std::uint32_t, FieldMark>::first);
    return at == fields.end() || at->first != number ? nullptr : &at->second;
}

void ProtectedAddresses::compile(
    const std::vector<const google::protobuf::FileDescriptor*>& files) {
    for (const auto* file : files)
        for (int i = 0; i < file->message_type_count(); ++i)
            add(*file->message_type(i));
    // Messages may contain each other: what holds of one is passed on until nothing is new.
    for (bool is_new = true; is_new;) {
        is_new = false;
        for (auto& [name, marks] : by_name_) {
            for (const auto& [number, field] : marks.fields) {
                if (field.message == nullptr) continue;
                is_new |= (field.message->can_hold && !marks.can_hold) ||
                          (field.message->leads_to_any && !marks.leads_to_any);
                marks.can_hold |= field.message->can_hold;
                marks.leads_to_any |= field.message->leads_to_any;
            }
        }
    }
    const auto kuvert = by_name_.find(kuvert_type);
    if (kuvert != by_name_.end()) kuvert_ = &kuvert->second;
}

void ProtectedAddresses::add(const Descriptor& message) {
    MessageMarks& marks = by_name_[message.full_name()];
    if (message.full_name() == protection_type)
        if (const FieldDescriptor* end = message.FindFieldByName(std::string(end_name)))
            end_field_ = static_cast<std::uint32_t>(end->number());
    for (int i = 0; i < message.field_count(); ++i) {
        const FieldDescriptor& field = *message.field(i);
        const FieldMark mark = mark_of(field);
        marks.says_protection |= mark.use == FieldMark::Use::protection;
        marks.can_hold |= mark.use == FieldMark::Use::withheld;
        marks.leads_to_any |= mark.use == FieldMark::Use::any;
        marks.fields.emplace_back(static_cast<std::uint32_t>(field.number()), mark);
    }
    std::ranges::sort(marks.fields, {}, &std::pair<std::uint32_t, FieldMark>::first);
    for (int i = 0; i < message.nested_type_count(); ++i)
        add(*message.nested_type(i));
}

FieldMark ProtectedAddresses::mark_of(const FieldDescriptor& field) {
    FieldMark mark;
    mark.wire_type = wire_type_of(field);
    mark.is_packable = field.is_packable();
    if (options_of(field).is_protected_address) {
        mark.use = FieldMark::Use::withheld;
    } else if (field.full_name() == flag_name) {
        mark.use = FieldMark::Use::flag;
    } else if (field.type() == FieldDescriptor::TYPE_MESSAGE) {
        const std::string& type = field.message_type()->full_name();
        mark.use = type == any_type          ? FieldMark::Use::any
                   : type == signature_type  ? FieldMark::Use::signature
                   : type == extension_type  ? FieldMark::Use::unknown
                   : type == protection_type ? FieldMark::Use::protection
                                             : FieldMark::Use::message;
        if (mark.use == FieldMark::Use::message || mark.use == FieldMark::Use::protection)
            mark.message = &by_name_[type];  // which stays where it is
    }
    return mark;
}

bool ProtectedAddresses::can_hold(std::string_view type) const {
    const auto at = by_name_.find(type);
    return at != by_name_.end() && at->second.can_hold;
}

// The last one of each field counts, as for Protobuf's own parsers.
ProtectedAddresses::Packed ProtectedAddresses::unpack(std::string_view any) const {
    Packed packed;
    WireReader reader(any);
    WireField field;
    while (reader.next(field)) {
        if (field.number == Any::kTypeUrlFieldNumber && field.type == WireType::length)
            packed.type_url = field.bytes;
        else if (field.number == Any::kValueFieldNumber && field.type == WireType::length)
            packed.value = field.bytes;
        else
            packed.is_whole = false;
    }
    packed.is_whole &= reader.at_end();
    const auto at = by_name_.find(type_of_url(packed.type_url));
    if (at != by_name_.end()) packed.message = &at->second;
    return packed;
}

bool ProtectedAddresses::may_be_in(std::string_view kuvert) const {
    return kuvert_ != nullptr && may_be_in(*kuvert_, kuvert, 0);
}

bool ProtectedAddresses::may_be_in(const MessageMarks& marks,
                                   std::string_view bytes,
                                   std::size_t depth) const {
    if (marks.can_hold || depth == max_nesting) return true;
    if (!marks.leads_to_any) return false;
    WireReader reader(bytes);
    WireField field;
    while (reader.next(field)) {
        const FieldMark* mark = field.type == WireType::length ? marks.find(field.number) : nullptr;
        if (mark == nullptr) continue;
        if (mark->use == FieldMark::Use::any) {
            const Packed packed = unpack(field.bytes);
            if (packed.message != nullptr && may_be_in(*packed.message, packed.value, depth + 1))
                return true;
        } else if (mark->message != nullptr && may_be_in(*mark->message, field.bytes, depth + 1)) {
            return true;
        }
    }
    return false;
}

// In JSON each message of a type of its own names it in "@type".
bool ProtectedAddresses::may_be_in_json(std::string_view json) const {
    constexpr std::string_view key = "\"@type\"";
    constexpr std::string_view space = " \t\r\n";
    if (json.find("\\u") != std::string_view::npos) return true;  // names may be written with it
    for (std::size_t at = json.find(key); at != std::string_view::npos; at = json.find(key, at)) {
        at += key.size();
        std::size_t next = json.find_first_not_of(space, at);
        if (next == std::string_view::npos || json[next] != ':') continue;
        next = json.find_first_not_of(space, next + 1);
        if (next == std::string_view::npos || json[next] != '"') continue;
        const std::size_t end = json.find('"', ++next);
        if (end == std::string_view::npos) return true;
        const std::string_view url = json.substr(next, end - next);
        if (url.find('\\') != std::string_view::npos || can_hold(type_of_url(url))) return true;
    }
    return false;
}

std::optional<std::string> ProtectedAddresses::without(std::string_view kuvert,
                                                       Timestamp now,
                                                       bool has_unknown) const {
    if (kuvert_ == nullptr || !may_be_in(kuvert)) return std::nullopt;
    Finding found{.now = now};
    found.has_unknown = has_unknown;
    look(*kuvert_, kuvert, 0, found);
    const bool withholds = found.is_protected ? found.has_marked || found.has_unknown
                                              : found.has_marked && !found.has_person;
    if (!withholds) return std::nullopt;
    std::string out;
    out.reserve(kuvert.size());
    write(*kuvert_, kuvert, 0, out);
    return out;
}

void ProtectedAddresses::look(const MessageMarks& marks,
                              std::string_view bytes,
                              std::size_t depth,
                              Finding& found) const {
    if (depth == max_nesting) return found.lose();
    found.has_person |= marks.says_protection;
    WireReader reader(bytes);
    WireField field;
    while (reader.next(field)) {
        const FieldMark* mark = marks.find(field.number);
        if (mark == nullptr || !fits(*mark, field)) {
            // Of a field that matters it is not known what it would have said.
            if (mark != nullptr && mark->use != FieldMark::Use::plain) found.lose();
            found.has_unknown = true;
            continue;
        }
        switch (mark->use) {
            case FieldMark::Use::plain:
            case FieldMark::Use::signature:
                break;
            case FieldMark::Use::withheld:
                found.has_marked = true;
                break;
            case FieldMark::Use::unknown:
                found.has_unknown = true;
                break;
            case FieldMark::Use::protection:
                found.is_protected |= protection_runs(field.bytes, end_field_, found.now);
                look(*mark->message, field.bytes, depth + 1, found);
                break;
            case FieldMark::Use::flag:
                found.is_protected |= field.value != 0;
                break;
            case FieldMark::Use::message:
                look(*mark->message, field.bytes, depth + 1, found);
                break;
            case FieldMark::Use::any:
                look_at_any(field.bytes, depth + 1, found);
                break;
        }
    }
    if (!reader.at_end()) found.lose();
}

void ProtectedAddresses::look_at_any(std::string_view bytes,
                                     std::size_t depth,
                                     Finding& found) const {
    const Packed packed = unpack(bytes);
    found.has_unknown |= !packed.is_whole || packed.message == nullptr;
    if (packed.message != nullptr && (packed.message->can_hold || packed.message->leads_to_any))
        look(*packed.message, packed.value, depth, found);
}

void ProtectedAddresses::write(const MessageMarks& marks,
                               std::string_view bytes,
                               std::size_t depth,
                               std::string& out) const {
    if (depth == max_nesting) return;
    WireReader reader(bytes);
    WireField field;
    const char* at = reader.position();
    for (; reader.next(field); at = reader.position()) {
        const FieldMark* mark = marks.find(field.number);
        if (mark == nullptr || !fits(*mark, field)) continue;
        std::string inner;
        switch (mark->use) {
            case FieldMark::Use::withheld:
            case FieldMark::Use::unknown:
            case FieldMark::Use::signature:
                break;
            case FieldMark::Use::plain:
            case FieldMark::Use::flag:
                out.append(at, reader.position());
                break;
            case FieldMark::Use::protection:
            case FieldMark::Use::message:
                write(*mark->message, field.bytes, depth + 1, inner);
                put_bytes(out, field.number, inner);
                break;
            case FieldMark::Use::any:
                write_any(field.bytes, depth + 1, inner);
                put_bytes(out, field.number, inner);
                break;
        }
    }
}

// Of an unknown type only the name is left.
void ProtectedAddresses::write_any(std::string_view bytes,
                                   std::size_t depth,
                                   std::string& out) const {
    const Packed packed = unpack(bytes);
    if (!packed.type_url.empty()) put_bytes(out, Any::kTypeUrlFieldNumber, packed.type_url);
    if (packed.message == nullptr) return;
    std::string inner;
    const bool is_to_change = packed.message->can_hold || packed.message->leads_to_any;
    if (is_to_change) write(*packed.message, packed.value, depth, inner);
    const std::string_view value = is_to_change ? inner : packed.value;
    if (!value.empty()) put_bytes(out, Any::kValueFieldNumber, value);
}

}  // namespace vera::event
