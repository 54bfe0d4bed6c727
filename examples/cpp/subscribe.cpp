// Receives the events of a subscription: example_subscribe SUBSCRIPTION [COUNT]
#include "adapters/kit/connection.hpp"

#include <cstdlib>
#include <iostream>
#include <string>

int main(int argc, char** argv) {
    if (argc != 2 && argc != 3) {
        std::cerr << "usage: example_subscribe SUBSCRIPTION [COUNT]\n";
        return 2;
    }
    vera::kit::ConnectOptions where;
    if (const char* url = std::getenv("VERA_URL")) where.url = url;
    auto connection = vera::kit::Connection::open(where);
    if (!connection) {
        std::cerr << connection.error().text << '\n';
        return 1;
    }
    vera::kit::SubscriberOptions from;
    from.address = std::string("sub/") + argv[1];
    from.total = argc == 3 ? std::strtoull(argv[2], nullptr, 10) : 0;  // 0: no end
    auto subscriber = connection->subscriber(from);
    if (!subscriber) {
        std::cerr << subscriber.error().text << '\n';
        return 1;
    }
    // The handler runs on this thread; what it returns is what the bus is told.
    const auto ended = subscriber->run(
        [](const vera::kit::Received& event) {
            std::cout << "event " << event.sequence() << ", " << event.content_type << ", "
                      << event.body.size() << " bytes\n";
            // Do the work here. Then one of: accept; retry (comes again after a while); dead_letter
            // with a reason; release.
            return vera::kit::Settlement{vera::kit::Outcome::accept, {}};
        },
        [] { return true; });
    if (!ended) {
        std::cerr << ended.error().text << '\n';
        return 1;
    }
    return 0;
}
