#include "adapters/kit/message.hpp"

namespace vera::kit {
namespace {

std::string text_of(const nlohmann::json& annotations, const char* name) {
    const auto found = annotations.find(name);
    if (found == annotations.end() || found->is_null()) return {};
    return found->is_string() ? found->get<std::string>() : found->dump();
}

std::uint64_t number_of(const nlohmann::json& annotations, const char* name) {
    const auto found = annotations.find(name);
    if (found == annotations.end()) return 0;
    if (found->is_number_unsigned()) return found->get<std::uint64_t>();
    if (!found->is_number_integer()) return 0;
    const auto value = found->get<std::int64_t>();
    return value < 0 ? 0 : static_cast<std::uint64_t>(value);
}

}  // namespace

std::string_view name_of(Verdict verdict) {
    switch (verdict) {
        case Verdict::accepted:
            return "accepted";
        case Verdict::rejected:
            return "rejected";
        case Verdict::released:
            return "released";
        case Verdict::modified:
            return "modified";
    }
    return "unknown";
}

std::string Received::subscription() const {
    return text_of(annotations, "x-opt-vera-subscription");
}
std::uint64_t Received::sequence() const {
    return number_of(annotations, "x-opt-vera-sequence");
}
std::uint64_t Received::leaf() const {
    return number_of(annotations, "x-opt-vera-leaf");
}
std::string Received::sender() const {
    return text_of(annotations, "x-opt-vera-sender");
}
std::string Received::unrouted() const {
    return text_of(annotations, "x-opt-vera-unrouted");
}
std::string Received::dead_reason() const {
    return text_of(annotations, "x-opt-vera-dead-reason");
}
std::string Received::dead_error() const {
    return text_of(annotations, "x-opt-vera-dead-error");
}
std::string Received::dead_at() const {
    return text_of(annotations, "x-opt-vera-dead-at");
}

}  // namespace vera::kit
