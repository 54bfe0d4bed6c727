#include "bus/cli/connecting.hpp"
#include "bus/cli/json_documents.hpp"
#include "bus/cli/kuvert_filling.hpp"
#include "bus/host/random.hpp"
#include "tests/support/catch.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <sys/stat.h>
#include <utility>
#include <vector>

using namespace vera;

namespace {

std::vector<std::pair<std::uint64_t, std::string>> documents(const std::string& text) {
    std::istringstream in(text);
    cli::JsonDocuments documents(in);
    cli::JsonDocuments::Document document;
    std::vector<std::pair<std::uint64_t, std::string>> all;
    while (documents.next(document))
        all.emplace_back(document.line, document.text);
    return all;
}

using Found = std::vector<std::pair<std::uint64_t, std::string>>;

}  // namespace

TEST_CASE("cli: input is JSON lines or one document over many lines", "[cli]") {
    CHECK(documents("{\"a\":1}\n\n{\"b\":2}\n") == Found{{1, "{\"a\":1}"}, {3, "{\"b\":2}"}});
    CHECK(documents("{\n \"a\":1\n}\n") == Found{{1, "{\n \"a\":1\n}"}});
    CHECK(documents("\n\n{}") == Found{{3, "{}"}});
    CHECK(documents("").empty());
    CHECK(documents(" \n\t\n").empty());
}

TEST_CASE("cli: a broken line does not swallow the lines after it", "[cli]") {
    CHECK(documents("{\"a\":\n{\"b\":2}\n{\"c\":3}") ==
          Found{{1, "{\"a\":"}, {2, "{\"b\":2}"}, {3, "{\"c\":3}"}});
    CHECK(documents("{\"a\":1}\nnonsense\n{}") ==
          Found{{1, "{\"a\":1}"}, {2, "nonsense"}, {3, "{}"}});
}

TEST_CASE("cli: a place in a document is told as the place in the input", "[cli]") {
    using Placed = std::pair<std::uint64_t, std::string>;
    const auto placed = [](std::uint64_t begins, const std::string& text) {
        auto [line, rest] = cli::place_in_input(begins, text);
        return Placed{line, rest};
    };
    CHECK(placed(1, "line 61: Beskeddata[0]: wrong") == Placed{61, "Beskeddata[0]: wrong"});
    CHECK(placed(7, "line 3: wrong") == Placed{9, "wrong"});
    CHECK(placed(7, "line 1: line 2: wrong") == Placed{7, "line 2: wrong"});
    for (const char* text : {"wrong", "line 3", "line 0: wrong", "line : wrong", "line -1: wrong"})
        CHECK(placed(7, text) == Placed{7, text});
}

TEST_CASE("cli: a payload and flags make a kuvert", "[cli]") {
    cli::KuvertFlags flags;
    flags.type = "vera.sag.v1.SagOprettet";
    flags.beskedtype = "72b7b3b3-4938-43f3-83bf-e3aca929e9b2";
    flags.authority = "29189382";
    flags.object = "urn:oio:sag:4711";
    flags.object_type = "D848C3B8-6bac-4d4e-adc7-97d37df52704";
    flags.kle = "27.20.04";
    const auto id = parse_uuid("0b5e1c70-0000-4000-8000-000000000001");
    const auto kuvert = cli::fill_kuvert(
        {{"sag", 1}}, flags, *event::Catalogue::built_in(), *id, Timestamp{1'795'420'800'123});
    REQUIRE(kuvert);
    CHECK(cli::besked_id(*kuvert) == "0b5e1c70-0000-4000-8000-000000000001");
    const auto& filter = (*kuvert)["Beskedkuvert"]["Filtreringsdata"];
    CHECK(filter["Beskedtype"]["UUIDIdentifikator"] == flags.beskedtype);
    const auto& registration = filter["ObjektRegistrering"][0];
    CHECK(registration["ObjektAnsvarligMyndighed"]["URNIdentifikator"] ==
          "urn:oio:cvr-nr:29189382");
    CHECK(registration["ObjektId"]["URNIdentifikator"] == "urn:oio:sag:4711");
    CHECK(registration["ObjektType"]["UUIDIdentifikator"] ==
          "d848c3b8-6bac-4d4e-adc7-97d37df52704");
    CHECK(registration["OpgaveEmne"]["URNIdentifikator"] == "urn:oio:kle:27.20.04");
    CHECK((*kuvert)["Beskedkuvert"]["Leveranceinformation"]["Dannelsestidspunkt"]
                   ["TidsstempelDatoTid"] == to_rfc3339(Timestamp{1'795'420'800'123}));
    CHECK((*kuvert)["Beskeddata"][0]["@type"] == "type.googleapis.com/vera.sag.v1.SagOprettet");
    CHECK((*kuvert)["Beskeddata"][0]["sag"] == 1);
}

