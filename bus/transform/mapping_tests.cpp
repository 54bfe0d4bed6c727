#include "bus/transform/mapping_tests.hpp"

#include "bus/event/json_reader.hpp"
#include "bus/event/kuvert_view.hpp"
#include "bus/event/message_types.hpp"
#include "bus/event/raw_event.hpp"
#include "bus/event/raw_kuvert.hpp"
#include "bus/event/type_info.hpp"

#include "vera/besked/v1/haendelsesbesked.pb.h"

#include <google/protobuf/text_format.h>
#include <google/protobuf/util/message_differencer.h>

#include <algorithm>
#include <climits>
#include <nlohmann/json.hpp>
#include <utility>

namespace vera::transform {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::util::MessageDifferencer;
using nlohmann::json;

/// "navn", "boern[2].navn".
std::string path_of(const std::vector<MessageDifferencer::SpecificField>& fields) {
    std::string path;
    for (const auto& one : fields) {
        if (one.field == nullptr) continue;
        if (!path.empty()) path += '.';
        path += one.field->name();
        if (one.field->is_repeated())
            path += '[' + std::to_string(one.new_index >= 0 ? one.new_index : one.index) + ']';
    }
    return path;
}

std::string shown(const Message& message, const FieldDescriptor& field, int index) {
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) return "a message";
    google::protobuf::TextFormat::Printer printer;
    printer.SetUseUtf8StringEscaping(true);
    std::string text;
    printer.PrintFieldValueToString(message, &field, field.is_repeated() ? index : -1, &text);
    return text;
}

class Differences : public MessageDifferencer::Reporter {
public:
    Differences(std::string root, std::vector<std::string>& out)
        : root_(std::move(root)),
          out_(out) {}
    using Path = std::vector<MessageDifferencer::SpecificField>;
    void ReportAdded(const Message& /*wanted*/, const Message& got, const Path& path) override {
        tell(path, "wanted nothing, got " + shown(got, *path.back().field, path.back().new_index));
    }
    void ReportDeleted(const Message& wanted, const Message& /*got*/, const Path& path) override {
        tell(path,
             "wanted " + shown(wanted, *path.back().field, path.back().index) + ", got nothing");
    }
    void ReportModified(const Message& wanted, const Message& got, const Path& path) override {
        tell(path,
             "wanted " + shown(wanted, *path.back().field, path.back().index) + ", got " +
                 shown(got, *path.back().field, path.back().new_index));
    }

private:
    void tell(const Path& path, const std::string& what) {
        out_.push_back(root_ + path_of(path) + ": " + what);
    }
    std::string root_;
    std::vector<std::string>& out_;
};

void compare(const Message& wanted,
             const Message& got,
             std::string root,
             std::vector<std::string>& differences) {
    MessageDifferencer differencer;
    Differences reporter(std::move(root), differences);
    differencer.ReportDifferencesTo(&reporter);
    differencer.Compare(wanted, got);
}

bool is_kuvert(std::string_view text) {
    const json document = json::parse(text, nullptr, false);
    return document.is_object() && document.contains("BeskedId");
}

class Test {
public:
    Test(const Mapping& mapping, Transformer& transformer, const TestSource& source)
        : mapping_(mapping),
          catalogue_(mapping.catalogue()),
          transformer_(transformer),
          source_(source) {}

    TestResult run() {
        result_.name = source_.name.text;
        result_.line = source_.line;
        if (const auto kuvert = encoded(source_.event, mapping_.from(), "event"))
            transform(*kuvert);
        result_.is_good = result_.differences.empty();
        return std::move(result_);
    }

private:
    void wrong(std::string what) { result_.differences.push_back(std::move(what)); }

    std::optional<std::string> encoded(const std::string& text,
                                       const std::string& type,
                                       const std::string& what) {
        auto kuvert =
            is_kuvert(text) ? catalogue_.from_json(text) : kuvert_around(text, type, catalogue_);
        if (kuvert) return std::move(*kuvert);
        wrong(what + ": " + kuvert.error().text);
        return std::nullopt;
    }

