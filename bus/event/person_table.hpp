#pragma once
// Which person's UUID goes with which CPR number, so that events about one person are one object
// whichever of the two they name.
#include "bus/base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vera::event {

/// Immutable; shared use from any thread. Holds personal data: nothing of it is ever shown.
class PersonTable {
public:
    /// Lines "CPR,UUID" or "CPR;UUID", with or without a line of headings; a `#` begins a comment.
    /// Errc::bad_input names the line and what is wrong with it, never what stands there.
    [[nodiscard]] static Result<PersonTable> parse(std::string_view text);

    /// UUID in lower case; empty if the person is not in the table.
    [[nodiscard]] std::string_view uuid_of(std::string_view cpr) const;
    [[nodiscard]] std::size_t size() const { return persons_.size(); }

private:
    std::vector<std::pair<std::uint64_t, std::string>> persons_;  ///< ascending
};

}  // namespace vera::event
