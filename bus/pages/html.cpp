#include "bus/pages/html.hpp"

namespace vera::pages {

std::string escaped(std::string_view text) {
    std::string safe;
    for (const char c : text) {
        switch (c) {
            case '&':
                safe += "&amp;";
                break;
            case '<':
                safe += "&lt;";
                break;
            case '>':
                safe += "&gt;";
                break;
            case '"':
                safe += "&quot;";
                break;
            case '\'':
                safe += "&#39;";
                break;
            default:
                safe += c;
        }
    }
    return safe;
}

std::string with_code(std::string_view text) {
    std::string html;
    bool is_open = false;
    while (true) {
        const auto tick = text.find('`');
        html += escaped(text.substr(0, tick));
        if (tick == std::string_view::npos) break;
        html += is_open ? "</code>" : "<code>";
        is_open = !is_open;
        text.remove_prefix(tick + 1);
    }
    if (is_open) html += "</code>";
    return html;
}

}  // namespace vera::pages
