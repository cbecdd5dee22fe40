// SPDX-License-Identifier: Apache-2.0
// Runs tests/golden/model: NAME.yaml is read as a monitor file, and NAME.expected holds its faults
// or, if there are none, its expansion. Comment lines "# agent NAME id=N [resource=ID]
// [addresses=A,B] [labels=K:V,K:V]" make the fleet. LW_RECORD=1 rewrites the expectations; read the
// diff.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include "base/document.h"
#include "base/environment.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/text.h"
#include "model/codec.h"
#include "model/expand.h"

namespace lw {
namespace {

const std::string kFolder = LW_SOURCE_DIR "/tests/golden/model/";

Agent parse_agent(const std::vector<std::string>& words) {
  Agent agent;
  agent.name = words[2];
  for (std::size_t i = 3; i < words.size(); ++i) {
    const auto equals = words[i].find('=');
    const std::string key = words[i].substr(0, equals);
    const std::string value = words[i].substr(equals + 1);
    if (key == "id") {
      agent.id = AgentId{parse_hex(value).value()};
    } else if (key == "resource") {
      agent.resource_id = value;
    } else if (key == "addresses") {
      agent.addresses = split(value, ',');
    } else if (key == "labels") {
      for (const std::string& label : split(value, ',')) {
        const std::vector<std::string> pair = split(label, ':');
        agent.labels.emplace_back(pair.at(0), pair.at(1));
      }
    } else {
      ADD_FAILURE() << "unknown word in an agent line: " << words[i];
    }
  }
  return agent;
}

std::vector<Agent> parse_agents(const std::string& text) {
  std::vector<Agent> agents;
  for (const std::string& line : split(text, '\n')) {
    if (line.starts_with("# agent ")) agents.push_back(parse_agent(split(line, ' ')));
  }
  return agents;
}

std::string agent_name(AgentId id, const std::vector<Agent>& agents) {
  for (const Agent& agent : agents) {
    if (agent.id == id) return agent.name;
  }
  return "?";
}

std::string row_of(const lw::Test& test, const std::vector<Agent>& agents) {
  std::string row = fmt::format("{}/{}: {} -> {}, {}, ", test.connection_monitor, test.test_group,
                                test.source, test.destination, test.configuration->name);
  row += test.missing.empty() ? fmt::format("agent {} checks {}", agent_name(test.agent, agents),
                                            test.destination_address)
                              : fmt::format("cannot run: {}", test.missing);
  return row + (test.disabled ? ", disabled\n" : "\n");
}

/// A monitor that was read must survive both document formats.
void expect_round_trip(const ConnectionMonitor& monitor) {
  Value file = Value::object();
  file.set("connectionMonitors", Value::array()).push(to_document(monitor));
  for (const auto& document : {parse_yaml(to_yaml(file)), parse_json(to_json(file))}) {
    ASSERT_TRUE(document) << document.error().message;
    const MonitorsRead read = read_monitor_file(*document, "written");
    for (const Diagnostic& fault : read.faults) ADD_FAILURE() << to_string(fault);
    ASSERT_EQ(read.monitors.size(), 1U);
    EXPECT_EQ(read.monitors[0], monitor) << to_yaml(file);
  }
}

std::string outcome_of(const std::string& name, const std::string& text) {
  const auto document = parse_yaml(text);
  if (!document) return document.error().message + "\n";
  const MonitorsRead read = read_monitor_file(*document, name + ".yaml");
  std::string outcome;
  for (const Diagnostic& fault : read.faults) outcome += to_string(fault) + "\n";
  if (!read.faults.empty()) return outcome;
  const std::vector<Agent> agents = parse_agents(text);
  for (const ConnectionMonitor& monitor : read.monitors) {
    expect_round_trip(monitor);
    for (const lw::Test& test : expand(monitor, agents)) outcome += row_of(test, agents);
  }
  return outcome.empty() ? "no tests\n" : outcome;
}

void check_golden(const std::string& name) {
  SCOPED_TRACE(name);
  const auto text = read_file(kFolder + name + ".yaml");
  ASSERT_TRUE(text) << text.error().message;
  const std::string outcome = outcome_of(name, *text);
  const std::string expected_path = kFolder + name + ".expected";
  if (environment_variable("LW_RECORD")) {
    ASSERT_TRUE(write_file_atomically(expected_path, outcome, 0644));
    return;
  }
  const auto expected = read_file(expected_path);
  ASSERT_TRUE(expected) << expected.error().message;
  EXPECT_EQ(outcome, *expected);
}

/// A damaged copy of the text: cut, or with one character replaced, which and how by `seed`.
std::string damaged(std::string text, const std::string& seed) {
  constexpr std::string_view kCharacters =
      "{}[]:,-\"'& \n*#!|>%@`\0\xff"
      "a0";
  const std::uint64_t hash = stable_hash({seed});
  const std::size_t at = hash % text.size();
  if (hash >> 62U == 0) return text.substr(0, at);
  text[at] = kCharacters[(hash >> 32U) % kCharacters.size()];
  return text;
}

TEST(ModelGolden, DamagedFilesAreReadOrRefusedButNeverCrash) {
  const auto files = list_directory(kFolder);
  ASSERT_TRUE(files);
  int refused = 0;
  for (const std::string& file : *files) {
    const std::string text = read_file(kFolder + file).value_or("");
    if (!file.ends_with(".yaml") || text.size() > 4'000) continue;
    for (int i = 0; i < 40; ++i) {
      const auto document = parse_yaml(damaged(text, fmt::format("{} {}", file, i)));
      const MonitorsRead read = read_monitor_file(document ? *document : Value(), file);
      refused += read.faults.empty() ? 0 : 1;
      if (!read.faults.empty()) continue;
      for (const ConnectionMonitor& monitor : read.monitors) {
        expect_round_trip(monitor);
        expand(monitor, parse_agents(text));
      }
    }
  }
  EXPECT_GT(refused, 100);
}

TEST(ModelGolden, EachFileReadsAndExpandsAsExpected) {
  const auto files = list_directory(kFolder);
  ASSERT_TRUE(files) << files.error().message;
  int count = 0;
  for (const std::string& file : *files) {
    if (!file.ends_with(".yaml")) continue;
    check_golden(file.substr(0, file.size() - 5));
    ++count;
  }
  EXPECT_GE(count, 25) << "goldens are missing in " << kFolder;
}

}  // namespace
}  // namespace lw
