#include "bus/ops/option_page.hpp"

#include "bus/ops/option_table.hpp"

#include <functional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace vera::ops {
namespace {

using nlohmann::json;
using Shape = OptionFacts::Shape;

/// `tell` for every option that has a value, with its path: "listen[].port".
void for_each(const std::vector<OptionFacts>& all,
              const std::string& path,
              const std::function<void(const std::string&, const OptionFacts&)>& tell) {
    for (const OptionFacts& one : all) {
        const std::string here = joined(path, one.key);
        if (one.shape == Shape::value)
            tell(here, one);
        else
            for_each(one.inside, here + (one.shape == Shape::list ? "[]" : ""), tell);
    }
}

/// In a cell of a Markdown table.
std::string cell(const std::string& text) {
    std::string safe;
    for (const char c : text)
        safe += c == '|' ? std::string("\\|") : std::string(1, c);
    return safe;
}

std::string code_or(const std::string& text, const std::string& otherwise) {
    return text.empty() ? otherwise : "`" + text + "`";
}

std::string row(const std::string& path, const OptionFacts& one) {
    const std::string range = one.range.empty() ? "any" : one.range;
    return "| `" + path + "` | " + one.type + " | " + cell(one.unit.empty() ? "–" : one.unit) +
           " | " + (one.is_required ? "required" : cell(code_or(one.default_text, "none"))) +
           " | " + cell(range) + " | " + (one.takes == Takes::restart ? "restart" : "reload") +
           " | " + one.since + " | " + cell(one.meaning) + " |\n";
}

constexpr std::string_view table_head =
    "| option | type | unit | default | range | takes | since | meaning |\n"
    "|---|---|---|---|---|---|---|---|\n";

constexpr std::string_view page_head =
    "# Options\n\n"
    "Every option of a configuration file. This page is made by `vera config reference`; a test "
    "keeps it equal to the code.\n\n"
    "One YAML file; paths in it are relative to its folder. Unknown keys are refused with line and "
    "nearest known key, a key without a value\n"
    "too (leave it out for the default). A size is a number and `B`, `KiB`, `MiB` or `GiB`; a "
    "duration a number and `ms`, `s`, `m`, `h` or `d`.\n"
    "CVR numbers and codes stand in quotes. A name is `a–z æ ø å 0–9`, then also `.`, `_`, `-`, at "
    "most 64 characters; names are compared so\n"
    "that `læsø` and `laesoe` are one.\n\n"
    "*takes*: `reload` – `SIGHUP` or `vera config reload` is enough; `restart` – a reload keeps "
    "the "
    "old value and says so.\n";

json to_json(const std::string& path, const OptionFacts& one) {
    return {{"key", path},
            {"type", one.type},
            {"unit", one.unit.empty() ? json(nullptr) : json(one.unit)},
            {"default", one.default_text.empty() ? json(nullptr) : json(one.default_text)},
            {"range", one.range.empty() ? json(nullptr) : json(one.range)},
            {"since", one.since},
            {"takes", one.takes == Takes::restart ? "restart" : "reload"},
            {"required", one.is_required},
            {"secret", one.is_secret},
            {"meaning", one.meaning}};
}

// -- the example ------------------------------------------------------------------------------

/// A value as YAML takes it: text in quotes wherever it could be taken for something else.
std::string yaml(const OptionFacts& one) {
    const std::string& text = one.example.empty() ? one.default_text : one.example;
    const bool is_list = !text.empty() && text.front() == '[';
    return one.is_bare || is_list ? text : "\"" + text + "\"";
}

std::string without_marks(std::string text) {
    std::erase(text, '`');
    return text;
}

std::string comment(const OptionFacts& one) {
    std::string text = "# " + without_marks(one.meaning);
    std::string more = one.type;
    if (!one.range.empty()) more += ", " + without_marks(one.range);
    if (!one.unit.empty()) more += ", in " + one.unit;
    if (one.is_required)
        more += ", required";
    else if (!one.default_text.empty() && !one.example.empty())
        more += ", default " + one.default_text;
    if (one.takes == Takes::restart) more += ", needs a restart";
    return text + " (" + more + ")\n";
}

/// Collects the lines of the example.
class Example {
public:
    explicit Example(bool has_all) : has_all_(has_all) {}

