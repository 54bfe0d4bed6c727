#pragma once
// The check of one encoded message against its schema: rules compiled once from descriptors and
// their options into tables that walk the wire bytes. No message object is built, nothing is
// allocated unless the answer is no.
#include "bus/base/result.hpp"

#include "vera/options/v1/options.pb.h"

#include <google/protobuf/descriptor.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace vera::event {

/// What was wrong. `is_encoding`: these bytes are no Protobuf at all; otherwise the message breaks
/// a rule of its schema.
struct RuleBreak {
    bool is_encoding = false;
    std::string path;  ///< JSON names, "Beskedkuvert.Filtreringsdata.RelateretObjekt[1]"; empty:
                       ///< the message itself
    std::string what;  ///< the rule; never a value
};

struct MessageRules;

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
    bool is_repeated = false;
    bool is_packable = false;
    bool has_presence = false;
    vera::options::v1::Format format = vera::options::v1::FORMAT_UNSPECIFIED;
    std::uint64_t bit = 0;  ///< of this field in the sets below
    const MessageRules* message = nullptr;
    const google::protobuf::FieldDescriptor* field = nullptr;
};

struct OneofRules {
    std::uint64_t members = 0;
    bool is_required = false;
    const google::protobuf::OneofDescriptor* oneof = nullptr;
};

/// A message has at most 64 fields, numbered up to 1000: compile() refuses others.
struct MessageRules {
    std::vector<FieldRules> fields;
    std::vector<std::uint8_t> by_number;  ///< index into `fields` + 1; 0: no such field
    std::vector<OneofRules> oneofs;
    std::uint64_t required = 0;
    const google::protobuf::Descriptor* descriptor = nullptr;
};

/// Compiled rules of any number of messages and all they contain. Immutable once filled; shared use
/// from any thread.
class RuleBook {
public:
    /// Errc::bad_input if the message, or one that it contains, has more fields than fit.
    [[nodiscard]] Result<const MessageRules*> compile(
        const google::protobuf::Descriptor* descriptor);

private:
    std::unordered_map<const google::protobuf::Descriptor*, std::unique_ptr<MessageRules>> rules_;
};

enum class UnknownFields : std::uint8_t { refused, kept };

/// Walks `bytes`. Nesting is at most 64 messages deep.
[[nodiscard]] std::optional<RuleBreak> check_message(const MessageRules& rules,
                                                     std::string_view bytes,
                                                     UnknownFields unknown);

}  // namespace vera::event
