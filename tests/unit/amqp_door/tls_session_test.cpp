// TlsSession against a TLS client in memory: no sockets.
#include "bus/amqp/tls_session.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/test_pki.hpp"
#include "tests/support/tls_client.hpp"

#include <openssl/ssl.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

using namespace vera;
using namespace vera::amqp;
using namespace vera::test;

namespace {

using Phase = TlsSession::Phase;

/// Carries bytes between the two until neither has any; in pieces of `piece` bytes.
struct Line {
    TlsSession& server;
    TlsClient& client;
    std::size_t piece = 1U << 20U;
    std::size_t room = 1U << 16U;
    std::string received{};  // by the server, decrypted

    void run() {
        for (bool is_moving = true; is_moving;) {
            is_moving = false;
            const std::string to_server = client.take_output();
            for (std::size_t at = 0; at < to_server.size(); at += piece) {
                server.receive(std::string_view(to_server).substr(at, piece));
                take();
                server.keep_rest();
                is_moving = true;
            }
            const std::string to_client(server.output());
            server.sent(to_client.size());
            if (to_client.empty()) continue;
            client.receive(to_client);
            is_moving = true;
        }
    }
    void take() {
        std::vector<char> buffer(room);
        do {
            const std::size_t got = server.read(buffer);
            received.append(buffer.data(), got);
        } while (server.has_more());
    }
};

const TestAuthority& authority() {
    static const TestAuthority one("Test CA");
    return one;
}
const TestAuthority& stranger() {
    static const TestAuthority one("Another CA");
    return one;
}

TlsMaterial material(bool asks = false, bool requires_one = false) {
    TlsMaterial made;
    made.certificates = {
        authority().issue({.subject = {{"CN", "bus"}}, .dns = {"bus.example", "localhost"}})};
    if (asks) made.client_ca = authority().pem();
    made.requires_client_certificate = requires_one;
    return made;
}

std::shared_ptr<const TlsContext> context(const TlsMaterial& from) {
    auto made = TlsContext::make(from);
    INFO((made ? "" : made.error().text));
    REQUIRE(made.has_value());
    return *made;
}

CertificateWish system_wish() {
    return {.subject = {{"C", "DK"},
                        {"O", "Hjørring Kommune"},
                        {"serialNumber", "UI:DK-O:G:4f1c"},
                        {"CN", "sbsys"}},
            .purpose = "clientAuth"};
}

}  // namespace

