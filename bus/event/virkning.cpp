#include "bus/event/virkning.hpp"

#include "bus/event/kuvert_view.hpp"
#include "bus/event/wire.hpp"

#include "vera/oio/v1/registrering.pb.h"

#include <algorithm>

namespace vera::event {
namespace {

using vera::oio::v1::Virkning;

Timestamp from_of(std::string_view virkning) {
    Timestamp from;
    WireReader reader(virkning);
    WireField field;
    while (reader.next(field))
        if (field.number == Virkning::kFraTidspunktFieldNumber) from = time_of(field.bytes);
    return from;
}

}  // namespace

// The check has bounded the nesting.
Timestamp latest_virkning(const MessageRules& rules, std::string_view payload) {
    if (rules.is_virkning) return from_of(payload);
    Timestamp latest;
    WireReader reader(payload);
    WireField field;
    while (reader.next(field)) {
        const FieldRules* known = rules.find(field.number);
        if (known != nullptr && known->kind == FieldRules::Kind::message)
            latest = std::max(latest, latest_virkning(*known->message, field.bytes));
    }
    return latest;
}

}  // namespace vera::event
