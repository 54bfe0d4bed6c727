#include "tests/fuzz/kuvert_run.hpp"

#include "bus/base/check.hpp"
#include "bus/cli/json_documents.hpp"
#include "bus/event/catalogue.hpp"
#include "bus/event/urn.hpp"

#include <sstream>
#include <variant>

namespace vera::fuzz {
namespace {

constexpr std::string_view forms[] = {"application/protobuf", "application/json", ""};

const event::Catalogue& catalogue() {
    static const auto built_in = event::Catalogue::built_in();
    return *built_in;
}

std::variant<event::Attributes, Refusal> checked(std::string_view body, std::string_view form) {
    event::RawEvent raw;
    raw.message = Block::copy_of(body);
    raw.body_kind = event::BodyKind::data;
    raw.body = raw.message.view();
    raw.content_type = form;
    auto verdict = catalogue().check(raw);
    if (verdict.index() == 0) (void)catalogue().virkning(raw);
    return verdict;
}

void run_attributes(const event::Attributes& found) {
    VERA_CHECK(!found.id.empty());
    VERA_CHECK(catalogue().find(found.type) != nullptr);
    VERA_CHECK(event::cpr_of_urn(found.subject).empty());
    VERA_CHECK(found.subject.empty() || found.subject == found.object);
    VERA_CHECK(found.objects.empty() || found.objects[0] == found.object);
    VERA_CHECK(found.foelsomhed >= 0 && found.foelsomhed <= 4);
}

/// What JSON can say comes back from it: the kuvert whole, and as much of payloads as their schemas
/// know.
void run_other_form(std::string_view body,
                    std::string_view form,
                    const event::Attributes& attributes) {
    const auto json = catalogue().to_json(body, form, true);
    VERA_CHECK(json.has_value());
    const auto kuvert = catalogue().from_json(*json);
    if (!kuvert) return;  // members that the schema does not know
    const auto again = checked(*kuvert, forms[0]);
    if (again.index() != 0) return;  // values that JSON cannot say
    const auto& other = std::get<0>(again);
    VERA_CHECK(other.id == attributes.id && other.source == attributes.source);
    VERA_CHECK(other.object == attributes.object && other.type == attributes.type);
    VERA_CHECK(other.beskedtype == attributes.beskedtype);
    VERA_CHECK(other.objects == attributes.objects);
}

/// As `vera type validate` and `vera event publish` part a file.
void run_documents(const std::string& text) {
    std::istringstream in(text);
    cli::JsonDocuments documents(in);
    cli::JsonDocuments::Document document;
    std::uint64_t line = 0;
    while (documents.next(document)) {
        VERA_CHECK(!document.text.empty() && document.line > line);
        line = document.line;
        (void)catalogue().from_json(document.text);
    }
}

}  // namespace

void run_kuvert(std::string_view bytes, KuvertTally& tally) {
    ++tally.runs;
    if (bytes.empty()) return;
    const std::string_view form = forms[static_cast<unsigned char>(bytes[0]) % 3U];
    const std::string_view body = bytes.substr(1);
    if (form != forms[0]) run_documents(std::string(body));
    const auto verdict = checked(body, form);
    if (const auto* refusal = std::get_if<Refusal>(&verdict)) {
        ++tally.refused;
        VERA_CHECK(!refusal->text.empty());
        return;
    }
    ++tally.taken;
    run_attributes(std::get<0>(verdict));
    run_other_form(body, form, std::get<0>(verdict));
}

std::vector<std::string> good_kuverter(const std::vector<std::string>& samples) {
    std::vector<std::string> good;
    for (const std::string& json : samples) {
        const auto protobuf = catalogue().from_json(json);
        VERA_CHECK(protobuf.has_value());
        good.push_back('\0' + *protobuf);
        good.push_back('\1' + json);
        good.push_back('\2' + json);
    }
    return good;
}

}  // namespace vera::fuzz
