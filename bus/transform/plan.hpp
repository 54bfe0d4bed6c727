#pragma once
// The compiled form of a mapping: what is written into a target message, field by field in the
// order of their numbers, and where each comes from. Private to this room.
#include "bus/expr/program.hpp"
#include "bus/transform/table.hpp"

#include "vera/options/v1/options.pb.h"

#include <google/protobuf/descriptor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace vera::transform {

struct MapPlan;

struct Step {
    std::uint32_t number = 0;
    bool is_repeated = false;
};

/// Where the bytes of a field are read.
struct SourcePath {
    enum class Root : std::uint8_t { kuvert, data, item };
    Root root = Root::data;
    std::size_t item = 0;  ///< of how many around: 0 is the outermost
    std::vector<Step> steps;
};

struct Expression {
    expr::Program program;
    int line = 0;
};

/// How values become bytes.
enum class TargetKind : std::uint8_t {
    text,
    boolean,
    int32,
    int64,
    uint32,
    uint64,
    sint32,
    sint64,
    fixed32,
    fixed64,
    sfixed32,
    sfixed64,
    float32,
    float64,
    enumeration,
    timestamp,
    tidspunkt,  ///< vera.oio.v1.Tidspunkt
    identity,   ///< vera.oio.v1.UnikId or Aktoer
    other       ///< only copied or mapped
};

struct NameHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
        return std::hash<std::string_view>{}(text);
    }
};

struct Choice {
    enum class Kind : std::uint8_t { copy, value, map };
    Kind kind = Kind::value;
    int line = 0;
    std::optional<Expression> when;
    std::optional<SourcePath> each;        ///< once for each element of it
    std::string item;                      ///< name of the element
    std::vector<expr::FieldShape> values;  ///< of `each`, if its elements are no messages
    SourcePath path;                       ///< copy
    std::optional<Expression> value;
    std::optional<Expression> fallback;
    const Table* table = nullptr;
    std::size_t column = 0;
    bool is_masked = false;
    vera::options::v1::Maskering masking = vera::options::v1::MASKERING_UNSPECIFIED;
    std::unordered_map<std::int64_t, std::int64_t> numbers;  ///< copy of another enum
    std::unique_ptr<MapPlan> map;
    /// What it is a copy of: if that is there, the message is, even with nothing in it.
    std::optional<SourcePath> original;
};

struct FieldPlan {
    const google::protobuf::FieldDescriptor* field = nullptr;
    TargetKind kind = TargetKind::other;
    std::string tag;   ///< as it stands before a value
    std::string name;  ///< as people write it
    std::unordered_map<std::string, std::int64_t, NameHash, std::equal_to<>>
        values;  ///< of an enum
    std::vector<Choice> choices;
};

struct MapPlan {
    std::vector<FieldPlan> fields;
};

}  // namespace vera::transform
