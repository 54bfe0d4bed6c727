#include "bus/event/message_rules.hpp"

#include "tests/support/catch.hpp"

#include "vera/options/v1/options.pb.h"
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

TEST_CASE("rules: many fields and large numbers are no hindrance", "[event]") {
    google::protobuf::DescriptorPool pool;
    const auto* type = message_of(pool, [](auto& message) {
        for (int i = 1; i <= 300; ++i)
            add_field(message, i, Field::TYPE_UINT32);
        message.mutable_field(199)->mutable_options()->SetExtension(options::v1::required, true);
        add_field(message, 536'870'911, Field::TYPE_STRING);
        message.mutable_field(300)->mutable_options()->SetExtension(options::v1::required, true);
    });
    const std::string f200 = "\xc0\x0c\x01";
    const std::string last = "\xfa\xff\xff\xff\x0f\x01x";
    CHECK(outcome(type, f200 + last) == "kept");
    CHECK(outcome(type, last) == "f200 is missing");
    CHECK(outcome(type, f200) == "f536870911 is missing");
    CHECK(outcome(type, last + f200 + f200) == "f200 occurs twice");
    CHECK(outcome(type, f200 + "\xfa\xff\xff\xff\x0f\x01\xe6") == "f536870911 is not UTF-8");
    CHECK(outcome(type, f200 + last + "\xf2\xff\xff\xff\x0f\x01x") == "kept");  // unknown
}

namespace {

/// A field of M with rules, met with each value in its turn.
struct Ruled {
    google::protobuf::DescriptorPool pool{google::protobuf::DescriptorPool::generated_pool()};
    const google::protobuf::Descriptor* type = nullptr;

    Ruled(Field::Type field_type,
          const std::string& type_name,
          const std::function<void(google::protobuf::FieldOptions&)>& rules) {
        google::protobuf::FileDescriptorProto file;
        file.set_name("m.proto");
        file.set_syntax("proto3");
        file.add_dependency("vera/oio/v1/registrering.proto");
        file.add_dependency("vera/oio/v1/grundtyper.proto");
        auto& message = *file.add_message_type();
        message.set_name("M");
        add_field(message, 1, field_type);
        if (!type_name.empty()) message.mutable_field(0)->set_type_name(type_name);
        rules(*message.mutable_field(0)->mutable_options());
        const auto* built = pool.BuildFile(file);
        REQUIRE(built != nullptr);
        type = built->message_type(0);
    }

    [[nodiscard]] std::string text(const std::string& value) const {
        return outcome(type, "\x0a" + std::string(1, static_cast<char>(value.size())) + value);
    }
    [[nodiscard]] std::string error() const {
        RuleBook book;
        const auto rules = book.compile(type);
        CHECK_FALSE(book.compile(type).has_value());
        return rules.has_value() ? "compiled" : rules.error().text;
    }
};

}  // namespace

TEST_CASE("rules: length counts characters of text and bytes of bytes", "[event]") {
    const auto bounds = [](auto& rules) {
        auto& length = *rules.MutableExtension(options::v1::length);
        length.set_min(2);
        length.set_max(4);
    };
    const Ruled text(Field::TYPE_STRING, "", bounds);
    CHECK(text.text("æøåé") == "kept");
    CHECK(text.text("") == "kept");  // absent
    CHECK(text.text("å") == "f1 has fewer than 2 characters");
    CHECK(text.text("abcde") == "f1 has more than 4 characters");
    const Ruled bytes(Field::TYPE_BYTES, "", bounds);
    CHECK(bytes.text("\xff\xff\xff\xff") == "kept");
    CHECK(bytes.text("æøå") == "f1 has more than 4 bytes");
    CHECK(bytes.text("a") == "f1 has fewer than 2 bytes");
}

TEST_CASE("rules: a pattern has to match all of a text", "[event]") {
    const Ruled ruled(Field::TYPE_STRING, "", [](auto& rules) {
        rules.SetExtension(options::v1::pattern, "[A-ZÆØÅ]{2}[0-9]+");
    });
    CHECK(ruled.text("ØL12") == "kept");
    CHECK(ruled.text("") == "kept");
    CHECK(ruled.text("ØL12x") == "f1 does not match the pattern [A-ZÆØÅ]{2}[0-9]+");
    CHECK(ruled.text("xØL12") == "f1 does not match the pattern [A-ZÆØÅ]{2}[0-9]+");
    CHECK(ruled.text("ØL12\n") == "f1 does not match the pattern [A-ZÆØÅ]{2}[0-9]+");
}

