#pragma once
// Reads the options of one map of a YAML tree: each key once, checked for kind, unit and range, and
// at the end the keys that nobody asked for. Every error goes to one list with file, line and key.
#include "bus/base/time.hpp"
#include "bus/ops/config.hpp"
#include "bus/ops/yaml_tree.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace vera::ops {

/// "door" and "sessions" are "door.sessions"; either may be empty.
[[nodiscard]] std::string joined(std::string_view path, std::string_view key);

/// What a reading finds besides values.
struct Findings {
    std::vector<Problem> problems;
    std::vector<Problem> warnings;
    Sources sources;  ///< only if `keeps_sources`
    bool keeps_sources = false;
};

/// One map. Lives on the stack of the function that reads it; borrows the node and the list.
class Section {
public:
    /// `key`: how the map is called in errors, empty at the top of a file. `place`: where its
    /// values stand in the whole configuration. A node that is not a map is reported and read as
    /// empty.
    Section(const YamlNode& node,
            std::string file,
            std::string key,
            std::string place,
            Findings& findings);

    // Each leaves `out` as it is (the default) if the key is absent or wrong.
    void text(std::string_view key, std::string& out);
    void boolean(std::string_view key, bool& out);
    void number(std::string_view key,
                std::uint64_t lowest,
                std::uint64_t highest,
                std::uint64_t& out);
    template <class Int>
    void integer(std::string_view key, std::uint64_t lowest, std::uint64_t highest, Int& out) {
        std::uint64_t value = out;
        number(key, lowest, highest, value);
        out = static_cast<Int>(value);
    }
    void duration(std::string_view key, Millis lowest, Millis highest, Millis& out);
    /// Lists of texts or durations; an empty list is a value.
    void texts(std::string_view key, std::vector<std::string>& out);
    /// As texts, but an empty list is an error: to be used where no list means everything.
    void some_texts(std::string_view key, std::vector<std::string>& out);
    void durations(std::string_view key, Millis lowest, Millis highest, std::vector<Millis>& out);
    template <class Int>
    void size(std::string_view key, std::uint64_t lowest, std::uint64_t highest, Int& out) {
        std::uint64_t value = out;
        bytes(key, lowest, highest, value);
        out = static_cast<Int>(value);
    }
    /// A map inside; not called if absent.
    void map(std::string_view key, const std::function<void(Section&)>& read);
    /// A list of maps; `read` per item. true if the key is there.
    bool maps(std::string_view key, const std::function<void(Section&)>& read);

    /// True if the key is there, right or wrong.
    [[nodiscard]] bool has(std::string_view key) const;
    /// An error at a key of this map, or at the map itself if the key is absent or empty.
    void problem(std::string_view key, std::string reason);
    /// What is no error, and hardly meant.
    void warning(std::string_view key, std::string reason);
    /// An error in another file that this one names.
    void problem_elsewhere(Problem problem);
    /// To be called last: reports what is there and was never asked for.
    void finish();
    [[nodiscard]] int line() const { return node_.line; }
    [[nodiscard]] const std::string& file() const { return file_; }
    [[nodiscard]] const std::string& key() const { return key_; }

private:
    const YamlNode* ask(std::string_view key);
    const YamlNode* scalar(std::string_view key);
    const YamlNode* list(std::string_view key);
    void bytes(std::string_view key,
               std::uint64_t lowest,
               std::uint64_t highest,
               std::uint64_t& out);
    [[nodiscard]] const YamlNode* find(std::string_view key) const;
    /// Of the key, or of the map if the key is absent.
    [[nodiscard]] int line_of(std::string_view key) const;
    [[nodiscard]] std::string path_of(std::string_view key) const { return joined(key_, key); }
    [[nodiscard]] std::string place_of(std::string_view key) const { return joined(place_, key); }
    void problem_at(int line, std::string path, std::string reason);

    const YamlNode& node_;
    std::string file_;
    std::string key_;
    std::string place_;
    Findings& findings_;
    std::vector<std::string> asked_;
};

/// "512B", "64KiB", "16MiB", "1GiB"; a bare number is refused. Errc::bad_input.
[[nodiscard]] Result<std::uint64_t> parse_size(std::string_view text);
/// The shortest exact form that parse_size takes.
[[nodiscard]] std::string size_text(std::uint64_t bytes);

}  // namespace vera::ops
