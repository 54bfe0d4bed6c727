#include "bus/cli/connecting.hpp"
#include "bus/cli/input_file.hpp"
#include "bus/cli/json_documents.hpp"
#include "bus/cli/kuvert_filling.hpp"
#include "bus/cli/masking.hpp"
#include "bus/cli/schemas.hpp"
#include "bus/cli/verbs.hpp"
#include "bus/event/catalogue.hpp"
#include "bus/host/clock.hpp"
#include "bus/host/random.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <ostream>
#include <utility>

namespace vera::cli {
namespace {

using nlohmann::json;

struct PublishFlags {
    std::string file = "-";
    std::string address = "events";
    std::string wire_form = "protobuf";
    KuvertFlags kuvert;
    std::uint32_t window = 200;
    bool has_new_ids = false;
    bool has_progress = false;
    bool is_json = false;
    SchemaFlags schemas;
    std::shared_ptr<ConnectFlags> connect;
};

struct Refused {
    std::uint64_t line = 0;
    std::string id;
    std::string condition;
    std::string text;
};

// One run: documents in, messages out, verdicts counted.
class Publishing {
public:
    Publishing(const PublishFlags& flags, const event::Catalogue& catalogue, Io& io)
        : flags_(flags),
          catalogue_(catalogue),
          io_(io) {}
    int run(std::istream& in);

private:
    Result<kit::Message> to_message(const std::string& text) const;
    void refuse(std::uint64_t line, std::string id, std::string condition, std::string text);
    Result<void> collect(kit::Publisher& publisher, Millis wait);
    void show_progress(bool is_last);
    int summarize(const std::optional<Error>& broken);

