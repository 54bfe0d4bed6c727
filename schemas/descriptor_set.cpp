#include "schemas/descriptor_set.hpp"

// The file is put in by the assembler: compiling the same bytes as an array takes seconds.
__asm__(
    ".pushsection .rodata\n"
    ".balign 16\n"
    "vera_schemas_descriptor_set_begin:\n"
    ".incbin \"" VERA_DESCRIPTOR_SET
    "\"\n"
    "vera_schemas_descriptor_set_end:\n"
    ".popsection\n");

extern "C" {
extern const char vera_schemas_descriptor_set_begin[];
extern const char vera_schemas_descriptor_set_end[];
}

namespace vera::schemas {

std::string_view descriptor_set() noexcept {
    return {vera_schemas_descriptor_set_begin,
            static_cast<std::size_t>(vera_schemas_descriptor_set_end -
                                     vera_schemas_descriptor_set_begin)};
}

}  // namespace vera::schemas
