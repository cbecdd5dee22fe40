// SPDX-License-Identifier: Apache-2.0
// How many rounds a second one core takes in and evaluates: what the server's control loop does
// with a batch (server/control_fleet.cpp), without network and store. The rounds are those of 1,000
// simulated agents with 100,000 tests, as encoded by agents. Prints rounds per second of CPU time.
#include <fmt/core.h>
#include <sys/resource.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "evaluate/evaluate.h"
#include "server/fault_finder.h"
#include "server/live_state.h"
#include "server/plan.h"
#include "simulate/fleet.h"
#include "simulate/rounds.h"
#include "store/round_rows.h"
#include "wire/convert.h"

namespace {

using namespace lw;

constexpr std::size_t kAgents = 1'000;
constexpr std::size_t kBatch = 1'000;
constexpr int kPasses = 5;
constexpr Seconds kFrequency{30};

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto of = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

long resident_mb() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss / 1024;
}

/// Adds up the CPU time between starts and stops.
class Meter {
 public:
  void start() { began_ = cpu_seconds(); }
  void stop() { sum_ += cpu_seconds() - began_; }
  [[nodiscard]] double seconds() const { return sum_; }

 private:
  double began_ = 0;
  double sum_ = 0;
};

struct Fleet {
  std::vector<Agent> agents = simulate::make_agents(kAgents);
  std::vector<Test> tests;
  std::vector<simulate::SimulatedTest> simulated;
};

Fleet make_fleet(std::size_t tests, const simulate::Weather& weather) {
  Fleet fleet;
  for (std::size_t i = 0; i < kAgents; ++i) fleet.agents[i].id = AgentId{i + 1};
  const auto monitors =
      simulate::make_monitors({.agents = kAgents, .tests = tests, .frequency = kFrequency});
  if (!monitors) {
    fmt::print(stderr, "{}\n", monitors.error().message);
    std::exit(2);
  }
  fleet.tests = server::plan_tests(*monitors, fleet.agents);
  for (const Test& test : fleet.tests) {
    fleet.simulated.push_back(simulate::simulated(test, test.agent.value - 1, kAgents, weather));
  }
  return fleet;
}

struct Meters {
  Meter decode, evaluate, encode;
  std::uint64_t rounds = 0;
  std::uint64_t changes = 0;
  std::uint64_t bytes = 0;
};

/// One batch, as the control loop takes it: read, judged, and made into rows for the store.
void take_batch(const std::vector<std::string>& batch, server::LiveState& live,
                server::FaultFinder& faults, Timestamp now, Meters& meters) {
  std::vector<store::StoredRound> stored;
  stored.reserve(batch.size());
  meters.decode.start();
  for (const std::string& bytes : batch) {
    auto round = wire::decode_round(bytes);
    if (!round) std::abort();
    stored.emplace_back().round = std::move(*round);
  }
  meters.decode.stop();
  meters.evaluate.start();
  for (store::StoredRound& row : stored) {
    const server::LiveTest* const test = live.find(row.round.test);
    row.verdict = evaluate(test->test, row.round);
    faults.on_round(row.round.test, summarize(row.round));
    if (live.on_round(row.round, row.verdict, row.round.started, now)) ++meters.changes;
  }
  meters.evaluate.stop();
  meters.encode.start();
  meters.bytes += store::encode_native(stored).size();
  meters.encode.stop();
  meters.rounds += batch.size();
}

void report(const char* what, std::uint64_t rounds, double seconds) {
  fmt::print("{:<34} {:>10.0f} rounds/s of CPU   {:.2f} µs a round\n", what,
             static_cast<double>(rounds) / seconds, seconds * 1e6 / static_cast<double>(rounds));
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t tests = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 100'000;
  const Timestamp began = from_unix_us(1'767'268'800'000'000);
  const simulate::Weather weather(1, began);
  const Fleet fleet = make_fleet(tests, weather);
  const long before_mb = resident_mb();
  server::LiveState live;
  server::FaultFinder faults;
  live.replace_tests(fleet.tests, began);
  Meters meters;
  for (int pass = 0; pass < kPasses; ++pass) {
    const Timestamp now = began + kFrequency * pass;
    std::vector<std::string> batch;
    for (const simulate::SimulatedTest& test : fleet.simulated) {
      batch.push_back(wire::encode_round(simulate::simulate_round(test, weather, now)));
      if (batch.size() < kBatch) continue;
      take_batch(batch, live, faults, now, meters);
      batch.clear();
    }
    take_batch(batch, live, faults, now, meters);
  }
  fmt::print("{} tests of {} agents, {} rounds, {} changes of state, {} MB for states\n", tests,
             kAgents, meters.rounds, meters.changes, resident_mb() - before_mb);
  report("decode", meters.rounds, meters.decode.seconds());
  report("evaluate, states, faults", meters.rounds, meters.evaluate.seconds());
  report("ingest and evaluate together", meters.rounds,
         meters.decode.seconds() + meters.evaluate.seconds());
  report("rows for the store", meters.rounds, meters.encode.seconds());
  fmt::print("{:.1f} bytes a round before compression\n",
             static_cast<double>(meters.bytes) / static_cast<double>(meters.rounds));
  return 0;
}
