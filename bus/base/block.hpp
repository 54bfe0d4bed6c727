#pragma once
// A block of bytes that is written once and then shared: a message as received is one Block from
// the socket to the disk and to its consumers. The reference count is the only mutable part.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

namespace vera {

/// Shared immutable bytes. Distinct objects: safe from any thread; one object: one thread at a
/// time. Empty by default.
class Block {
public:
    Block() = default;
    /// A block of exactly `bytes`.
    [[nodiscard]] static Block copy_of(std::string_view bytes);
    /// A block of `size` bytes to be filled through `writable` before the block is shared; contents
    /// are undefined till then.
    [[nodiscard]] static Block allocate(std::size_t size, char*& writable);

    Block(const Block& other) noexcept : body_(other.body_) { retain(); }
    Block(Block&& other) noexcept : body_(std::exchange(other.body_, nullptr)) {}
    Block& operator=(Block other) noexcept {
        std::swap(body_, other.body_);
        return *this;
    }
    ~Block() { release(); }

    [[nodiscard]] std::string_view view() const noexcept {
        return body_ == nullptr ? std::string_view{} : std::string_view{body_->bytes, body_->size};
    }
    /// What the maker knows of the contents, for itself to read; 0: nothing. Set before the block
    /// is shared.
    void set_note(std::uint64_t note) noexcept { body_->note = note; }
    [[nodiscard]] std::uint64_t note() const noexcept { return body_ == nullptr ? 0 : body_->note; }
    [[nodiscard]] std::size_t size() const noexcept { return body_ == nullptr ? 0 : body_->size; }
    explicit operator bool() const noexcept { return body_ != nullptr; }

private:
    struct Body {
        std::atomic<std::uint32_t> references{1};
        std::uint32_t size = 0;
        std::uint64_t note = 0;
        char bytes[1] = {};
    };
    void retain() const noexcept {
        if (body_ != nullptr) body_->references.fetch_add(1, std::memory_order_relaxed);
    }
    void release() noexcept;
    Body* body_ = nullptr;
};

/// A message inside a block: the block of a message just received begins with it, one read back
/// from disk holds it somewhere.
struct Body {
    Block block;
    std::uint32_t offset = 0;
    std::uint32_t length = 0;

    [[nodiscard]] std::string_view view() const noexcept {
        return block.view().substr(offset, length);
    }
    explicit operator bool() const noexcept { return static_cast<bool>(block); }
};

}  // namespace vera
