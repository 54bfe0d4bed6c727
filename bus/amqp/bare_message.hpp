#pragma once
// The bare message with another body than the publisher's, for a receiver who may not have all of
// it. Pure.
#include "bus/amqp/section_scanner.hpp"

#include <string>
#include <string_view>

namespace vera::amqp {

/// What the body holds, whatever form it has; `scratch` keeps it if it is not one piece. `sections`
/// come from scan().
[[nodiscard]] std::string_view content_of(const Sections& sections, std::string& scratch);

/// Appends properties, application-properties and a body of the kind that `sections` have, with
/// `content` in it: one data section, or an amqp-value of binary or string (of binary, if `content`
/// is no UTF-8). The publisher's event signature (`dssematerial`) and the footer are left out: of
/// other contents they say nothing, and who knows a hash can try what it is of.
void write_bare(const Sections& sections, std::string_view content, std::string& out);

/// Another event than the one that came: its properties with that content-type and no
/// content-encoding, its application-properties without CloudEvents attributes, which are of the
/// other one, and one data section.
void write_reshaped(const Sections& sections,
                    std::string_view content,
                    std::string_view content_type,
                    std::string& out);

}  // namespace vera::amqp
