#include "bus/cli/event_text.hpp"

#include "bus/cli/masking.hpp"
#include "bus/cli/table.hpp"

#include <algorithm>
#include <utility>

namespace vera::cli {
namespace {

using nlohmann::json;

std::string text_at(const json& root, const std::string& pointer) {
    const json::json_pointer at(pointer);
    if (!root.is_object() || !root.contains(at)) return {};
    const json& found = root.at(at);
    return found.is_string() ? found.get<std::string>() : std::string{};
}

std::string id_at(const json& root, const std::string& pointer) {
    const std::string uuid = text_at(root, pointer + "/UUIDIdentifikator");
    return uuid.empty() ? text_at(root, pointer + "/URNIdentifikator") : uuid;
}

/// UUIDs of a kuvert that have names.
constexpr std::pair<const char*, const char*> named_ids[] = {
    {"message type", "/Beskedkuvert/Filtreringsdata/Beskedtype"},
    {"sender", "/Beskedkuvert/Filtreringsdata/BeskedAnsvarligAktoer"},
    {"object type", "/Beskedkuvert/Filtreringsdata/ObjektRegistrering/0/ObjektType"},
    {"action", "/Beskedkuvert/Filtreringsdata/ObjektRegistrering/0/ObjektHandling"},
    {"asked to", "/Beskedkuvert/Modtagerhandling/Handling"},
    {"response for", "/Beskedkuvert/Modtagerhandling/Responsmodtager"},
    {"sensitivity", "/Beskedkuvert/Leveranceinformation/Sikkerhedsklassificering"}};

/// nullptr: it has none.
const event::UuidName* name_at(const json& root,
                               const std::string& pointer,
                               const event::UuidNames& names) {
    std::string id = id_at(root, pointer);
    std::ranges::transform(id, id.begin(), [](char c) {
        return c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return names.find(id);
}

/// "Følsomme personoplysninger (3)".
std::string shown(const event::UuidName& known) {
    return known.name + (known.level > 0 ? " (" + std::to_string(known.level) + ")" : "");
}

std::string after(std::string text, std::string_view prefix) {
    return text.starts_with(prefix) ? text.substr(prefix.size()) : text;
}

json raw_body(const std::string& body) {
    json raw{{"bytes", body.size()}};
    const auto is_plain = [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte >= 0x20 || c == '\n' || c == '\t' || c == '\r';
    };
    // dump() throws on broken UTF-8, so only 7-bit text goes as text.
    const bool is_text = std::ranges::all_of(
        body, [&](char c) { return is_plain(c) && static_cast<unsigned char>(c) < 0x7F; });
    if (is_text) {
        raw["text"] = body;
        return raw;
    }
    constexpr std::string_view digits = "0123456789abcdef";
    std::string hex;
    for (const char c : body.substr(0, 64)) {
        hex += digits[static_cast<unsigned char>(c) >> 4U];
        hex += digits[static_cast<unsigned char>(c) & 15U];
    }
    raw["hex"] = hex + (body.size() > 64 ? "…" : "");
    return raw;
}

}  // namespace

json decoded_body(const kit::Received& message, const event::Catalogue& catalogue) {
    if (!message.value.is_null()) return message.value;
    if (auto kuvert = catalogue.to_json(message.body, message.content_type, false)) {
        json parsed = json::parse(*kuvert, nullptr, false);
        if (!parsed.is_discarded()) return parsed;
    }
    const auto first = message.body.find_first_not_of(" \t\r\n");
    if (first != std::string::npos && (message.body[first] == '{' || message.body[first] == '[')) {
        json parsed = json::parse(message.body, nullptr, false);
        if (!parsed.is_discarded()) return parsed;
    }
    return raw_body(message.body);
}

json facts_of(const kit::Received& message) {
    json facts{{"version", 1}};
    if (message.sequence() > 0) facts["sequence"] = message.sequence();
    if (message.leaf() > 0) facts["leaf"] = message.leaf();
    if (!message.subscription().empty()) facts["subscription"] = message.subscription();
    if (!message.sender().empty()) facts["sender"] = message.sender();
    if (!message.unrouted().empty()) facts["unrouted"] = message.unrouted();
    if (!message.dead_reason().empty())
        facts["dead"] = {{"reason", message.dead_reason()},
                         {"error", message.dead_error()},
                         {"at", message.dead_at()}};
    if (!message.content_type.empty()) facts["content_type"] = message.content_type;
    if (!message.id.empty()) facts["message_id"] = message.id;
    if (!message.reply_to.empty()) facts["reply_to"] = message.reply_to;
    if (!message.correlation_id.empty()) facts["correlation_id"] = message.correlation_id;
    facts["delivery_count"] = message.delivery_count;
    facts["annotations"] = message.annotations;
    facts["properties"] = message.properties;
    return facts;
}

json names_of(const json& body, const event::UuidNames& names) {
    json found = json::object();
    for (const auto& [title, at] : named_ids)
        if (const event::UuidName* known = name_at(body, at, names))
            found[known->uuid] = shown(*known);
    return found;
}

std::string pretty(const kit::Received& message,
                   const json& body,
                   const event::UuidNames& names,
                   bool is_masked) {
    std::string head = message.sequence() > 0 ? "seq " + std::to_string(message.sequence()) : "-";
    const auto add = [&](const std::string& text) {
        if (!text.empty()) head += "  " + text;
    };
    const std::string time =
        text_at(body, "/Beskedkuvert/Leveranceinformation/Dannelsestidspunkt/TidsstempelDatoTid");
    if (const auto parsed = parse_rfc3339(time)) add(danish_time(*parsed));
    add(after(text_at(body, "/Beskeddata/0/@type"), "type.googleapis.com/"));
    const std::string registration = "/Beskedkuvert/Filtreringsdata/ObjektRegistrering/0";
    std::string authority = id_at(body, registration + "/ObjektAnsvarligMyndighed");
    add(after(after(std::move(authority), "urn:oio:cvr-nr:"), "urn:oio:cvr:"));
    add(id_at(body, registration + "/ObjektId"));
    if (message.delivery_count > 0) add("attempt " + std::to_string(message.delivery_count + 1));
    std::string text = head + '\n';
    const auto add_line = [&](const char* name, const std::string& what) {
        if (!what.empty()) text += std::string("  ") + name + ": " + what + '\n';
    };
    for (const auto& [title, at] : named_ids)
        if (const event::UuidName* known = name_at(body, at, names))
            add_line(title, shown(*known) + "  " + known->uuid);
    add_line("from", message.sender());
    add_line("id", message.sender().empty() ? std::string() : message.id);
    add_line("answers", message.correlation_id);
    add_line("response to", message.reply_to);
    add_line("unrouted", message.unrouted());
    add_line("dead letter", message.dead_reason());
    add_line("error", message.dead_error());
    add_line("given up", message.dead_at());
    if (is_masked) text = mask_text(text);
    return text + body.dump(2, ' ', false, json::error_handler_t::replace) + '\n';
}

}  // namespace vera::cli
