#include "bus/cli/queue_listing.hpp"

#include "bus/cli/table.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

namespace vera::cli {
namespace {

using nlohmann::json;

constexpr std::array<std::pair<const char*, const char*>, 9> numbers{{{"ready", "READY"},
                                                                      {"inFlight", "IN FLIGHT"},
                                                                      {"delayed", "DELAYED"},
                                                                      {"blocked", "BLOCKED"},
                                                                      {"scheduled", "SCHEDULED"},
                                                                      {"dead", "DEAD"},
                                                                      {"consumers", "CONSUMERS"},
                                                                      {"enqueued", "ENQUEUED"},
                                                                      {"settled", "SETTLED"}}};

std::uint64_t number_of(const json& queue, const char* name) {
    const auto found = queue.find(name);
    return found != queue.end() && found->is_number_unsigned() ? found->get<std::uint64_t>()
           : found != queue.end() && found->is_number_integer()
               ? static_cast<std::uint64_t>(std::max<std::int64_t>(found->get<std::int64_t>(), 0))
               : 0;
}

std::string text_of(const json& queue, const char* name) {
    const auto found = queue.find(name);
    return found != queue.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

bool is_true(const json& queue, const char* name) {
    const auto found = queue.find(name);
    return found != queue.end() && found->is_boolean() && found->get<bool>();
}

}  // namespace

Result<json> to_objects(const json& answer) {
    const auto wrong = [] {
        return fail(Errc::bad_input, "the bus answered in a form that is not known");
    };
    if (!answer.is_object() || !answer.contains("attributeNames") || !answer.contains("results"))
        return wrong();
    const json& names = answer["attributeNames"];
    const json& results = answer["results"];
    if (!names.is_array() || !results.is_array()) return wrong();
    json objects = json::array();
    for (const json& row : results) {
        if (!row.is_array() || row.size() != names.size()) return wrong();
        json object = json::object();
        for (std::size_t i = 0; i < names.size(); ++i) {
            if (!names[i].is_string()) return wrong();
            object[names[i].get<std::string>()] = row[i];
        }
        objects.push_back(std::move(object));
    }
    return objects;
}

std::string queue_table(const json& queues, Timestamp now) {
    std::vector<Column> columns{{"NAME", false}};
    for (const auto& [attribute, title] : numbers)
        columns.push_back({title, true});
    columns.push_back({"OLDEST", true});
    Table table(std::move(columns));
    std::vector<json> sorted(queues.begin(), queues.end());
    std::ranges::sort(sorted, {}, [](const json& queue) { return text_of(queue, "name"); });
    std::array<std::uint64_t, numbers.size()> totals{};
    Timestamp oldest_of_all;
    for (const json& queue : sorted) {
        std::vector<std::string> row{text_of(queue, "name") +
                                     (is_true(queue, "deleted") ? " (deleted)" : "") +
                                     (is_true(queue, "paused") ? " (paused)" : "")};
        for (std::size_t i = 0; i < numbers.size(); ++i) {
            const std::uint64_t value = number_of(queue, numbers[i].first);
            totals[i] += value;
            row.push_back(std::to_string(value));
        }
        const auto oldest = parse_rfc3339(text_of(queue, "oldest"));
        row.push_back(oldest ? age_text(now - *oldest) : "-");
        if (oldest && (!oldest_of_all || *oldest < oldest_of_all)) oldest_of_all = *oldest;
        table.add(std::move(row));
    }
    std::vector<std::string> last{std::to_string(sorted.size()) +
                                  (sorted.size() == 1 ? " queue" : " queues")};
    for (const std::uint64_t total : totals)
        last.push_back(std::to_string(total));
    last.push_back(oldest_of_all ? age_text(now - oldest_of_all) : "-");
    table.add_totals(std::move(last));
    return table.text();
}

}  // namespace vera::cli
