#pragma once
// An event of names and values for tests, and the shortest way from an expression to its outcome.
#include "bus/expr/compiler.hpp"
#include "bus/expr/evaluator.hpp"
#include "bus/expr/property_reader.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace vera::expr {

class PlainEvent : public PropertyReader {
public:
    /// id, source, specversion and type.
    static PlainEvent with_required();

    void set(const std::string& name, const std::string& value);
    void set(const std::string& name, const Value& value) { attributes_[name] = value; }
    /// The values of a path; texts are literals of the test.
    void set_field(const std::string& path, std::vector<Value> values) {
        fields_[path] = std::move(values);
    }
    void clear() { attributes_.clear(); }

    bool attribute(std::string_view name, Value& value) const override;
    bool field(const FieldPath& path, ValueSink& sink) const override;

private:
    std::map<std::string, Value, std::less<>> attributes_;
    std::map<std::string, std::vector<Value>, std::less<>> fields_;
    std::map<std::string, std::string> texts_;
};

/// What an expression gave, in values that live by themselves.
struct Got {
    Type type = Type::boolean;
    bool is_errored = false;
    std::int64_t number = 0;
    std::string text;
    std::vector<std::string> errors;  ///< their kinds, in order
    std::vector<std::uint32_t> offsets;
    std::vector<std::string> error_texts;
    bool passes = false;

    /// "true", "5", "'abc'" or "null".
    [[nodiscard]] std::string shown() const;
    /// shown(), and behind it the kinds of errors: "false math cast".
    [[nodiscard]] std::string all() const;
};

/// A parse error gives false and that error.
[[nodiscard]] Got evaluate(std::string_view expression,
                           const PropertyReader& event,
                           const ValueLists* lists = nullptr,
                           const Limits& limits = {});
[[nodiscard]] Got evaluate(std::string_view expression);

}  // namespace vera::expr
