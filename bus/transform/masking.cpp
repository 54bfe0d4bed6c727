#include "bus/transform/masking.hpp"

#include "bus/expr/text.hpp"

namespace vera::transform {

void append_masked(std::string& out, std::string_view text, vera::options::v1::Maskering masking) {
    const std::size_t size = expr::length(text);
    switch (masking) {
        case vera::options::v1::MASKERING_FOERSTE_TEGN:
            if (size > 1) out.append(text.substr(0, expr::bytes_of(text, 1)));
            break;
        case vera::options::v1::MASKERING_SIDSTE_FIRE:
            out += "***";
            if (size > 4) out.append(text.substr(expr::bytes_of(text, size - 4)));
            return;
        case vera::options::v1::MASKERING_AAR:
            if (size == 10 && text[4] == '-' && text[7] == '-') {
                out.append(text.substr(0, 4)).append("-**-**");
                return;
            }
            break;
        default:
            break;
    }
    out += "***";
}

}  // namespace vera::transform
