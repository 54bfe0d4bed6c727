#include "bus/pages/rule_words.hpp"

#include "tests/support/catch.hpp"

#include <string>
#include <vector>

using namespace vera::pages;
namespace options = vera::options::v1;
using Texts = std::vector<std::string>;

namespace {

Message message_with(Field field) {
    Message message;
    message.choices.push_back({{"a", "b"}, true});
    message.fields.push_back(std::move(field));
    return message;
}

}  // namespace

TEST_CASE("pages: rules are told in Danish and English", "[pages]") {
    Field field;
    field.type = "string";
    field.rules.is_required = true;
    field.rules.format = options::FORMAT_CVR;
    field.rules.min_length = 2;
    field.rules.max_length = 50;
    field.rules.pattern = "[A-Z]+";
    field.rules.wants_known_value = true;
    field.rules.max_at_a_time = 1;
    field.choice = 0;
    const Message message = message_with(field);
    CHECK(rules_in_words(message, message.fields[0], Language::en) ==
          Texts{"required",
                "exactly one of a, b",
                "a CVR number: 8 digits, modulus 11",
                "2 to 50 characters",
                "matches [A-Z]+",
                "only known values",
                "at most 1 at a time by Virkning"});
    CHECK(rules_in_words(message, message.fields[0], Language::da) ==
          Texts{"skal udfyldes",
                "præcis én af a, b",
                "CVR-nummer: 8 cifre, modulus 11",
                "2 til 50 tegn",
                "følger mønstret [A-Z]+",
                "kun kendte værdier",
                "højst 1 ad gangen efter virkning"});
}

TEST_CASE("pages: a field without rules has none in words", "[pages]") {
    const Message message = message_with({});
    CHECK(rules_in_words(message, message.fields[0], Language::da).empty());
    CHECK(personal_in_words(message.fields[0], Language::da).empty());
}

TEST_CASE("pages: bounds of a length are told as few words as can be", "[pages]") {
    struct Row {
        std::uint32_t min, max;
        std::string type, words;
    };
    const auto row = GENERATE(values<Row>({{0, 255, "string", "at most 255 characters"},
                                           {1, 0, "string", "at least 1 characters"},
                                           {8, 8, "string", "exactly 8 characters"},
                                           {0, 64, "bytes", "at most 64 bytes"}}));
    Field field;
    field.type = row.type;
    field.rules.min_length = row.min;
    field.rules.max_length = row.max;
    const Message message = message_with(field);
    CHECK(rules_in_words(message, message.fields[0], Language::en) == Texts{row.words});
}

TEST_CASE("pages: every format, kind of URN, class and level of the options has words", "[pages]") {
    Field field;
    for (const Language language : {Language::da, Language::en}) {
        for (int i = options::Format_MIN + 1; i <= options::Format_MAX; ++i) {
            CAPTURE(i);
            field.rules = {};
            field.rules.format = static_cast<options::Format>(i);
            CHECK(rules_in_words(message_with(field), field, language).size() == 1);
        }
        for (int i = options::UrnArt_MIN + 1; i <= options::UrnArt_MAX; ++i) {
            CAPTURE(i);
            field.rules = {};
            field.rules.urns = {static_cast<options::UrnArt>(i)};
            CHECK(rules_in_words(message_with(field), field, language)[0].find("urn:oio:") !=
                  std::string::npos);
        }
        for (int i = options::Personoplysning_MIN + 1; i <= options::Personoplysning_MAX; ++i) {
            CAPTURE(i);
            field.personal = static_cast<options::Personoplysning>(i);
            CHECK_FALSE(personal_in_words(field, language).empty());
        }
        for (int level = 1; level <= 4; ++level)
            CHECK_FALSE(level_in_words(level, language).empty());
        CHECK(level_in_words(0, language).empty());
    }
}

TEST_CASE("pages: masking is told beside the class of personal data", "[pages]") {
    Field field;
    field.personal = options::PERSONOPLYSNING_PERSONNUMMER;
    CHECK(personal_in_words(field, Language::en) == "CPR number; not shown");
    field.masking = options::MASKERING_SIDSTE_FIRE;
    CHECK(personal_in_words(field, Language::da) == "personnummer; kun de sidste fire tegn vises");
}

TEST_CASE("pages: a short name is what stands behind the package", "[pages]") {
    CHECK(short_name("vera.sag.v1.Sag") == "Sag");
    CHECK(short_name("vera.options.v1.Besked.Art") == "Besked.Art");
    CHECK(short_name("Sag") == "Sag");
    CHECK(short_name("string") == "string");
    CHECK(short_name("") == "");
}
