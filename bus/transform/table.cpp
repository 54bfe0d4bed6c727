#include "bus/transform/table.hpp"

#include <algorithm>
#include <utility>

namespace vera::transform {
namespace {

constexpr std::size_t max_rows = 1'000'000;

/// One record at a time; quotes may hold delimiters, line ends and doubled quotes.
class CsvReader {
public:
    CsvReader(std::string_view text, char delimiter) : text_(text), delimiter_(delimiter) {}

    [[nodiscard]] bool at_end() const { return at_ >= text_.size(); }
    [[nodiscard]] int line() const { return line_; }
    [[nodiscard]] bool is_open() const { return is_open_; }

    std::vector<Text> record() {
        std::vector<Text> fields;
        for (;;) {
            fields.push_back(field());
            if (at_ < text_.size() && text_[at_] == delimiter_) {
                ++at_;
                continue;
            }
            end_of_line();
            return fields;
        }
    }

private:
    Text field() {
        Text made{{}, line_};
        if (at_ < text_.size() && text_[at_] == '"') {
            ++at_;
            quoted(made.text);
        }
        while (at_ < text_.size() && text_[at_] != delimiter_ && text_[at_] != '\n' &&
               text_[at_] != '\r')
            made.text += text_[at_++];
        return made;
    }
    void quoted(std::string& text) {
        for (; at_ < text_.size(); ++at_) {
            if (text_[at_] == '\n') ++line_;
            if (text_[at_] != '"') {
                text += text_[at_];
            } else if (at_ + 1 < text_.size() && text_[at_ + 1] == '"') {
                text += text_[++at_];
            } else {
                ++at_;
                return;
            }
        }
        is_open_ = true;
    }
    void end_of_line() {
        if (at_ < text_.size() && text_[at_] == '\r') ++at_;
        if (at_ < text_.size() && text_[at_] == '\n') ++at_;
        ++line_;
    }

    std::string_view text_;
    char delimiter_;
    std::size_t at_ = 0;
    int line_ = 1;
    bool is_open_ = false;  ///< a quote was never closed
};

}  // namespace

Table::Table(const TableSource& source, const std::string& file, std::vector<Problem>& problems)
    : name_(source.name.text),
      missing_(source.missing),
      substitute_(source.substitute.text) {
    for (const Text& column : source.columns)
        columns_.push_back(column.text);
    const std::string& place = source.file.empty() ? file : source.file;
    std::unordered_map<std::string, int> lines;
    for (const std::vector<Text>& row : source.rows) {
        if (row.empty()) continue;
        const auto wrong = [&](std::string text) {
            problems.push_back({true, place, row.front().line, "tables." + name_, std::move(text)});
        };
        if (row.size() != columns_.size()) {
            wrong("a row of " + std::to_string(row.size()) + " values; there are " +
                  std::to_string(columns_.size()) + " columns");
            continue;
        }
        const auto [known, is_new] = lines.emplace(row.front().text, row.front().line);
        if (!is_new) {
            wrong("a code that is in line " + std::to_string(known->second) + " already");
            continue;
        }
        std::vector<std::string> values;
        values.reserve(row.size());
        for (const Text& value : row)
            values.push_back(value.text);
        rows_.emplace(row.front().text, std::move(values));
    }
}

std::optional<std::size_t> Table::column(std::string_view name) const {
    const auto found = std::ranges::find(columns_, name);
    if (found == columns_.end()) return std::nullopt;
    return static_cast<std::size_t>(found - columns_.begin());
}

std::optional<std::string_view> Table::find(std::string_view code, std::size_t column) const {
    const auto found = rows_.find(code);
    if (found == rows_.end()) return std::nullopt;
    return found->second[column];
}

void read_csv(std::string_view text, TableSource& table, std::vector<Problem>& problems) {
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    const std::string_view header = text.substr(0, text.find('\n'));
    const char delimiter = header.find(';') == std::string_view::npos ? ',' : ';';
    const auto wrong = [&](int line, std::string what) {
        problems.push_back({true, table.file, line, {}, std::move(what)});
    };
    CsvReader reader(text, delimiter);
    if (!reader.at_end()) table.columns = reader.record();
    if (table.columns.size() < 2)
        return wrong(1, "a header of at least two columns is wanted, separated by , or ;");
    while (!reader.at_end()) {
        const int line = reader.line();
        std::vector<Text> row = reader.record();
        if (reader.is_open()) return wrong(line, "a quote that is never closed");
        if (row.size() == 1 && row.front().text.empty()) continue;
        if (table.rows.size() == max_rows)
            return wrong(line, "more than " + std::to_string(max_rows) + " rows");
        table.rows.push_back(std::move(row));
    }
}

}  // namespace vera::transform