    const PublishFlags& flags_;
    const event::Catalogue& catalogue_;
    Io& io_;
    std::map<std::uint64_t, std::pair<std::uint64_t, std::string>> sent_;  // ticket → line, id
    std::uint64_t documents_ = 0;
    std::uint64_t accepted_ = 0;
    std::vector<Refused> refused_;
    std::string last_accepted_;
    Millis shown_{0};
};

Result<kit::Message> Publishing::to_message(const std::string& text) const {
    json document;
    try {
        document = json::parse(text);
    } catch (const json::exception& error) {
        // The library's text quotes the input; only the place is safe to show.
        const auto* at = dynamic_cast<const json::parse_error*>(&error);
        if (at == nullptr) return fail(Errc::bad_input, "no valid JSON");
        const std::string before = text.substr(0, at->byte);
        const auto lines = std::ranges::count(before, '\n');
        const std::size_t column = before.size() - (before.rfind('\n') + 1);
        return fail(Errc::bad_input,
                    "line " + std::to_string(lines + 1) + ": no valid JSON at column " +
                        std::to_string(column));
    }
    std::string kuvert_text = text;
    const Timestamp now = host::system_clock().wall();
    if (!flags_.kuvert.type.empty()) {
        auto filled =
            fill_kuvert(std::move(document), flags_.kuvert, catalogue_, host::random_uuid(), now);
        if (!filled) return fail(filled.error().code, filled.error().text);
        document = std::move(*filled);
        kuvert_text = document.dump();
    } else if (flags_.has_new_ids) {
        if (const auto renewed = renew_kuvert(document, host::random_uuid(), now); !renewed)
            return fail(renewed.error().code, renewed.error().text);
        kuvert_text = document.dump();
    }
    kit::Message message;
    message.id = besked_id(document);
    if (message.id.empty())
        return fail(Errc::bad_input,
                    "no kuvert: BeskedId is not there (a bare payload needs --type)");
    message.content_type = "application/" + flags_.wire_form;
    message.body = std::move(kuvert_text);
    if (flags_.wire_form == "protobuf") {
        auto encoded = catalogue_.from_json(message.body);
        if (!encoded) return fail(encoded.error().code, encoded.error().text);
        message.body = std::move(*encoded);
    }
    return message;
}

void Publishing::refuse(std::uint64_t line,
                        std::string id,
                        std::string condition,
                        std::string text) {
    text = mask_text(text);
    io_.err << "vera: line " << line << ": " << condition << (condition.empty() ? "" : ": ") << text
            << '\n';
    refused_.push_back({line, std::move(id), std::move(condition), std::move(text)});
}

Result<void> Publishing::collect(kit::Publisher& publisher, Millis wait) {
    std::vector<kit::Confirmation> verdicts;
    const auto collected = publisher.confirmations(verdicts, wait);
    if (!collected) return collected;
    for (kit::Confirmation& verdict : verdicts) {
        auto node = sent_.extract(verdict.ticket);
        if (node.empty()) continue;
        auto& [line, id] = node.mapped();
        if (verdict.verdict == kit::Verdict::accepted) {
            ++accepted_;
            last_accepted_ = id;
        } else {
            if (verdict.condition.empty()) verdict.condition = kit::name_of(verdict.verdict);
            if (verdict.text.empty() && verdict.verdict != kit::Verdict::rejected)
                verdict.text = "not taken after " + std::to_string(verdict.attempts) + " attempts";
            auto [place, text] = place_in_input(line, verdict.text);
            refuse(place, std::move(id), std::move(verdict.condition), std::move(text));
        }
    }
    return {};
}

void Publishing::show_progress(bool is_last) {
    if (!flags_.has_progress && !io_.err_is_terminal) return;
    const Millis now = host::system_clock().boot();
    if (shown_ == Millis{0}) shown_ = now;
    if (now - shown_ < Millis{500} && !is_last) return;
    if (is_last && documents_ < 1000 && !flags_.has_progress) return;
    shown_ = now;
    io_.err << (io_.err_is_terminal ? "\r" : "") << "read " << documents_ << ", accepted "
            << accepted_ << ", refused " << refused_.size()
            << (io_.err_is_terminal && !is_last ? "" : "\n");
    io_.err.flush();
}

int Publishing::run(std::istream& in) {
    auto connection = connect(*flags_.connect, true);
    if (!connection) return report(io_, connection.error());
    kit::PublisherOptions options;
    options.address = flags_.address;
    options.window = flags_.window;
    auto publisher = connection->publisher(options);
    if (!publisher) return report(io_, publisher.error());

    JsonDocuments documents(in);
    JsonDocuments::Document document;
    std::optional<Error> broken;
    while (!broken && !is_interrupted() && documents.next(document)) {
        ++documents_;
        auto message = to_message(document.text);
        if (!message) {
            auto [line, text] = place_in_input(document.line, message.error().text);
            refuse(line, {}, "not sent", std::move(text));
            continue;
        }
        std::string id = message->id;
        const auto ticket = publisher->send(std::move(*message));
        if (!ticket) {
            broken = ticket.error();
            sent_.emplace(UINT64_MAX, std::pair{document.line, std::move(id)});
            break;
        }
        sent_.emplace(*ticket, std::pair{document.line, std::move(id)});
        if (const auto collected = collect(*publisher, Millis{0}); !collected)
            broken = collected.error();
        show_progress(false);
    }
    const Millis deadline = host::system_clock().boot() + options.confirm_timeout;
    while (!broken && !sent_.empty()) {
        const std::size_t before = sent_.size();
        if (const auto collected = collect(*publisher, Millis{200}); !collected)
            broken = collected.error();
        else if (sent_.size() == before && host::system_clock().boot() > deadline)
            broken =
                Error{Errc::unavailable, "no verdict within " + to_text(options.confirm_timeout)};
        show_progress(false);
    }
    show_progress(true);
    return summarize(broken);
}

int Publishing::summarize(const std::optional<Error>& broken) {
    if (broken) {
        report(io_, *broken);
        for (auto& [ticket, place] : sent_)
            refuse(
                place.first, place.second, "unknown", "no verdict: send it again with the same id");
    }
    if (documents_ == 0 && !broken) {
        report(io_, {Errc::bad_input, "the input holds no document"});
        return exit_failed;
    }
    if (flags_.is_json) {
        json refused = json::array();
        for (const Refused& one : refused_)
            refused.push_back({{"line", one.line},
                               {"id", one.id},
                               {"condition", one.condition},
                               {"text", one.text}});
        io_.out << json{{"version", 1},
                        {"read", documents_},
                        {"accepted", accepted_},
                        {"refused", std::move(refused)}}
                       .dump()
                << '\n';
    } else if (documents_ == 1 && accepted_ == 1) {
        io_.out << "accepted " << last_accepted_ << '\n';
    } else {
        io_.out << "read " << documents_ << ", accepted " << accepted_ << ", refused "
                << refused_.size() << '\n';
    }
    if (refused_.empty() && !broken) return exit_ok;
    return accepted_ > 0 ? exit_partly : exit_failed;
}

int publish(const PublishFlags& flags, Io& io) {
    const auto catalogue = catalogue_of(flags.schemas);
    if (!catalogue) return report(io, catalogue.error());
    if (flags.file == "-") return Publishing(flags, **catalogue, io).run(io.in);
    auto file = open_input(flags.file);
    if (!file) return report(io, file.error());
    return Publishing(flags, **catalogue, io).run(*file);
}

}  // namespace

void add_event_publish(CLI::App& event, Session& session) {
    CLI::App* verb = event.add_subcommand("publish", "Publish events from JSON");
    auto flags = std::make_shared<PublishFlags>();
    verb->add_option(
            "FILE",
            flags->file,
            "A kuvert as JSON, JSON lines of kuverts, or with --type bare payloads; - is stdin")
        ->capture_default_str();
    KuvertFlags& kuvert = flags->kuvert;
    verb->add_option(
        "--type", kuvert.type, "The input is a payload of this type: vera.sag.v1.SagOprettet");
    std::vector<CLI::Option*> with_type{
        verb->add_option(
            "--message-type", kuvert.beskedtype, "Beskedtype, UUID or name; default: of --type"),
        verb->add_option("--authority", kuvert.authority, "Responsible authority, CVR number"),
        verb->add_option("--object", kuvert.object, "ObjektId, UUID or URN"),
        verb->add_option("--object-type",
                         kuvert.object_type,
                         "ObjektType, UUID, URN or name; default: of --type"),
        verb->add_option("--action", kuvert.action, "ObjektHandling, UUID, URN or name"),
        verb->add_option("--kle", kuvert.kle, "OpgaveEmne, a KLE number: 27.20.04"),
        verb->add_option("--sender", kuvert.sender, "BeskedAnsvarligAktoer, UUID, URN or name"),
        verb->add_option("--sensitivity",
                         kuvert.sensitivity,
                         "Sikkerhedsklassificering, 1 to 4, UUID, URN or name")};
    for (CLI::Option* option : with_type)
        option->needs("--type");
    verb->add_option("--as", flags->wire_form, "Form on the wire")
        ->check(CLI::IsMember({"json", "protobuf"}))
        ->capture_default_str();
    verb->add_option("--address", flags->address, "Where to publish")->capture_default_str();
    verb->add_option("--window", flags->window, "Messages without a verdict at a time")
        ->check(CLI::Range(1U, 100000U))
        ->capture_default_str();
    verb->add_flag("--new-ids", flags->has_new_ids, "Give each kuvert a new BeskedId and time");
    verb->add_flag(
        "--progress", flags->has_progress, "Progress on stderr even if it is no terminal");
    verb->add_flag("--json", flags->is_json, "The summary as JSON");
    add_schema_and_config_flags(*verb, flags->schemas);
    flags->connect = add_connect_flags(*verb);
    verb->footer(footer(
        "  vera event publish sag.json\n"
        "  vera event publish --type vera.sag.v1.SagOprettet -c vera.yaml \\\n"
        "      --sender 'Hjørring Kommune' --sensitivity 2 payload.json\n"
        "  vera event publish --type vera.sag.v1.SagOprettet --authority 29189382 \\\n"
        "      --object 5f0e6a0c-3c4e-4c86-8d4b-0a5b6d7c8e9f payload.json\n"
        "  zcat events.jsonl.gz | vera event publish --new-ids --progress -\n"
        "Names are those of the reference, of the schemas and of the configuration's "
        "`names`; of\nthe kind that the flag is for, in any case, and ø may be typed oe.\n"));
    verb->callback([flags, &session] { session.exit_code = publish(*flags, session.io); });
}

}  // namespace vera::cli
