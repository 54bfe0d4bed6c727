#include "bus/amqp/front_door.hpp"

#include "bus/amqp/door_context.hpp"
#include "bus/amqp/io_thread.hpp"
#include "bus/amqp/listener.hpp"
#include "bus/host/mailbox.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <utility>

namespace vera::amqp {

struct FrontDoor::State {
    State(DoorOptions options,
          flow::BusPort& bus,
          flow::Engine& engine,
          Authenticate authenticate,
          Manage manage,
          Identify identify)
        : context(std::move(options),
                  bus,
                  engine,
                  std::move(authenticate),
                  std::move(manage),
                  std::move(identify)) {
        const unsigned wanted = std::clamp(context.options.io_threads, 1U, 255U);
        for (unsigned i = 0; i < wanted; ++i)
            threads.push_back(std::make_shared<IoThread>(context, i));
        for (const auto& thread : threads)
            context.threads.push_back(thread.get());
    }

    DoorContext context;
    std::vector<std::shared_ptr<IoThread>> threads;
    std::vector<std::shared_ptr<Listener>> listeners;
    std::atomic<unsigned> next{0};
    bool is_running = false;
};

namespace {

// Moves each value to the work of its thread; all of one thread, which is usual, in one go.
template <class Value, class ThreadOf>
void deal(std::vector<Value>& values,
          std::vector<Work>& works,
          std::vector<Value> Work::*part,
          ThreadOf owner) {
    if (values.empty()) return;
    const unsigned first = owner(values.front());
    const bool is_uniform =
        std::ranges::all_of(values, [&](const Value& value) { return owner(value) == first; });
    if (is_uniform) {
        if (first < works.size()) (works[first].*part).swap(values);
        return;
    }
    for (Value& value : values)
        if (const unsigned thread = owner(value); thread < works.size())
            (works[thread].*part).push_back(std::move(value));
}

}  // namespace

FrontDoor::FrontDoor(DoorOptions options,
                     flow::BusPort& bus,
                     flow::Engine& engine,
                     Authenticate authenticate,
                     Manage manage,
                     Identify identify)
    : state_(std::make_unique<State>(std::move(options),
                                     bus,
                                     engine,
                                     std::move(authenticate),
                                     std::move(manage),
                                     std::move(identify))) {}

FrontDoor::~FrontDoor() {
    close(Millis{0});
}

Result<void> FrontDoor::open() {
    if (state_->is_running) return fail(Errc::refused, "the front door is open already");
    state_->listeners.clear();
    std::size_t home = 0;
    for (const ListenOn& on : state_->context.options.listeners) {
        IoThread& thread = *state_->threads[home++ % state_->threads.size()];
        auto listener = std::make_shared<Listener>(state_->context, thread, on);
        if (auto opened = listener->open(); !opened) {
            state_->listeners.clear();
            return fail(opened.error().code, opened.error().text);
        }
        state_->listeners.push_back(std::move(listener));
    }
    for (const auto& listener : state_->listeners)
        listener->start();
    for (const auto& thread : state_->threads)
        thread->start();
    state_->is_running = true;
    return {};
}

std::vector<std::uint16_t> FrontDoor::ports() const {
    std::vector<std::uint16_t> ports;
    for (const auto& listener : state_->listeners)
        ports.push_back(listener->port());
    return ports;
}

void FrontDoor::replace_tls(const std::vector<std::shared_ptr<const TlsContext>>& contexts) {
    for (std::size_t i = 0; i < std::min(contexts.size(), state_->listeners.size()); ++i)
        state_->listeners[i]->replace_tls(contexts[i]);
}

void FrontDoor::carry_out(flow::Effects& effects) {
    std::vector<Work> works(state_->threads.size());
    const auto by_delivery = [](const auto& value) { return thread_of(value.to.link); };
    const auto by_consumer = [](const auto& value) { return thread_of(value.consumer); };
    deal(effects.accepts, works, &Work::accepts, by_delivery);
    deal(effects.refusals, works, &Work::refusals, by_delivery);
    deal(effects.deliveries, works, &Work::deliveries, by_consumer);
    deal(effects.drained, works, &Work::drained, by_consumer);
    deal(effects.durable, works, &Work::durable, by_consumer);
    deal(effects.closes, works, &Work::closes, [](const flow::CloseLink& value) {
        return thread_of(value.link);
    });
    for (std::size_t i = 0; i < works.size(); ++i)
        if (!works[i].is_empty()) state_->threads[i]->put(std::move(works[i]));
}

void FrontDoor::post(std::function<void()> job) {
    for (const auto& thread : state_->threads)
        if (thread->is_here()) return job();
    const unsigned next = state_->next.fetch_add(1, std::memory_order_relaxed);
    state_->threads[next % state_->threads.size()]->post(std::move(job));
}

DoorCounters FrontDoor::counters() const {
    DoorCounters sum;
    for (const auto& thread : state_->threads) {
        const ThreadCounters& one = thread->counters();
        sum.connections += one.connections;
        sum.connections_total += one.connections_total;
        sum.refused_frames += one.refused_frames;
        sum.decode_errors += one.decode_errors;
        sum.handshake_timeouts += one.handshake_timeouts;
        sum.idle_timeouts += one.idle_timeouts;
        sum.bytes_in += one.bytes_in;
        sum.bytes_out += one.bytes_out;
        sum.deliveries_in += one.deliveries_in;
        sum.deliveries_out += one.deliveries_out;
        sum.refused += one.refused;
        sum.tls_handshakes += one.tls_handshakes;
        sum.tls_failures += one.tls_failures;
        sum.refused_links += one.refused_links;
    }
    return sum;
}

void FrontDoor::close(Millis grace) {
    if (!std::exchange(state_->is_running, false)) return;
    host::Mailbox<unsigned> done;
    for (const auto& listener : state_->listeners)
        listener->stop();
    for (const auto& thread : state_->threads)
        thread->begin_close(done);
    // Half of the time for outcomes that are still awaited, the rest for peers to answer the close.
    const auto start = std::chrono::steady_clock::now();
    std::size_t empty = 0;
    std::vector<unsigned> reports;
    for (const Millis part : {grace / 2, grace}) {
        while (empty < state_->threads.size()) {
            const auto left =
                std::chrono::ceil<Millis>(start + part - std::chrono::steady_clock::now());
            if (left <= Millis{0}) break;
            static_cast<void>(done.take(reports, left));
            empty += reports.size();
        }
        if (part != grace)
            for (const auto& thread : state_->threads)
                thread->force_close();
    }
    for (const auto& thread : state_->threads)
        thread->stop();
    state_->listeners.clear();
}

}  // namespace vera::amqp
