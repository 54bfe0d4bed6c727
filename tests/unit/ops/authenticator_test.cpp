#include "bus/ops/authenticator.hpp"

#include "bus/policy/secret.hpp"
#include "tests/support/catch.hpp"

#include <atomic>
#include <chrono>
#include <future>

using namespace vera;
using namespace vera::ops;

namespace {

using IdentityPtr = std::shared_ptr<const event::Identity>;

/// Its secrets are "hemmeligt" and "nyt".
SystemConfig system_of(std::string name) {
    SystemConfig system;
    system.name = std::move(name);
    system.authority = "29189382";
    static const auto old_hash = policy::hash_secret("hemmeligt", {1});
    static const auto new_hash = policy::hash_secret("nyt", {2});
    REQUIRE(old_hash.has_value());
    REQUIRE(new_hash.has_value());
    system.secrets = {*old_hash, *new_hash};
    return system;
}

IdentityPtr verify(Authenticator& authenticator, std::string user, std::string password) {
    std::promise<IdentityPtr> promise;
    auto result = promise.get_future();
    authenticator.verify(std::move(user), std::move(password), [&](IdentityPtr identity) {
        promise.set_value(std::move(identity));
    });
    REQUIRE(result.wait_for(std::chrono::seconds(60)) == std::future_status::ready);
    return result.get();
}

}  // namespace

TEST_CASE("authenticator: any of a system's secrets lets it in, under its configured name",
          "[ops]") {
    Authenticator authenticator({system_of("læsø-omsorg")});
    const auto identity = verify(authenticator, "læsø-omsorg", "hemmeligt");
    REQUIRE(identity != nullptr);
    CHECK(identity->system == "læsø-omsorg");
    CHECK(identity->authority == "29189382");
    CHECK(identity->mechanism == "PLAIN");
    CHECK(verify(authenticator, "læsø-omsorg", "nyt") != nullptr);
    const auto respelled = verify(authenticator, "LAESOE-omsorg", "nyt");
    REQUIRE(respelled != nullptr);
    CHECK(respelled->system == "læsø-omsorg");
}

TEST_CASE("authenticator: a wrong secret, an empty one and an unknown name are refused", "[ops]") {
    Authenticator authenticator({system_of("a")});
    CHECK(verify(authenticator, "a", "forkert") == nullptr);
    CHECK(verify(authenticator, "a", "") == nullptr);
    CHECK(verify(authenticator, "b", "hemmeligt") == nullptr);
    CHECK(verify(authenticator, "", "") == nullptr);
}

TEST_CASE("authenticator: a new generation's systems replace the old ones", "[ops]") {
    Authenticator authenticator({system_of("a")});
    authenticator.replace({system_of("b")});
    CHECK(verify(authenticator, "a", "hemmeligt") == nullptr);
    CHECK(verify(authenticator, "b", "hemmeligt") != nullptr);
}

TEST_CASE("authenticator: beyond its bound it refuses at once, and each request is answered once",
          "[ops]") {
    std::atomic<int> answered{0};
    constexpr int many = 100;
    {
        Authenticator authenticator({});
        std::promise<void> entered;
        std::promise<void> go;
        auto gate = go.get_future().share();
        authenticator.verify("a", "b", [&, gate](const IdentityPtr&) {
            entered.set_value();
            gate.wait();  // the worker stands still
            ++answered;
        });
        entered.get_future().wait();
        for (int i = 0; i < many; ++i)
            authenticator.verify("a", "b", [&](const IdentityPtr&) { ++answered; });
        CHECK(answered == many - static_cast<int>(Authenticator::max_waiting));
        go.set_value();
    }
    CHECK(answered == many + 1);
}
