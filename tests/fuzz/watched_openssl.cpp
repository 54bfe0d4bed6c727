#define OPENSSL_SUPPRESS_DEPRECATED  // RAND_set_rand_method: the short way to bytes from a seed
#include "tests/fuzz/watched_openssl.hpp"

#include "bus/base/check.hpp"
#include "tests/fuzz/choices.hpp"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace vera::fuzz {
namespace {

std::size_t in_use = 0;
std::size_t peak = 0;
Dice dice{1};

// Each block is preceded by its size.
constexpr std::size_t head = alignof(std::max_align_t);

void* counted(void* block, std::size_t size) {
    if (block == nullptr) return nullptr;
    std::memcpy(block, &size, sizeof size);
    in_use += size;
    peak = std::max(peak, in_use);
    return static_cast<char*>(block) + head;
}

void* uncounted(void* block) {
    void* whole = static_cast<char*>(block) - head;
    std::size_t size = 0;
    std::memcpy(&size, whole, sizeof size);
    in_use -= size;
    return whole;
}

void* allocate(std::size_t size, const char* /*file*/, int /*line*/) {
    return size == 0 ? nullptr : counted(std::malloc(size + head), size);
}

void release(void* block, const char* /*file*/, int /*line*/) {
    if (block != nullptr) std::free(uncounted(block));
}

void* reallocate(void* block, std::size_t size, const char* file, int line) {
    if (block == nullptr) return allocate(size, file, line);
    if (size == 0) {
        release(block, file, line);
        return nullptr;
    }
    return counted(std::realloc(uncounted(block), size + head), size);
}

int draw(unsigned char* bytes, int size) {
    std::generate_n(
        bytes, std::max(size, 0), [] { return static_cast<unsigned char>(dice.next() >> 56U); });
    return 1;
}

int ready() {
    return 1;
}

}  // namespace

void watch_openssl() {
    static const RAND_METHOD method{nullptr, draw, nullptr, nullptr, draw, ready};
    VERA_CHECK(CRYPTO_set_mem_functions(allocate, reallocate, release) == 1);
    VERA_CHECK(RAND_set_rand_method(&method) == 1);
}

void seed_openssl(std::uint64_t seed) {
    dice = Dice(seed);
}

std::size_t openssl_bytes() {
    return in_use;
}

std::size_t take_openssl_peak() {
    const std::size_t was = peak;
    peak = in_use;
    return was;
}

}  // namespace vera::fuzz
