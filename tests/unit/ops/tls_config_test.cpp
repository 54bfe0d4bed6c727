// TLS and certificates in a configuration: what is read, what is refused, and where that is said.
#include "bus/ops/authenticator.hpp"
#include "bus/ops/config.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/test_pki.hpp"
#include "tests/unit/ops/config_folder.hpp"

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

using namespace vera;
using namespace vera::ops;

namespace {

const test::TestAuthority& authority() {
    static const test::TestAuthority one("Test CA");
    return one;
}

/// A folder with a server's certificate and key, and its authority.
struct PkiFolder {
    PkiFolder() { put(authority().issue({.subject = {{"CN", "bus"}}, .dns = {"bus.example"}})); }

    void put(const amqp::TlsPair& pair, const std::string& name = "bus") const {
        write(name + ".pem", pair.certificate);
        write(name + ".key", pair.key);
    }
    void write(const std::string& name, const std::string& text, unsigned mode = 0600) const {
        const std::string file = folder.write(name, text);
        std::filesystem::permissions(file, static_cast<std::filesystem::perms>(mode));
    }
    [[nodiscard]] LoadedConfig load(const std::string& text, bool is_pilot = false) const {
        return load_config(folder.write("vera.yaml", text), {is_pilot, false});
    }
    /// Problems without the name of the file, one per line; the folder is FOLDER.
    [[nodiscard]] std::string problems(const std::string& text, bool is_pilot = false) const {
        std::string lines;
        for (const Problem& problem : load(text, is_pilot).problems)
            lines +=
                std::to_string(problem.line) + ": " + problem.key + ": " + problem.reason + "\n";
        for (std::size_t at = 0; (at = lines.find(folder.path())) != std::string::npos;)
            lines.replace(at, folder.path().size(), "FOLDER");
        return lines;
    }

    test::ConfigFolder folder;
};

const std::string listener =
    "listen:\n"
    "- port: 0\n"
    "  anonymous: true\n"
    "  tls:\n"
    "    client_ca: ca.pem\n"
    "    certificates:\n"
    "    - certificate: bus.pem\n"
    "      key: bus.key\n";

const std::string authorities = "authorities: [{cvr: \"29189382\", name: a}]\n";

std::string system_line(const std::string& name, const std::string& certificates) {
    return "- {name: " + name + ", authority: \"29189382\", certificates: [" + certificates +
           "]}\n";
}

amqp::CertificateSubject subject(std::vector<std::pair<std::string, std::string>> attributes) {
    return {std::move(attributes)};
}

}  // namespace

TEST_CASE("tls config: certificates, authority and keys are read from beside the file", "[ops]") {
    const PkiFolder pki;
    pki.write("ca.pem", authority().pem(), 0644);
    CHECK(pki.problems(listener).empty());
    const Config config = pki.load(listener).config;
    const TlsConfig& tls = config.listen[0].tls;
    REQUIRE(tls.context != nullptr);
    CHECK(tls.context->asks_for_certificate());
    CHECK_FALSE(tls.context->requires_certificate());
    REQUIRE(tls.context->certificates().size() == 1);
    CHECK(tls.context->certificates()[0].subject == "CN=bus");

    const Config strict = pki.load(listener + "    client_certificate: required\n").config;
    REQUIRE(strict.listen[0].tls.context != nullptr);
    CHECK(strict.listen[0].tls.context->requires_certificate());
}

TEST_CASE("tls config: the digest follows the certificates, and a reload takes them", "[ops]") {
    const PkiFolder pki;
    pki.write("ca.pem", authority().pem());
    const Config first = pki.load(listener).config;
    CHECK(pki.load(listener).config.digest == first.digest);
    pki.put(authority().issue({.subject = {{"CN", "next"}}}));
    const Config second = pki.load(listener).config;
    CHECK(second.digest != first.digest);
    CHECK(second.listen[0].tls.context->certificates()[0].subject == "CN=next");
    CHECK(second.listen == first.listen);  // nothing of it needs a restart
    Config without = first;
    without.listen[0].tls = {};
    CHECK_FALSE(without.listen == first.listen);
}

