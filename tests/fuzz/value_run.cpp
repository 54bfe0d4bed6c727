#include "tests/fuzz/value_run.hpp"

#include "bus/base/check.hpp"
#include "bus/event/base64.hpp"
#include "bus/event/formats.hpp"
#include "bus/event/json_scanner.hpp"
#include "bus/event/language_tag.hpp"
#include "bus/event/nearest_names.hpp"
#include "bus/event/pattern.hpp"
#include "bus/event/person_table.hpp"
#include "bus/event/urn.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace vera::fuzz {
namespace {

namespace options = vera::options::v1;

bool has_ten_digits(std::string_view text) {
    std::size_t row = 0;
    for (const char c : text) {
        row = c >= '0' && c <= '9' ? row + 1 : 0;
        if (row >= 10) return true;
    }
    return false;
}

void run_formats(std::string_view text, ValueTally& tally) {
    if (text.empty()) return;
    for (int format = 1; format <= options::Format_MAX; ++format)
        if (event::has_format(text, static_cast<options::Format>(format))) {
            ++tally.forms;
            VERA_CHECK(!event::name_of(static_cast<options::Format>(format)).empty());
        }
    for (int kind = 0; kind <= options::UrnArt_MAX; ++kind)
        if (event::is_urn_of(text, event::only(static_cast<options::UrnArt>(kind))))
            VERA_CHECK(event::is_urn(text));
    if (event::is_language_tag(text)) VERA_CHECK(event::is_utf8(text));
}

void run_identities(std::string_view text) {
    const std::string id = event::canonical_id(text);
    VERA_CHECK(event::canonical_id(id) == id);
    VERA_CHECK(event::cpr_of_urn(id).empty() == event::cpr_of_urn(text).empty());
    const std::string_view type = event::type_of_url(text);
    VERA_CHECK(type.empty() || text.ends_with(type));
}

/// A second opinion.
bool is_json(std::string_view text) {
    try {
        return !nlohmann::json::parse(text).is_discarded();
    } catch (const nlohmann::json::out_of_range&) {
        return true;  // a number that no double holds: RFC 8259 has no bound
    } catch (const nlohmann::json::exception&) {
        return false;
    }
}

void run_json(std::string_view text, ValueTally& tally) {
    event::JsonScanner scanner(text);
    if (!scanner.skip(0) || !scanner.end()) return;
    ++tally.json;
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    VERA_CHECK(is_json(text));
}

void run_persons(std::string_view text, ValueTally& tally) {
    const auto table = event::PersonTable::parse(text);
    if (table)
        ++tally.persons;
    else
        VERA_CHECK(!table.error().text.empty() && !has_ten_digits(table.error().text));
}

}  // namespace

void run_value(std::string_view text, ValueTally& tally) {
    ++tally.runs;
    run_formats(text, tally);
    run_identities(text);
    run_json(text, tally);
    run_persons(text, tally);
    VERA_CHECK(event::from_base64(event::to_base64(text)) == std::string(text));
    if (const auto bytes = event::from_base64(text))
        VERA_CHECK(event::from_base64(event::to_base64(*bytes)) == *bytes);
    const auto half = text.size() / 2;
    if (const auto pattern = event::Pattern::compile(text.substr(0, half))) {
        ++tally.patterns;
        (void)(*pattern)->matches(text.substr(half));
    }
    static const std::vector<std::string> known{
        "vera.sag.v1.SagOprettet", "vera.sag.v2.SagOprettet", "vera.person.v1.PersonFlyttet"};
    const std::string near = event::suggestion(text, known);
    VERA_CHECK(near.empty() || near.starts_with("; "));
}

}  // namespace vera::fuzz
