#pragma once
// A code list, or any table that an event is enriched from: rows by the code in their first column.
#include "bus/transform/source.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace vera::transform {

class Table {
public:
    /// Adds to `problems` what is wrong: a code twice, a row of the wrong length.
    Table(const TableSource& source, const std::string& file, std::vector<Problem>& problems);

    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] std::optional<std::size_t> column(std::string_view name) const;
    [[nodiscard]] const std::vector<std::string>& columns() const { return columns_; }
    [[nodiscard]] TableSource::Missing missing() const { return missing_; }
    [[nodiscard]] const std::string& substitute() const { return substitute_; }
    /// None: the code is not in it. The text lives as long as the table.
    [[nodiscard]] std::optional<std::string_view> find(std::string_view code,
                                                       std::size_t column) const;

    /// Each value of a column, in no order.
    template <class Look>
    void each(std::size_t column, Look look) const {
        for (const auto& [code, row] : rows_)
            look(row[column]);
    }

private:
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const noexcept {
            return std::hash<std::string_view>{}(text);
        }
    };
    std::string name_;
    std::vector<std::string> columns_;
    TableSource::Missing missing_;
    std::string substitute_;
    std::unordered_map<std::string, std::vector<std::string>, Hash, std::equal_to<>> rows_;
};

/// Lines of comma- or semicolon-separated values (RFC 4180; the header tells which): columns and
/// rows of `table`. Adds to `problems` what is wrong, by line.
void read_csv(std::string_view text, TableSource& table, std::vector<Problem>& problems);

}  // namespace vera::transform
