#pragma once
// The one result type of VeRA: a value or an Error. The names are a subset of std::expected
// (C++23), so that it can be replaced by it later. For expected failures (input, configuration,
// network, disk, verification); broken invariants use VERA_CHECK (bus/base/check.hpp).
#include <cassert>
#include <string>
#include <utility>
#include <variant>

namespace vera {

enum class Errc { bad_input, not_found, refused, unavailable, io, corrupt, too_large };

struct Error {
    Errc code;
    std::string text;
};

struct Failure {
    Error error;
};

inline Failure fail(Errc code, std::string text) {
    return Failure{{code, std::move(text)}};
}

template <class T>
class [[nodiscard]] Result {
public:
    // NOLINTNEXTLINE(google-explicit-constructor): a value is a Result
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    // NOLINTNEXTLINE(google-explicit-constructor): a failure is a Result
    Result(Failure f) : state_(std::in_place_index<1>, std::move(f.error)) {}
    [[nodiscard]] bool has_value() const noexcept { return state_.index() == 0; }
    explicit operator bool() const noexcept { return has_value(); }
    T& operator*() & {
        assert(has_value());
        return *std::get_if<0>(&state_);
    }
    const T& operator*() const& {
        assert(has_value());
        return *std::get_if<0>(&state_);
    }
    T&& operator*() && {
        assert(has_value());
        return std::move(*std::get_if<0>(&state_));
    }
    T* operator->() { return &**this; }
    const T* operator->() const { return &**this; }
    [[nodiscard]] const Error& error() const {
        assert(!has_value());
        return *std::get_if<1>(&state_);
    }

private:
    std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
public:
    Result() = default;
    // NOLINTNEXTLINE(google-explicit-constructor): a failure is a Result
    Result(Failure f) : error_(std::move(f.error)), ok_(false) {}
    [[nodiscard]] bool has_value() const noexcept { return ok_; }
    explicit operator bool() const noexcept { return ok_; }
    [[nodiscard]] const Error& error() const {
        assert(!ok_);
        return error_;
    }

private:
    Error error_{};
    bool ok_ = true;
};

}  // namespace vera
