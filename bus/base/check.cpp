#include "bus/base/check.hpp"

#include <cstdio>
#include <cstdlib>

namespace vera {

void check_failed(const char* condition, const char* file, int line) {
    std::fprintf(stderr,
                 "level=error msg=\"broken invariant\" condition=\"%s\" at=%s:%d\n",
                 condition,
                 file,
                 line);
    std::abort();
}

}  // namespace vera
