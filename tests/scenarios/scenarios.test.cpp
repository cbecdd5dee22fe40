// SPDX-License-Identifier: Apache-2.0
// One test for each scenario file, family and protocol. Run with the names of files to see what
// was told when: scenarios_test FILE...
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "base/files.h"
#include "scenarios/judge.h"
#include "scenarios/scenario.h"
#include "scenarios/virtual_agent.h"

namespace lw::scenarios {
namespace {

struct Variant {
  std::string file;
  bool is_v6 = false;
  TraceProtocol protocol = TraceProtocol::Icmp;
};

ScenarioRead load(const std::string& path) {
  const auto text = read_file(path);
  if (text) return parse_scenario(*text, path);
  ScenarioRead read;
  read.faults.push_back({path, {}, "", text.error().message});
  return read;
}

/// What many runs came to.
struct Tally {
  int found = 0;  ///< runs in which all issues were found in time
  int near = 0;   ///< the same, if one link more may be named
  int wrong = 0;  ///< runs in which something was wrong
  std::vector<std::string> complaints;
  std::vector<std::string> missing;
};

Tally run_all(Scenario scenario, const Variant& variant) {
  Tally tally;
  const TraceSettings& settings = scenario.trace;
  if (settings.first_seed > 0) {
    scenario.network.seed = static_cast<std::uint64_t>(settings.first_seed);
  }
  Scenario lenient = scenario;
  for (ExpectedIssue& issue : lenient.issues) ++issue.links_max;
  for (int run = 0; run < settings.seeds; ++run, ++scenario.network.seed) {
    const Observation seen = watch(scenario, variant.is_v6, variant.protocol);
    const auto missed = missing_issues(scenario, seen);
    tally.found += missed.empty() ? 1 : 0;
    tally.near += missing_issues(lenient, seen).empty() ? 1 : 0;
    tally.missing.insert(tally.missing.end(), missed.begin(), missed.end());
    const auto wrong = judge(scenario, seen);
    tally.wrong += wrong.empty() ? 0 : 1;
    for (const std::string& complaint : wrong) {
      tally.complaints.push_back(fmt::format("seed {}: {}", scenario.network.seed, complaint));
    }
  }
  return tally;
}

std::vector<std::string> complaints_of_watching(const Scenario& scenario, const Variant& variant) {
  const TraceSettings& settings = scenario.trace;
  Tally tally = run_all(scenario, variant);
  std::vector<std::string> wrong;
  if (tally.wrong > settings.wrong_max) wrong = std::move(tally.complaints);
  if (tally.found >= settings.found_min && tally.near >= settings.near_min) return wrong;
  wrong.push_back(fmt::format(
      "in {} of {} runs all issues were found in time, in {} with one link more; wanted are {} and "
      "{}",
      tally.found, settings.seeds, tally.near, settings.found_min, settings.near_min));
  wrong.insert(wrong.end(), tally.missing.begin(), tally.missing.end());
  return wrong;
}

std::vector<std::string> complaints_of(const Scenario& scenario, const Variant& variant) {
  if (scenario.mtu) {
    return judge(scenario, measure_mtu(scenario, variant.is_v6, variant.protocol));
  }
  if (scenario.trace.discover) {
    return judge(scenario, discover(scenario, variant.is_v6, variant.protocol));
  }
  return complaints_of_watching(scenario, variant);
}

class ScenarioTest : public testing::Test {
 public:
  explicit ScenarioTest(Variant variant) : variant_(std::move(variant)) {}
  void TestBody() override {
    const ScenarioRead read = load(variant_.file);
    for (const Diagnostic& fault : read.faults) FAIL() << to_string(fault);
    for (const std::string& complaint : complaints_of(read.scenario, variant_)) {
      ADD_FAILURE() << variant_.file << ": " << complaint;
    }
  }

