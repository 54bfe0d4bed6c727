#include "bus/pages/markdown.hpp"

#include <algorithm>
#include <cstddef>

namespace vera::pages {
namespace {

std::size_t longest_run(std::string_view text, char of) {
    std::size_t longest = 0;
    std::size_t run = 0;
    for (const char c : text) {
        run = c == of ? run + 1 : 0;
        longest = std::max(longest, run);
    }
    return longest;
}

}  // namespace

std::string markdown_escaped(std::string_view text) {
    static constexpr std::string_view markup = "\\`*_[]<>|~#&!";
    std::string safe;
    for (const char c : text) {
        if (c == '\n' || c == '\r' || c == '\t') {
            safe += ' ';
            continue;
        }
        if (markup.find(c) != std::string_view::npos) safe += '\\';
        safe += c;
    }
    return safe;
}

std::string code_span(std::string_view text) {
    if (text.empty()) return {};
    const std::string fence(longest_run(text, '`') + 1, '`');
    std::string inside;
    for (const char c : text) {
        if (c == '|') inside += '\\';  // a cell ends at a bar even inside code (GFM)
        inside += c == '\n' || c == '\r' ? ' ' : c;
    }
    const bool touches = text.front() == '`' || text.back() == '`';
    const std::string space = touches ? " " : "";
    return fence + space + inside + space + fence;
}

std::string code_block(std::string_view text, std::string_view language) {
    const std::string fence(std::max<std::size_t>(longest_run(text, '`') + 1, 3), '`');
    std::string block = fence;
    block.append(language).append("\n").append(text);
    if (!text.ends_with('\n')) block += '\n';
    return block + fence + "\n";
}

std::string table_row(const std::vector<std::string>& cells) {
    std::string row = "|";
    for (const std::string& cell : cells)
        row += cell.empty() ? " |" : " " + cell + " |";
    return row + "\n";
}

std::string table_head(const std::vector<std::string>& titles) {
    std::string line = "|";
    for (std::size_t i = 0; i < titles.size(); ++i)
        line += " --- |";
    return table_row(titles) + line + "\n";
}

}  // namespace vera::pages
