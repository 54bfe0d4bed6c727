#include "bus/event/message_rules.hpp"
#include "tests/support/catch.hpp"

#include "vera/oio/v1/grundtyper.pb.h"
#include "vera/options/v1/options.pb.h"

#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/timestamp.pb.h>

#include <string>

using namespace vera;
using namespace vera::event;

namespace {

using Field = google::protobuf::FieldDescriptorProto;

/// A message with a period of each kind: f1 – f2 Tidspunkt, f3 – f4 Timestamp, f5 – f6 date.
struct Periods {
    google::protobuf::DescriptorPool pool{google::protobuf::DescriptorPool::generated_pool()};
    google::protobuf::FileDescriptorProto file;
    const google::protobuf::Descriptor* type = nullptr;

    Periods() {
        file.set_name("m.proto");
        file.set_syntax("proto3");
        file.add_dependency("vera/oio/v1/grundtyper.proto");
        file.add_dependency("google/protobuf/timestamp.proto");
        auto& message = *file.add_message_type();
        message.set_name("M");
        for (int i = 1; i <= 6; ++i) {
            auto& field = *message.add_field();
            field.set_name("f" + std::to_string(i));
            field.set_number(i);
            field.set_label(Field::LABEL_OPTIONAL);
            field.set_type(i <= 4 ? Field::TYPE_MESSAGE : Field::TYPE_STRING);
            if (i <= 2) field.set_type_name(".vera.oio.v1.Tidspunkt");
            if (i == 3 || i == 4) field.set_type_name(".google.protobuf.Timestamp");
            if (i > 4)
                field.mutable_options()->SetExtension(options::v1::format,
                                                      options::v1::FORMAT_DATO);
        }
        add("f1", "f2");
        add("f3", "f4");
        add("f5", "f6");
    }

    void add(const std::string& from, const std::string& to) {
        auto& period =
            *file.mutable_message_type(0)->mutable_options()->AddExtension(options::v1::periode);
        period.set_fra(from);
        period.set_til(to);
    }

    std::string outcome(const std::string& bytes) {
        if (type == nullptr) {
            const auto* built = pool.BuildFile(file);
            REQUIRE(built != nullptr);
            type = built->message_type(0);
        }
        RuleBook book;
        const auto rules = book.compile(type);
        if (!rules) return rules.error().text;
        const auto broken = check_message(**rules, bytes, UnknownFields::kept);
        return broken ? broken->path + " " + broken->what : "kept";
    }
};

std::string field(int number, const std::string& contents) {
    return std::string{static_cast<char>(number << 3 | 2), static_cast<char>(contents.size())} +
           contents;
}

std::string timestamp(std::int64_t seconds, int nanos = 0) {
    google::protobuf::Timestamp time;
    time.set_seconds(seconds);
    time.set_nanos(nanos);
    return time.SerializeAsString();
}

std::string tidspunkt(std::int64_t seconds) {
    vera::oio::v1::Tidspunkt time;
    time.mutable_tidsstempel_dato_tid()->set_seconds(seconds);
    time.set_utc_forskydning_minutter(60);
    return time.SerializeAsString();
}

std::string unbounded() {
    vera::oio::v1::Tidspunkt time;
    time.set_graense_indikator(true);
    return time.SerializeAsString();
}

}  // namespace

TEST_CASE("periods: the end may not be before the beginning", "[event]") {
    Periods periods;
    CHECK(periods.outcome(field(1, tidspunkt(100)) + field(2, tidspunkt(101))) == "kept");
    CHECK(periods.outcome(field(1, tidspunkt(100)) + field(2, tidspunkt(100))) == "kept");
    CHECK(periods.outcome(field(1, tidspunkt(100)) + field(2, tidspunkt(99))) ==
          "f2 is before f1: a period ends after it begins");
    CHECK(periods.outcome(field(2, tidspunkt(-2)) + field(1, tidspunkt(-1))) ==
          "f2 is before f1: a period ends after it begins");
    CHECK(periods.outcome(field(3, timestamp(5, 7)) + field(4, timestamp(5, 7))) == "kept");
    CHECK(periods.outcome(field(3, timestamp(5, 7)) + field(4, timestamp(5, 6))) ==
          "f4 is before f3: a period ends after it begins");
    CHECK(periods.outcome(field(5, "2026-11-23") + field(6, "2026-11-23")) == "kept");
    CHECK(periods.outcome(field(5, "2026-11-23") + field(6, "2026-11-22")) ==
          "f6 is before f5: a period ends after it begins");
}

TEST_CASE("periods: an absent or unbounded side is always in order", "[event]") {
    Periods periods;
    CHECK(periods.outcome(field(2, tidspunkt(99))) == "kept");
    CHECK(periods.outcome(field(1, tidspunkt(100)) + field(2, unbounded())) == "kept");
    CHECK(periods.outcome(field(1, unbounded()) + field(2, tidspunkt(-100))) == "kept");
    CHECK(periods.outcome(field(5, "2026-11-23") + field(6, "")) == "kept");
    CHECK(periods.outcome(field(6, "2026-11-23")) == "kept");
}

TEST_CASE("periods: one that names no two points in time is an error of the schema", "[event]") {
    struct Row {
        std::string from, to, error;
    };
    const auto row = GENERATE(values<Row>({
        {"f1", "f7", "m.proto: M: periode does not name two different single fields of it"},
        {"f1", "f1", "m.proto: M: periode does not name two different single fields of it"},
        {"f1",
         "f4",
         "m.proto: M: periode: both fields have to be Timestamp, Tidspunkt or FORMAT_DATO"},
        {"f5",
         "f2",
         "m.proto: M: periode: both fields have to be Timestamp, Tidspunkt or FORMAT_DATO"},
    }));
    Periods periods;
    periods.add(row.from, row.to);
    CHECK(periods.outcome("") == row.error);
}
