// Objects made at random by descriptor alone: there and back from both sides.
#include "adapters/oio/oio_json.hpp"
#include "tests/fuzz/choices.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/oio/there_and_back.hpp"

#include "vera/oio/v1/registrering.pb.h"

#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/util/message_differencer.h>

#include <array>

using namespace vera;
using namespace vera::oio;
using namespace vera::oio::test;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using nlohmann::json;

namespace {

class Making {
public:
    explicit Making(std::uint64_t seed) : dice_(seed) {}

    void fill(Message& message) {
        if (auto* id = dynamic_cast<v1::UnikId*>(&message)) return fill_id(*id);
        if (auto* time = dynamic_cast<v1::Tidspunkt*>(&message)) return fill_time(*time);
        if (auto* time = dynamic_cast<google::protobuf::Timestamp*>(&message))
            return time->set_seconds(1'700'000'000 + dice_.below(1'000'000));
        // What was kept aside has places that only an import knows.
        if (message.GetDescriptor() == v1::LokalUdvidelse::descriptor()) return fill_aside(message);
        const auto& type = *message.GetDescriptor();
        for (int i = 0; i < type.field_count(); ++i) {
            const FieldDescriptor& field = *type.field(i);
            const bool is_skipped =
                field.full_name() == "vera.oio.v1.Registrering.lokale_udvidelser" ||
                field.name() == "toemte_relationer";
            if (is_skipped || dice_.once_in(3)) continue;
            const std::uint32_t count = field.is_repeated() ? dice_.below(3) : 1;
            for (std::uint32_t n = 0; n < count; ++n)
                fill_field(message, field);
        }
    }

    /// Leaves and branches of JSON: gone, replaced, or something unknown beside them.
    void damage(json& value, int depth) {
        for (auto& [name, element] : value.items()) {
            if (depth > 3 && dice_.once_in(12)) element = strange();
            if (element.is_structured()) damage(element, depth + 1);
        }
        if (depth < 1 || !dice_.once_in(4)) return;
        if (value.is_object())
            value["ukendt" + std::to_string(dice_.below(100))] = strange();
        else if (value.is_array())
            value.insert(value.begin() + dice_.below(static_cast<std::uint32_t>(value.size()) + 1),
                         nullptr);
    }

private:
    std::string text() {
        static constexpr std::array<const char*, 6> texts{
            "", "a", "æøå \"\\\n", "7", "null", "x/y~z"};
        return texts[dice_.below(texts.size())];
    }
    json strange() {
        static const std::array<json, 7> values{
            nullptr, 7, -1.5, "?", json::array(), json{{"x", {1, 2}}}, false};
        return values[dice_.below(values.size())];
    }
    void fill_id(v1::UnikId& id) {
        if (dice_.once_in(2))
            id.set_urn_identifikator("urn:oio:cvr-nr:29189382");
        else
            id.set_uuid_identifikator("cb904af2-83a1-11e5-b3b8-83a8f6a26e42");
    }
    void fill_time(v1::Tidspunkt& time) {
        if (dice_.once_in(4)) return time.set_graense_indikator(true);
        auto& stamp = *time.mutable_tidsstempel_dato_tid();
        stamp.set_seconds(static_cast<std::int64_t>(dice_.below(2'000'000'000)) * 4 -
                          2'000'000'000);
        if (dice_.once_in(2))
            stamp.set_nanos(static_cast<std::int32_t>(dice_.below(1'000'000'000)));
        if (dice_.once_in(2))
            time.set_utc_forskydning_minutter(static_cast<std::int32_t>(dice_.below(1800)) - 900);
    }
    void fill_aside(Message& message) {
        auto* aside = dynamic_cast<v1::LokalUdvidelse*>(&message);
        REQUIRE(aside != nullptr);
        aside->set_sti("x");
        aside->set_vaerdi(text() + "1");
    }
    void fill_field(Message& message, const FieldDescriptor& field) {
        const auto& reflection = *message.GetReflection();
        const bool is_list = field.is_repeated();
        switch (field.cpp_type()) {
            case FieldDescriptor::CPPTYPE_MESSAGE:
                return fill(is_list ? *reflection.AddMessage(&message, &field)
                                    : *reflection.MutableMessage(&message, &field));
            case FieldDescriptor::CPPTYPE_STRING: {
                std::string value = text();
                if (is_list) return reflection.AddString(&message, &field, std::move(value));
                return reflection.SetString(&message, &field, std::move(value));
            }
            case FieldDescriptor::CPPTYPE_BOOL:
                return reflection.SetBool(&message, &field, dice_.once_in(2));
            case FieldDescriptor::CPPTYPE_INT32:
                return reflection.SetInt32(
                    &message, &field, static_cast<std::int32_t>(dice_.next() >> 32U));
            case FieldDescriptor::CPPTYPE_INT64:
                return reflection.SetInt64(
                    &message, &field, static_cast<std::int64_t>(dice_.next()));
            case FieldDescriptor::CPPTYPE_UINT32:
                return reflection.SetUInt32(&message, &field, dice_.below(1'000'000));
            case FieldDescriptor::CPPTYPE_UINT64:
                return reflection.SetUInt64(&message, &field, dice_.next());
            case FieldDescriptor::CPPTYPE_DOUBLE:
                return reflection.SetDouble(&message, &field, dice_.below(1000) / 8.0);
            case FieldDescriptor::CPPTYPE_FLOAT:
                return reflection.SetFloat(
                    &message, &field, static_cast<float>(dice_.below(1000)) / 8);
            case FieldDescriptor::CPPTYPE_ENUM: {
                const auto& values = *field.enum_type();
                const int index = 1 + static_cast<int>(dice_.below(
                                          static_cast<std::uint32_t>(values.value_count() - 1)));
                return reflection.SetEnumValue(&message, &field, values.value(index)->number());
            }
        }
    }

    fuzz::Dice dice_;
};

google::protobuf::Any packed(const Message& message) {
    google::protobuf::Any any;
    any.PackFrom(message);
    return any;
}

}  // namespace

TEST_CASE("oio: random objects of every class come back from LoRa's JSON", "[oio]") {
    CHECK(model().classes().size() >= 15);
    for (const ObjectClass& type : model().classes()) {
        for (std::uint64_t seed = 1; seed <= 40; ++seed) {
            CAPTURE(type.key, seed);
            const auto object = model().make(*type.type);
            Making(seed).fill(*object);
            object->GetReflection()->MutableMessage(object.get(), type.registrering);
            const auto text = export_json(model(), packed(*object));
            REQUIRE(text);
            const auto imported = import_json(model(), *text, {type.key, {}});
            REQUIRE(imported);
            CAPTURE(*text);
            CHECK(imported->aside.empty());
            const auto back = model().make(*type.type);
            REQUIRE(imported->object.UnpackTo(back.get()));
            std::string difference;
            google::protobuf::util::MessageDifferencer differencer;
            differencer.ReportDifferencesToString(&difference);
            CHECK(differencer.Compare(*object, *back));
            CHECK(difference.empty());
        }
    }
}

TEST_CASE("oio: random JSON of every class, with parts missing, wrong or unknown, comes back",
          "[oio]") {
    std::size_t kept = 0;
    for (const ObjectClass& type : model().classes()) {
        for (std::uint64_t seed = 1; seed <= 40; ++seed) {
            CAPTURE(type.key, seed);
            Making making(seed);
            const auto object = model().make(*type.type);
            making.fill(*object);
            const auto text = export_json(model(), packed(*object));
            REQUIRE(text);
            json body = json::parse(*text);
            making.damage(body, 0);
            const auto trip = there_and_back(body.dump(), {type.key, {}});
            if (!trip.error.empty()) {
                // A wrong type in the frame of an object is refused; it tells where.
                CHECK(trip.error.find(" expected") != std::string::npos);
                continue;
            }
            CAPTURE(body.dump());
            kept += trip.aside.size();
            CHECK(trip.back == body);
        }
    }
    CHECK(kept > 500);
}
