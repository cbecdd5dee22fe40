// SPDX-License-Identifier: Apache-2.0
#include "probe/selftest.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <unordered_map>
#include <vector>

#include "io/loop.h"
#include "io/loopback.h"
#include "probe/prober.h"

namespace lw {
namespace {

/// Of the measuring of the error: little enough that it measures an idle agent.
constexpr std::size_t kEchoesPerSecond = 500;
/// Sockets are open a moment before the first echo: the kernel begins to stamp some time after it
/// is asked to.
constexpr Milliseconds kWarmUp{200};
constexpr Milliseconds kTimeout{200};

constexpr std::size_t kRateFirst = 1'000;
constexpr std::size_t kRateMax = 512'000;
/// Longer than the time-out, so that a loss shows.
constexpr Milliseconds kStep{700};
/// A rate that fails once may have met with somebody else's work.
constexpr int kTries = 2;
/// After the doubling: each halves what is not known.
constexpr int kRefinements = 2;

/// Each test has an address of loopback to itself.
std::string address_of(std::size_t i) {
  return fmt::format("127.{}.{}.{}", 1 + (i >> 16), (i >> 8) & 0xff, i & 0xff);
}

/// So many tests that make one echo a second each, evenly spread.
std::vector<Test> echoes(std::size_t count) {
  auto configuration = std::make_shared<TestConfiguration>();
  configuration->frequency = Seconds(1);
  configuration->checks_per_round = 1;
  configuration->check_timeout = kTimeout;
  std::vector<Test> tests(count);
  for (std::size_t i = 0; i < count; ++i) {
    tests[i].id = TestId{(i + 1) * 0x9e37'79b9'7f4a'7c15U};
    tests[i].destination_address = address_of(i);
    tests[i].configuration = configuration;
  }
  return tests;
}

std::uint64_t voided(const Round& round) {
  return static_cast<std::uint64_t>(std::ranges::count_if(
      round.checks, [](const Check& check) { return check.outcome != CheckOutcome::Success; }));
}

/// Brings together what the prober and the capture say of one echo.
class ErrorMeter {
 public:
  void on_seen(const io::EchoCapture::Seen& seen) {
    Echo& echo = echoes_[seen.target];
    if (!seen.is_reply) echo = {};
    (seen.is_reply ? echo.reply_ns : echo.request_ns) = seen.stamp_ns;
    settle(echo);
  }
  void on_round(const Round& round) {
    if (stamps_ > round.stamp_source) stamps_ = round.stamp_source;
    const auto address = parse_ip_address(round.address);
    if (!address || round.checks.empty() || !round.checks.front().rtt) return;
    Echo& echo = echoes_[*address];
    echo.rtt = round.checks.front().rtt;
    rtts_.push_back(echo.rtt->count());
    settle(echo);
  }

  /// Captured errors if there are any, else the RTTs as their bound. Sorted, in microseconds.
  [[nodiscard]] std::vector<std::int64_t> errors() const {
    std::vector<std::int64_t> sorted = has_captured() ? errors_ : rtts_;
    std::ranges::sort(sorted);
    return sorted;
  }
  [[nodiscard]] bool has_captured() const { return !errors_.empty(); }
  [[nodiscard]] StampSource stamps() const { return stamps_; }

 private:
  struct Echo {
    std::optional<std::int64_t> request_ns, reply_ns;
    std::optional<Microseconds> rtt;
  };

  void settle(Echo& echo) {
    if (!echo.request_ns || !echo.reply_ns || !echo.rtt) return;
    const std::int64_t off = echo.rtt->count() * 1000 - (*echo.reply_ns - *echo.request_ns);
    errors_.push_back((std::abs(off) + 999) / 1000);
    echo = {};
  }

  std::unordered_map<IpAddress, Echo> echoes_;
  std::vector<std::int64_t> errors_, rtts_;
  StampSource stamps_ = StampSource::Hardware;
};

void measure_error(const Clock& clock, int seconds, SelfTest& result) {
  io::Loop loop;
  ErrorMeter meter;
  // Without the right to capture there is none.
  const auto capture = io::EchoCapture::open(loop, [&](const auto& seen) { meter.on_seen(seen); });
  Prober prober(loop, clock, {}, [&](Round&& round) {
    result.echoes += static_cast<std::uint32_t>(round.checks.size());
    result.failed += static_cast<std::uint32_t>(voided(round));
    meter.on_round(round);
  });
  loop.run_for(kWarmUp);
  prober.assign(echoes(kEchoesPerSecond));
  loop.run_for(Seconds(seconds) + kTimeout);
  const ProberStats stats = prober.stats();
  result.socket_drops += stats.socket_drops;
  result.late_replies += stats.late_replies;
  result.is_against_capture = meter.has_captured();
  result.stamps = result.echoes > 0 ? meter.stamps() : StampSource::User;
  const std::vector<std::int64_t> errors = meter.errors();
  if (errors.empty()) return;
  result.error_median = Microseconds(errors[(errors.size() - 1) / 2]);
  result.error = Microseconds(errors[(errors.size() - 1) * 999 / 1000]);
  result.error_max = Microseconds(errors.back());
}

/// Whether a prober keeps up with so many checks a second. `made`: how many it made.
bool sustains(const Clock& clock, std::size_t rate, std::uint64_t& made) {
  io::Loop loop;
  std::uint64_t failed = 0;
  Prober prober(loop, clock, {}, [&](Round&& round) { failed += voided(round); });
  loop.run_for(kWarmUp);
  prober.assign(echoes(rate));
  const Instant begin = clock.now();
  loop.run_for(kStep);
  const auto seconds = std::chrono::duration<double>(clock.now() - begin).count();
  const ProberStats stats = prober.stats();
  made = static_cast<std::uint64_t>(static_cast<double>(stats.rounds_finished) / seconds);
  const bool is_calm = failed == 0 && stats.late_checks == 0 && stats.missed_intervals == 0 &&
                       stats.late_replies == 0 && stats.socket_drops == 0;
  // Of 20 checks 19 must have been made and answered: the last ones are still under way.
  return is_calm && made * 20 >= rate * 19;
}

bool sustains_in_some_try(const Clock& clock, std::size_t rate, std::uint64_t& made) {
  for (int i = 0; i < kTries; ++i) {
    if (sustains(clock, rate, made)) return true;
  }
  return false;
}

std::uint64_t find_capacity(const Clock& clock) {
  std::uint64_t best = 0;
  std::size_t good = 0;
  std::size_t rate = kRateFirst;
  std::uint64_t made = 0;
  const auto attempt = [&] {
    if (!sustains_in_some_try(clock, rate, made)) return false;
    good = rate;
    best = std::max(best, made);
    return true;
  };
  while (rate <= kRateMax && attempt()) rate *= 2;
  if (good == 0 || rate > kRateMax) return best;
  std::size_t bad = rate;
  for (int i = 0; i < kRefinements; ++i) {
    rate = good + (bad - good) / 2;
    if (!attempt()) bad = rate;
  }
  return best;
}

}  // namespace

SelfTest measure_self(const Clock& clock, const SelfTestOptions& options) {
  SelfTest result;
  result.kernel = io::kernel_release();
  result.cpus = static_cast<std::uint32_t>(std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN)));
  result.has_raw_sockets = io::are_raw_sockets_allowed();
  io::enter_own_network();  // If it may not, the machine's own loopback does.
  measure_error(clock, options.seconds, result);
  if (options.with_capacity) result.checks_per_second = find_capacity(clock);
  return result;
}

std::string describe(const SelfTest& test) {
  if (test.echoes == 0 || test.failed == test.echoes) return "no echo to loopback was answered";
  std::string error =
      fmt::format("{} {} µs", test.is_against_capture ? "±" : "at most ±", test.error.count());
  if (!test.checks_per_second) return error;
  return fmt::format("{}, {} checks/s per core", error, *test.checks_per_second);
}

}  // namespace lw
