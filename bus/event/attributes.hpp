#pragma once
// The derived view of an event (design §5): what subscriptions match on and what audit and listings
// show.
#include "bus/base/time.hpp"

#include <string>
#include <vector>

namespace vera::event {

struct Attributes {
    std::string id;      ///< BeskedId, canonical: UUID in lower case, URN as it stands
    std::string source;  ///< "urn:oio:cvr-nr:<CVR>/<system>"
    std::string type;    ///< full Protobuf name of the first Beskeddata message, e.g.
                         ///< "vera.sag.v1.SagOprettet"
    std::string
        subject;         ///< canonical ObjektId of the first ObjektRegistrering, for all to see: of
                         ///< a CPR number it is the person's UUID, or empty if that is not known
    std::string object;  ///< the same, but may hold a CPR number: orders events, is never shown
    Timestamp time;  ///< Dannelsestidspunkt or, without it, the first Registreringstidspunkt; none
                     ///< if neither
    std::string dataschema;  ///< type URL of the first Beskeddata
    std::string beskedtype;  ///< canonical UnikId
    std::string myndighed;   ///< CVR number of ObjektAnsvarligMyndighed (8 digits), empty if absent
    std::string objekttype;  ///< canonical UnikId
    std::string handling;    ///< canonical UnikId
    std::string kle;         ///< "27.20.04", empty if absent
    int foelsomhed = 0;      ///< 1 to 4; 0 if unknown or absent
    bool may_hold_protected_address = false;  ///< address protection may concern what is in it
    std::vector<std::string> objects;         ///< canonical ids of all ObjektRegistrering and
                                              ///< RelateretObjekt, in order, first is `object`
};

/// Beskedkuvert.Modtagerhandling: what the receiver is asked to do. A part that is absent is empty.
struct ReceiverAction {
    std::string handling;         ///< canonical UnikId
    std::string responsmodtager;  ///< who wants the response: canonical UnikId
};

}  // namespace vera::event
