#include "bus/cli/json_documents.hpp"

#include <algorithm>
#include <charconv>
#include <istream>
#include <nlohmann/json.hpp>
#include <string_view>
#include <system_error>

namespace vera::cli {
namespace {

bool is_blank(const std::string& text) {
    return text.find_first_not_of(" \t\r") == std::string::npos;
}

}  // namespace

bool JsonDocuments::read_line(std::string& text) {
    if (!buffered_.empty()) {
        text = std::move(buffered_.front());
        buffered_.pop_front();
        return true;
    }
    return static_cast<bool>(std::getline(in_, text));
}

// `first` is no document of its own. Either the whole input is one, which `first` then becomes; or
// `first` is a broken line among others, which are kept.
void JsonDocuments::look_ahead(std::string& first) {
    std::string whole = first;
    std::string line;
    while (std::getline(in_, line)) {
        whole += '\n';
        whole += line;
        buffered_.push_back(std::move(line));
    }
    const bool is_lines =
        !nlohmann::json::accept(whole) &&
        std::ranges::any_of(buffered_, [](const std::string& other) {
            return !is_blank(other) && other.front() == '{' && nlohmann::json::accept(other);
        });
    if (is_lines) return;
    buffered_.clear();
    first = std::move(whole);
}

bool JsonDocuments::next(Document& document) {
    while (read_line(document.text)) {
        document.line = ++line_;
        if (is_blank(document.text)) continue;
        if (is_first_ && !nlohmann::json::accept(document.text)) look_ahead(document.text);
        is_first_ = false;
        return true;
    }
    return false;
}

std::pair<std::uint64_t, std::string> place_in_input(std::uint64_t begins,
                                                     const std::string& text) {
    constexpr std::string_view line = "line ";
    if (!text.starts_with(line)) return {begins, text};
    std::uint64_t number = 0;
    const char* end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data() + line.size(), end, number);
    const std::string_view rest(parsed.ptr, static_cast<std::size_t>(end - parsed.ptr));
    if (parsed.ec != std::errc{} || number == 0 || !rest.starts_with(": ")) return {begins, text};
    return {begins + number - 1, std::string(rest.substr(2))};
}

}  // namespace vera::cli
