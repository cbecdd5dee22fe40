// SPDX-License-Identifier: Apache-2.0
// By hand: prober_bench [tests] [seconds] [icmp|tcp|both]. Runs that many tests of 10 checks each
// 10 s against this machine, and prints what the loop's thread spent. Not run in CI.
#include "probe/prober.h"

#include <fmt/core.h>
#include <sys/resource.h>

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>
#include <vector>

#include "io/test_listener.h"

namespace lw {
namespace {

double thread_cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_THREAD, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

long resident_kb() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

std::vector<Test> make_tests(int count, std::string_view kind, std::uint16_t port) {
  auto icmp = std::make_shared<TestConfiguration>();
  icmp->frequency = Seconds(10);
  auto tcp = std::make_shared<TestConfiguration>(*icmp);
  tcp->protocol = TcpConfiguration{port};
  std::vector<Test> tests(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < tests.size(); ++i) {
    const bool is_tcp = kind == "tcp" || (kind == "both" && i % 2 == 1);
    tests[i].id = TestId{i + 1};
    tests[i].destination_address = fmt::format("127.0.{}.{}", i / 250, i % 250 + 1);
    tests[i].configuration = is_tcp ? tcp : icmp;
  }
  return tests;
}

void run(int count, int seconds, std::string_view kind) {
  const io::TestListener listener;
  io::Loop loop;
  const SystemClock clock;
  std::uint64_t checks = 0;
  std::uint64_t failed = 0;
  std::string sample;
  std::vector<std::int64_t> rtts;
  Prober prober(loop, clock, {}, [&](Round&& round) {
    for (const Check& check : round.checks) {
      ++checks;
      if (check.rtt) rtts.push_back(check.rtt->count());
      if (check.outcome == CheckOutcome::Success) continue;
      ++failed;
      sample = round.detail;
    }
  });
  prober.assign(make_tests(count, kind, listener.port));
  const double before = thread_cpu_seconds();
  loop.run_for(Seconds(seconds));
  const double cpu = thread_cpu_seconds() - before;
  const ProberStats stats = prober.stats();
  fmt::print("{} tests ({}), {} s: {} checks started, {} ended in rounds, {} failed {}\n", count,
             kind, seconds, stats.checks_started, checks, failed, sample);
  fmt::print("cpu {:.1f} % of one core, {:.1f} us per check; max rss {} kB\n", 100 * cpu / seconds,
             1e6 * cpu / static_cast<double>(std::max<std::uint64_t>(1, stats.checks_started)),
             resident_kb());
  fmt::print("missed intervals {}, late checks {}, late replies {}, drops {}\n",
             stats.missed_intervals, stats.late_checks, stats.late_replies, stats.socket_drops);
  std::ranges::sort(rtts);
  if (rtts.empty()) return;
  fmt::print("rtt us: p50 {} p99 {} max {}\n", rtts[rtts.size() / 2], rtts[rtts.size() * 99 / 100],
             rtts.back());
}

int number_of(std::string_view text, int otherwise) {
  int value = otherwise;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace
}  // namespace lw

int main(int argc, char** argv) {
  const std::vector<std::string_view> words(argv + 1, argv + argc);
  const int count = words.empty() ? 10'000 : lw::number_of(words[0], 10'000);
  const int seconds = words.size() < 2 ? 30 : lw::number_of(words[1], 30);
  lw::run(count, seconds, words.size() < 3 ? "both" : words[2]);
}
