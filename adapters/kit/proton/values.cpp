#include "adapters/kit/proton/values.hpp"

#include <proton/annotation_key.hpp>
#include <proton/types.hpp>

#include <algorithm>

namespace vera::kit {
namespace {

using nlohmann::json;

std::string hexadecimal(const proton::binary& bytes) {
    constexpr const char* digits = "0123456789abcdef";
    std::string text;
    for (const std::uint8_t byte : bytes) {
        text += digits[byte >> 4U];
        text += digits[byte & 15U];
    }
    return text;
}

json to_json(const proton::value& value);

json map_to_json(const proton::value& value) {
    json object = json::object();
    std::map<proton::value, proton::value> entries;
    proton::get(value, entries);
    for (const auto& [key, element] : entries) {
        const json name = to_json(key);
        object[name.is_string() ? name.get<std::string>() : name.dump()] = to_json(element);
    }
    return object;
}

json to_json(const proton::value& value) {
    const proton::type_id type = value.type();
    if (value.empty()) return nullptr;
    if (type == proton::BOOLEAN) return proton::get<bool>(value);
    if (proton::type_id_is_signed_int(type)) return proton::coerce<std::int64_t>(value);
    if (proton::type_id_is_unsigned_int(type)) return proton::coerce<std::uint64_t>(value);
    if (proton::type_id_is_floating_point(type)) return proton::coerce<double>(value);
    if (type == proton::STRING || type == proton::SYMBOL) return proton::coerce<std::string>(value);
    if (type == proton::BINARY) return hexadecimal(proton::get<proton::binary>(value));
    if (type == proton::TIMESTAMP)
        return to_rfc3339(Timestamp{proton::get<proton::timestamp>(value).milliseconds()});
    if (type == proton::MAP) return map_to_json(value);
    if (type == proton::LIST || type == proton::ARRAY) {
        json list = json::array();
        std::vector<proton::value> elements;
        proton::get(value, elements);
        for (const proton::value& element : elements)
            list.push_back(to_json(element));
        return list;
    }
    return proton::to_string(value);
}

proton::value to_value(const json& from) {
    if (from.is_null()) return proton::value(proton::null());
    if (from.is_boolean()) return from.get<bool>();
    if (from.is_number_float()) return from.get<double>();
    if (from.is_number()) return from.get<std::int64_t>();
    if (from.is_string()) return from.get<std::string>();
    if (from.is_array()) {
        std::vector<proton::value> list;
        for (const json& element : from)
            list.push_back(to_value(element));
        return list;
    }
    std::map<std::string, proton::value> map;
    for (const auto& [key, element] : from.items())
        map.emplace(key, to_value(element));
    return map;
}

std::string id_text(const proton::message_id& id) {
    return id.empty() ? std::string{} : proton::to_string(id);
}

Errc code_of(const std::string& condition) {
    if (condition == "amqp:not-found") return Errc::not_found;
    if (condition == "amqp:unauthorized-access" || condition == "amqp:not-allowed" ||
        condition == "vera:not-authorized")
        return Errc::refused;
    if (condition == "amqp:invalid-field" || condition == "amqp:not-implemented")
        return Errc::bad_input;
    return Errc::unavailable;
}

}  // namespace

proton::message to_proton(const Message& from) {
    proton::message to;
    if (from.value.is_null()) {
        to.inferred(true);  // binary goes as a data section
        to.body(proton::binary(from.body.begin(), from.body.end()));
    } else {
        to.body(to_value(from.value));
    }
    if (!from.content_type.empty()) to.content_type(from.content_type);
    if (!from.id.empty()) to.id(from.id);
    if (!from.subject.empty()) to.subject(from.subject);
    if (!from.reply_to.empty()) to.reply_to(from.reply_to);
    if (!from.correlation_id.empty()) to.correlation_id(from.correlation_id);
    for (const auto& [key, property] : from.properties.items()) {
        if (property.is_string())
            to.properties().put(key, property.get<std::string>());
        else if (property.is_boolean())
            to.properties().put(key, property.get<bool>());
        else if (property.is_number_float())
            to.properties().put(key, property.get<double>());
        else if (property.is_number())
            to.properties().put(key, property.get<std::int64_t>());
        else
            to.properties().put(key, property.dump());
    }
    to.durable(from.is_durable);
    if (from.ttl > Millis{0})
        to.ttl(proton::duration(static_cast<proton::duration::numeric_type>(from.ttl.count())));
    return to;
}

Received to_received(const proton::message& from) {
    Received to;
    to.is_data = from.inferred();
    const proton::value& body = from.body();
    if (body.type() == proton::BINARY) {
        const auto bytes = proton::get<proton::binary>(body);
        to.body.assign(bytes.begin(), bytes.end());
    } else if (body.type() == proton::STRING) {
        to.body = proton::get<std::string>(body);
    } else if (!body.empty()) {
        to.value = to_json(body);
    }
    to.content_type = from.content_type();
    to.id = id_text(from.id());
    to.subject = from.subject();
    to.reply_to = from.reply_to();
    to.correlation_id = id_text(from.correlation_id());
    if (!from.properties().empty()) to.properties = to_json(from.properties().value());
    if (!from.message_annotations().empty())
        to.annotations = to_json(from.message_annotations().value());
    to.delivery_count = from.delivery_count();
    to.is_first_acquirer = from.first_acquirer();
    to.is_durable = from.durable();
    to.ttl = Millis{static_cast<std::int64_t>(from.ttl().milliseconds())};
    return to;
}

std::map<proton::symbol, proton::value> to_properties(
    const std::vector<std::pair<std::string, std::string>>& from) {
    std::map<proton::symbol, proton::value> to;
    for (const auto& [name, text] : from)
        to[proton::symbol(name)] = text;
    return to;
}

Error to_error(const proton::error_condition& condition, const std::string& otherwise) {
    if (condition.empty()) return {Errc::unavailable, otherwise};
    return {code_of(condition.name()), condition.name() + ": " + condition.description()};
}

proton::duration to_proton(Millis wait) {
    return proton::duration(
        static_cast<proton::duration::numeric_type>(std::max<std::int64_t>(wait.count(), 0)));
}

}  // namespace vera::kit
