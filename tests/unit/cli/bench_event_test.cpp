#include "bus/cli/bench_event.hpp"

#include "adapters/kit/load_message.hpp"
#include "bus/event/catalogue.hpp"
#include "tests/support/catch.hpp"

#include <string>
#include <variant>

using namespace vera;

TEST_CASE("cli: what bench sends as events is valid, of the wanted size, with ids of its own",
          "[cli]") {
    const std::size_t size = GENERATE(600U, 1024U, 4096U);
    const auto made = cli::bench_event(size, 10);
    REQUIRE(made);
    CHECK(made->body.size() + 16 > size);
    CHECK(made->body.size() < size + 16);
    REQUIRE(made->id_at.size() == 1);
    CHECK(made->object_at.size() == 2);
    kit::LoadOptions options;
    options.event = *made;
    kit::LoadMessage message(options, 1);
    std::string last;
    for (std::uint64_t number = 0; number < 3; ++number) {
        event::RawEvent raw;
        raw.message = Block::copy_of(message.stamped(number, 1'000 + number));
        raw.body_kind = event::BodyKind::data;
        raw.body = kit::body_of(raw.message.view());
        raw.content_type = "application/protobuf";
        const auto checked = event::Catalogue::built_in()->check(raw);
        if (const auto* refusal = std::get_if<Refusal>(&checked)) FAIL(refusal->text);
        const auto& attributes = std::get<event::Attributes>(checked);
        CHECK(attributes.type == "vera.sag.v1.SagOprettet");
        CHECK(attributes.myndighed == "29189382");
        CHECK(attributes.id != last);
        last = attributes.id;
    }
}
