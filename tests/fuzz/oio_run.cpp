#include "tests/fuzz/oio_run.hpp"

#include "adapters/oio/json_tree.hpp"
#include "adapters/oio/object_forms.hpp"
#include "adapters/oio/oio_json.hpp"
#include "bus/base/check.hpp"
#include "tests/fuzz/choices.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace vera::fuzz {
namespace {

const oio::Model& model() {
    static const auto built = oio::Model::built_in();
    return *built;
}

/// The same JSON but for the order of members.
bool is_same(const oio::JsonValue& a, const oio::JsonValue& b) {
    if (a.kind != b.kind || a.truth != b.truth || a.text != b.text ||
        a.elements.size() != b.elements.size())
        return false;
    for (std::size_t i = 0; i < a.elements.size(); ++i) {
        const oio::JsonValue* other =
            a.is(oio::JsonValue::Kind::object) ? b.find(a.names[i]) : &b.elements[i];
        if (other == nullptr || !is_same(a.elements[i], *other)) return false;
    }
    return true;
}

void check_back(const google::protobuf::Any& object, const oio::JsonValue& source) {
    const auto text = oio::export_json(model(), object);
    VERA_CHECK(text.has_value());
    oio::JsonLimits limits;
    limits.bytes *= 4;  // what is indented is longer
    const auto tree = oio::parse_json(*text, limits);
    VERA_CHECK(tree.has_value() && is_same(source, *tree));
}

void check_forms(const google::protobuf::Any& object, const oio::JsonValue& source) {
    const auto json = oio::object_to_json(model(), object);
    VERA_CHECK(json.has_value());
    for (const std::string& file : {*json, object.SerializeAsString()}) {
        const auto read = oio::object_from(model(), file);
        VERA_CHECK(read.has_value());
        check_back(*read, source);
    }
}

/// Where the value that begins at `at` ends, or the text.
std::size_t end_of_value(std::string_view text, std::size_t at) {
    int depth = 0;
    bool is_quoted = false;
    for (; at < text.size(); ++at) {
        const char c = text[at];
        if (c == '"') is_quoted = !is_quoted;
        if (is_quoted) continue;
        if (depth == 0 && (c == ',' || c == '}' || c == ']' || c == '\n')) break;
        if (c == '{' || c == '[') ++depth;
        if (c == '}' || c == ']') --depth;
    }
    return at;
}

}  // namespace

void run_oio(std::string_view bytes, OioTally& tally) {
    if (const auto object = oio::object_from(model(), bytes); object.has_value())
        (void)oio::export_json(model(), *object);
    const std::size_t pick = bytes.empty() ? 0 : static_cast<unsigned char>(bytes.back());
    const auto& classes = model().classes();
    oio::ImportOptions options;
    options.class_hint = classes[pick % classes.size()].key;
    const auto imported = oio::import_json(model(), bytes, options);
    if (!imported) {
        VERA_CHECK(!imported.error().text.empty());
        ++tally.refused;
        return;
    }
    ++tally.imported;
    tally.kept_aside += imported->aside.size();
    const auto source = oio::parse_json(bytes);
    VERA_CHECK(source.has_value());
    check_forms(imported->object, *source);
}

std::string mutated(const std::vector<std::string>& samples, std::uint64_t seed) {
    static constexpr std::array<std::string_view, 10> values{"null",
                                                             "[]",
                                                             "{}",
                                                             "\"\"",
                                                             "7",
                                                             "-0.5e9",
                                                             "true",
                                                             "[null,{}]",
                                                             "\"infinity\"",
                                                             "{\"uuid\":\"\",\"y\":null}"};
    static constexpr std::array<std::string_view, 5> words{
        "\"id\":\"a\",", "\"virkning\":", "\\u0000", "\xc3\xa6", ",\"x\":[{\"y\":null}]"};
    Dice dice(seed);
    std::string text = samples[dice.below(static_cast<std::uint32_t>(samples.size()))];
    if (dice.once_in(3)) text = "[{\"id\":\"a\",\"registreringer\":[" + text + "," + text + "]}]";
    const auto place = [&] { return dice.below(static_cast<std::uint32_t>(text.size()) + 1); };
    for (std::uint32_t n = dice.below(4) + 1; n > 0; --n) {
        const std::size_t at = place();
        switch (dice.below(12)) {
            default: {  // a value replaced
                const std::size_t colon = text.find(": ", at);
                if (colon == std::string::npos) break;
                const std::size_t end = end_of_value(text, colon + 2);
                text.replace(colon + 2, end - colon - 2, values[dice.below(values.size())]);
                break;
            }
            case 0:  // a member renamed
            case 1:
                if (const std::size_t name = text.find("\": ", at); name != std::string::npos)
                    text.insert(name, "x");
                break;
            case 2:
                text.insert(at, words[dice.below(words.size())]);
                break;
            case 3:
                text.erase(at, dice.below(dice.once_in(4) ? 400 : 4));
                break;
            case 4:
                if (at < text.size()) text[at] = static_cast<char>(dice.below(256));
        }
    }
    return text;
}

}  // namespace vera::fuzz
