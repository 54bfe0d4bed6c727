#include "adapters/oio/tidspunkt.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <optional>

namespace vera::oio {
namespace {

using namespace std::chrono;

constexpr std::size_t longest_text = 64;  // of Tidspunkt.oprindelig_tekst
constexpr int longest_offset_minutes = 15 * 60 + 59;

/// A date and time of day as it stands, and the zone beside it.
struct Reading {
    local_seconds local{};
    std::int32_t nanos = 0;
    bool has_zone = false;
    bool is_z = false;
    int offset_minutes = 0;
};

class TextReader {
public:
    explicit TextReader(std::string_view text) : text_(text) {}

    std::optional<Reading> run() {
        Reading reading;
        if (!date(reading)) return std::nullopt;
        if (!at_end() && !time_of_day(reading)) return std::nullopt;
        if (!at_end() && !zone(reading)) return std::nullopt;
        if (!at_end()) return std::nullopt;
        return reading;
    }

private:
    [[nodiscard]] bool at_end() const { return at_ == text_.size(); }
    bool take(char wanted) {
        if (at_end() || text_[at_] != wanted) return false;
        ++at_;
        return true;
    }
    bool digits(int count, int& value) {
        value = 0;
        for (int i = 0; i < count; ++i, ++at_) {
            if (at_end() || text_[at_] < '0' || text_[at_] > '9') return false;
            value = value * 10 + (text_[at_] - '0');
        }
        return true;
    }
    bool date(Reading& reading) {
        int y = 0;
        int m = 0;
        int d = 0;
        if (!digits(4, y) || !take('-') || !digits(2, m) || !take('-') || !digits(2, d))
            return false;
        const year_month_day day{
            year{y}, month{static_cast<unsigned>(m)}, std::chrono::day{static_cast<unsigned>(d)}};
        reading.local = local_days{day};
        return day.ok() && y >= 1;
    }
    bool time_of_day(Reading& reading) {
        if (!take('T') && !take('t') && !take(' ')) return false;
        int h = 0;
        int m = 0;
        int s = 0;
        if (!digits(2, h) || !take(':') || !digits(2, m)) return false;
        if (take(':') && !digits(2, s)) return false;
        if (h > 23 || m > 59 || s > 59) return false;
        reading.local += hours{h} + minutes{m} + seconds{s};
        return !take('.') || fraction(reading);
    }
    bool fraction(Reading& reading) {
        std::int32_t unit = 100'000'000;
        const std::size_t first = at_;
        for (; !at_end() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_, unit /= 10)
            reading.nanos += (text_[at_] - '0') * unit;
        return at_ > first && at_ - first <= 9;
    }
    bool zone(Reading& reading) {
        reading.has_zone = true;
        if (take('Z') || take('z')) {
            reading.is_z = true;
            return true;
        }
        const bool is_west = take('-');
        int h = 0;
        int m = 0;
        if ((!is_west && !take('+')) || !digits(2, h)) return false;
        if (!at_end()) {
            take(':');
            if (!digits(2, m)) return false;
        }
        reading.offset_minutes = (is_west ? -1 : 1) * (h * 60 + m);
        return m < 60 && h * 60 + m <= longest_offset_minutes;
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

/// Danish summer time: since 1980, from 01:00 UTC on the last Sunday of March; until 1995 to the
/// last Sunday of September, then of October.
seconds copenhagen_offset(sys_seconds at) {
    const year y = year_month_day{floor<days>(at)}.year();
    const month last_month = y < year{1996} ? September : October;
    const sys_seconds begins = sys_days{y / March / Sunday[last]} + hours{1};
    const sys_seconds ends = sys_days{y / last_month / Sunday[last]} + hours{1};
    return y >= year{1980} && at >= begins && at < ends ? hours{2} : hours{1};
}

/// Of an hour that comes twice the first.
sys_seconds from_copenhagen(local_seconds local) {
    const sys_seconds as_utc{local.time_since_epoch()};
    const sys_seconds in_summer = as_utc - hours{2};
    return copenhagen_offset(in_summer) == hours{2} ? in_summer : as_utc - hours{1};
}

void fill(const Reading& reading, v1::Tidspunkt& time) {
    const sys_seconds as_utc{reading.local.time_since_epoch()};
    const sys_seconds instant = reading.has_zone ? as_utc - minutes{reading.offset_minutes}
                                                 : from_copenhagen(reading.local);
    auto& stamp = *time.mutable_tidsstempel_dato_tid();
    stamp.set_seconds(instant.time_since_epoch().count());
    stamp.set_nanos(reading.nanos);
    if (!reading.has_zone) time.set_uden_tidszone(true);
    if (reading.has_zone && !reading.is_z)
        time.set_utc_forskydning_minutter(reading.offset_minutes);
}

bool is_in_range(const v1::Tidspunkt& time) {
    constexpr std::int64_t first = -62'135'596'800;  // 0001-01-01T00:00:00Z
    constexpr std::int64_t last = 253'402'300'799;   // 9999-12-31T23:59:59Z
    const auto& stamp = time.tidsstempel_dato_tid();
    return stamp.seconds() >= first && stamp.seconds() <= last && stamp.nanos() >= 0 &&
           stamp.nanos() < 1'000'000'000;
}

bool is_same(const v1::Tidspunkt& a, const v1::Tidspunkt& b) {
    return a.tid_case() == b.tid_case() && a.graense_indikator() == b.graense_indikator() &&
           a.tidsstempel_dato_tid().seconds() == b.tidsstempel_dato_tid().seconds() &&
           a.tidsstempel_dato_tid().nanos() == b.tidsstempel_dato_tid().nanos() &&
           a.has_utc_forskydning_minutter() == b.has_utc_forskydning_minutter() &&
           a.utc_forskydning_minutter() == b.utc_forskydning_minutter() &&
           a.uden_tidszone() == b.uden_tidszone();
}

std::string zone_text(const v1::Tidspunkt& time) {
    if (time.uden_tidszone()) return {};
    if (!time.has_utc_forskydning_minutter()) return "Z";
    const int total = time.utc_forskydning_minutter();
    const unsigned size = static_cast<unsigned>(total < 0 ? -total : total) % 6000U;
    std::array<char, 8> text{};
    (void)std::snprintf(
        text.data(), text.size(), "%c%02u:%02u", total < 0 ? '-' : '+', size / 60, size % 60);
    return text.data();
}

/// The xs:dateTime that the fields give.
std::string date_time(const v1::Tidspunkt& time) {
    if (!is_in_range(time)) return {};
    const sys_seconds instant{seconds{time.tidsstempel_dato_tid().seconds()}};
    seconds offset = minutes{time.utc_forskydning_minutter()};
    if (time.uden_tidszone()) offset = copenhagen_offset(instant);
    const sys_seconds local = instant + offset;
    const year_month_day day{floor<days>(local)};
    const hh_mm_ss clock{local - floor<days>(local)};
    std::array<char, 64> text{};
    (void)std::snprintf(text.data(),
                        text.size(),
                        "%04d-%02u-%02uT%02d:%02d:%02d",
                        static_cast<int>(day.year()),
                        static_cast<unsigned>(day.month()),
                        static_cast<unsigned>(day.day()),
                        static_cast<int>(clock.hours().count()),
                        static_cast<int>(clock.minutes().count()),
                        static_cast<int>(clock.seconds().count()));
    std::string out = text.data();
    if (const std::int32_t nanos = time.tidsstempel_dato_tid().nanos(); nanos > 0) {
        (void)std::snprintf(text.data(), text.size(), ".%09d", nanos);
        out += text.data();
        out.resize(out.find_last_not_of('0') + 1);
    }
    return out + zone_text(time);
}

std::string plain_text(const v1::Tidspunkt& time, PeriodEnd end) {
    if (time.has_graense_indikator()) return end == PeriodEnd::end ? "infinity" : "-infinity";
    return time.has_tidsstempel_dato_tid() ? date_time(time) : std::string{};
}

bool parse(std::string_view text, v1::Tidspunkt& time) {
    if (text.empty()) return true;
    if (text == "infinity" || text == "-infinity") {
        time.set_graense_indikator(true);
        return true;
    }
    const auto reading = TextReader(text).run();
    if (!reading) return false;
    fill(*reading, time);
    return is_in_range(time);
}

}  // namespace

bool read_tidspunkt(std::string_view text, PeriodEnd end, v1::Tidspunkt& time) {
    v1::Tidspunkt read;
    if (text.size() > longest_text || !parse(text, read)) return false;
    if (plain_text(read, end) != text) read.set_oprindelig_tekst(std::string(text));
    time = read;
    return true;
}

std::string tidspunkt_text(const v1::Tidspunkt& time, PeriodEnd end) {
    // A text that someone left beside a changed time says nothing.
    v1::Tidspunkt original;
    if (!time.oprindelig_tekst().empty() && parse(time.oprindelig_tekst(), original) &&
        is_same(original, time))
        return time.oprindelig_tekst();
    return plain_text(time, end);
}

}  // namespace vera::oio
