#include "bus/policy/secret.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <charconv>
#include <cstddef>
#include <optional>
#include <vector>

namespace vera::policy {
namespace {

using Bytes = std::vector<unsigned char>;

constexpr std::size_t min_salt_bytes = 8;
constexpr std::size_t max_salt_bytes = 64;
constexpr std::size_t min_hash_bytes = 16;
constexpr std::size_t max_hash_bytes = 64;
constexpr std::size_t made_hash_bytes = 32;

struct Parameters {
    unsigned log2_n = 15;
    unsigned r = 8;
    unsigned p = 1;
};

struct Parsed {
    Parameters parameters;
    Bytes salt;
    Bytes hash;
};

std::string to_base64(const unsigned char* bytes, std::size_t size) {
    std::string text((size + 2) / 3 * 4, '\0');
    // EVP_EncodeBlock writes a zero behind the text: std::string has room for it.
    EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes, static_cast<int>(size));
    return text;
}

/// RFC 4648 §4 with padding; only the one canonical spelling of the bytes.
std::optional<Bytes> from_base64(std::string_view text,
                                 std::size_t min_size,
                                 std::size_t max_size) {
    if (text.empty() || text.size() % 4 != 0 || text.size() > (max_size + 2) / 3 * 4)
        return std::nullopt;
    Bytes bytes(text.size() / 4 * 3);
    if (EVP_DecodeBlock(bytes.data(),
                        reinterpret_cast<const unsigned char*>(text.data()),
                        static_cast<int>(text.size())) < 0)
        return std::nullopt;
    for (std::size_t i = text.size(); i > text.size() - 2 && text[i - 1] == '='; --i)
        bytes.pop_back();
    if (bytes.size() < min_size || bytes.size() > max_size) return std::nullopt;
    if (to_base64(bytes.data(), bytes.size()) != text) return std::nullopt;
    return bytes;
}

std::optional<unsigned> number(std::string_view text, unsigned lowest, unsigned highest) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    if (text.front() == '0') return std::nullopt;  // from_chars has refused an empty text
    if (value < lowest || value > highest) return std::nullopt;
    return value;
}

/// The fields between the dollar signs.
std::vector<std::string_view> fields_of(std::string_view text) {
    std::vector<std::string_view> fields;
    for (;;) {
        const std::size_t end = text.find('$');
        fields.push_back(text.substr(0, end));
        if (end == std::string_view::npos) return fields;
        text.remove_prefix(end + 1);
    }
}

Result<Parsed> parse(std::string_view text) {
    const std::vector<std::string_view> fields = fields_of(text);
    if (fields.size() != 6 || fields[0] != "scrypt")
        return fail(Errc::bad_input,
                    "not of the form scrypt$<log2 N>$<r>$<p>$<base64 salt>$<base64 hash>");
    const auto log2_n = number(fields[1], 10, 20);
    if (!log2_n) return fail(Errc::bad_input, "log2 N is not a number from 10 to 20");
    const auto r = number(fields[2], 1, 16);
    if (!r) return fail(Errc::bad_input, "r is not a number from 1 to 16");
    const auto p = number(fields[3], 1, 4);
    if (!p) return fail(Errc::bad_input, "p is not a number from 1 to 4");
    auto salt = from_base64(fields[4], min_salt_bytes, max_salt_bytes);
    if (!salt) return fail(Errc::bad_input, "the salt is not base64 of 8 to 64 bytes");
    auto hash = from_base64(fields[5], min_hash_bytes, max_hash_bytes);
    if (!hash) return fail(Errc::bad_input, "the hash is not base64 of 16 to 64 bytes");
    return Parsed{{*log2_n, *r, *p}, std::move(*salt), std::move(*hash)};
}

/// false: no memory.
bool derive(std::string_view secret, const Bytes& salt, const Parameters& parameters, Bytes& out) {
    const std::uint64_t n = std::uint64_t{1} << parameters.log2_n;
    // RFC 7914 §5 needs 128 r (N + p) bytes; OpenSSL counts a little more.
    const std::uint64_t memory = 128ULL * parameters.r * (n + parameters.p + 32ULL);
    return EVP_PBE_scrypt(secret.data(),
                          secret.size(),
                          salt.data(),
                          salt.size(),
                          n,
                          parameters.r,
                          parameters.p,
                          memory,
                          out.data(),
                          out.size()) == 1;
}

}  // namespace

Result<std::string> hash_secret(std::string_view secret, const std::array<std::uint8_t, 16>& salt) {
    const Parameters parameters;
    const Bytes salt_bytes(salt.begin(), salt.end());
    Bytes hash(made_hash_bytes);
    if (!derive(secret, salt_bytes, parameters, hash))
        return fail(Errc::unavailable, "no memory to hash a secret");
    return "scrypt$" + std::to_string(parameters.log2_n) + "$" + std::to_string(parameters.r) +
           "$" + std::to_string(parameters.p) + "$" +
           to_base64(salt_bytes.data(), salt_bytes.size()) + "$" +
           to_base64(hash.data(), hash.size());
}

Result<void> check_hash(std::string_view hash) {
    const auto parsed = parse(hash);
    if (!parsed) return fail(parsed.error().code, parsed.error().text);
    return {};
}

bool matches(std::string_view hash, std::string_view secret) {
    const auto parsed = parse(hash);
    if (!parsed) return false;
    Bytes derived(parsed->hash.size());
    const bool is_equal = derive(secret, parsed->salt, parsed->parameters, derived) &&
                          CRYPTO_memcmp(derived.data(), parsed->hash.data(), derived.size()) == 0;
    OPENSSL_cleanse(derived.data(), derived.size());
    return is_equal;
}

}  // namespace vera::policy
