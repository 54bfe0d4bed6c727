#pragma once
// Single values between JSON and the fields of a message. A value is taken only if what is written
// again is the same value; whoever asks keeps the others aside.
#include "adapters/oio/json_tree.hpp"

#include <google/protobuf/message.h>

#include <optional>

namespace vera::oio {

/// Sets, or adds to, a field of scalar type, or of UnikId, Tidspunkt or google.protobuf.Timestamp,
/// which are texts in JSON. false: the field cannot hold `value` as it is, and is untouched.
[[nodiscard]] bool take_value(const JsonValue& value,
                              google::protobuf::Message& message,
                              const google::protobuf::FieldDescriptor& field);

/// What take_value() took; `index` in a repeated field, else -1. none: LoRa's JSON cannot say it.
[[nodiscard]] std::optional<JsonValue> value_of(const google::protobuf::Message& message,
                                                const google::protobuf::FieldDescriptor& field,
                                                int index);

/// Of a field whose value stands in JSON as one text, number or truth value.
[[nodiscard]] bool is_single_value(const google::protobuf::FieldDescriptor& field);

/// "indeks" of a relation: a text in Protobuf, a number in LoRa.
[[nodiscard]] bool is_indeks(const google::protobuf::FieldDescriptor& field);

}  // namespace vera::oio
