#pragma once
// One thing that a change of schemas breaks, and the list of them while schemas are compared.
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vera::event {

struct Difference {
    enum class Severity : std::uint8_t {
        wire,    ///< old bytes mean something else, or nothing
        json,    ///< old JSON is not read, or new JSON not by old readers
        source,  ///< programs do not compile
        rule     ///< what was accepted is refused
    };
    Severity severity = Severity::wire;
    std::string file;     ///< the old one, as it is imported
    std::string message;  ///< full name of the message or enum it concerns; empty: only the file
    std::string path;     ///< full name of what has changed, "option go_package"; empty: the file
    std::string what;
};
[[nodiscard]] std::string_view name_of(Difference::Severity severity);
/// "vera/sag/v1/sag.proto: vera.sag.v1.Sag.titel: wire: …".
[[nodiscard]] std::string to_text(const Difference& difference);

/// What has been found so far. Each is told with the file and the message that are set when it is
/// added.
class Differences {
public:
    void set_file(std::string file) { file_ = std::move(file); }
    void set_message(std::string full_name) { message_ = std::move(full_name); }
    void add(Difference::Severity severity, std::string path, std::string what) {
        found_.push_back({severity, file_, message_, std::move(path), std::move(what)});
    }
    [[nodiscard]] std::vector<Difference> take() { return std::move(found_); }

private:
    std::string file_;
    std::string message_;
    std::vector<Difference> found_;
};

}  // namespace vera::event
