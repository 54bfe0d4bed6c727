#pragma once
// Why an expression gave what it gave: its clauses, what each was, which decided, and the values
// they saw.
#include "bus/expr/evaluator.hpp"
#include "bus/expr/program.hpp"
#include "bus/expr/property_reader.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace vera::expr {

/// An attribute or a field and what it was.
struct Seen {
    std::string name;
    bool is_present = false;
    bool is_personal = false;        ///< the schema marks it as personal data
    std::vector<Value> values;       ///< several of a repeated field; their texts are in `texts`
    std::vector<std::string> texts;  ///< one per value
};

/// One condition between AND, OR, XOR and NOT.
struct ClauseReport {
    enum class Result : std::uint8_t { is_true, is_false, error, not_evaluated };
    std::string text;
    std::uint32_t offset = 0;
    Result result = Result::not_evaluated;
    bool decided = false;  ///< the whole would be another without it
    std::vector<Seen> seen;
};

/// Values of an event are shown as they are: whoever shows them to others masks them.
struct Explanation {
    Value value;
    std::string value_text;  ///< of `value`
    Seen elements;           ///< of a repeated field as the whole expression
    std::vector<Problem> problems;
    std::size_t problem_count = 0;
    bool passes = false;
    bool reads_personal = false;        ///< marked fields
    std::vector<ClauseReport> clauses;  ///< in the order of the text
};

/// The same evaluation as the filter's, clause by clause. Names in the problems live as long as the
/// program.
[[nodiscard]] Explanation explain(Evaluator& evaluator,
                                  const Program& program,
                                  const PropertyReader& event);

}  // namespace vera::expr