TEST_CASE("rules: a pattern made to backtrack costs no more than another", "[event]") {
    const Ruled ruled(Field::TYPE_STRING, "", [](auto& rules) {
        rules.SetExtension(options::v1::pattern, "(a*)*(a|aa)*(a+)+b");
    });
    CHECK(ruled.text(std::string(120, 'a')) == "f1 does not match the pattern (a*)*(a|aa)*(a+)+b");
}

TEST_CASE("rules: the kinds of URN hold on text and inside UnikId and Aktoer", "[event]") {
    const auto kinds = [](auto& rules) {
        rules.AddExtension(options::v1::urn, options::v1::URN_ART_CVR);
    };
    const std::string wanted =
        "is not a URN of a CVR number with control digit (urn:oio:cvr-nr:NNNNNNNN)";
    const Ruled text(Field::TYPE_STRING, "", kinds);
    CHECK(text.text("urn:oio:cvr:29189382") == "kept");
    CHECK(text.text("urn:oio:kle:27") == "f1 " + wanted);
    for (const char* type_name : {".vera.oio.v1.UnikId", ".vera.oio.v1.Aktoer"}) {
        const Ruled ruled(Field::TYPE_MESSAGE, type_name, kinds);
        CHECK(ruled.text("\x0a\x24"
                         "96514e13-afdd-44d6-95a8-adc2ca19b127") == "kept");
        CHECK(ruled.text("\x12\x17urn:oio:cvr-nr:29189382") == "kept");
        CHECK(ruled.text("\x12\x17urn:oio:cvr-nr:29189383") == "f1.URNIdentifikator " + wanted);
        CHECK(ruled.text("\x12\x07urn:a:b") == "f1.URNIdentifikator " + wanted);
        CHECK(ruled.text("") == "f1 wants one of UUIDIdentifikator, URNIdentifikator");
        CHECK(ruled.text("\x0a\x24"
                         "96514e13-afdd-44d6-95a8-adc2ca19b12x") ==
              "f1.UUIDIdentifikator is not a UUID");
    }
}

TEST_CASE("rules: where known values are wanted, an unknown one is refused", "[event]") {
    const auto wanted = [](auto& rules) { rules.SetExtension(options::v1::known_value, true); };
    const Ruled ruled(Field::TYPE_ENUM, ".vera.oio.v1.LivscyklusKode", wanted);
    CHECK(outcome(ruled.type, "\x08\x05") == "kept");
    CHECK(outcome(ruled.type, "\x08\x06") == "f1 is not a value of LivscyklusKode");
    CHECK(outcome(ruled.type, "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01") ==
          "f1 is not a value of LivscyklusKode");
    const Ruled open(Field::TYPE_ENUM, ".vera.oio.v1.LivscyklusKode", [](auto&) {});
    CHECK(outcome(open.type, "\x08\x06") == "kept");
}

TEST_CASE("rules: a rule that cannot be meant as it stands is an error of the schema", "[event]") {
    using options::v1::Laengde;
    const auto error = [](Field::Type type, const auto& rules) {
        return Ruled(type, type == Field::TYPE_MESSAGE ? ".vera.oio.v1.Registrering" : "", rules)
            .error();
    };
    CHECK(error(Field::TYPE_STRING, [](auto& rules) {
              rules.SetExtension(options::v1::pattern, "a(b");
          }) == "m.proto: M.f1: pattern is no RE2 expression: missing ): a(b");
    CHECK(error(Field::TYPE_STRING, [](auto& rules) {
              rules.SetExtension(options::v1::pattern, "((((a{100}){100}){100}){100})");
          }).starts_with("m.proto: M.f1: pattern is no RE2 expression: "));
    CHECK(error(Field::TYPE_STRING, [](auto& rules) {
              rules.SetExtension(options::v1::pattern, std::string(1001, 'a'));
          }) == "m.proto: M.f1: a pattern of more than 1000 bytes");
    CHECK(error(Field::TYPE_INT32, [](auto& rules) {
              rules.SetExtension(options::v1::pattern, "1");
          }) == "m.proto: M.f1: pattern is for text");
    CHECK(error(Field::TYPE_INT32, [](auto& rules) {
              rules.SetExtension(options::v1::format, options::v1::FORMAT_CPR);
          }) == "m.proto: M.f1: format is for text");
    CHECK(error(Field::TYPE_BOOL, [](auto& rules) {
              rules.MutableExtension(options::v1::length)->set_max(1);
          }) == "m.proto: M.f1: length is for text and bytes");
    CHECK(error(Field::TYPE_STRING, [](auto& rules) {
              Laengde& length = *rules.MutableExtension(options::v1::length);
              length.set_min(3);
              length.set_max(2);
          }) == "m.proto: M.f1: length has a max below its min");
    CHECK(error(Field::TYPE_STRING, [](auto& rules) {
              rules.SetExtension(options::v1::known_value, true);
          }) == "m.proto: M.f1: known_value is for an enum");
    CHECK(error(Field::TYPE_MESSAGE, [](auto& rules) {
              rules.AddExtension(options::v1::urn, options::v1::URN_ART_KLE);
          }).starts_with("m.proto: M.f1: urn is for text, UnikId and Aktoer"));
}

