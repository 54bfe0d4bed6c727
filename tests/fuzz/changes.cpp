#include "tests/fuzz/changes.hpp"

namespace vera::fuzz {

std::string changed(std::string bytes, Dice& dice) {
    static constexpr char pieces[] = "{}[]()<>;=\"\\,.:/0189aZ_ \n\x80\xff";
    for (auto left = 1 + dice.below(6); left != 0 && bytes.size() > 2; --left) {
        const auto at = 1 + dice.below(static_cast<std::uint32_t>(bytes.size() - 1));
        const auto length = 1 + dice.below(12);
        switch (dice.below(4)) {
            case 0:
                bytes[at] = pieces[dice.below(sizeof pieces - 1)];
                break;
            case 1:
                bytes.erase(at, length);
                break;
            case 2:
                bytes.insert(
                    at, bytes.substr(dice.below(static_cast<std::uint32_t>(bytes.size())), length));
                break;
            default:
                bytes[at] = static_cast<char>(dice.below(256));
                break;
        }
    }
    return bytes;
}

}  // namespace vera::fuzz
