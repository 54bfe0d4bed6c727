// Every message, field, enum, value and choice says what it is; what has a source says which
// (schemas/README.md).
#include "tests/support/catch.hpp"
#include "tests/unit/schemas/schema_pool.hpp"

#include <algorithm>
#include <regex>

using namespace vera::schemas::test;

namespace {

// Of what is VeRA's own from top to bottom there is no source to name.
bool has_sources(const FileDescriptor& file) {
    return file.package() != "vera.options.v1" && file.package() != "vera.audit.v1";
}

const std::string sources =
    R"(\[(OIO|LoRa|SF1470|SF1500|SF1601|BFO|CPR|CVR|DAR|Matrikel|BBR|I|VeRA)\])";

template <typename Element>
bool is_about_something(const Element& element) {
    return comment(element).find_first_not_of(" \n.") != std::string::npos;
}

}  // namespace

TEST_CASE("schemas: every message and field has a comment", "[schemas]") {
    REQUIRE(messages().size() > 200);
    for (const Descriptor* message : messages()) {
        CAPTURE(message->full_name());
        CHECK(is_about_something(*message));
        for (int i = 0; i < message->field_count(); ++i) {
            CAPTURE(message->field(i)->name());
            CHECK(is_about_something(*message->field(i)));
        }
        for (int i = 0; i < message->real_oneof_decl_count(); ++i)
            CHECK(is_about_something(*message->oneof_decl(i)));
    }
}

TEST_CASE("schemas: every enum and value has a comment", "[schemas]") {
    REQUIRE(enums().size() > 20);
    for (const EnumDescriptor* one : enums()) {
        CAPTURE(one->full_name());
        CHECK(is_about_something(*one));
        for (int i = 0; i < one->value_count(); ++i) {
            CAPTURE(one->value(i)->name());
            CHECK(is_about_something(*one->value(i)));
        }
    }
}

TEST_CASE("schemas: every extension has a comment", "[schemas]") {
    for (const FileDescriptor* file : files())
        for (int i = 0; i < file->extension_count(); ++i) {
            CAPTURE(file->extension(i)->full_name());
            CHECK(is_about_something(*file->extension(i)));
        }
}

TEST_CASE("schemas: a comment names cardinality and source", "[schemas]") {
    const std::regex of_message(".*" + sources + ".*");
    const std::regex of_field(R"( (1|(0|1)\.\.(\*|[1-9])) )" + sources + "[:,;. ](.|\n)*");
    for (const Descriptor* message : messages()) {
        if (!has_sources(*message->file())) continue;
        CAPTURE(message->full_name(), comment(*message));
        std::string first = comment(*message);
        std::ranges::replace(first, '\n', ' ');
        CHECK(std::regex_match(first, of_message));
        for (int i = 0; i < message->field_count(); ++i) {
            CAPTURE(message->field(i)->name(), comment(*message->field(i)));
            CHECK(std::regex_match(comment(*message->field(i)), of_field));
        }
    }
}

TEST_CASE("schemas: the cardinality of a comment is that of the field", "[schemas]") {
    for (const Descriptor* message : messages()) {
        if (!has_sources(*message->file())) continue;
        for (int i = 0; i < message->field_count(); ++i) {
            const FieldDescriptor& field = *message->field(i);
            const std::string text = comment(field);
            const std::string cardinality = text.substr(1, text.find(' ', 1) - 1);
            CAPTURE(field.full_name(), cardinality);
            const auto& options = field.options();
            const bool is_one_at_a_time =
                options.GetExtension(vera::options::v1::max_at_a_time) == 1;
            const bool is_said_many = cardinality.find('*') != std::string::npos ||
                                      (cardinality.size() > 1 && cardinality.back() > '1');
            CHECK((is_said_many || is_one_at_a_time) == field.is_repeated());
            CHECK_FALSE((is_said_many && is_one_at_a_time));
            if (options.GetExtension(vera::options::v1::required)) CHECK(cardinality[0] == '1');
        }
    }
}
