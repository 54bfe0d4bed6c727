#pragma once
// The check of one encoded message against its schema: rules compiled once from descriptors and
// their options into tables that walk the wire bytes. No message object is built, and as long as
// the answer is yes and no message has more than 64 fields, nothing is allocated.
#include "bus/base/result.hpp"
#include "bus/event/field_set.hpp"
#include "bus/event/pattern.hpp"
#include "bus/event/schema_problem.hpp"
#include "bus/event/urn.hpp"
#include "bus/event/wire.hpp"

#include "vera/options/v1/options.pb.h"

#include <google/protobuf/descriptor.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace vera::event {

/// What was wrong. `is_encoding`: these bytes are no Protobuf at all; otherwise the message breaks
/// a rule of its schema.
struct RuleBreak {
    bool is_encoding = false;
    std::string path;  ///< JSON names, "Beskedkuvert.Filtreringsdata.RelateretObjekt[1]"; empty:
                       ///< the message itself
    std::string what;  ///< the rule and what it expects; never a value
};

struct MessageRules;

/// Rules that few fields have.
struct ValueRules {
    std::uint32_t min_length = 0;  ///< code points of text, bytes of bytes
    std::uint32_t max_length = 0;  ///< 0: no bound
    std::unique_ptr<const Pattern> pattern;
    std::string expression;                  ///< of the pattern
    UrnKinds urns = 0;                       ///< 0: any
    std::vector<std::uint32_t> urn_numbers;  ///< the fields of the field's message that hold a URN
    bool wants_known_value = false;
    std::uint64_t small_values = 0;          ///< known values 0 to 63 of an enum
    std::vector<std::int32_t> other_values;  ///< and the others, ascending
};

struct FieldRules {
    /// How the contents are read. A point_in_time is a google.protobuf.Timestamp, checked for its
    /// range.
    enum class Kind : std::uint8_t {
        varint,
        fixed32,
        fixed64,
        text,
        bytes,
        message,
        point_in_time
    };

    Kind kind = Kind::varint;
    WireType wire_type = WireType::varint;
    bool is_repeated = false;
    bool is_packable = false;
    bool has_presence = false;
    bool is_filled_when_there = false;  ///< `required` of proto2: may be empty
    std::uint8_t period_end = 0;        ///< which end of a period, counted from 1; 0: none
    vera::options::v1::Format format = vera::options::v1::FORMAT_UNSPECIFIED;
    std::uint32_t index = 0;           ///< of this field in the sets
    const ValueRules* more = nullptr;  ///< none: no further rules
    const MessageRules* message = nullptr;
    const google::protobuf::FieldDescriptor* field = nullptr;
};

struct OneofRules {
    FieldSet members;
    bool is_required = false;
    const google::protobuf::OneofDescriptor* oneof = nullptr;
};

struct PeriodRules {
    enum class Kind : std::uint8_t { timestamp, tidspunkt, dato };
    Kind kind = Kind::timestamp;
    const FieldRules* from = nullptr;
    const FieldRules* to = nullptr;
};

struct MessageRules {
    static constexpr std::size_t max_period_ends = 8;

    std::vector<FieldRules> fields;
    std::vector<std::uint16_t> by_number;  ///< small numbers: index into `fields` + 1; 0: no such
    std::vector<std::pair<std::uint32_t, std::uint16_t>> by_large_number;  ///< ascending
    std::vector<OneofRules> oneofs;
    std::vector<PeriodRules> periods;
    std::vector<std::unique_ptr<const ValueRules>> values;  ///< what `FieldRules::more` points to
    FieldSet required;
    bool is_uuid_alone_enough = false;  ///< field 1 alone, a UUID, keeps all rules: UnikId, Aktoer
    bool is_virkning = false;           ///< vera.oio.v1.Virkning
    const google::protobuf::Descriptor* descriptor = nullptr;

    /// nullptr: no such field.
    [[nodiscard]] const FieldRules* find(std::uint32_t number) const {
        if (number < by_number.size()) {
            const std::size_t index = by_number[number];
            return index == 0 ? nullptr : &fields[index - 1];
        }
        return by_large_number.empty() ? nullptr : find_large(number);
    }

private:
    [[nodiscard]] const FieldRules* find_large(std::uint32_t number) const;
};

/// Compiled rules of any number of messages and all they contain. Immutable once filled; shared use
/// from any thread.
class RuleBook {
public:
    /// Errc::bad_input if the message, or one that it contains, has a group or extensions, or if a
    /// rule cannot be meant as it stands: problem() has it by its parts. The book is of no use
    /// then: every later call fails alike.
    [[nodiscard]] Result<const MessageRules*> compile(
        const google::protobuf::Descriptor* descriptor);

    [[nodiscard]] const std::optional<SchemaProblem>& problem() const { return broken_; }

private:
    std::unordered_map<const google::protobuf::Descriptor*, std::unique_ptr<MessageRules>> rules_;
    std::optional<SchemaProblem> broken_;
};

enum class UnknownFields : std::uint8_t { refused, kept };

/// Walks `bytes`. Nesting is at most 64 messages deep. What passes, Protobuf's own parser takes.
[[nodiscard]] std::optional<RuleBreak> check_message(const MessageRules& rules,
                                                     std::string_view bytes,
                                                     UnknownFields unknown);

}  // namespace vera::event
