#include "bus/base/refusal.hpp"

namespace vera {

std::string_view symbol(Condition condition) {
    switch (condition) {
        case Condition::decode_error:
            return "amqp:decode-error";
        case Condition::not_found:
            return "amqp:not-found";
        case Condition::not_implemented:
            return "amqp:not-implemented";
        case Condition::not_allowed:
            return "amqp:not-allowed";
        case Condition::precondition:
            return "amqp:precondition-failed";
        case Condition::unauthorized:
            return "amqp:unauthorized-access";
        case Condition::invalid_field:
            return "amqp:invalid-field";
        case Condition::resource_limit:
            return "amqp:resource-limit-exceeded";
        case Condition::schema_unknown:
            return "vera:schema-unknown";
        case Condition::schema_invalid:
            return "vera:schema-invalid";
        case Condition::attribute_mismatch:
            return "vera:attribute-mismatch";
        case Condition::not_authorized:
            return "vera:not-authorized";
        case Condition::too_large:
            return "vera:too-large";
        case Condition::id_reused:
            return "vera:id-reused";
        case Condition::unavailable:
            return "amqp:internal-error";
    }
    return "amqp:internal-error";
}

}  // namespace vera
