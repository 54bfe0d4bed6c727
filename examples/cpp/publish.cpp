// Publishes one event: example_publish KUVERT.json
#include "adapters/kit/connection.hpp"
#include "bus/base/uuid.hpp"
#include "bus/host/random.hpp"

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

int main(int argc, char** argv) {
    if (argc != 2) {
        std::cerr << "usage: example_publish KUVERT.json\n";
        return 2;
    }
    std::ifstream file(argv[1]);
    auto kuvert = nlohmann::json::parse(file, nullptr, false);
    if (!kuvert.is_object()) {
        std::cerr << "no kuvert as JSON in " << argv[1] << '\n';
        return 2;
    }
    // Each event has an id of its own; the same id again means the same event again.
    const std::string id = vera::to_text(vera::host::random_uuid());
    kuvert["BeskedId"] = {{"UUIDIdentifikator", id}};
    vera::kit::Message message;
    message.id = id;
    message.body = kuvert.dump();
    message.content_type = "application/json";

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
