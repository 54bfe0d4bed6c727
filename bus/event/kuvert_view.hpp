#pragma once
// What a kuvert that keeps its schema's rules says: views into its bytes, and the attributes
// derived from them.
#include "bus/base/refusal.hpp"
#include "bus/event/attributes.hpp"
#include "bus/event/person_table.hpp"
#include "bus/event/raw_event.hpp"
#include "bus/event/uuid_names.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vera::event {

/// One Beskeddata: google.protobuf.Any.
struct Payload {
    std::string_view type_url;
    std::string_view value;
};

/// Views into the encoded kuvert; the outermost parts of it.
struct KuvertView {
    std::string_view besked_id;
    std::string_view beskedkuvert;
    std::vector<Payload> beskeddata;
};

/// A kuvert that was checked, and the bytes that the view looks at if they are not those received.
/// Stays where it is.
struct CheckedKuvert {
    CheckedKuvert() = default;
    CheckedKuvert(const CheckedKuvert&) = delete;
    CheckedKuvert& operator=(const CheckedKuvert&) = delete;

    std::string encoded;  ///< of one that came as JSON
    KuvertView view;      ///< else into the received bytes
};

/// `bytes` is a Haendelsesbesked that keeps its rules.
[[nodiscard]] KuvertView view_kuvert(std::string_view bytes);

/// The point in time of an encoded Tidspunkt that keeps its rules; none: GraenseIndikator, no end.
[[nodiscard]] Timestamp time_of(std::string_view tidspunkt);

/// What `kuvert` asks its receiver to do.
[[nodiscard]] ReceiverAction receiver_action_of(const KuvertView& kuvert);

/// What is known beside the kuvert itself.
struct Surroundings {
    const UuidNames& names;
    const PersonTable& persons;
};

/// Fills all attributes but `type` and `dataschema`. The source is who sent the event to the bus;
/// of one that came by way of another distributor (it has a Leverancerute) who sent it there.
/// Refuses (schema_invalid) CVR and KLE URNs of the wrong form and more than 1024 objects.
[[nodiscard]] std::optional<Refusal> derive(const KuvertView& kuvert,
                                            const Identity* identity,
                                            const Surroundings& around,
                                            Attributes& attributes);

}  // namespace vera::event
