#pragma once
// One line a fact, key=value, to stderr. Shell rooms only; never payload, names of persons, CPR
// numbers, secrets. error = a person must act; warn = soon; info = life cycle and configuration;
// debug = one event's way. Any thread.
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace vera::host::log {

enum class Level { debug, info, warn, error };
using Fields = std::initializer_list<std::pair<std::string_view, std::string>>;

void set_level(Level lowest);
/// "debug", "info", "warn", "error"; false if unknown.
bool set_level(std::string_view name);
void write(Level level, std::string_view message, Fields fields);
inline void debug(std::string_view message, Fields fields = {}) {
    write(Level::debug, message, fields);
}
inline void info(std::string_view message, Fields fields = {}) {
    write(Level::info, message, fields);
}
inline void warn(std::string_view message, Fields fields = {}) {
    write(Level::warn, message, fields);
}
inline void error(std::string_view message, Fields fields = {}) {
    write(Level::error, message, fields);
}

}  // namespace vera::host::log
