#pragma once
// Memory in whole pages: what is written from it goes past the page cache
// (bus/host/file_system.hpp).
#include "bus/store/format.hpp"

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>

namespace vera::store {

struct FreePages {
    void operator()(char* bytes) const { std::free(bytes); }
};
using Pages = std::unique_ptr<char, FreePages>;

/// `bytes`: a multiple of a page. The contents are undefined.
[[nodiscard]] inline Pages allocate_pages(std::uint64_t bytes) {
    Pages pages(static_cast<char*>(std::aligned_alloc(page_bytes, bytes)));
    if (!pages) throw std::bad_alloc();
    return pages;
}

}  // namespace vera::store
