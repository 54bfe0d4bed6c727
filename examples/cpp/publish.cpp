// Publishes one event: example_publish KUVERT.json
#include "adapters/kit/connection.hpp"

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

int main(int argc, char** argv) {
    if (argc != 2) {
        std::cerr << "usage: example_publish KUVERT.json\n";
        return 2;
    }
    std::ifstream file(argv[1]);
    vera::kit::Message message;
    message.body.assign(std::istreambuf_iterator<char>(file), {});
    message.content_type = "application/json";
    if (message.body.empty()) {
        std::cerr << "cannot read " << argv[1] << '\n';
        return 2;
    }

    vera::kit::ConnectOptions where;
    if (const char* url = std::getenv("VERA_URL")) where.url = url;
    auto connection = vera::kit::Connection::open(where);
    if (!connection) {
        std::cerr << connection.error().text << '\n';
        return 1;
    }
    vera::kit::PublisherOptions to;
    to.address = "events";
    auto events = connection->publisher(to);
    if (!events) {
        std::cerr << events.error().text << '\n';
        return 1;
    }

    // Blocks until the bus has said what became of it; sends again by itself if the connection is
    // lost meanwhile.
    const auto confirmation = events->publish(message);
    if (!confirmation) {
        std::cerr << confirmation.error().text << '\n';
        return 1;
    }
    std::cout << vera::kit::name_of(confirmation->verdict);
    if (confirmation->verdict != vera::kit::Verdict::accepted)
        std::cout << ' ' << confirmation->condition << ": " << confirmation->text;
    std::cout << '\n';
    return confirmation->verdict == vera::kit::Verdict::accepted ? 0 : 1;
}
