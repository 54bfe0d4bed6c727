#pragma once
// Makes a whole kuvert (protobuf-JSON) of a bare payload and flags, or gives an existing one a new
// identity. Pure: catalogue, ids and times are given.
#include "bus/base/result.hpp"
#include "bus/base/time.hpp"
#include "bus/base/uuid.hpp"
#include "bus/event/catalogue.hpp"
#include "bus/event/uuid_names.hpp"

#include <nlohmann/json.hpp>
#include <string>

namespace vera::cli {

struct KuvertFlags {
    std::string type;         ///< full Protobuf name; not empty: the input is a payload
    std::string beskedtype;   ///< UUID or name; empty: from the catalogue
    std::string authority;    ///< CVR number, 8 digits
    std::string object;       ///< UUID or URN
    std::string object_type;  ///< UUID, URN or name; empty: from the catalogue
    std::string action;       ///< ObjektHandling, UUID, URN or name
    std::string kle;          ///< "27.20.04"
    std::string sender;       ///< BeskedAnsvarligAktoer, UUID, URN or name
    std::string sensitivity;  ///< Sikkerhedsklassificering, 1 to 4, UUID, URN or name
};

/// Errc::bad_input names the flag.
[[nodiscard]] Result<nlohmann::json> fill_kuvert(nlohmann::json payload,
                                                 const KuvertFlags& flags,
                                                 const event::Catalogue& catalogue,
                                                 const Uuid& id,
                                                 Timestamp now);

/// New BeskedId and Dannelsestidspunkt. Errc::bad_input if it is no kuvert.
[[nodiscard]] Result<void> renew_kuvert(nlohmann::json& kuvert, const Uuid& id, Timestamp now);

/// BeskedId as text; empty if there is none.
[[nodiscard]] std::string besked_id(const nlohmann::json& kuvert);

/// Of a UUID, a URN, or a name that `names` has for one UUID of that kind: compared as names of a
/// configuration are, so ø may be typed oe. Errc::bad_input: what there is.
[[nodiscard]] Result<nlohmann::json> named_id(const std::string& text,
                                              event::UuidName::Kind kind,
                                              const event::UuidNames& names,
                                              const std::string& flag);

/// {"UUIDIdentifikator": …} or {"URNIdentifikator": …}. Errc::bad_input if `text` is neither.
[[nodiscard]] Result<nlohmann::json> unik_id(const std::string& text, const std::string& flag);

}  // namespace vera::cli