TEST_CASE("tls config: what is wrong is told with line, key and file", "[ops]") {
    struct Row {
        std::string name;
        std::function<void(const PkiFolder&)> spoil;
        std::string problem;  // begins with
    };
    const std::vector<Row> rows{
        {"no file",
         [](const PkiFolder& pki) { std::filesystem::remove(pki.folder.path() + "/bus.pem"); },
         "7: listen[0].tls.certificates[0].certificate: file 'FOLDER/bus.pem' cannot be read: No "
         "such file"},
        {"a folder",
         [](const PkiFolder& pki) {
             std::filesystem::remove(pki.folder.path() + "/bus.key");
             std::filesystem::create_directory(pki.folder.path() + "/bus.key");
         },
         "8: listen[0].tls.certificates[0].key: file 'FOLDER/bus.key' is no file"},
        {"others can read it",
         [](const PkiFolder& pki) { pki.write("bus.key", authority().issue({}).key, 0644); },
         "8: listen[0].tls.certificates[0].key: file 'FOLDER/bus.key' can be read by others (mode "
         "0644): chmod 0600 or 0640"},
        {"no pair",
         [](const PkiFolder& pki) { pki.write("bus.key", authority().issue({}).key, 0640); },
         "8: listen[0].tls.certificates[0].key: the file: does not belong to the certificate"},
        {"expired",
         [](const PkiFolder& pki) {
             pki.put(authority().issue({.valid_from_s = -90, .valid_until_s = -30}));
         },
         "7: listen[0].tls.certificates[0].certificate: the file: the certificate expired at 20"},
        {"too large",
         [](const PkiFolder& pki) { pki.write("ca.pem", std::string((1U << 20U) + 1, 'x')); },
         "5: listen[0].tls.client_ca: file 'FOLDER/ca.pem' has more than 1MiB"},
        {"no authority",
         [](const PkiFolder& pki) {
             pki.write("ca.pem", authority().issue({.subject = {{"CN", "x"}}}).certificate);
         },
         "5: listen[0].tls.client_ca: the file: certificate 1 in it (CN=x) is not that of a"},
    };
    const Row& row = rows[GENERATE(range(std::size_t{0}, std::size_t{7}))];
    CAPTURE(row.name);
    const PkiFolder pki;
    pki.write("ca.pem", authority().pem());
    row.spoil(pki);
    const std::string found = pki.problems(listener);
    CAPTURE(found);
    CHECK(found.starts_with(row.problem));
    CHECK(std::ranges::count(found, '\n') == 1);
    CHECK(found.find("PRIVATE KEY") == std::string::npos);
}

TEST_CASE("tls config: parts that make no sense are refused", "[ops]") {
    const PkiFolder pki;
    pki.write("ca.pem", authority().pem());
    const std::string pair = "certificates: [{certificate: bus.pem, key: bus.key}]";
    const auto of = [&](const std::string& keys) {
        return pki.problems("listen: [{port: 0, " + keys + "}]\n" + authorities + "systems:\n" +
                            system_line("a", "{CN: a}"));
    };
    CHECK(of("tls: {" + pair + ", client_ca: ca.pem}").empty());
    CHECK(of("plain: false, tls: {" + pair + ", client_ca: ca.pem}").empty());
    CHECK(of("tls: {client_ca: ca.pem}") ==
          "1: listen[0].tls: certificates: at least one, with its key, is required\n");
    CHECK(of("tls: {" + pair + ", client_certificate: required}")
              .starts_with("1: listen[0].tls: client_certificate: required needs client_ca"));
    CHECK(of("tls: {" + pair + ", client_certificate: perhaps}")
              .starts_with("1: listen[0].tls.client_certificate: expected one of"));
    CHECK(of("tls: {" + pair + ", ciphers: all}")
              .starts_with("1: listen[0].tls.ciphers: unknown key"));
    CHECK(of("plain: false, tls: {" + pair + "}").starts_with("1: listen[0].plain: neither plain"));
    CHECK(of("tls: {" + pair + "}").find("has certificates only, and no listener asks") !=
          std::string::npos);
}