TEST_CASE("cli: names stand for the UUIDs that they are of", "[cli]") {
    cli::KuvertFlags flags;
    flags.type = "vera.sag.v1.SagOprettet";
    flags.beskedtype = "pko_poststatus";
    flags.object_type = "Person";
    flags.action = "foedsel";  // as ø may be typed
    flags.sender = "hjørring kommune";
    flags.sensitivity = "Følsomme personoplysninger";
    const auto made = [&flags] {
        return cli::fill_kuvert(
            {{"sag", 1}}, flags, *event::Catalogue::built_in(), Uuid{}, Timestamp{1});
    };
    const auto kuvert = made();
    INFO((kuvert ? "" : kuvert.error().text));
    REQUIRE(kuvert);
    const auto& filter = (*kuvert)["Beskedkuvert"]["Filtreringsdata"];
    CHECK(filter["Beskedtype"]["UUIDIdentifikator"] == "d2bed63c-4853-4008-b6e0-a74c15b15fbf");
    const auto& registration = filter["ObjektRegistrering"][0];
    CHECK(registration["ObjektType"]["UUIDIdentifikator"] ==
          "ce7fcf97-a8a2-447a-8690-d38aa0f6e23c");
    CHECK(registration["ObjektHandling"]["UUIDIdentifikator"] ==
          "1e5bb089-5445-44f8-9b65-bc854053f423");
    CHECK(filter["BeskedAnsvarligAktoer"]["UUIDIdentifikator"] ==
          "6fb02f8f-bf63-4fd2-8f52-23e54aa193c9");
    const auto& delivery = (*kuvert)["Beskedkuvert"]["Leveranceinformation"];
    CHECK(delivery["Sikkerhedsklassificering"]["UUIDIdentifikator"] ==
          "31c09910-e011-46a5-86fb-254374421fe8");
    flags.sensitivity = "3";
    CHECK((*made())["Beskedkuvert"]["Leveranceinformation"] == delivery);
}

TEST_CASE("cli: a name that is of no UUID, or of several, is told with what there is", "[cli]") {
    using Kind = event::UuidName::Kind;
    event::UuidNames names;
    names.add({Kind::handling, "11111111-1111-4111-8111-111111111111", "Rettet"});
    names.add({Kind::handling, "22222222-2222-4222-8222-222222222222", "rettet"});
    names.add({Kind::handling, "33333333-3333-4333-8333-333333333333", "Slettet"});
    names.add({Kind::objekttype, "44444444-4444-4444-8444-444444444444", "Sag"});
    const auto text = [&names](const std::string& given) {
        const auto id = cli::named_id(given, Kind::handling, names, "--action");
        return id ? id->dump() : id.error().text;
    };
    CHECK(text("SLETTET") == R"({"UUIDIdentifikator":"33333333-3333-4333-8333-333333333333"})");
    CHECK(text("33333333-3333-4333-8333-333333333333") == text("slettet"));
    CHECK(text("urn:oio:x:1") == R"({"URNIdentifikator":"urn:oio:x:1"})");
    CHECK(text("Sletet") ==
          "--action: want a UUID, a URN or a name of kind handling, nearest: Slettet");
    CHECK(text("Sag") == "--action: want a UUID, a URN or a name of kind handling");
    CHECK(text("Rettet") ==
          "--action: several are called so, say which: 11111111-1111-4111-8111-111111111111, "
          "22222222-2222-4222-8222-222222222222");
}

