#include "bus/ops/option_kinds.hpp"

namespace vera::ops {

std::string written(const nlohmann::json& value) {
    if (value.is_null()) return {};
    if (value.is_string()) return value.get<std::string>();
    if (!value.is_array()) return value.dump();
    std::string text;
    for (const nlohmann::json& item : value)
        text += (text.empty() ? "" : ", ") + written(item);
    return text.empty() ? std::string{} : "[" + text + "]";
}

namespace kinds {

std::string range_text(const Range& range) {
    return std::to_string(range.lowest) + " – " + std::to_string(range.highest);
}

std::string range_text(const Span& span) {
    return vera::to_text(span.lowest) + " – " + vera::to_text(span.highest);
}

std::string size_range_text(const Range& range) {
    return size_text(range.lowest) + " – " + size_text(range.highest) +
           (range.multiple_of == 1 ? "" : ", a multiple of " + size_text(range.multiple_of));
}

std::string count_text(const Count& count, const std::string& of_each) {
    std::string text = range_text(Range{count.least, count.most});
    if (count.most == SIZE_MAX)
        text = count.least > 0 || count.refuses_empty ? "at least one" : "any number";
    return of_each.empty() ? text : text + " of: " + of_each;
}

void read_texts(const OptionFacts& facts,
                const TextForm& form,
                const Count& count,
                Section& section,
                std::vector<std::string>& out) {
    if (count.refuses_empty)
        section.some_texts(facts.key, out);
    else
        section.texts(facts.key, out);
    if (facts.is_required && out.empty() && count.least == 1)
        section.problem(facts.key, "at least one " + count.noun + " is required");
    else if (out.size() > count.most)
        section.problem(facts.key, "more than " + std::to_string(count.most));
    if (!form.wrong) return;
    for (std::size_t i = 0; i < out.size(); ++i)
        if (const auto reason = form.wrong(out[i]))
            section.problem(facts.key, "[" + std::to_string(i) + "] is " + *reason);
}

}  // namespace kinds
}  // namespace vera::ops
