#pragma once
// What the tables of functions share. Private to this room.
#include "bus/expr/functions.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace vera::expr {

using Arguments = std::span<const Value>;

/// A text of at most `size` bytes, made by `fill`.
template <class Fill>
Value made_text(std::size_t size, Scratch& scratch, Complaint& complaint, Fill fill) {
    std::string* const text = scratch.text(size);
    if (text == nullptr) {
        complaint = {ErrorKind::generic, "the texts made are longer than the evaluation may make"};
        return Value::of_string({});
    }
    fill(*text);
    return Value::of_string(*text);
}

/// More of texts: text_functions.cpp.
[[nodiscard]] std::vector<Function> text_functions();
/// Days and times in Denmark: date_functions.cpp.
[[nodiscard]] std::vector<Function> date_functions();
/// KLE, CPR, CVR and municipality numbers, URNs, pseudonyms: identifier_functions.cpp.
[[nodiscard]] std::vector<Function> identifier_functions();

}  // namespace vera::expr
