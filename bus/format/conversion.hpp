#pragma once
// A kuvert in another form, for receivers who cannot read it as it is.
#include "bus/base/result.hpp"
#include "bus/event/attributes.hpp"
#include "bus/event/catalogue.hpp"
#include "bus/format/form.hpp"

#include <string>
#include <string_view>

namespace vera::format {

/// `kuvert`: in Protobuf, with these attributes. Errc::bad_input: the form cannot say it; the text
/// names the field, never a value.
[[nodiscard]] Result<std::string> convert(Form form,
                                          std::string_view kuvert,
                                          const event::Attributes& attributes,
                                          const event::Catalogue& catalogue);

}  // namespace vera::format