    void put(const std::vector<OptionFacts>& all, const std::string& indent) {
        for (const OptionFacts& one : all) {
            if (!has_all_ && !one.is_basic) continue;
            if (indent.empty()) text_ += '\n';
            put_one(one, indent);
        }
    }
    [[nodiscard]] std::string take() { return std::move(text_); }

private:
    void put_one(const OptionFacts& one, const std::string& indent) {
        switch (one.shape) {
            case Shape::value: {
                text_ += indent + comment(one);
                // What has neither default nor example is left out by a comment: it must be made
                // up. So is what needs a file that is there.
                const bool is_given = !one.default_text.empty() || !one.example.empty();
                text_ += indent + (is_given && !one.is_aside ? "" : "# ") + one.key +
                         (is_given ? ": " + yaml(one) : ":") + '\n';
                return;
            }
            case Shape::group:
                if (one.is_aside) return put_aside(one, indent);
                text_ += indent + "# " + without_marks(one.meaning) + '\n';
                text_ += indent + one.key + ":\n";
                return put(one.inside, indent + "  ");
            case Shape::list: {
                text_ += indent + "# " + without_marks(one.meaning) + '\n';
                text_ += indent + one.key + ":\n";
                Example item(has_all_);
                item.put(one.inside, indent + "    ");
                text_ += as_item(item.take(), indent);
                return;
            }
        }
    }
    void put_aside(OptionFacts one, const std::string& indent) {
        one.is_aside = false;
        Example inner(has_all_);
        inner.put_one(one, indent);
        std::istringstream lines(inner.take());
        for (std::string line; std::getline(lines, line);)
            text_ += indent + "# " + line.substr(indent.size()) + '\n';
    }
    /// The dash stands before the first line that is not a comment.
    static std::string as_item(std::string lines, const std::string& indent) {
        const std::string margin = indent + "    ";
        std::size_t at = 0;
        while (lines.compare(at + margin.size(), 1, "#") == 0)
            at = lines.find('\n', at) + 1;
        lines[at + indent.size() + 2] = '-';
        return lines;
    }

    const bool has_all_;
    std::string text_;
};

}  // namespace

std::string reference_page() {
    std::string page(page_head);
    std::string single;
    const auto all = facts_of(config_options());
    std::string tables;
    for (const OptionFacts& one : all) {
        if (one.shape == Shape::value) {
            single += row(one.key, one);
            continue;
        }
        const std::string path = one.key + (one.shape == Shape::list ? "[]" : "");
        tables += "\n## `" + path + "`\n\n" + one.meaning + "\n\n" + std::string(table_head);
        for_each(one.inside, path, [&](const std::string& at, const OptionFacts& facts) {
            tables += row(at, facts);
        });
    }
    return page + "\n" + std::string(table_head) + single + tables;
}

json reference_json() {
    json list = json::array();
    for_each(facts_of(config_options()), "", [&](const std::string& path, const OptionFacts& one) {
        list.push_back(to_json(path, one));
    });
    return list;
}

std::string example_config(bool has_all) {
    Example example(has_all);
    example.put(facts_of(config_options()), "");
    return "# A configuration of VeRA, made by `vera config example" +
           std::string(has_all ? " --full" : "") +
           "`. Check it with `vera config check -c FILE`.\n" +
           (has_all ? "# Every option stands here, with its default where it has one.\n"
                    : "# Only what one begins with; `vera config example --full` has every "
                      "option.\n") +
           example.take();
}

}  // namespace vera::ops
