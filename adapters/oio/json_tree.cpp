#include "adapters/oio/json_tree.hpp"

#include "bus/event/json_scanner.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

namespace vera::oio {
namespace {

using Kind = JsonValue::Kind;

class TreeReader {
public:
    TreeReader(std::string_view text, const JsonLimits& limits)
        : text_(text),
          scanner_(text),
          limits_(limits) {}

    Result<JsonValue> run() {
        JsonValue root;
        if (value(root, 0) && (scanner_.end() || syntax())) return root;
        return fail(code_, error_);
    }

private:
    bool value(JsonValue& out, int nesting);
    bool list(JsonValue& out, int nesting);
    bool object(JsonValue& out, int nesting);
    bool text(std::string& out, std::size_t limit, const char* what);
    bool have_names_twice(const JsonValue& object);

    bool syntax() {
        return wrong(Errc::bad_input, scanner_.error().empty() ? "no JSON" : scanner_.error());
    }
    bool wrong(Errc code, std::string_view what);

    std::string_view text_;
    event::JsonScanner scanner_;
    const JsonLimits& limits_;
    std::size_t values_ = 0;
    std::string path_;
    Errc code_ = Errc::bad_input;
    std::string error_;
};

bool TreeReader::wrong(Errc code, std::string_view what) {
    code_ = code;
    error_ = line_of(text_, scanner_.offset());
    if (!path_.empty()) error_ += path_ + ": ";
    error_ += what;
    return false;
}

bool TreeReader::text(std::string& out, std::size_t limit, const char* what) {
    if (!scanner_.string(out)) return syntax();
    if (out.size() > limit)
        return wrong(Errc::too_large,
                     std::string(what) + " of more than " + std::to_string(limit) + " bytes");
    return true;
}

bool TreeReader::value(JsonValue& out, int nesting) {
    const char first = scanner_.peek();
    out.offset = scanner_.offset();
    if (++values_ > limits_.values)
        return wrong(Errc::too_large, "more than " + std::to_string(limits_.values) + " values");
    bool is_read = false;
    switch (first) {
        case '{':
            is_read = object(out, nesting + 1);
            break;
        case '[':
            is_read = list(out, nesting + 1);
            break;
        case '"':
            out.kind = Kind::text;
            is_read = text(out.text, limits_.text_bytes, "a text");
            break;
        case 't':
        case 'f':
            out.kind = Kind::boolean;
            out.truth = first == 't';
            is_read = scanner_.literal(out.truth ? "true" : "false") || syntax();
            break;
        case 'n':
            is_read = scanner_.literal("null") || syntax();
            break;
        default: {
            std::string_view number;
            out.kind = Kind::number;
            is_read = scanner_.number(number) || syntax();
            out.text = number;
        }
    }
    out.end = scanner_.offset();
    return is_read;
}

bool TreeReader::list(JsonValue& out, int nesting) {
    out.kind = Kind::list;
    if (nesting > limits_.nesting) return wrong(Errc::bad_input, "nested too deeply");
    if (!scanner_.expect('[')) return syntax();
    if (scanner_.take(']')) return true;
    const std::size_t length = path_.size();
    do {
        path_ += '/' + std::to_string(out.elements.size());
        if (!value(out.elements.emplace_back(), nesting)) return false;
        path_.resize(length);
    } while (scanner_.take(','));
    return scanner_.expect(']') || syntax();
}

bool TreeReader::object(JsonValue& out, int nesting) {
    out.kind = Kind::object;
    if (nesting > limits_.nesting) return wrong(Errc::bad_input, "nested too deeply");
    if (!scanner_.expect('{')) return syntax();
    if (scanner_.take('}')) return true;
    const std::size_t length = path_.size();
    do {
        std::string& name = out.names.emplace_back();
        if (!text(name, limits_.name_bytes, "a name")) return false;
        if (out.names.size() > limits_.members)
            return wrong(Errc::too_large,
                         "more than " + std::to_string(limits_.members) + " members");
        if (!scanner_.expect(':')) return syntax();
        path_ = pointer_to(path_, name);
        if (!value(out.elements.emplace_back(), nesting)) return false;
        path_.resize(length);
    } while (scanner_.take(','));
    return (scanner_.expect('}') || syntax()) && !have_names_twice(out);
}

bool TreeReader::have_names_twice(const JsonValue& object) {
    std::vector<std::string_view> names(object.names.begin(), object.names.end());
    std::ranges::sort(names);
    const auto twice = std::ranges::adjacent_find(names);
    if (twice == names.end()) return false;
    path_ = pointer_to(path_, *twice);
    wrong(Errc::bad_input, "occurs twice");
    return true;
}

class TreeWriter {
public:
    explicit TreeWriter(bool pretty) : pretty_(pretty) {}

    std::string run(const JsonValue& value) {
        write(value);
        return std::move(out_);
    }

private:
    void write(const JsonValue& value);
    void quoted(std::string_view text);
    void next_line() {
        if (!pretty_) return;
        out_ += '\n';
        out_.append(static_cast<std::size_t>(nesting_) * 2, ' ');
    }

    bool pretty_;
    int nesting_ = 0;
    std::string out_;
};

void TreeWriter::quoted(std::string_view text) {
    static constexpr std::string_view hex = "0123456789abcdef";
    out_ += '"';
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out_ += '\\';
            out_ += c;
        } else if (c == '\n') {
            out_ += "\\n";
        } else if (byte < 0x20U || byte == 0x7fU) {
            out_ += "\\u00";
            out_ += hex[byte >> 4U];
            out_ += hex[byte & 15U];
        } else {
            out_ += c;
        }
    }
    out_ += '"';
}

