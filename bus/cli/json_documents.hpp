#pragma once
// Splits an input stream into JSON documents: JSON lines if its first line is a whole document,
// else one document over many lines.
#include <cstdint>
#include <deque>
#include <iosfwd>
#include <string>
#include <utility>

namespace vera::cli {

class JsonDocuments {
public:
    explicit JsonDocuments(std::istream& in) : in_(in) {}

    struct Document {
        std::string text;
        std::uint64_t line = 1;  ///< where it begins, from 1
    };
    /// false: no more. Empty lines are passed over. Reads JSON lines one at a time, so a pipe may
    /// stay open. What is given need not be valid JSON.
    bool next(Document& document);

private:
    bool read_line(std::string& text);
    void look_ahead(std::string& first);

    std::istream& in_;
    std::deque<std::string> buffered_;
    std::uint64_t line_ = 0;
    bool is_first_ = true;
};

/// What is wrong with a document that begins in line `begins` of the input: "line 3: …" of a
/// document is line 9 of the input if it begins in line 7. Gives the line, and the text without it.
[[nodiscard]] std::pair<std::uint64_t, std::string> place_in_input(std::uint64_t begins,
                                                                   const std::string& text);

}  // namespace vera::cli
