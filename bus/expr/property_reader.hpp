#pragma once
// The only way in which expressions see an event. Implemented by the rooms that know events.
#include "bus/expr/field.hpp"
#include "bus/expr/value.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vera::expr {

enum class Root : std::uint8_t {
    kuvert,
    data,
    item  ///< one of the schema's items(): an element that a mapping is at
};

/// A path in one type of message.
struct ResolvedPath {
    std::string message;            ///< full name of the type that it begins in
    std::vector<FieldShape> steps;  ///< one per name
};

/// `Beskedkuvert.…`, `data.…`, or the fields of an item.
struct FieldPath {
    Root root = Root::data;
    std::string item;                ///< its name; root item only
    std::string text;                ///< as it stands in the expression
    std::vector<std::string> names;  ///< behind the root
    std::vector<ResolvedPath>
        resolved;  ///< one per type in which it exists; empty: compiled without a schema
};

/// Takes the values of a field: none, one, or those of a repeated field in order.
class ValueSink {
public:
    virtual ~ValueSink() = default;
    virtual void take(const Value& value) = 0;
    /// Keeps a text that exists nowhere in the event's own bytes until the evaluation ends.
    virtual std::string_view keep(std::string_view text) = 0;
};

class PropertyReader {
public:
    virtual ~PropertyReader() = default;
    /// An attribute by its name in lower case: a boolean, an integer or a string. False: not there.
    /// The text lives as long as the event.
    [[nodiscard]] virtual bool attribute(std::string_view name, Value& value) const = 0;
    /// Hands the values of a field to `sink`. False: the path does not fit this event (another type
    /// of payload).
    virtual bool field(const FieldPath& path, ValueSink& sink) const = 0;
};

/// Named sets of texts that `x IN LIST('name')` asks.
class ValueLists {
public:
    virtual ~ValueLists() = default;
    /// None: there is no such list.
    [[nodiscard]] virtual std::optional<bool> contains(std::string_view list,
                                                       std::string_view value) const = 0;
};

}  // namespace vera::expr
