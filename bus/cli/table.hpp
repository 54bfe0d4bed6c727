#pragma once
// Text tables and times for people. Nothing is ever cut off.
#include "bus/base/time.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace vera::cli {

struct Column {
    std::string name;
    bool is_number = false;  ///< right-aligned
};

class Table {
public:
    explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
    void add(std::vector<std::string> row);
    /// A last row, set off by a line.
    void add_totals(std::vector<std::string> row) { totals_ = std::move(row); }
    [[nodiscard]] std::string text() const;

private:
    std::vector<Column> columns_;
    std::vector<std::vector<std::string>> rows_;
    std::vector<std::string> totals_;
};

/// Code points of UTF-8 text, which is its width for what VeRA shows.
[[nodiscard]] std::size_t width_of(std::string_view text);
/// "2026-11-23 15:30:05.123+01:00": Europe/Copenhagen, by the rule of Directive 2000/84/EC.
[[nodiscard]] std::string danish_time(Timestamp time);
/// "3s", "5m 2s", "2h 14m", "3d 4h": two units at most, for ages.
[[nodiscard]] std::string age_text(Millis age);

}  // namespace vera::cli
