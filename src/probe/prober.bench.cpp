// SPDX-License-Identifier: Apache-2.0
// Drives the prober alone, for bench/probe/run.py and by hand:
//
//   prober_bench [--name value]...
//     --protocol icmp|tcp|http|https   --address 10.96.0.1 (the first destination)
//     --port N      --targets N (so many destinations, counting up from the first)
//     --rate N (checks per second)     --interval S     --checks N (of a round)
//     --tests N (instead of --rate)    --warm S (not measured)    --seconds S (measured)
//     --timeout-ms N    --ca FILE      --dump FILE (one line per check, see dump())
//     --stamps both|receive            --loops N (threads, each with a prober and its share)
//
// Without --address it probes 127.x addresses, and for TCP listens by itself. Prints one JSON
// object. CPU seconds are user + system of the measured seconds.
#include "probe/prober.h"

#include <fmt/core.h>
#include <sys/resource.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "base/hash.h"
#include "base/ip_address.h"
#include "base/thread.h"
#include "io/loop.h"
#include "io/test_listener.h"

namespace lw {
namespace {

using Words = std::map<std::string, std::string, std::less<>>;

struct Options {
  std::string protocol = "icmp";
  std::string address;
  std::uint16_t port = 0;
  std::uint32_t targets = 10'000;
  std::uint64_t tests = 0;
  std::int64_t interval = 10;
  int checks = 10;
  std::int64_t warm = 0;
  std::int64_t seconds = 30;
  std::int64_t timeout_ms = 0;
  std::string ca;
  std::string dump;
  std::string stamps = "both";
  std::size_t loops = 1;
};

template <class T>
T number(const Words& words, std::string_view name, T otherwise) {
  const auto found = words.find(name);
  if (found == words.end()) return otherwise;
  std::from_chars(found->second.data(), found->second.data() + found->second.size(), otherwise);
  return otherwise;
}

std::string word(const Words& words, std::string_view name, const std::string& otherwise) {
  const auto found = words.find(name);
  return found == words.end() ? otherwise : found->second;
}

Options read_options(const Words& words) {
  Options options;
  options.protocol = word(words, "protocol", options.protocol);
  options.address = word(words, "address", "");
  options.port = number(words, "port", options.port);
  options.interval = number(words, "interval", options.interval);
  options.checks = number(words, "checks", options.checks);
  const auto rate = number<std::uint64_t>(words, "rate", 10'000);
  const auto per_test = static_cast<std::uint64_t>(options.checks);
  options.tests =
      number(words, "tests", rate * static_cast<std::uint64_t>(options.interval) / per_test);
  options.targets = number(words, "targets", options.targets);
  options.warm = number(words, "warm", options.warm);
  options.seconds = number(words, "seconds", options.seconds);
  options.timeout_ms = number(words, "timeout-ms", options.timeout_ms);
  options.ca = word(words, "ca", "");
  options.dump = word(words, "dump", "");
  options.stamps = word(words, "stamps", options.stamps);
  options.loops = number(words, "loops", options.loops);
  return options;
}

struct Usage {
  double thread_cpu = 0;   ///< seconds, of the loop's thread
  double process_cpu = 0;  ///< seconds, of all threads
};

double cpu_seconds(decltype(RUSAGE_SELF) whose) {
  rusage usage{};
  ::getrusage(whose, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

Usage usage_now() { return {cpu_seconds(RUSAGE_THREAD), cpu_seconds(RUSAGE_SELF)}; }

/// What is resident now. getrusage() knows the peak only.
long resident_kb() {
  const auto text = read_file("/proc/self/status").value_or("");
  const std::size_t at = text.find("VmRSS:");
  return at == std::string::npos ? 0 : std::strtol(text.c_str() + at + 6, nullptr, 10);
}

std::string nth_address(const Options& options, std::uint64_t i) {
  IpAddress address = *parse_ip_address(options.address.empty() ? "127.0.0.1" : options.address);
  std::uint64_t value = i % options.targets;
  for (std::size_t byte = 4; byte-- > 0;) {
    value += address.bytes.at(byte);
    address.bytes.at(byte) = static_cast<std::uint8_t>(value & 0xff);
    value >>= 8;
  }
  return to_string(address);
}

std::shared_ptr<const TestConfiguration> configuration_of(const Options& options) {
  auto configuration = std::make_shared<TestConfiguration>();
  configuration->frequency = Seconds(options.interval);
  configuration->checks_per_round = options.checks;
  if (options.timeout_ms > 0) configuration->check_timeout = Milliseconds(options.timeout_ms);
  if (options.protocol == "tcp") configuration->protocol = TcpConfiguration{options.port};
  if (options.protocol.starts_with("http")) {
    HttpConfiguration http;
    http.prefer_https = options.protocol == "https";
    if (options.port != 0) http.port = options.port;
    configuration->protocol = http;
  }
  return configuration;
}

std::vector<Test> make_tests(const Options& options) {
  const auto configuration = configuration_of(options);
  std::vector<Test> tests(options.tests);
  for (std::uint64_t i = 0; i < tests.size(); ++i) {
    tests[i].id = TestId{i + 1};
    tests[i].destination_address = nth_address(options, i);
    tests[i].configuration = configuration;
  }
  return tests;
}

/// What came out of the prober while `is_measuring`.
struct Tally {
  explicit Tally(bool keep) : keeps_checks(keep) {}

  bool is_measuring = false;
  bool keeps_checks = false;
  std::uint64_t checks = 0;
  std::uint64_t failed = 0;
  std::array<std::uint64_t, 4> by_stamps{};  ///< rounds, by StampSource
  std::string sample;                        ///< why one of them failed
  std::vector<std::int64_t> rtts;            ///< microseconds
  std::string lines;

  void add(const Round& round) {
    if (!is_measuring) return;
    ++by_stamps.at(static_cast<std::size_t>(round.stamp_source));
    for (const Check& check : round.checks) add(round, check);
  }

  void join(const Tally& other) {
    checks += other.checks;
    failed += other.failed;
    for (std::size_t i = 0; i < by_stamps.size(); ++i) by_stamps.at(i) += other.by_stamps.at(i);
    if (sample.empty()) sample = other.sample;
    rtts.insert(rtts.end(), other.rtts.begin(), other.rtts.end());
    lines += other.lines;
  }

 private:
  void add(const Round& round, const Check& check) {
    ++checks;
    if (check.outcome != CheckOutcome::Success) {
      ++failed;
      sample = round.detail;
    }
    if (check.rtt && rtts.size() < rtts.capacity()) rtts.push_back(check.rtt->count());
    if (!keeps_checks) return;
    // test, destination, wall-clock start and RTT in µs (-1: none), outcome
    lines += fmt::format("{} {} {} {} {}\n", round.test.value, round.address,
                         to_unix_us(round.started) + check.offset.count(),
                         check.rtt ? check.rtt->count() : -1, outcome_name(check.outcome));
  }
};

/// Before and after the measured seconds.
struct Measured {
  Usage cpu;
  double wall = 0;
  ProberStats before, after;
};

/// One of the probe loops, with its share of the tests.
struct Share {
  Share(const ProberConfig& config, const Options& options)
      : tally(!options.dump.empty()),
        prober(loop, clock, config, [this](Round&& round) { tally.add(round); }) {
    // Resident before the memory is measured; more RTTs than that tell nothing new.
    tally.rtts.resize((1 << 20) / options.loops);
    tally.rtts.clear();
  }

  void measure(const Options& options) {
    tally.is_measuring = options.warm == 0;
    if (options.warm > 0) loop.run_for(Seconds(options.warm));
    tally.is_measuring = true;
    measured.before = prober.stats();
    const Usage before = usage_now();
    const Instant start = clock.now();
    loop.run_for(Seconds(options.seconds));
    const Usage after = usage_now();
    measured.wall = std::chrono::duration<double>(clock.now() - start).count();
    measured.cpu = {after.thread_cpu - before.thread_cpu, after.process_cpu - before.process_cpu};
    measured.after = prober.stats();
  }

  SystemClock clock;
  io::Loop loop;
  Tally tally;
  Prober prober;
  Measured measured;
};
using Shares = std::vector<std::unique_ptr<Share>>;

void add(ProberStats& sum, const ProberStats& one) {
  sum.tests += one.tests;
  sum.rounds_finished += one.rounds_finished;
  sum.checks_started += one.checks_started;
  sum.missed_intervals += one.missed_intervals;
  sum.late_checks += one.late_checks;
  sum.late_replies += one.late_replies;
  sum.duplicate_replies += one.duplicate_replies;
  sum.socket_drops += one.socket_drops;
}

/// What all of them did in the same seconds.
Measured sum_of(const Shares& shares) {
  Measured sum;
  for (const auto& share : shares) {
    const Measured& one = share->measured;
    sum.cpu.thread_cpu += one.cpu.thread_cpu;
    sum.cpu.process_cpu = std::max(sum.cpu.process_cpu, one.cpu.process_cpu);
    sum.wall = std::max(sum.wall, one.wall);
    add(sum.before, one.before);
    add(sum.after, one.after);
  }
  return sum;
}

Tally tally_of(const Shares& shares) {
  Tally sum = std::move(shares.front()->tally);
  for (std::size_t i = 1; i < shares.size(); ++i) sum.join(shares[i]->tally);
  return sum;
}

std::string quoted(std::string text) {
  std::erase_if(
      text, [](char c) { return c == '"' || c == '\\' || static_cast<unsigned char>(c) < ' '; });
  return '"' + text + '"';
}

/// In kB, and when the tests were assigned.
struct Resident {
  long empty = 0, assigned = 0, end = 0;
  Timestamp assigned_at{};
};

void print(const Options& options, const Measured& measured, const Resident& resident,
           Tally& tally) {
  std::ranges::sort(tally.rtts);
  const auto rtt = [&](double share) {
    const auto size = static_cast<double>(tally.rtts.size());
    return tally.rtts.empty() ? -1 : tally.rtts[static_cast<std::size_t>(share * (size - 1))];
  };
  const ProberStats& a = measured.before;
  const ProberStats& b = measured.after;
  fmt::print(
      "{{\"protocol\": {}, \"loops\": {}, \"stamps\": {}, \"tests\": {}, \"targets\": {}, "
      "\"interval_s\": {}, "
      "\"checks_per_round\": {}, \"wall_s\": {:.3f}, \"thread_cpu_s\": {:.6f}, "
      "\"process_cpu_s\": {:.6f}, \"checks_started\": {}, \"checks_done\": {}, \"failed\": {}, "
      "\"sample\": {}, ",
      quoted(options.protocol), options.loops, quoted(options.stamps), b.tests, options.targets,
      options.interval, options.checks, measured.wall, measured.cpu.thread_cpu,
      measured.cpu.process_cpu, b.checks_started - a.checks_started, tally.checks, tally.failed,
      quoted(tally.sample));
  fmt::print(
      "\"rounds_done\": {}, \"missed_intervals\": {}, \"late_checks\": {}, \"late_replies\": {}, "
      "\"duplicate_replies\": {}, \"socket_drops\": {}, ",
      b.rounds_finished - a.rounds_finished, b.missed_intervals - a.missed_intervals,
      b.late_checks - a.late_checks, b.late_replies - a.late_replies,
      b.duplicate_replies - a.duplicate_replies, b.socket_drops - a.socket_drops);
  fmt::print(
      "\"rss_empty_kb\": {}, \"rss_assigned_kb\": {}, \"rss_end_kb\": {}, "
      "\"assigned_unix_us\": {}, \"rounds_user_stamped\": {}, \"rounds_receive_stamped\": {}, "
      "\"rounds_kernel_stamped\": {}, \"rtt_us_p50\": {}, \"rtt_us_p99\": {}, "
      "\"rtt_us_max\": {}}}\n",
      resident.empty, resident.assigned, resident.end, to_unix_us(resident.assigned_at),
      tally.by_stamps[0], tally.by_stamps[1], tally.by_stamps[2], rtt(0.5), rtt(0.99), rtt(1.0));
}

bool dump(const Options& options, const Tally& tally) {
  if (options.dump.empty()) return true;
  std::FILE* const file = std::fopen(options.dump.c_str(), "w");
  if (file == nullptr) return false;
  const bool is_whole = std::fputs(tally.lines.c_str(), file) >= 0;
  return std::fclose(file) == 0 && is_whole;
}

/// All tests of one destination to the same one, as the agent does it.
void assign(const Shares& shares, std::vector<Test> tests) {
  if (shares.size() == 1) return shares.front()->prober.assign(std::move(tests));
  std::vector<std::vector<Test>> parts(shares.size());
  for (Test& test : tests) {
    parts[stable_hash({test.destination_address}) % parts.size()].push_back(std::move(test));
  }
  for (std::size_t i = 0; i < parts.size(); ++i) shares[i]->prober.assign(std::move(parts[i]));
}

void measure_all(const Shares& shares, const Options& options) {
  if (shares.size() == 1) return shares.front()->measure(options);
  std::vector<Thread> threads;
  for (const auto& share : shares) {
    threads.emplace_back("probe", [&share, &options] { share->measure(options); });
  }
  for (Thread& thread : threads) thread.join();
}

int run(Options options) {
  std::unique_ptr<io::TestListener> listener;
  if (options.protocol == "tcp" && options.port == 0) {
    listener = std::make_unique<io::TestListener>();
    options.port = listener->port;
  }
  ProberConfig config;
  if (!options.ca.empty()) config.extra_ca_pem = read_file(options.ca).value_or("");
  if (options.stamps == "receive") config.stamps = EchoStamps::Receive;
  Shares shares;
  for (std::size_t i = 0; i < options.loops; ++i) {
    shares.push_back(std::make_unique<Share>(config, options));
  }
  Resident resident;
  resident.empty = resident_kb();
  resident.assigned_at = SystemClock().wall_now();
  assign(shares, make_tests(options));
  resident.assigned = resident_kb();
  measure_all(shares, options);
  resident.end = resident_kb();
  Tally tally = tally_of(shares);
  print(options, sum_of(shares), resident, tally);
  return dump(options, tally) ? 0 : 1;
}

}  // namespace
}  // namespace lw

int main(int argc, char** argv) {
  lw::Words words;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    words.emplace(name.substr(name.starts_with("--") ? 2 : 0), argv[i + 1]);
  }
  return lw::run(lw::read_options(words));
}