    void transform(const std::string& kuvert) {
        const auto checked = catalogue_.check(event::raw_kuvert(kuvert));
        if (const auto* refusal = std::get_if<Refusal>(&checked))
            return wrong("event: " + refusal->text);
        const auto made =
            transformer_.apply(mapping_, kuvert, std::get<event::Attributes>(checked));
        if (const auto* failure = std::get_if<Failure>(&made)) return failed(to_text(*failure));
        if (std::holds_alternative<NotMeant>(made))
            return failed("not meant: the mapping's `when` does not hold, or its type is another");
        if (source_.output.empty()) return wrong("wanted an error, got an event");
        compare_with(std::get<std::string>(made));
    }

    void failed(const std::string& text) {
        if (source_.output.empty() && text.find(source_.error.text) != std::string::npos) return;
        wrong(source_.output.empty()
                  ? "wanted an error with \"" + source_.error.text + "\", got: " + text
                  : text);
    }

    void compare_with(const std::string& made) {
        const bool is_whole = is_kuvert(source_.output);
        const auto wanted = encoded(source_.output, mapping_.to(), "output");
        if (!wanted) return;
        const event::KuvertView left = event::view_kuvert(*wanted);
        const event::KuvertView right = event::view_kuvert(made);
        if (is_whole) {
            vera::besked::v1::Beskedkuvert one;
            vera::besked::v1::Beskedkuvert other;
            if (parse(one, left.beskedkuvert) && parse(other, right.beskedkuvert))
                compare(one, other, "Beskedkuvert.", result_.differences);
            if (left.beskeddata.size() != right.beskeddata.size())
                wrong("Beskeddata: wanted " + std::to_string(left.beskeddata.size()) + ", got " +
                      std::to_string(right.beskeddata.size()));
        }
        const auto* type = catalogue_.messages().find(mapping_.to());
        for (std::size_t i = 0; i < std::min(left.beskeddata.size(), right.beskeddata.size());
             ++i) {
            const auto one = catalogue_.messages().make(*type);
            const auto other = catalogue_.messages().make(*type);
            if (left.beskeddata[i].type_url != right.beskeddata[i].type_url)
                wrong("Beskeddata[" + std::to_string(i) + "]: another type");
            else if (parse(*one, left.beskeddata[i].value) &&
                     parse(*other, right.beskeddata[i].value))
                compare(*one,
                        *other,
                        i == 0 ? "" : "Beskeddata[" + std::to_string(i) + "].",
                        result_.differences);
        }
    }

    bool parse(Message& message, std::string_view bytes) {
        if (bytes.size() <= INT_MAX &&
            message.ParsePartialFromArray(bytes.data(), static_cast<int>(bytes.size())))
            return true;
        wrong("cannot be parsed as " + message.GetDescriptor()->full_name());
        return false;
    }

    const Mapping& mapping_;
    const event::Catalogue& catalogue_;
    Transformer& transformer_;
    const TestSource& source_;
    TestResult result_;
};

}  // namespace

Result<std::string> kuvert_around(std::string_view payload_json,
                                  const std::string& type,
                                  const event::Catalogue& catalogue) {
    json payload = json::parse(payload_json, nullptr, false);
    if (!payload.is_object()) return fail(Errc::bad_input, "is no JSON object");
    const event::TypeInfo* info = catalogue.find(type);
    if (info == nullptr) return fail(Errc::bad_input, catalogue.unknown_type(type));
    constexpr const char* nobody = "00000000-0000-0000-0000-000000000000";
    payload["@type"] = "type.googleapis.com/" + type;
    const json kuvert{
        {"BeskedId", {{"UUIDIdentifikator", nobody}}},
        {"BeskedVersion", "1.0"},
        {"Beskedkuvert",
         {{"Filtreringsdata",
           {{"Beskedtype",
             {{"UUIDIdentifikator", info->beskedtype.empty() ? nobody : info->beskedtype}}}}},
          {"Leveranceinformation", json::object()}}},
        {"Beskeddata", json::array({std::move(payload)})}};
    return catalogue.from_json(kuvert.dump());
}

std::vector<TestResult> run_tests(const Mapping& mapping, Transformer& transformer) {
    std::vector<TestResult> results;
    for (const TestSource& source : mapping.tests())
        results.push_back(Test(mapping, transformer, source).run());
    return results;
}

}  // namespace vera::transform
