#pragma once
// Text on its way into Markdown (CommonMark with GitHub's tables).
#include <string>
#include <string_view>
#include <vector>

namespace vera::pages {

/// Safe in a paragraph and in a table's cell: one line, nothing of it is markup.
[[nodiscard]] std::string markdown_escaped(std::string_view text);
/// As code, in a paragraph or a cell; empty stays empty.
[[nodiscard]] std::string code_span(std::string_view text);
/// A fenced block; the fence is longer than any in `text`.
[[nodiscard]] std::string code_block(std::string_view text, std::string_view language);
/// "| a | b |\n".
[[nodiscard]] std::string table_row(const std::vector<std::string>& cells);
/// The row of titles and the line below it.
[[nodiscard]] std::string table_head(const std::vector<std::string>& titles);

}  // namespace vera::pages