TEST_CASE("rules: groups and extensions are refused when the schema is read", "[event]") {
    const auto compiled = [](const std::function<void(google::protobuf::DescriptorProto&)>& fill) {
        google::protobuf::DescriptorPool pool;
        google::protobuf::FileDescriptorProto file;
        file.set_name("m.proto");
        auto& message = *file.add_message_type();
        message.set_name("M");
        fill(message);
        const auto* built = pool.BuildFile(file);
        REQUIRE(built != nullptr);
        RuleBook book;
        const auto rules = book.compile(built->message_type(0));
        return rules.has_value() ? std::string("compiled") : rules.error().text;
    };
    CHECK(compiled([](auto& message) {
              message.add_nested_type()->set_name("F1");
              add_field(message, 1, Field::TYPE_GROUP);
              message.mutable_field(0)->set_type_name("F1");
          }) == "m.proto: M.f1: is a group, which VeRA does not take: make it a message");
    CHECK(compiled([](auto& message) {
              auto& range = *message.add_extension_range();
              range.set_start(100);
              range.set_end(200);
          }) == "m.proto: M: has extensions, which cannot be checked");
}

TEST_CASE("rules: what proto2 requires has to be there, and its enums are closed", "[event]") {
    google::protobuf::DescriptorPool pool;
    google::protobuf::FileDescriptorProto file;
    file.set_name("m.proto");
    auto& kind = *file.add_enum_type();
    kind.set_name("E");
    auto& value = *kind.add_value();
    value.set_name("E_ONE");
    value.set_number(-1);
    auto& message = *file.add_message_type();
    message.set_name("M");
    add_field(message, 1, Field::TYPE_STRING, Field::LABEL_REQUIRED);
    add_field(message, 2, Field::TYPE_ENUM, Field::LABEL_REQUIRED);
    message.mutable_field(1)->set_type_name("E");
    const auto* type = pool.BuildFile(file)->message_type(0);
    const std::string one = "\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01";
    CHECK(outcome(type, std::string("\x0a\x00", 2) + one) == "kept");
    CHECK(outcome(type, one) == "f1 is missing");
    CHECK(outcome(type, std::string("\x0a\x00\x10\x00", 4)) == "f2 is not a value of E");
}

TEST_CASE("rules: keys and values of a map are checked, and never shown", "[event]") {
    google::protobuf::DescriptorPool pool;
    const auto* type = message_of(pool, [](auto& message) {
        auto& entry = *message.add_nested_type();
        entry.set_name("F1Entry");
        entry.mutable_options()->set_map_entry(true);
        add_field(entry, 1, Field::TYPE_STRING);
        entry.mutable_field(0)->set_name("key");
        add_field(entry, 2, Field::TYPE_STRING);
        entry.mutable_field(1)->set_name("value");
        add_field(message, 1, Field::TYPE_MESSAGE, Field::LABEL_REPEATED);
        message.mutable_field(0)->set_type_name("F1Entry");
    });
    CHECK(outcome(type, "\x0a\x06\x0a\x01k\x12\x01v") == "kept");
    CHECK(outcome(type, std::string("\x0a\x00", 2)) == "kept");
    CHECK(outcome(type, "\x0a\x03\x0a\x01k\x0a\x03\x0a\x01\xe6") == "f1[1].key is not UTF-8");
    CHECK(outcome(type, "\x0a\x06\x0a\x01k\x12\x01\xe6") == "f1[0].value is not UTF-8");
}

TEST_CASE("rules: tags and sizes longer than Protobuf reads are no Protobuf", "[event]") {
    google::protobuf::DescriptorPool pool;
    const auto* type =
        message_of(pool, [](auto& message) { add_field(message, 1, Field::TYPE_STRING); });
    CHECK(outcome(type, std::string("\x8a\x80\x80\x80\x00\x00", 6)) == "kept");
    CHECK(outcome(type, std::string("\x8a\x80\x80\x80\x80\x00\x00", 7)) ==
          " is cut off or no Protobuf");
    CHECK(outcome(type, std::string("\x0a\x80\x80\x80\x80\x80\x00", 7)) ==
          " is cut off or no Protobuf");
}
