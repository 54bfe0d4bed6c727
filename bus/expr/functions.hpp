#pragma once
// The functions of the language: those of CESQL 1.0.0 §3.5 and VeRA's own. All are pure.
#include "bus/expr/scratch.hpp"
#include "bus/expr/value.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vera::expr {

/// What a function wants; arguments are cast before it is called.
enum class Parameter : std::uint8_t { boolean, integer, string, timestamp, any, field };

/// How a function says that something is wrong; its value stands all the same.
struct Complaint {
    ErrorKind kind = ErrorKind::function_evaluation;
    std::string_view what;  ///< empty: nothing is wrong
};

struct Function {
    static constexpr std::size_t any_number = 255;

    std::string_view name;
    std::vector<Parameter> parameters;  ///< the last one repeats if `most` is more
    std::size_t least = 0;
    std::size_t most = 0;
    Type gives = Type::string;
    bool is_cesql = false;
    Value (*call)(std::span<const Value> arguments,
                  Scratch& scratch,
                  Complaint& complaint) = nullptr;
    std::string_view usage;  ///< one line for people

    [[nodiscard]] Parameter parameter(std::size_t i) const {
        return parameters[i < parameters.size() ? i : parameters.size() - 1];
    }
};

/// By name in upper case and number of arguments; nullptr: there is none.
[[nodiscard]] const Function* find_function(std::string_view name, std::size_t arguments);
[[nodiscard]] const std::vector<Function>& all_functions();

}  // namespace vera::expr
