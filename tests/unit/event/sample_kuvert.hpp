#pragma once
// A good kuvert to start from: every test bends it in one place.
#include "bus/event/catalogue.hpp"
#include "bus/event/raw_event.hpp"

#include "vera/besked/v1/haendelsesbesked.pb.h"
#include "vera/sag/v1/haendelser.pb.h"

#include <string>
#include <string_view>

namespace vera::event::test {

inline const std::string sag_uuid = "0b6c4f0e-2f6f-4a5e-9a43-0c9d0b6a7f11";

/// A SagOprettet of Hjørring: one object, one related object, KLE 27.24.06, sensitivity 2, about 1
/// KiB in Protobuf.
[[nodiscard]] vera::besked::v1::Haendelsesbesked sample_kuvert();
/// Replaces the first Beskeddata.
void set_payload(vera::besked::v1::Haendelsesbesked& besked,
                 const google::protobuf::Message& payload);
[[nodiscard]] vera::sag::v1::SagOprettet sample_payload();

/// As the door would hand it over: one data section. The bytes live in `message`.
[[nodiscard]] RawEvent raw_event(std::string_view body,
                                 std::string_view content_type = "application/protobuf");
[[nodiscard]] RawEvent raw_event(const vera::besked::v1::Haendelsesbesked& besked);

[[nodiscard]] const Catalogue& catalogue();
/// With the built-in catalogue.
[[nodiscard]] Result<std::string> kuvert_to_json(std::string_view body,
                                                 std::string_view content_type,
                                                 bool pretty);
[[nodiscard]] Result<std::string> kuvert_from_json(std::string_view json);
/// "accepted", or condition and text.
[[nodiscard]] std::string outcome(const RawEvent& raw);

}  // namespace vera::event::test
