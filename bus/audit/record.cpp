#include "bus/audit/record.hpp"

#include "bus/base/check.hpp"

#include <openssl/evp.h>

#include <cstddef>
#include <memory>

namespace vera::audit {

namespace {

struct FreeContext {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

/// One context per thread: fetching the algorithm anew for each hash costs more than hashing a
/// small message.
class Hasher {
public:
    Hasher() : context_(EVP_MD_CTX_new()) {
        VERA_CHECK(context_ && EVP_DigestInit_ex2(context_.get(), EVP_sha256(), nullptr) == 1);
    }
    void add(const void* bytes, std::size_t size) {
        VERA_CHECK(EVP_DigestUpdate(context_.get(), bytes, size) == 1);
    }
    void finish(std::uint8_t* out) {
        VERA_CHECK(EVP_DigestFinal_ex(context_.get(), out, nullptr) == 1);
        VERA_CHECK(EVP_DigestInit_ex2(context_.get(), nullptr, nullptr) == 1);
    }

private:
    std::unique_ptr<EVP_MD_CTX, FreeContext> context_;
};

Hasher& hasher() {
    thread_local Hasher one;
    return one;
}

// ---- Protobuf wire format, as much as the record needs
// -----------------------------------------------------------------

/// Field numbers of vera.audit.v1.Accepted (schemas/vera/audit/v1/record.proto).
enum class Field : std::uint8_t {
    event_id = 1,
    type = 2,
    system = 3,
    authority = 4,
    at_ms = 5,
    generation = 6,
    message_sha256 = 7,
    queues = 8,
    receiver = 9,
};

void put_varint(std::string& out, std::uint64_t value) {
    for (; value >= 0x80; value >>= 7U)
        out.push_back(static_cast<char>((value & 0x7FU) | 0x80U));
    out.push_back(static_cast<char>(value));
}

void put_tag(std::string& out, Field field, unsigned wire_type) {
    put_varint(out, static_cast<unsigned>(field) << 3U | wire_type);
}

// proto3: a field with its default value is left out.
void put(std::string& out, Field field, std::uint64_t value) {
    if (value == 0) return;
    put_tag(out, field, 0);
    put_varint(out, value);
}

void put(std::string& out, Field field, std::string_view bytes) {
    if (bytes.empty()) return;
    put_tag(out, field, 2);
    put_varint(out, bytes.size());
    out.append(bytes);
}

}  // namespace

Sha256 sha256(std::string_view bytes) {
    Sha256 hash;
    hasher().add(bytes.data(), bytes.size());
    hasher().finish(hash.data());
    return hash;
}

std::string to_hex(const Sha256& hash) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string text;
    text.reserve(hash.size() * 2);
    for (const std::uint8_t byte : hash) {
        text += digits[byte >> 4U];
        text += digits[byte & 15U];
    }
    return text;
}

std::string encode(const Accepted& record) {
    std::string out;
    out.reserve(96 + record.event_id.size() + record.type.size() + record.system.size() +
                record.authority.size() + record.receiver.size() +
                (record.queues == nullptr ? 0 : record.queues->size() * 5));
    put(out, Field::event_id, record.event_id);
    put(out, Field::type, record.type);
    put(out, Field::system, record.system);
    put(out, Field::authority, record.authority);
    put(out, Field::at_ms, static_cast<std::uint64_t>(record.at.ms));
    put(out, Field::generation, record.generation.value);
    put_tag(out, Field::message_sha256, 2);
    put_varint(out, record.message_sha256.size());
    out.append(reinterpret_cast<const char*>(record.message_sha256.data()),
               record.message_sha256.size());
    if (record.queues != nullptr) {
        std::string packed;
        for (const QueueId queue : *record.queues)
            put_varint(packed, queue.value);
        put(out, Field::queues, packed);
    }
    put(out, Field::receiver, record.receiver);
    return out;
}

Entry make_entry(const Salt& salt, std::string_view record) {
    Entry entry;
    entry[0] = 0x01;
    hasher().add(salt.data(), salt.size());
    hasher().add(record.data(), record.size());
    hasher().finish(entry.data() + 1);
    return entry;
}

}  // namespace vera::audit
