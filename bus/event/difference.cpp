#include "bus/event/difference.hpp"

namespace vera::event {

using Severity = Difference::Severity;

std::string_view name_of(Severity severity) {
    switch (severity) {
        case Severity::wire:
            return "wire";
        case Severity::json:
            return "json";
        case Severity::source:
            return "source";
        case Severity::rule:
            return "rule";
    }
    return "";
}

std::string to_text(const Difference& difference) {
    return difference.file + ": " + difference.path + (difference.path.empty() ? "" : ": ") +
           std::string(name_of(difference.severity)) + ": " + difference.what;
}

}  // namespace vera::event