TEST_CASE("tls: bytes go both ways, whatever the pieces they come in", "[amqp]") {
    const auto piece =
        GENERATE(std::size_t{1}, std::size_t{7}, std::size_t{5000}, std::size_t{1} << 20U);
    const auto room = GENERATE(std::size_t{3}, std::size_t{16384}, std::size_t{1} << 17U);
    CAPTURE(piece, room);
    TlsSession server(context(material()));
    TlsClient client({.ca = authority().pem()});
    Line line{server, client, piece, room, {}};
    line.run();
    REQUIRE(server.phase() == Phase::open);
    REQUIRE(client.is_open());
    CHECK(server.version() == "TLSv1.3");
    CHECK_FALSE(server.peer().has_value());

    std::string up(70'000, 'u');
    for (std::size_t i = 0; i < up.size(); ++i)
        up[i] = static_cast<char>(i * 7);
    client.write(up);
    line.run();
    CHECK((line.received == up));
    server.write(up);
    line.run();
    CHECK((client.input == up));

    server.close();
    line.run();
    CHECK(client.is_ended);
    client.close();
    line.run();
    CHECK(server.phase() == Phase::ended);
    server.release_memory();
    CHECK(server.output().empty());
}

TEST_CASE("tls: versions and ciphers that are weak get an alert, others their own", "[amqp]") {
    struct Row {
        std::string name;
        int lowest, highest;
        std::string ciphers, version, alert;
    };
    const auto row = GENERATE(values<Row>({
        {"TLS 1.3", TLS1_3_VERSION, TLS1_3_VERSION, "", "TLSv1.3", ""},
        {"TLS 1.2", TLS1_2_VERSION, TLS1_2_VERSION, "", "TLSv1.2", ""},
        {"TLS 1.2 with ChaCha20", TLS1_2_VERSION, TLS1_2_VERSION, "ECDHE+CHACHA20", "TLSv1.2", ""},
        {"TLS 1.1", TLS1_1_VERSION, TLS1_1_VERSION, "ALL:@SECLEVEL=0", "", "protocol version"},
        {"TLS 1.0", TLS1_VERSION, TLS1_VERSION, "ALL:@SECLEVEL=0", "", "protocol version"},
        {"anonymous", TLS1_2_VERSION, TLS1_2_VERSION, "aNULL:@SECLEVEL=0", "", "handshake failure"},
        {"no encryption",
         TLS1_2_VERSION,
         TLS1_2_VERSION,
         "eNULL:@SECLEVEL=0",
         "",
         "handshake failure"},
        {"CBC",
         TLS1_2_VERSION,
         TLS1_2_VERSION,
         "ECDHE+AES:!AESGCM:!AESCCM:@SECLEVEL=0",
         "",
         "handshake failure"},
        {"RSA key exchange",
         TLS1_2_VERSION,
         TLS1_2_VERSION,
         "kRSA:@SECLEVEL=0",
         "",
         "handshake failure"},
        {"finite field",
         TLS1_2_VERSION,
         TLS1_2_VERSION,
         "DHE:!aNULL:@SECLEVEL=0",
         "",
         "handshake failure"},
    }));
    CAPTURE(row.name);
    TlsMaterial from = material();
    from.certificates.front() =
        authority().issue({.subject = {{"CN", "bus"}},
                           .dns = {"localhost"},
                           .rsa_bits = row.name == "RSA key exchange" ? 2048 : 0});
    TlsSession server(context(from));
    TlsClient client({.lowest_version = row.lowest,
                      .highest_version = row.highest,
                      .ciphers = row.ciphers,
                      .security_level = row.version.empty() ? 0 : 2});
    Line line{server, client};
    line.run();
    CHECK(client.alert == row.alert);
    if (row.alert.empty()) {
        CHECK(server.phase() == Phase::open);
        CHECK(client.version() == row.version);
    } else {
        CHECK(server.phase() == Phase::failed);
        CHECK_FALSE(server.failure().empty());
        CHECK_FALSE(client.is_open());
    }
}

TEST_CASE("tls: the certificate is chosen by the name the client asks for", "[amqp]") {
    TlsMaterial from = material();
    from.certificates.push_back(authority().issue(
        {.subject = {{"CN", "other"}}, .dns = {"other.example", "*.wild.example"}}));
    const auto shared = context(from);
    struct Row {
        std::string asked, want;
    };
    const auto row = GENERATE(values<Row>({{"bus.example", "bus"},
                                           {"other.example", "other"},
                                           {"OTHER.example", "other"},
                                           {"a.wild.example", "other"},
                                           {"a.b.wild.example", "bus"},
                                           {"unknown.example", "bus"},
                                           {"", "bus"}}));
    const int version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
    CAPTURE(row.asked, version);
    TlsSession server(shared);
    TlsClient client(
        {.ca = authority().pem(), .server_name = row.asked, .highest_version = version});
    Line line{server, client};
    line.run();
    REQUIRE(client.is_open());
    CHECK(client.server() == row.want);
}

TEST_CASE("tls: a client certificate is verified, and its subject told in its order", "[amqp]") {
    const int version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
    const bool is_named = GENERATE(false, true);  // another certificate of the server: same rules
    CAPTURE(version, is_named);
    TlsMaterial from = material(true);
    from.certificates.push_back(
        authority().issue({.subject = {{"CN", "b"}}, .dns = {"b.example"}}));
    TlsSession server(context(from));
    TlsClient client({.ca = authority().pem(),
                      .pair = authority().issue(system_wish()),
                      .server_name = is_named ? "b.example" : "",
                      .highest_version = version});
    Line line{server, client};
    line.run();
    REQUIRE(server.phase() == Phase::open);
    REQUIRE(server.peer().has_value());
    CHECK(server.peer()->attributes == system_wish().subject);
}

TEST_CASE("tls: a client certificate that does not verify ends the handshake with its alert",
          "[amqp]") {
    const int version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
    struct Row {
        std::string name;
        std::function<TlsPair()> pair;
        std::string failure, alert;
    };
    const std::vector<Row> rows{
        {"of another authority",
         [] { return stranger().issue(system_wish()); },
         "client certificate: unable to get local issuer certificate",
         "unknown CA"},
        {"signed by itself",
         [] { return self_signed(system_wish()); },
         "client certificate: self-signed certificate",
         "unknown CA"},
        {"expired",
         [] {
             CertificateWish wish = system_wish();
             wish.valid_from_s = -7200;
             wish.valid_until_s = -60;
             return authority().issue(wish);
         },
         "client certificate: certificate has expired",
         "certificate expired"},
        {"not valid yet",
         [] {
             CertificateWish wish = system_wish();
             wish.valid_from_s = 600;
             return authority().issue(wish);
         },
         "client certificate: certificate is not yet valid",
         "bad certificate"},
        {"for servers only",
         [] {
             CertificateWish wish = system_wish();
             wish.purpose = "serverAuth";
             return authority().issue(wish);
         },
         "client certificate: unsuitable certificate purpose",
         "unsupported certificate"},
    };
    const Row& row = rows[GENERATE(range(std::size_t{0}, std::size_t{5}))];
    CAPTURE(row.name, version);
    TlsSession server(context(material(true)));
    TlsClient client({.pair = row.pair(), .highest_version = version});
    Line line{server, client};
    line.run();
    CHECK(server.phase() == Phase::failed);
    CHECK(server.failure() == row.failure);
    CHECK(client.alert == row.alert);
    CHECK_FALSE(server.peer().has_value());
    server.write("not sent");
    CHECK(server.output().empty());
}

TEST_CASE("tls: without a certificate a client gets in unless one is required", "[amqp]") {
    const bool is_required = GENERATE(false, true);
    const int version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
    TlsSession server(context(material(true, is_required)));
    TlsClient client({.highest_version = version});
    Line line{server, client};
    line.run();
    CHECK((server.phase() == Phase::open) == !is_required);
    CHECK_FALSE(server.peer().has_value());
    if (!is_required) return;
    CHECK(server.failure() == "peer did not return a certificate");
    CHECK(client.alert ==
          (version == TLS1_3_VERSION ? "116" : "handshake failure"));
}

TEST_CASE("tls: an issuing authority is trusted without its root, its sibling is not", "[amqp]") {
    const TestAuthority issuing("Issuing", &authority());
    const TestAuthority sibling("Sibling", &authority());
    TlsMaterial from = material();
    from.client_ca = issuing.pem();
    for (const TestAuthority* by : {&issuing, &sibling}) {
        TlsSession server(context(from));
        TlsPair pair = by->issue(system_wish());
        pair.certificate += by->pem();
        TlsClient client({.pair = pair});
        Line line{server, client};
        line.run();
        CHECK((server.phase() == Phase::open) == (by == &issuing));
    }
}

TEST_CASE("tls: renegotiation is refused", "[amqp]") {
    TlsSession server(context(material()));
    TlsClient client({.highest_version = TLS1_2_VERSION});
    Line line{server, client};
    line.run();
    REQUIRE(client.is_open());
    REQUIRE(client.renegotiate());
    line.run();
    CHECK(client.alert == "no renegotiation");
    CHECK(server.phase() == Phase::failed);  // OpenSSL's client does not go on without
    CHECK(server.failure().find("handshake failure") != std::string::npos);
}

TEST_CASE("tls: what is no TLS fails; AMQP in the clear is told what is spoken here", "[amqp]") {
    TlsSession server(context(material()));
    std::vector<char> room(100);
    SECTION("AMQP") {
        server.receive(std::string_view("AMQP\x03\x01\x00\x00", 8));
        CHECK(server.read(room) == 0);
        CHECK(server.phase() == Phase::failed);
        CHECK(server.failure() == "AMQP was spoken without TLS");
        CHECK(server.output() == std::string_view("AMQP\x02\x01\x00\x00", 8));
    }
    SECTION("HTTP") {
        server.receive("GET / HTTP/1.1\r\n\r\n");
        CHECK(server.read(room) == 0);
        CHECK(server.phase() == Phase::failed);
        CHECK(server.failure() == "http request");
    }
    SECTION("noise") {
        const std::string noise(200, '\xff');
        server.receive(noise);
        CHECK(server.read(room) == 0);
        CHECK(server.phase() == Phase::failed);
    }
    SECTION("half a record waits") {
        server.receive(std::string_view("\x16\x03\x01\x02", 4));
        CHECK(server.read(room) == 0);
        server.keep_rest();
        CHECK(server.phase() == Phase::handshake);
        CHECK(server.handshake_bytes() == 4);
        CHECK_FALSE(server.has_more());
    }
}

TEST_CASE("tls: a changed byte ends the conversation with an alert", "[amqp]") {
    TlsSession server(context(material()));
    TlsClient client({});
    Line line{server, client};
    line.run();
    REQUIRE(client.is_open());
    client.write("something secret");
    std::string bytes = client.take_output();
    bytes[bytes.size() - 3] = static_cast<char>(bytes[bytes.size() - 3] ^ 1);
    server.receive(bytes);
    std::vector<char> room(100);
    CHECK(server.read(room) == 0);
    CHECK(server.phase() == Phase::failed);
    client.receive(server.output());
    CHECK(client.alert == "bad record mac");
}

TEST_CASE("tls: no session is resumed", "[amqp]") {
    // Whoever could resume would not be verified again.
    TlsSession server(context(material(true)));
    TlsClient client({.pair = authority().issue(system_wish()), .highest_version = TLS1_2_VERSION});
    Line line{server, client};
    line.run();
    CHECK(client.is_open());
    CHECK_FALSE(client.has_session());
}

TEST_CASE("tls: material is checked before a client comes", "[amqp]") {
    using About = TlsComplaint::About;
    const auto now = std::chrono::system_clock::now();
    CHECK(check_tls(material(true, true), now).empty());

    struct Row {
        std::string name;
        std::function<void(TlsMaterial&)> spoil;
        About about;
        std::string reason;  // begins with
    };
    const std::vector<Row> rows{
        {"no certificate",
         [](TlsMaterial& m) { m.certificates[1].certificate = "x"; },
         About::certificate,
         "holds no certificate in PEM form"},
        {"no key",
         [](TlsMaterial& m) { m.certificates[1].key = m.certificates[1].certificate; },
         About::key,
         "holds no private key in PEM form"},
        {"passphrase",
         [](TlsMaterial& m) { m.certificates[1].key = with_passphrase(m.certificates[1].key); },
         About::key,
         "is behind a passphrase"},
        {"another's key",
         [](TlsMaterial& m) { m.certificates[1].key = m.certificates[0].key; },
         About::key,
         "does not belong to the certificate"},
        {"expired",
         [](TlsMaterial& m) {
             m.certificates[1] = authority().issue({.valid_from_s = -90, .valid_until_s = -30});
         },
         About::certificate,
         "the certificate expired at 20"},
        {"not yet valid",
         [](TlsMaterial& m) { m.certificates[1] = authority().issue({.valid_from_s = 90}); },
         About::certificate,
         "the certificate is not valid before 20"},
        {"for clients",
         [](TlsMaterial& m) { m.certificates[1] = authority().issue({.purpose = "clientAuth"}); },
         About::certificate,
         "is not for TLS servers"},
        {"weak",
         [](TlsMaterial& m) { m.certificates[1] = authority().issue({.rsa_bits = 1024}); },
         About::certificate,
         "cannot be used: ee key too small"},
        {"chain",
         [](TlsMaterial& m) { m.certificates[1].certificate += stranger().pem(); },
         About::certificate,
         "certificate 2 in it did not issue the one before it"},
        {"no CA",
         [](TlsMaterial& m) { m.client_ca = m.certificates[0].certificate; },
         About::client_ca,
         "certificate 1 in it (CN=bus) is not that of a certification authority"},
        {"empty CA",
         [](TlsMaterial& m) { m.client_ca = "nothing"; },
         About::client_ca,
         "holds no certificate in PEM form"},
    };
    const Row& row = rows[GENERATE(range(std::size_t{0}, std::size_t{11}))];
    CAPTURE(row.name);
    TlsMaterial from = material(true);
    from.certificates.push_back(authority().issue({.subject = {{"CN", "second"}}}));
    REQUIRE(check_tls(from, now).empty());
    row.spoil(from);
    const auto complaints = check_tls(from, now);
    REQUIRE(complaints.size() == 1);
    CHECK(complaints.front().about == row.about);
    CHECK(complaints.front().pair == (row.about == About::client_ca ? 0 : 1));
    INFO(complaints.front().reason);
    CHECK(complaints.front().reason.starts_with(row.reason));
    CHECK_FALSE(TlsContext::make(from).has_value());
}

TEST_CASE("tls: what operators see of a certificate", "[amqp]") {
    const TlsCertificate seen = describe_certificate(
        authority()
            .issue({.subject = {{"CN", "Læsø"}}, .dns = {"a.example", "b.example"}})
            .certificate);
    CHECK(seen.subject == "CN=Læsø");
    CHECK(seen.names == std::vector<std::string>{"a.example", "b.example"});
    const auto left = seen.not_after - std::chrono::system_clock::now();
    CHECK(left > std::chrono::minutes(59));
    CHECK(left <= std::chrono::minutes(60));
    CHECK(describe_certificate("nothing").subject.empty());
}