TEST_CASE("tls config: beyond loopback there is TLS, and the pilot's flag still", "[ops]") {
    const PkiFolder pki;
    pki.write("ca.pem", authority().pem());
    const std::string secured =
        "listen: [{address: 0.0.0.0, port: 0, tls: {client_ca: ca.pem, certificates: "
        "[{certificate: bus.pem, key: bus.key}]}}]\n" +
        authorities + "systems:\n" + system_line("a", "{CN: a}");
    CHECK(pki.problems(secured, true).empty());
    CHECK(pki.problems(secured).find("until a configuration has agreements") != std::string::npos);
}

TEST_CASE("tls config: a system's subjects name attributes, and no two systems share one",
          "[ops]") {
    const PkiFolder pki;
    const auto of = [&](const std::string& a, const std::string& b) {
        return pki.problems(
            "listen: [{anonymous: true, port: 0, tls: {client_ca: ca.pem, "
            "certificates: [{certificate: bus.pem, key: bus.key}]}}]\n" +
            authorities + "systems:\n" + system_line("a", a) + system_line("b", b));
    };
    pki.write("ca.pem", authority().pem());
    CHECK(of("{CN: a}", "{CN: b}").empty());
    CHECK(of("{CN: a, O: x}, {CN: a, O: y}", "{CN: b}").empty());
    CHECK(of("{CN: a, serialNumber: 1}", "{CN: a, serialNumber: 2}").empty());
    CHECK(of("{CN: a}", "{O: x}")
              .starts_with("5: systems[1].certificates: [0] can be the same certificate as one of "
                           "system `a`"));
    CHECK(of("{CN: a}", "{CN: c}, {CN: a, O: x}").starts_with("5: systems[1].certificates: [1]"));
    CHECK(of("{}", "{CN: b}").starts_with("4: systems[0].certificates[0]: names no attribute"));
    CHECK(of("{CN: \"\"}", "{CN: b}").starts_with("4: systems[0].certificates[0].CN: not 1 to"));
    CHECK(of("{cn: a}", "{CN: b}").find("did you mean `CN`?") != std::string::npos);
}

TEST_CASE("authenticator: a certificate is of the system whose attributes it has, each once",
          "[ops]") {
    SystemConfig a{.name = "læsø", .authority = "29189382", .secrets = {}, .certificates = {}};
    SubjectConfig first;
    first.values[0] = "NTRDK-1";
    first.values[2] = "a";
    SubjectConfig second;
    second.values[1] = "the next one";
    a.certificates = {first, second};
    SystemConfig b{.name = "b", .authority = "29189439", .secrets = {}, .certificates = {}};
    b.certificates.resize(1);
    b.certificates[0].values[2] = "b";
    Authenticator authenticator({a, b});
    const auto who = [&](std::vector<std::pair<std::string, std::string>> attributes,
                         std::string_view wanted = "") {
        const auto identity = authenticator.identify(subject(std::move(attributes)), wanted);
        return identity ? identity->system + " " + identity->authority + " " + identity->mechanism
                        : std::string("nobody");
    };
    const std::string is_a = "læsø 29189382 EXTERNAL";
    CHECK(who({{"C", "DK"}, {"organizationIdentifier", "NTRDK-1"}, {"CN", "a"}}) == is_a);
    CHECK(who({{"serialNumber", "the next one"}}) == is_a);
    CHECK(who({{"CN", "b"}}) == "b 29189439 EXTERNAL");
    CHECK(who({{"CN", "b"}}, "B") == "b 29189439 EXTERNAL");
    CHECK(who({{"serialNumber", "the next one"}}, "laesoe") == is_a);
    CHECK(who({{"CN", "b"}}, "læsø") == "nobody");
    CHECK(who({{"CN", "a"}}) == "nobody");
    CHECK(who({{"CN", "b"}, {"CN", "x"}}) == "nobody");
    CHECK(who({{"CN", "x"}, {"CN", "b"}}) == "nobody");
    CHECK(who({{"CN", std::string("b\0", 2)}}) == "nobody");
    CHECK(who({{"CN", "b"}, {"serialNumber", "the next one"}}) == "nobody");  // of both
    CHECK(who({}) == "nobody");
    authenticator.replace({b});
    CHECK(who({{"serialNumber", "the next one"}}) == "nobody");
}