TEST_CASE("cli: a flag that makes no kuvert is named", "[cli]") {
    const auto text = [](auto change, nlohmann::json payload = nlohmann::json::object()) {
        cli::KuvertFlags flags;
        flags.type = "vera.sag.v1.SagOprettet";
        flags.beskedtype = "72b7b3b3-4938-43f3-83bf-e3aca929e9b2";
        change(flags);
        const auto kuvert = cli::fill_kuvert(
            std::move(payload), flags, *event::Catalogue::built_in(), Uuid{}, Timestamp{1});
        return kuvert ? std::string{} : kuvert.error().text;
    };
    CHECK(text([](auto& flags) { flags.authority = "123"; }) ==
          "--authority: want a CVR number, 8 digits");
    CHECK(text([](auto& flags) { flags.object = "4711"; }) == "--object: want a UUID or a URN");
    CHECK(text([](auto& flags) { flags.sender = "x"; }) ==
          "--sender: want a UUID, a URN or a name of kind aktoer");
    CHECK(text([](auto& flags) { flags.sensitivity = "5"; }) ==
          "--sensitivity: want 1 to 4, a UUID, a URN or a name of kind foelsomhed");
    CHECK(text([](auto&) {}, nlohmann::json::array()) == "the payload is no JSON object");
    CHECK(text([](auto&) {}, {{"BeskedId", 1}}).find("leave --type out") != std::string::npos);
}

TEST_CASE("cli: renewing changes identity and time and nothing else", "[cli]") {
    nlohmann::json kuvert{{"BeskedId", {{"UUIDIdentifikator", "old"}}},
                          {"Beskedkuvert", {{"Filtreringsdata", {{"x", 1}}}}},
                          {"Beskeddata", {1}}};
    const auto id = parse_uuid("0b5e1c70-0000-4000-8000-000000000002");
    REQUIRE(cli::renew_kuvert(kuvert, *id, Timestamp{1'795'420'800'000}));
    CHECK(cli::besked_id(kuvert) == "0b5e1c70-0000-4000-8000-000000000002");
    CHECK(kuvert["Beskedkuvert"]["Filtreringsdata"]["x"] == 1);
    CHECK(kuvert["Beskeddata"][0] == 1);
    nlohmann::json other{{"hej", 1}};
    CHECK_FALSE(cli::renew_kuvert(other, *id, Timestamp{1}));
}

TEST_CASE("cli: a secret is read only from a file that nobody else can read", "[cli]") {
    const std::string path =
        (std::filesystem::temp_directory_path() / ("vera-secret-" + to_text(host::random_uuid())))
            .string();
    std::ofstream(path) << "hemmelig\r\nrest\n";
    const auto text = [&](mode_t mode) {
        REQUIRE(::chmod(path.c_str(), mode) == 0);
        const auto secret = cli::read_secret_file(path);
        return secret ? *secret : "refused";
    };
    CHECK(text(0600) == "hemmelig");
    CHECK(text(0400) == "hemmelig");
    CHECK(text(0640) == "refused");
    CHECK(text(0604) == "refused");
    CHECK(text(0700) == "refused");
    std::ofstream(path, std::ios::trunc) << "\n";
    CHECK(text(0600) == "refused");
    std::filesystem::remove(path);
    CHECK_FALSE(cli::read_secret_file(path));
    CHECK_FALSE(cli::read_secret_file("/dev/zero"));
}
