#include "bus/amqp/amqp_json.hpp"

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>

namespace vera::amqp {
namespace {

constexpr int deepest = 64;

std::string text_of(pn_bytes_t bytes) {
    return bytes.size == 0 ? std::string{} : std::string(bytes.start, bytes.size);
}

nlohmann::json binary_json(pn_bytes_t bytes) {
    // An invalid text would make dump() throw later.
    nlohmann::json text = text_of(bytes);
    const std::string shown = text.dump(-1, ' ', false, nlohmann::json::error_handler_t::ignore);
    return nlohmann::json::parse(shown, nullptr, false);
}

std::string key_of(const nlohmann::json& value) {
    return value.is_string() ? value.get<std::string>()
                             : value.dump(-1, ' ', false, nlohmann::json::error_handler_t::ignore);
}

nlohmann::json convert(pn_data_t* data, int depth, bool& is_too_deep);

template <class Take>
void each_child(pn_data_t* data, Take take) {
    if (!pn_data_enter(data)) return;
    while (pn_data_next(data))
        take();
    pn_data_exit(data);
}

nlohmann::json convert_many(pn_data_t* data, int depth, bool& is_too_deep) {
    auto list = nlohmann::json::array();
    each_child(data, [&] { list.push_back(convert(data, depth + 1, is_too_deep)); });
    return list;
}

nlohmann::json convert_map(pn_data_t* data, int depth, bool& is_too_deep) {
    auto map = nlohmann::json::object();
    std::string key;
    bool is_key = true;
    each_child(data, [&] {
        nlohmann::json value = convert(data, depth + 1, is_too_deep);
        if (is_key)
            key = key_of(value);
        else
            map[key] = std::move(value);
        is_key = !is_key;
    });
    return map;
}

nlohmann::json convert(pn_data_t* data, int depth, bool& is_too_deep) {
    if (depth > deepest) {
        is_too_deep = true;
        return nullptr;
    }
    switch (pn_data_type(data)) {
        case PN_BOOL:
            return pn_data_get_bool(data);
        case PN_UBYTE:
            return pn_data_get_ubyte(data);
        case PN_BYTE:
            return pn_data_get_byte(data);
        case PN_USHORT:
            return pn_data_get_ushort(data);
        case PN_SHORT:
            return pn_data_get_short(data);
        case PN_UINT:
            return pn_data_get_uint(data);
        case PN_INT:
            return pn_data_get_int(data);
        case PN_ULONG:
            return pn_data_get_ulong(data);
        case PN_LONG:
            return pn_data_get_long(data);
        case PN_TIMESTAMP:
            return pn_data_get_timestamp(data);
        case PN_FLOAT:
            return pn_data_get_float(data);
        case PN_DOUBLE:
            return pn_data_get_double(data);
        case PN_STRING:
            return binary_json(pn_data_get_string(data));
        case PN_SYMBOL:
            return binary_json(pn_data_get_symbol(data));
        case PN_BINARY:
            return binary_json(pn_data_get_binary(data));
        case PN_LIST:
        case PN_ARRAY:
            return convert_many(data, depth, is_too_deep);
        case PN_MAP:
            return convert_map(data, depth, is_too_deep);
        case PN_DESCRIBED: {
            nlohmann::json value;
            bool is_descriptor = true;
            each_child(data, [&] {
                if (!std::exchange(is_descriptor, false))
                    value = convert(data, depth + 1, is_too_deep);
            });
            return value;
        }
        default:
            return nullptr;
    }
}

}  // namespace

Result<nlohmann::json> to_json(pn_data_t* data) {
    bool is_too_deep = false;
    nlohmann::json value = convert(data, 0, is_too_deep);
    if (is_too_deep) return fail(Errc::too_large, "value is nested too deeply");
    return value;
}

Result<nlohmann::json> decode_value(std::string_view bytes) {
    const std::unique_ptr<pn_data_t, void (*)(pn_data_t*)> data(pn_data(16), pn_data_free);
    if (pn_data_decode(data.get(), bytes.data(), bytes.size()) < 0)
        return fail(Errc::bad_input, "value does not decode");
    pn_data_rewind(data.get());
    if (!pn_data_next(data.get())) return nlohmann::json{};
    return to_json(data.get());
}

void put_json(pn_data_t* data, const nlohmann::json& value) {
    switch (value.type()) {
        case nlohmann::json::value_t::object:
            pn_data_put_map(data);
            pn_data_enter(data);
            for (const auto& [key, entry] : value.items()) {
                pn_data_put_string(data, pn_bytes(key.size(), key.data()));
                put_json(data, entry);
            }
            pn_data_exit(data);
            return;
        case nlohmann::json::value_t::array:
            pn_data_put_list(data);
            pn_data_enter(data);
            for (const auto& entry : value)
                put_json(data, entry);
            pn_data_exit(data);
            return;
        case nlohmann::json::value_t::string: {
            const auto& text = value.get_ref<const std::string&>();
            pn_data_put_string(data, pn_bytes(text.size(), text.data()));
            return;
        }
        case nlohmann::json::value_t::boolean:
            pn_data_put_bool(data, value.get<bool>());
            return;
        case nlohmann::json::value_t::number_integer:
            pn_data_put_long(data, value.get<std::int64_t>());
            return;
        case nlohmann::json::value_t::number_unsigned:
            if (value.get<std::uint64_t>() <=
                static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
                pn_data_put_long(data, value.get<std::int64_t>());
            else
                pn_data_put_ulong(data, value.get<std::uint64_t>());
            return;
        case nlohmann::json::value_t::number_float:
            pn_data_put_double(data, value.get<double>());
            return;
        case nlohmann::json::value_t::null:
        case nlohmann::json::value_t::binary:
        case nlohmann::json::value_t::discarded:
            pn_data_put_null(data);
            return;
    }
}

}  // namespace vera::amqp
