#include "bus/policy/secret.hpp"

#include "tests/support/catch.hpp"

using namespace vera;
using namespace vera::policy;

namespace {

// RFC 7914 §12, third vector: "pleaseletmein", salt "SodiumChloride", N 16384, r 8, p 1, 64 bytes.
const std::string rfc_vector =
    "scrypt$14$8$1$U29kaXVtQ2hsb3JpZGU=$"
    "cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofLVQylVYT8Pz2LUlwUkKpr55h6F3A1lHkDfzwF7RVdYhw==";

}  // namespace

TEST_CASE("secret: the RFC 7914 vector matches its secret alone", "[policy]") {
    CHECK(check_hash(rfc_vector).has_value());
    CHECK(matches(rfc_vector, "pleaseletmein"));
    CHECK_FALSE(matches(rfc_vector, "pleaseletmeinn"));
    CHECK_FALSE(matches(rfc_vector, "Pleaseletmein"));
    CHECK_FALSE(matches(rfc_vector, ""));
}

TEST_CASE("secret: a hash that was made matches its secret and no other", "[policy]") {
    const auto hash = hash_secret("æøå og en hemmelighed",
                                  {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16});
    REQUIRE(hash.has_value());
    CHECK(hash->rfind("scrypt$15$8$1$AQIDBAUGBwgJCgsMDQ4PEA==$", 0) == 0);
    CHECK(check_hash(*hash).has_value());
    CHECK(matches(*hash, "æøå og en hemmelighed"));
    CHECK_FALSE(matches(*hash, "aeoeaa og en hemmelighed"));
    const auto other_salt = hash_secret("æøå og en hemmelighed", {});
    REQUIRE(other_salt.has_value());
    CHECK(*other_salt != *hash);
}

TEST_CASE("secret: secrets may hold zero bytes", "[policy]") {
    const std::string secret("a\0b", 3);
    const auto hash = hash_secret(secret, {});
    REQUIRE(hash.has_value());
    CHECK(matches(*hash, secret));
    CHECK_FALSE(matches(*hash, "a"));
}

TEST_CASE("secret: a malformed hash is refused with the reason and matches nothing", "[policy]") {
    struct Row {
        std::string name, hash, reason;
    };
    const std::string salt = "AQIDBAUGBwgJCgsMDQ4PEA==";
    const std::string hash = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    const auto row = GENERATE_COPY(values<Row>({
        {"empty", "", "form"},
        {"the secret itself", "hemmeligt", "form"},
        {"another scheme", "bcrypt$15$8$1$" + salt + "$" + hash, "form"},
        {"a field missing", "scrypt$15$8$1$" + salt, "form"},
        {"a field too many", "scrypt$15$8$1$" + salt + "$" + hash + "$", "form"},
        {"N too small", "scrypt$9$8$1$" + salt + "$" + hash, "log2 N"},
        {"N would exhaust the machine", "scrypt$21$8$1$" + salt + "$" + hash, "log2 N"},
        {"N overflows", "scrypt$99999999999$8$1$" + salt + "$" + hash, "log2 N"},
        {"N is signed", "scrypt$+15$8$1$" + salt + "$" + hash, "log2 N"},
        {"N has a leading zero", "scrypt$015$8$1$" + salt + "$" + hash, "log2 N"},
        {"N is empty", "scrypt$$8$1$" + salt + "$" + hash, "log2 N"},
        {"r is zero", "scrypt$15$0$1$" + salt + "$" + hash, "r is"},
        {"r too large", "scrypt$15$17$1$" + salt + "$" + hash, "r is"},
        {"p is zero", "scrypt$15$8$0$" + salt + "$" + hash, "p is"},
        {"p too large", "scrypt$15$8$5$" + salt + "$" + hash, "p is"},
        {"salt empty", "scrypt$15$8$1$$" + hash, "salt"},
        {"salt too short", "scrypt$15$8$1$AQIDBAUGBw==$" + hash, "salt"},
        {"salt unpadded", "scrypt$15$8$1$AQIDBAUGBwgJCgsMDQ4PEA$" + hash, "salt"},
        {"salt with stray bits", "scrypt$15$8$1$AQIDBAUGBwgJCgsMDQ4PEB==$" + hash, "salt"},
        {"salt with a blank", "scrypt$15$8$1$ QIDBAUGBwgJCgsMDQ4PEA==$" + hash, "salt"},
        {"hash empty", "scrypt$15$8$1$" + salt + "$", "hash"},
        {"hash too short", "scrypt$15$8$1$" + salt + "$AAAA", "hash"},
        {"hash too long", "scrypt$15$8$1$" + salt + "$" + std::string(400, 'A'), "hash"},
        {"hash is not base64", "scrypt$15$8$1$" + salt + "$" + std::string(43, '*') + "=", "hash"},
    }));
    CAPTURE(row.name);
    const auto checked = check_hash(row.hash);
    REQUIRE_FALSE(checked.has_value());
    CHECK(checked.error().code == Errc::bad_input);
    CHECK(checked.error().text.find(row.reason) != std::string::npos);
    CHECK_FALSE(matches(row.hash, "hemmeligt"));
}
