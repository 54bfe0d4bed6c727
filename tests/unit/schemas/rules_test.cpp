// The rules that the schemas state are themselves in order.
#include "tests/support/catch.hpp"
#include "tests/unit/schemas/schema_pool.hpp"

#include <functional>
#include <regex>
#include <set>
#include <string>

using namespace vera::schemas::test;
namespace options = vera::options::v1;

namespace {

void for_each_field(const std::function<void(const FieldDescriptor&)>& look) {
    for (const Descriptor* message : messages())
        for (int i = 0; i < message->field_count(); ++i)
            look(*message->field(i));
}

template <typename Extension>
auto option(const FieldDescriptor& field, const Extension& extension) {
    return field.options().GetExtension(extension);
}

bool is_text(const FieldDescriptor& field) {
    return field.type() == FieldDescriptor::TYPE_STRING;
}

bool is_message(const FieldDescriptor& field, const std::string& name) {
    return field.message_type() != nullptr && field.message_type()->full_name() == name;
}

std::string upper_snake(const std::string& camel) {
    std::string out;
    for (const char c : camel) {
        if (c >= 'A' && c <= 'Z' && !out.empty()) out += '_';
        out += static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    }
    return out;
}

std::size_t code_points(const std::string& text) {
    std::size_t count = 0;
    for (const char c : text)
        if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U) ++count;
    return count;
}

}  // namespace

TEST_CASE("schemas: the zero value of an enum says nothing", "[schemas]") {
    for (const EnumDescriptor* one : enums()) {
        CAPTURE(one->full_name());
        REQUIRE(one->value(0)->number() == 0);
        CHECK(one->value(0)->name() == upper_snake(one->name()) + "_UNSPECIFIED");
    }
}

TEST_CASE("schemas: every text of a source is told apart", "[schemas]") {
    for (const EnumDescriptor* one : enums()) {
        std::set<std::string> texts;
        for (int i = 0; i < one->value_count(); ++i) {
            const std::string text = one->value(i)->options().GetExtension(options::source_text);
            CAPTURE(one->value(i)->full_name());
            if (!text.empty()) CHECK(texts.insert(text).second);
        }
        const int told = static_cast<int>(texts.size());
        CHECK((told == 0 || told == one->value_count() - 1));
    }
}

TEST_CASE("schemas: a rule stands on a field that it can be asked of", "[schemas]") {
    for_each_field([](const FieldDescriptor& field) {
        CAPTURE(field.full_name());
        const auto& set = field.options();
        if (set.HasExtension(options::format)) CHECK(is_text(field));
        if (set.HasExtension(options::pattern)) CHECK(is_text(field));
        if (set.HasExtension(options::length))
            CHECK((is_text(field) || field.type() == FieldDescriptor::TYPE_BYTES));
        if (set.HasExtension(options::known_value)) CHECK(field.enum_type() != nullptr);
        if (set.HasExtension(options::max_at_a_time)) CHECK(field.is_repeated());
        if (set.HasExtension(options::maskering)) CHECK(set.HasExtension(options::personoplysning));
        if (set.ExtensionSize(options::urn) > 0)
            CHECK((is_text(field) || is_message(field, "vera.oio.v1.UnikId") ||
                   is_message(field, "vera.oio.v1.Aktoer")));
        const bool is_flag = field.type() == FieldDescriptor::TYPE_BOOL && !field.has_presence();
        CHECK_FALSE((is_flag && set.GetExtension(options::required)));
    });
}

TEST_CASE("schemas: a required enum is a known one", "[schemas]") {
    for_each_field([](const FieldDescriptor& field) {
        CAPTURE(field.full_name());
        if (field.enum_type() != nullptr && option(field, options::required))
            CHECK(option(field, options::known_value));
    });
}

TEST_CASE("schemas: a period is made of two fields of its message", "[schemas]") {
    std::size_t periods = 0;
    for (const Descriptor* message : messages())
        for (int i = 0; i < message->options().ExtensionSize(options::periode); ++i) {
            const auto& period = message->options().GetExtension(options::periode, i);
            CAPTURE(message->full_name(), period.fra(), period.til());
            const FieldDescriptor* from = message->FindFieldByName(period.fra());
            const FieldDescriptor* to = message->FindFieldByName(period.til());
            REQUIRE(from != nullptr);
            REQUIRE(to != nullptr);
            CHECK(from->type() == to->type());
            CHECK(from->message_type() == to->message_type());
            CHECK(option(*from, options::format) == option(*to, options::format));
            ++periods;
        }
    CHECK(periods >= 10);
}

TEST_CASE("schemas: what has a form has an example of it", "[schemas]") {
    for_each_field([](const FieldDescriptor& field) {
        CAPTURE(field.full_name());
        const std::string example = option(field, options::example);
        const std::string pattern = option(field, options::pattern);
        if (option(field, options::format) != options::FORMAT_UNSPECIFIED || !pattern.empty())
            CHECK_FALSE(example.empty());
        if (!pattern.empty()) CHECK(std::regex_match(example, std::regex(pattern)));
        const auto length = option(field, options::length);
        if (length.max() != 0) CHECK(length.min() <= length.max());
        if (length.max() != 0) CHECK(code_points(example) <= length.max());
        if (!example.empty()) CHECK(code_points(example) >= length.min());
    });
}

TEST_CASE("schemas: no example names a person but the test person", "[schemas]") {
    const std::regex cpr("(0[1-9]|[12][0-9]|3[01])(0[1-9]|1[0-2])[0-9]{6}");
    for_each_field([&cpr](const FieldDescriptor& field) {
        const std::string example = option(field, options::example);
        CAPTURE(field.full_name());
        if (std::regex_match(example, cpr) && option(field, options::format) != options::FORMAT_PNR)
            CHECK(example == "2512484916");
    });
}

TEST_CASE("schemas: what is about a person is marked", "[schemas]") {
    for_each_field([](const FieldDescriptor& field) {
        CAPTURE(field.full_name());
        const auto marked = option(field, options::personoplysning);
        if (option(field, options::format) == options::FORMAT_CPR)
            CHECK(marked == options::PERSONOPLYSNING_PERSONNUMMER);
        for (int i = 0; i < field.options().ExtensionSize(options::urn); ++i)
            if (field.options().GetExtension(options::urn, i) == options::URN_ART_CPR)
                CHECK(marked >= options::PERSONOPLYSNING_FORTROLIG);
        if (is_message(field, "vera.person.v1.Adresse")) {
            CHECK(option(field, options::beskyttet_adresse));
            CHECK(marked != options::PERSONOPLYSNING_UNSPECIFIED);
        }
        const bool is_of_person = field.containing_type()->full_name() == "vera.person.v1.Person";
        if (is_of_person && field.message_type() == nullptr)
            CHECK(marked != options::PERSONOPLYSNING_UNSPECIFIED);
    });
}

TEST_CASE("schemas: the check at the door can hold every message", "[schemas]") {
    for (const Descriptor* message : messages()) {
        CAPTURE(message->full_name());
        CHECK(message->field_count() <= 64);
        for (int i = 0; i < message->field_count(); ++i)
            CHECK((message->field(i)->number() <= 1000 && !message->field(i)->is_map()));
    }
}
