#include "bus/format/xml_writer.hpp"

namespace vera::format {

void XmlWriter::begin(std::string_view name, const Attributes& attributes) {
    out_.append(open_.size() * 2, ' ').append("<").append(name);
    for (const auto& [key, value] : attributes) {
        out_.append(" ").append(key).append("=\"");
        escape(value);
        out_ += '"';
    }
}

void XmlWriter::open(std::string_view name, const Attributes& attributes) {
    begin(name, attributes);
    out_ += ">\n";
    open_.emplace_back(name);
}

void XmlWriter::close() {
    const std::string name = std::move(open_.back());
    open_.pop_back();
    out_.append(open_.size() * 2, ' ').append("</").append(name).append(">\n");
}

void XmlWriter::text(std::string_view name, std::string_view text, const Attributes& attributes) {
    begin(name, attributes);
    out_ += '>';
    escape(text);
    out_.append("</").append(name).append(">\n");
}

std::string XmlWriter::take() {
    return std::move(out_);
}

void XmlWriter::escape(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        const auto byte = static_cast<unsigned char>(c);
        // U+FFFE and U+FFFF are EF BF BE and EF BF BF.
        if (byte == 0xEFU && text.substr(i, 2) == "\xEF\xBF" && i + 2 < text.size() &&
            static_cast<unsigned char>(text[i + 2]) >= 0xBEU)
            is_broken_ = true;
        if (byte < 0x20U && c != '\t' && c != '\n' && c != '\r') is_broken_ = true;
        switch (c) {
            case '&':
                out_ += "&amp;";
                break;
            case '<':
                out_ += "&lt;";
                break;
            case '>':
                out_ += "&gt;";
                break;
            case '"':
                out_ += "&quot;";
                break;
            case '\r':
                out_ += "&#13;";  // a bare one is read as a line's end
                break;
            case '\n':
                out_ += "&#10;";
                break;
            case '\t':
                out_ += "&#9;";
                break;
            default:
                out_ += c;
        }
    }
}

}  // namespace vera::format
