#include "bus/expr/function_parts.hpp"
#include "bus/expr/text.hpp"

#include <algorithm>
#include <string_view>

namespace vera::expr {
namespace {

/// Counts what looking through `text` costs; false: there are no steps left.
bool pay(std::size_t size, Scratch& scratch, Complaint& complaint) {
    const std::size_t cost = size / 16;
    if (cost < scratch.steps) {
        scratch.steps -= static_cast<std::uint32_t>(cost);
        return true;
    }
    scratch.steps = 0;
    complaint = {ErrorKind::generic, "more steps than an evaluation may take"};
    return false;
}

Value replace(Arguments a, Scratch& scratch, Complaint& complaint) {
    const std::string_view text = a[0].text;
    const std::string_view from = a[1].text;
    const std::string_view to = a[2].text;
    if (from.empty() || !pay(text.size() * (1 + from.size() / 16), scratch, complaint))
        return Value::of_string(text);
    std::size_t size = text.size();
    for (std::size_t at = text.find(from); at != std::string_view::npos;
         at = text.find(from, at + from.size()))
        size += to.size();
    return made_text(size, scratch, complaint, [&](std::string& made) {
        std::size_t done = 0;
        for (std::size_t at = text.find(from); at != std::string_view::npos;
             at = text.find(from, done)) {
            made.append(text.substr(done, at - done)).append(to);
            done = at + from.size();
        }
        made.append(text.substr(done));
    });
}

/// Counts from 1; what is not there is empty.
Value part(Arguments a, Scratch& scratch, Complaint& complaint) {
    std::string_view rest = a[0].text;
    const std::string_view delimiter = a[1].text;
    if (delimiter.empty() || a[2].number < 1) {
        complaint.what = "PART takes a delimiter, and counts from 1";
        return Value::of_string({});
    }
    if (!pay(rest.size() * (1 + delimiter.size() / 16), scratch, complaint))
        return Value::of_string({});
    for (std::int64_t i = 1;; ++i) {
        const std::size_t at = rest.find(delimiter);
        if (i == a[2].number) return Value::of_string(rest.substr(0, at));
        if (at == std::string_view::npos) return Value::of_string({});
        rest.remove_prefix(at + delimiter.size());
    }
}

Value pad_left(Arguments a, Scratch& scratch, Complaint& complaint) {
    const std::string_view text = a[0].text;
    const std::string_view fill = a[2].text;
    const std::size_t size = length(text);
    if (length(fill) != 1 || a[1].number < 0) {
        complaint.what = "PAD_LEFT takes a length and one character";
        return Value::of_string(text);
    }
    const auto wanted = static_cast<std::size_t>(a[1].number);
    if (size >= wanted) return Value::of_string(text);
    return made_text(
        text.size() + (wanted - size) * fill.size(), scratch, complaint, [&](std::string& made) {
            for (std::size_t i = size; i < wanted; ++i)
                made.append(fill);
            made.append(text);
        });
}

}  // namespace

std::vector<Function> text_functions() {
    using P = Parameter;
    return {
        {"REPLACE",
         {P::string},
         3,
         3,
         Type::string,
         false,
         replace,
         "REPLACE(text, from, to): every `from` in it becomes `to`"},
        {"PART",
         {P::string, P::string, P::integer},
         3,
         3,
         Type::string,
         false,
         part,
         "PART(text, delimiter, n): its n-th part, counted from 1; empty if there is none"},
        {"PAD_LEFT",
         {P::string, P::integer, P::string},
         3,
         3,
         Type::string,
         false,
         pad_left,
         "PAD_LEFT(text, n, character): filled up in front to n characters"},
    };
}

}  // namespace vera::expr
