// SPDX-License-Identifier: Apache-2.0
// Traces many destinations once each with the engine of the agent, as fast as a rate allows, for
// bench/trace/run.py and by hand:
//
//   trace_sweep_bench --first 198.18.0.1 --count 10000 --rate 10000 [--out FILE]
//
// Routers are not spared: mtr and scamper know no such thing, and all three are to send the same.
// One line for each trace goes to FILE. Prints one JSON object.
#include <fmt/core.h>

#include <cstdio>
#include <string>

#include <CLI/CLI.hpp>

#include "base/ip_address.h"
#include "io/loop.h"
#include "measuring.h"
#include "trace/tracer.h"

namespace lw {
namespace {

struct Options {
  std::string first = "198.18.0.1";
  std::uint32_t count = 1'000;
  int rate = 1'000;
  int window = 0;
  int wait_ms = 1'000;
  int gap = 5;
  int attempts = 1;
  std::string out = "/dev/null";
};

/// "198.18.0.1 1 10.0.1.1 2034 2 10.0.2.1 4021 3 - -": the destination, then for each probe its
/// TTL, who answered and after how many microseconds.
void append_line(const Trace& trace, std::string& text) {
  const auto out = std::back_inserter(text);
  fmt::format_to(out, "{}", to_string(trace.destination));
  for (const TraceProbe& probe : trace.probes) {
    if (probe.reply.rtt) {
      fmt::format_to(out, " {} {} {}", probe.ttl, to_string(probe.reply.from),
                     probe.reply.rtt->count());
    } else {
      fmt::format_to(out, " {} - -", probe.ttl);
    }
  }
  text += '\n';
}

class Sweep {
 public:
  Sweep(io::Loop& loop, trace::Tracer& tracer, const Options& options, std::FILE* out)
      : loop_(loop), tracer_(tracer), options_(options), out_(out) {
    task_.config.timeout = Milliseconds(options.wait_ms);
    task_.config.retries = options.attempts - 1;
    task_.config.silent_tail_max = options.gap;
    // As the others do it: one probe of a trace under way at a time, the next at once after it.
    task_.config.ahead_max = 1;
    task_.config.pace = Microseconds(0);
    task_.spare_routers = false;
    first_ = parse_ip_address(options.first).value();
  }

  void begin() {
    const auto window = static_cast<std::uint32_t>(options_.window);
    const std::uint32_t at_once = window == 0 ? options_.count : std::min(window, options_.count);
    while (started_ < at_once) start_next();
  }
  [[nodiscard]] bool write_rest() {
    const bool is_whole = std::fwrite(lines_.data(), 1, lines_.size(), out_) == lines_.size();
    lines_.clear();
    return is_whole;
  }
  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  static constexpr std::size_t kLinesHeld = 1 << 16;

  void start_next() {
    trace::TraceTask task = task_;
    task.destination = bench::nth_after(first_, started_++);
    tracer_.start(std::move(task), [this](const Trace& trace) { take(trace); });
  }
  void take(const Trace& trace) {
    append_line(trace, lines_);
    if (lines_.size() >= kLinesHeld) (void)write_rest();
    if (!trace.problem.empty()) problem_ = trace.problem;
    if (started_ < options_.count) start_next();
    if (++finished_ == options_.count) loop_.stop();
  }

  io::Loop& loop_;
  trace::Tracer& tracer_;
  const Options& options_;
  std::FILE* out_;
  trace::TraceTask task_;
  IpAddress first_;
  std::uint32_t started_ = 0;
  std::uint32_t finished_ = 0;
  std::string lines_;
  std::string problem_;
};

void print(const trace::TracerStats& stats, double wall) {
  fmt::print(
      "{{\"wall_s\": {:.3f}, \"cpu_s\": {:.6f}, \"traces\": {}, \"probes\": {}, \"answers\": {}, "
      "\"late\": {}, \"duplicates\": {}, \"foreign\": {}, \"socket_drops\": {}}}\n",
      wall, bench::cpu_seconds(), stats.finished, stats.probes_sent, stats.answers,
      stats.late_answers, stats.duplicate_answers, stats.foreign_answers, stats.socket_drops);
}

int fail_with(const std::string& why) {
  fmt::print(stderr, "trace_sweep_bench: {}\n", why);
  return 1;
}

int run(const Options& options) {
  const SystemClock clock;
  const Instant begun = clock.now();
  io::Loop loop;
  const auto tracer = trace::Tracer::create(loop, clock, {.packets_per_second_max = options.rate});
  if (!tracer) return fail_with(tracer.error().message);
  if (!(*tracer)->limitation().empty()) return fail_with((*tracer)->limitation());
  std::FILE* const out = std::fopen(options.out.c_str(), "w");
  if (out == nullptr) return fail_with("cannot write " + options.out);
  Sweep sweep(loop, **tracer, options, out);
  loop.post([&sweep] { sweep.begin(); });
  loop.run();
  const bool is_whole = sweep.write_rest();
  if (std::fclose(out) != 0 || !is_whole) return fail_with("cannot write " + options.out);
  if (!sweep.problem().empty()) return fail_with(sweep.problem());
  print((*tracer)->stats(), std::chrono::duration<double>(clock.now() - begun).count());
  return 0;
}

}  // namespace
}  // namespace lw

int main(int argc, char** argv) {
  lw::Options options;
  CLI::App app("Traces many destinations once each.");
  app.add_option("--first", options.first, "First destination")->capture_default_str();
  app.add_option("--count", options.count, "Destinations, counting up")->capture_default_str();
  app.add_option("--rate", options.rate, "Packets a second")->capture_default_str();
  app.add_option("--window", options.window, "Traces at once; 0: all")->capture_default_str();
  app.add_option("--wait-ms", options.wait_ms, "For an answer")->capture_default_str();
  app.add_option("--gap", options.gap, "Silent hops in a row that end it")->capture_default_str();
  app.add_option("--attempts", options.attempts, "For each hop")->capture_default_str();
  app.add_option("--out", options.out, "File for the traces")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  return lw::run(options);
}