 private:
  Variant variant_;
};

std::vector<Variant> variants_of(const std::string& file) {
  std::vector<Variant> variants;
  const ScenarioRead read = load(file);
  // A file with faults is one test, which fails.
  for (const bool is_v6 : read.scenario.trace.families) {
    for (const TraceProtocol protocol : read.scenario.trace.protocols) {
      variants.push_back({file, is_v6, protocol});
    }
  }
  return variants;
}

void register_file(const std::string& directory, const std::string& file) {
  std::string name = file.substr(0, file.size() - std::string_view(".yaml").size());
  std::ranges::replace(name, '-', '_');  // Filters have another use for it.
  for (const Variant& variant : variants_of(directory + "/" + file)) {
    const std::string test = name + "/" + to_string(variant.protocol) + (variant.is_v6 ? "6" : "4");
    testing::RegisterTest("Scenario", test.c_str(), nullptr, nullptr, __FILE__, __LINE__,
                          [variant]() -> testing::Test* { return new ScenarioTest(variant); });
  }
}

void show_run(const Scenario& scenario, const Variant& variant) {
  const Observation seen = watch(scenario, variant.is_v6, variant.protocol);
  fmt::print("{} {}{} seed {}: {} probes, {} answers, {} reports\n", variant.file,
             to_string(variant.protocol), variant.is_v6 ? "6" : "4", scenario.network.seed,
             seen.counters.probes, seen.counters.answers, seen.reports.size());
  std::set<std::string> told;
  for (const Observed& observed : seen.reports) {
    const double at = static_cast<double>(observed.at.count()) / 1e6;
    for (const std::string& change : observed.report.changes) {
      fmt::print("  {:6.1f} s {}\n", at, change);
    }
    for (const PathIssue& issue : observed.report.issues) {
      const std::string link =
          fmt::format("{} {}-{}", to_string(issue.kind), issue.from_ttl, issue.to_ttl);
      if (told.insert(link).second) fmt::print("  {:6.1f} s first: {}\n", at, issue.text);
    }
  }
  if (!seen.reports.empty()) fmt::print("{}", describe(scenario, seen.reports.back().report));
}

void show_tally(const Scenario& scenario, const Variant& variant) {
  const Tally tally = run_all(scenario, variant);
  for (const std::string& complaint : tally.complaints) {
    fmt::print("  {}\n", complaint.substr(0, complaint.find('\n')));
  }
  fmt::print("{} {}{}: found in time {}, with one link more {}, wrong {} of {}\n", variant.file,
             to_string(variant.protocol), variant.is_v6 ? "6" : "4", tally.found, tally.near,
             tally.wrong, scenario.trace.seeds);
}

/// `seeds`: how many runs, beginning with the seed `first_seed`; 0: as the file says, in full.
void show(const std::string& file, int first_seed, int seeds) {
  for (const Variant& variant : variants_of(file)) {
    ScenarioRead read = load(file);
    for (const Diagnostic& fault : read.faults) return fmt::print("{}\n", to_string(fault));
    if (seeds > 0) {
      read.scenario.trace.first_seed = first_seed;
      read.scenario.trace.seeds = seeds;
      show_tally(read.scenario, variant);
      continue;
    }
    for (int run = 0; run < read.scenario.trace.seeds; ++run, ++read.scenario.network.seed) {
      show_run(read.scenario, variant);
    }
  }
}

}  // namespace
}  // namespace lw::scenarios

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  int first_seed = 1;
  int seeds = 0;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument.starts_with("--first=")) {
      first_seed = std::atoi(argv[i] + 8);
    } else if (argument.starts_with("--seeds=")) {
      seeds = std::atoi(argv[i] + 8);
    } else {
      lw::scenarios::show(argument, first_seed, seeds);
    }
  }
  if (argc > 1) return 0;
  const std::string directory = LW_SOURCE_DIR "/tests/scenarios/cases";
  const auto files = lw::list_directory(directory);
  if (!files) return 1;
  for (const std::string& file : *files) {
    if (file.ends_with(".yaml")) lw::scenarios::register_file(directory, file);
  }
  return RUN_ALL_TESTS();
}
