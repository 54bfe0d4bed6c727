// Objects that LoRa's own JSON Schema allows, made at random from it.
#include "tests/fuzz/choices.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/oio/there_and_back.hpp"

#include <algorithm>
#include <array>
#include <fstream>

using namespace vera;
using namespace vera::oio::test;
using nlohmann::json;

namespace {

class Instance {
public:
    Instance(const json& definitions, std::uint64_t seed)
        : definitions_(definitions),
          dice_(seed) {}

    json make(const json& schema, const std::string& name) {
        if (schema.contains("$ref")) {
            const auto reference = schema["$ref"].get<std::string>();
            return make(definitions_.at(reference.substr(reference.rfind('/') + 1)), name);
        }
        if (schema.contains("oneOf")) return make(any_of(schema["oneOf"]), name);
        if (schema.contains("enum")) return any_of(schema["enum"]);
        const auto type = schema.at("type").get<std::string>();
        if (type == "object") return object(schema);
        if (type == "array") return list(schema, name);
        if (type == "boolean") return dice_.once_in(2);
        if (type == "integer") return dice_.below(100);
        REQUIRE(type == "string");
        return text(schema, name);
    }

private:
    const json& any_of(const json& choice) {
        return choice.at(dice_.below(static_cast<std::uint32_t>(choice.size())));
    }
    json object(const json& schema) {
        json made = json::object();
        if (!schema.contains("properties")) return made;
        const auto required = schema.value("required", std::vector<std::string>{});
        for (const auto& [name, property] : schema["properties"].items()) {
            const bool is_required = std::ranges::find(required, name) != required.end();
            const bool is_frame = name == "attributter" || name == "tilstande";
            if (is_required || is_frame || !dice_.once_in(3)) made[name] = make(property, name);
        }
        return made;
    }
    json list(const json& schema, const std::string& name) {
        json made = json::array();
        const std::uint32_t most = schema.value("maxItems", 2U);
        for (std::uint32_t n = 1 + dice_.below(most); n > 0; --n)
            made.push_back(make(schema.at("items"), name));
        return made;
    }
    std::string text(const json& schema, const std::string& name) {
        static constexpr std::array<const char*, 5> times{"2014-05-19 12:02:32",
                                                          "2017-01-01T00:00:00+01:00",
                                                          "2015-04-10 00:00:00+00",
                                                          "1980-07-01",
                                                          "infinity"};
        static constexpr std::array<const char*, 4> texts{"", "Bruger", "æøå", "27.36.04"};
        static constexpr std::array<const char*, 3> actors{"Bruger", "ItSystem", "Organisation"};
        if (schema.contains("pattern"))
            return schema["pattern"].get<std::string>().starts_with("^urn")
                       ? "urn:oio:cvr-nr:29189382"
                       : "cb904af2-83a1-11e5-b3b8-83a8f6a26e42";
        if (name == "from" || name == "to" || name.ends_with("tidspunkt"))
            return times[dice_.below(times.size())];
        if (name == "accepteret") return "foreloebigt";
        if (name == "obligatorisk") return "valgfri";
        if (name == "aktoertypekode") return actors[dice_.below(actors.size())];
        return texts[dice_.below(texts.size())];
    }

    const json& definitions_;
    fuzz::Dice dice_;
};

}  // namespace

TEST_CASE("oio: whatever LoRa's schema allows has a field, and tells its class", "[oio]") {
    const json schemas = json::parse(std::ifstream(VERA_LORA_SCHEMAS));
    CHECK(schemas.size() == 15);
    for (const auto& [name, schema] : schemas.items()) {
        if (!schema.contains("properties")) continue;  // Dokument: nothing is said of it
        for (std::uint64_t seed = 1; seed <= 20; ++seed) {
            const json body = Instance(schema["definitions"], seed).make(schema, name);
            CAPTURE(name, seed, body.dump());
            const auto trip = there_and_back(body.dump());
            CAPTURE(trip.aside);
            CHECK(trip.error.empty());
            CHECK(trip.aside.empty());
            CHECK(trip.back == body);
        }
    }
}
