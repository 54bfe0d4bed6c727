#pragma once
// Writes XML 1.0 in UTF-8. Private to this room.
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vera::format {

class XmlWriter {
public:
    using Attributes = std::vector<std::pair<std::string_view, std::string_view>>;

    XmlWriter() : out_("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n") {}

    void open(std::string_view name, const Attributes& attributes = {});
    void close();
    /// An element with nothing but text.
    void text(std::string_view name, std::string_view text, const Attributes& attributes = {});
    /// A character that XML has no way to write came along (XML 1.0 §2.2): the text is of no use.
    [[nodiscard]] bool is_broken() const { return is_broken_; }
    [[nodiscard]] std::string take();

private:
    void escape(std::string_view text);
    void begin(std::string_view name, const Attributes& attributes);
    std::string out_;
    std::vector<std::string> open_;
    bool is_broken_ = false;
    bool has_children_ = false;
};

}  // namespace vera::format
