// SPDX-License-Identifier: Apache-2.0
// One test for each scenario file, family and protocol. Run with the names of files to see what
// was told when: scenarios_test FILE...
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>
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

std::vector<std::string> complaints_of_watching(Scenario scenario, const Variant& variant) {
  std::vector<std::string> wrong;
  std::vector<std::string> missing;
  int complete = 0;
  for (int run = 0; run < scenario.trace.seeds; ++run) {
    const Observation seen = watch(scenario, variant.is_v6, variant.protocol);
    std::ranges::move(judge(scenario, seen), std::back_inserter(wrong));
    const auto missed = missing_issues(scenario, seen);
    missing.insert(missing.end(), missed.begin(), missed.end());
    complete += missed.empty() ? 1 : 0;
    ++scenario.network.seed;
  }
  if (complete >= scenario.trace.found_min) return wrong;
  wrong.push_back(fmt::format("in {} of {} runs all issues were found in time, {} are wanted",
                              complete, scenario.trace.seeds, scenario.trace.found_min));
  wrong.insert(wrong.end(), missing.begin(), missing.end());
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

void show(const std::string& file) {
  for (const Variant& variant : variants_of(file)) {
    ScenarioRead read = load(file);
    for (const Diagnostic& fault : read.faults) return fmt::print("{}\n", to_string(fault));
    for (int run = 0; run < read.scenario.trace.seeds; ++run, ++read.scenario.network.seed) {
      show_run(read.scenario, variant);
    }
  }
}

}  // namespace
}  // namespace lw::scenarios

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  for (int i = 1; i < argc; ++i) lw::scenarios::show(argv[i]);
  if (argc > 1) return 0;
  const std::string directory = LW_SOURCE_DIR "/tests/scenarios/cases";
  const auto files = lw::list_directory(directory);
  if (!files) return 1;
  for (const std::string& file : *files) {
    if (file.ends_with(".yaml")) lw::scenarios::register_file(directory, file);
  }
  return RUN_ALL_TESTS();
}
