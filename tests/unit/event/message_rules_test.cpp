#include "bus/event/message_rules.hpp"

#include "tests/support/catch.hpp"

#include "vera/person/v1/haendelser.pb.h"

#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/struct.pb.h>

#include <functional>
#include <string>

using namespace vera;
using namespace vera::event;

namespace {

std::string outcome(const google::protobuf::Descriptor* descriptor, const std::string& bytes) {
    RuleBook book;
    const auto rules = book.compile(descriptor);
    REQUIRE(rules.has_value());
    const auto broken = check_message(**rules, bytes, UnknownFields::kept);
    return broken ? broken->path + " " + broken->what : "kept";
}

/// A file with one message M that `fill` fills.
const google::protobuf::Descriptor* message_of(
    google::protobuf::DescriptorPool& pool,
    const std::function<void(google::protobuf::DescriptorProto&)>& fill) {
    google::protobuf::FileDescriptorProto file;
    file.set_name("m.proto");
    file.set_syntax("proto3");
    auto& message = *file.add_message_type();
    message.set_name("M");
    fill(message);
    const auto* built = pool.BuildFile(file);
    REQUIRE(built != nullptr);
    return built->message_type(0);
}

void add_field(google::protobuf::DescriptorProto& message,
               int number,
               google::protobuf::FieldDescriptorProto::Type type,
               google::protobuf::FieldDescriptorProto::Label label =
                   google::protobuf::FieldDescriptorProto::LABEL_OPTIONAL) {
    auto& field = *message.add_field();
    field.set_name("f" + std::to_string(number));
    field.set_number(number);
    field.set_type(type);
    field.set_label(label);
}

using Field = google::protobuf::FieldDescriptorProto;

}  // namespace

TEST_CASE("rules: forms of personal data are checked without showing them", "[event]") {
    vera::person::v1::PersonFlyttet payload;
    auto& person = *payload.mutable_person();
    person.mutable_objekt_id()->set_uuid_identifikator("0b6c4f0e-2f6f-4a5e-9a43-0c9d0b6a7f11");
    person.mutable_registrering()->set_livscyklus_kode(vera::oio::v1::LIVSCYKLUS_KODE_RETTET);
    person.set_personnummer("2512484916");
    payload.set_flyttedato("2026-11-15");
    payload.set_til_kommunekode("0813");
    const auto* type = vera::person::v1::PersonFlyttet::descriptor();
    CHECK(outcome(type, payload.SerializeAsString()) == "kept");
    person.set_personnummer("1234567890");
    CHECK(outcome(type, payload.SerializeAsString()) ==
          "person.personnummer is not a CPR number (10 digits that begin with a date)");
    person.clear_personnummer();
    payload.set_flyttedato("15-11-2026");
    CHECK(outcome(type, payload.SerializeAsString()) == "flyttedato is not a date (YYYY-MM-DD)");
    payload.set_flyttedato("2026-11-15");
    payload.set_til_kommunekode("813");
    CHECK(outcome(type, payload.SerializeAsString()) ==
          "tilKommunekode is not a municipality code (4 digits)");
}

TEST_CASE("rules: repeated numbers are taken packed and one by one", "[event]") {
    google::protobuf::DescriptorPool pool;
    const auto* type = message_of(pool, [](auto& message) {
        add_field(message, 1, Field::TYPE_INT32, Field::LABEL_REPEATED);
        add_field(message, 2, Field::TYPE_FIXED32, Field::LABEL_REPEATED);
        add_field(message, 3, Field::TYPE_DOUBLE, Field::LABEL_REPEATED);
    });
    CHECK(outcome(type, "\x08\x01\x08\x02") == "kept");
    CHECK(outcome(type, "\x0a\x03\x01\x80\x01\x08\x02") == "kept");
    CHECK(outcome(type, "\x0a\x02\x01\x80") == "f1[0] is cut off or no Protobuf");
    CHECK(outcome(type,
                  "\x12\x04"
                  "abcd") == "kept");
    CHECK(outcome(type,
                  "\x12\x03"
                  "abc") == "f2[0] is cut off or no Protobuf");
    CHECK(outcome(type,
                  "\x19"
                  "12345678") == "kept");
    CHECK(outcome(type,
                  "\x19"
                  "1234567") == " is cut off or no Protobuf");
    CHECK(outcome(type,
                  "\x08\x01\x0d"
                  "1234") == "f1[1] has the wrong wire type");
}

TEST_CASE("rules: a message that contains itself is compiled, and walked 64 deep at most",
          "[event]") {
    google::protobuf::ListValue root;
    google::protobuf::ListValue* list = &root;
    for (int i = 0; i < 31; ++i)
        list = list->add_values()->mutable_list_value();
    const auto* type = google::protobuf::ListValue::descriptor();
    CHECK(outcome(type, root.SerializeAsString()) == "kept");
    list->add_values()->mutable_list_value()->add_values();
    CHECK(outcome(type, root.SerializeAsString()).find("nested too deeply") != std::string::npos);
}

TEST_CASE("rules: a message with more fields than fit is refused, not half compiled", "[event]") {
    const auto compiled = [](const std::function<void(google::protobuf::DescriptorProto&)>& fill) {
        google::protobuf::DescriptorPool pool;
        RuleBook book;
        const auto rules = book.compile(message_of(pool, fill));
        return rules.has_value() ? std::string("compiled") : rules.error().text;
    };
    const auto fields = [](int count) {
        return [count](google::protobuf::DescriptorProto& message) {
            for (int i = 1; i <= count; ++i)
                add_field(message, i, Field::TYPE_STRING);
        };
    };
    CHECK(compiled(fields(64)) == "compiled");
    CHECK(compiled(fields(65)) == "M: more than 64 fields");
    CHECK(compiled([](auto& message) { add_field(message, 1000, Field::TYPE_STRING); }) ==
          "compiled");
    CHECK(compiled([](auto& message) { add_field(message, 1001, Field::TYPE_STRING); }) ==
          "M.f1001: number above 1000");
}
