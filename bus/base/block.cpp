#include "bus/base/block.hpp"

#include "bus/base/check.hpp"

#include <cstdlib>
#include <cstring>
#include <new>

namespace vera {

Block Block::allocate(std::size_t size, char*& writable) {
    VERA_CHECK(size <= UINT32_MAX - sizeof(Body));
    void* raw = std::malloc(offsetof(Body, bytes) + size + 1);
    if (raw == nullptr) throw std::bad_alloc{};
    auto* body = ::new (raw) Body;
    body->size = static_cast<std::uint32_t>(size);
    writable = body->bytes;
    Block block;
    block.body_ = body;
    return block;
}

Block Block::copy_of(std::string_view bytes) {
    char* writable = nullptr;
    Block block = allocate(bytes.size(), writable);
    if (!bytes.empty()) std::memcpy(writable, bytes.data(), bytes.size());
    return block;
}

void Block::release() noexcept {
    if (body_ == nullptr) return;
    if (body_->references.fetch_sub(1, std::memory_order_acq_rel) == 1) {
        body_->~Body();
        std::free(body_);
    }
    body_ = nullptr;
}

}  // namespace vera
