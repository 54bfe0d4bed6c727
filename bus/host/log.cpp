#include "bus/host/log.hpp"

#include "bus/host/clock.hpp"

#include <atomic>
#include <unistd.h>

namespace vera::host::log {
namespace {

std::atomic<Level> lowest_level{Level::info};

std::string_view name_of(Level level) {
    switch (level) {
        case Level::debug:
            return "debug";
        case Level::info:
            return "info";
        case Level::warn:
            return "warn";
        case Level::error:
            return "error";
    }
    return "error";
}

/// Quotes where needed; control characters become \xNN, so that one fact stays one line whatever a
/// stranger sent.
void append_value(std::string& line, std::string_view value) {
    const bool plain = !value.empty() && value.find_first_of(" \"=\\") == std::string_view::npos;
    if (!plain) line += '"';
    for (const char c : value) {
        static constexpr char digits[] = "0123456789abcdef";
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7f) {
            line += "\\x";
            line += digits[byte >> 4U];
            line += digits[byte & 15U];
        } else {
            if (c == '"' || c == '\\') line += '\\';
            line += c;
        }
    }
    if (!plain) line += '"';
}

}  // namespace

void set_level(Level lowest) {
    lowest_level = lowest;
}

bool set_level(std::string_view name) {
    for (const Level level : {Level::debug, Level::info, Level::warn, Level::error})
        if (name == name_of(level)) {
            set_level(level);
            return true;
        }
    return false;
}

void write(Level level, std::string_view message, Fields fields) {
    if (level < lowest_level.load(std::memory_order_relaxed)) return;
    std::string line = "time=" + to_rfc3339(system_clock().wall()) +
                       " level=" + std::string(name_of(level)) + " msg=";
    append_value(line, message);
    for (const auto& [key, value] : fields) {
        line += ' ';
        line += key;
        line += '=';
        append_value(line, value);
    }
    line += '\n';
    // One write a line: lines of different threads do not mix.
    if (::write(STDERR_FILENO, line.data(), line.size()) < 0) return;
}

}  // namespace vera::host::log
