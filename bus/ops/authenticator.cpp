#include "bus/ops/authenticator.hpp"

#include "bus/ops/names.hpp"
#include "bus/policy/secret.hpp"

#include <algorithm>
#include <chrono>
#include <string.h>  // explicit_bzero
#include <unordered_map>
#include <utility>

namespace vera::ops {
namespace {

/// Matches nothing anybody could find; parameters as policy::hash_secret makes them.
constexpr std::string_view nobody =
    "scrypt$15$8$1$AAAAAAAAAAAAAAAAAAAAAA==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

}  // namespace

/// The systems by folded name.
struct Authenticator::Book {
    struct Entry {
        std::shared_ptr<const event::Identity> identity;
        std::vector<std::string> secrets;
    };
    struct Mapping {
        SubjectConfig subject;
        std::shared_ptr<const event::Identity> identity;
    };
    std::unordered_map<std::string, Entry> entries;
    std::vector<Mapping> certificates;
    std::size_t verifications = 1;  ///< of every refusal
};

std::shared_ptr<const Authenticator::Book> Authenticator::make_book(
    std::vector<SystemConfig> systems) {
    auto book = std::make_shared<Book>();
    for (SystemConfig& system : systems) {
        const event::Identity plain{system.name, system.authority, "PLAIN"};
        auto identity = std::make_shared<const event::Identity>(plain);
        const auto external = std::make_shared<const event::Identity>(
            event::Identity{system.name, system.authority, "EXTERNAL"});
        for (SubjectConfig& subject : system.certificates)
            book->certificates.push_back({std::move(subject), external});
        book->verifications = std::max(book->verifications, system.secrets.size());
        book->entries[fold(system.name)] = {std::move(identity), std::move(system.secrets)};
    }
    return book;
}

Authenticator::Authenticator(std::vector<SystemConfig> systems)
    : book_(make_book(std::move(systems))),
      worker_([this] { work(); }) {}

Authenticator::~Authenticator() {
    requests_.close();
}

void Authenticator::replace(std::vector<SystemConfig> systems) {
    book_.set(make_book(std::move(systems)));
}

void Authenticator::verify(std::string user, std::string password, Done done) {
    if (waiting_.fetch_add(1) >= max_waiting) {
        waiting_.fetch_sub(1);
        return done(nullptr);
    }
    requests_.put({std::move(user), std::move(password), std::move(done)});
}

std::shared_ptr<const event::Identity> Authenticator::identify(
    const amqp::CertificateSubject& subject, std::string_view wanted) const {
    const std::shared_ptr<const Book> book = book_.get();
    std::shared_ptr<const event::Identity> found;
    for (const Book::Mapping& one : book->certificates) {
        if (!matches(one.subject, subject)) continue;
        if (found && found->system != one.identity->system) return nullptr;
        found = one.identity;
    }
    if (!found || wanted.empty() || fold(wanted) == fold(found->system)) return found;
    return nullptr;
}

std::shared_ptr<const event::Identity> Authenticator::check(const Book& book,
                                                            const Request& request) {
    const auto at = book.entries.find(fold(request.user));
    std::size_t made = 0;
    if (at != book.entries.end()) {
        for (const std::string& secret : at->second.secrets) {
            ++made;
            if (policy::matches(secret, request.password)) return at->second.identity;
        }
    }
    for (; made < book.verifications; ++made)
        if (policy::matches(nobody, request.password)) break;
    return nullptr;
}

void Authenticator::work() {
    std::vector<Request> batch;
    while (requests_.take(batch, std::chrono::hours{1})) {
        for (Request& request : batch) {
            auto identity = check(*book_.get(), request);
            explicit_bzero(request.password.data(), request.password.size());
            waiting_.fetch_sub(1);
            request.done(std::move(identity));
        }
    }
}

}  // namespace vera::ops
