#include "bus/transform/pseudonym_key.hpp"

#include "bus/base/check.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <climits>

namespace vera::transform {

std::array<std::uint8_t, 16> PseudonymKey::of(std::string_view text,
                                              std::string_view purpose) const {
    std::string message(purpose);
    message.append(1, '\0').append(text);
    std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    VERA_CHECK(key_.size() <= INT_MAX);
    const auto* made = HMAC(EVP_sha256(),
                            key_.data(),
                            static_cast<int>(key_.size()),
                            reinterpret_cast<const unsigned char*>(message.data()),
                            message.size(),
                            digest.data(),
                            &size);
    VERA_CHECK(made != nullptr && size == 32);
    std::array<std::uint8_t, 16> bytes{};
    std::copy_n(digest.begin(), bytes.size(), bytes.begin());
    return bytes;
}

}  // namespace vera::transform