void TreeWriter::write(const JsonValue& value) {
    switch (value.kind) {
        case Kind::null:
            out_ += "null";
            return;
        case Kind::boolean:
            out_ += value.truth ? "true" : "false";
            return;
        case Kind::number:
            out_ += value.text;
            return;
        case Kind::text:
            quoted(value.text);
            return;
        case Kind::list:
        case Kind::object:
            break;
    }
    const bool is_object = value.is(Kind::object);
    out_ += is_object ? '{' : '[';
    ++nesting_;
    for (std::size_t i = 0; i < value.elements.size(); ++i) {
        if (i > 0) out_ += ',';
        next_line();
        if (is_object) {
            quoted(value.names[i]);
            out_ += pretty_ ? ": " : ":";
        }
        write(value.elements[i]);
    }
    --nesting_;
    if (!value.elements.empty()) next_line();
    out_ += is_object ? '}' : ']';
}

/// The steps of a JSON pointer; none: it is no pointer.
std::optional<std::vector<std::string>> steps_of(std::string_view pointer) {
    std::vector<std::string> steps;
    if (pointer.empty()) return steps;
    if (pointer.front() != '/') return std::nullopt;
    for (std::size_t i = 0; i < pointer.size(); ++i) {
        if (pointer[i] == '/') {
            steps.emplace_back();
        } else if (pointer[i] != '~') {
            steps.back() += pointer[i];
        } else {
            const char code = ++i < pointer.size() ? pointer[i] : '\0';
            if (code != '0' && code != '1') return std::nullopt;
            steps.back() += code == '0' ? '~' : '/';
        }
    }
    return steps;
}

std::optional<std::size_t> index_of(std::string_view step) {
    std::size_t index = 0;
    const char* end = step.data() + step.size();
    const auto [rest, error] = std::from_chars(step.data(), end, index);
    if (error != std::errc{} || rest != end) return std::nullopt;
    return index;
}

JsonValue* child_of(JsonValue& value, std::string_view step) {
    if (value.is(Kind::object)) return value.find(step);
    if (!value.is(Kind::list)) return nullptr;
    const auto index = index_of(step);
    return index && *index < value.elements.size() ? &value.elements[*index] : nullptr;
}

}  // namespace

const JsonValue* JsonValue::find(std::string_view name) const {
    const auto found = std::ranges::find(names, name);
    if (found == names.end()) return nullptr;
    return &elements[static_cast<std::size_t>(found - names.begin())];
}

JsonValue* JsonValue::find(std::string_view name) {
    return const_cast<JsonValue*>(std::as_const(*this).find(name));
}

JsonValue& JsonValue::add(std::string name, JsonValue value) {
    names.push_back(std::move(name));
    return elements.emplace_back(std::move(value));
}

JsonValue JsonValue::of_text(std::string_view text) {
    JsonValue value = of(Kind::text);
    value.text = text;
    return value;
}

JsonValue JsonValue::of_number(std::string text) {
    JsonValue value = of(Kind::number);
    value.text = std::move(text);
    return value;
}

JsonValue JsonValue::of_bool(bool truth) {
    JsonValue value = of(Kind::boolean);
    value.truth = truth;
    return value;
}

JsonValue JsonValue::of(Kind kind) {
    JsonValue value;
    value.kind = kind;
    return value;
}

Result<JsonValue> parse_json(std::string_view text, const JsonLimits& limits) {
    if (text.size() > limits.bytes)
        return fail(Errc::too_large, "more than " + std::to_string(limits.bytes) + " bytes");
    return TreeReader(text, limits).run();
}

std::string to_json(const JsonValue& value, bool pretty) {
    return TreeWriter(pretty).run(value);
}

std::string line_of(std::string_view text, std::size_t offset) {
    const auto before = std::ranges::count(text.substr(0, offset), '\n');
    return "line " + std::to_string(before + 1) + ": ";
}

std::string pointer_to(std::string_view path, std::string_view name) {
    std::string pointer(path);
    pointer += '/';
    for (const char c : name) {
        if (c == '~')
            pointer += "~0";
        else if (c == '/')
            pointer += "~1";
        else
            pointer += c;
    }
    return pointer;
}

std::string pointer_to(std::string_view path, std::size_t index) {
    return std::string(path) + '/' + std::to_string(index);
}

Result<std::size_t> add_at(JsonValue& root, std::string_view pointer, JsonValue value) {
    const auto steps = steps_of(pointer);
    if (!steps || steps->empty()) return fail(Errc::bad_input, "no JSON pointer to a member");
    JsonValue* holder = &root;
    for (std::size_t i = 0; i + 1 < steps->size(); ++i) {
        JsonValue* next = child_of(*holder, (*steps)[i]);
        if (next == nullptr && holder->is(Kind::object))
            next = &holder->add((*steps)[i], JsonValue::of(Kind::object));
        if (next == nullptr) return fail(Errc::bad_input, "the JSON pointer leads nowhere");
        holder = next;
    }
    if (holder->is(Kind::object)) {
        if (holder->find(steps->back()) != nullptr)
            return fail(Errc::bad_input, "something stands there already");
        holder->add(steps->back(), std::move(value));
        return holder->elements.size();
    }
    const auto index = index_of(steps->back());
    if (!holder->is(Kind::list) || !index || *index > holder->elements.size())
        return fail(Errc::bad_input, "the JSON pointer leads nowhere");
    holder->elements.insert(holder->elements.begin() + static_cast<std::ptrdiff_t>(*index),
                            std::move(value));
    return holder->elements.size();
}

JsonValue* find_at(JsonValue& root, std::string_view pointer) {
    const auto steps = steps_of(pointer);
    JsonValue* found = steps ? &root : nullptr;
    for (std::size_t i = 0; found != nullptr && i < steps->size(); ++i)
        found = child_of(*found, (*steps)[i]);
    return found;
}

}  // namespace vera::oio
