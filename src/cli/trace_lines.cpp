// SPDX-License-Identifier: Apache-2.0
#include "cli/trace_lines.h"

#include <fmt/core.h>

#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"

namespace lw::cli {
namespace {

std::string words_for(const Value& probe) {
  const std::string answer = probe.text("answer");
  if (answer == "NotAsked") return probe.text("expected", "*") + " (not asked)";
  if (answer == "LocalError") return "(" + probe.text("detail", "not sent") + ")";
  if (answer == "Silent") return "*";
  const double ms = probe.number("rttMs");
  std::string text = fmt::format("{} {:.{}f} ms", probe.text("from"), ms, ms < 1 ? 3 : 1);
  if (answer == "Destination") {
    text += probe.flag("refused") ? " (destination, refuses)" : " (destination)";
  }
  if (answer == "Unreachable") {
    text += fmt::format(" (unreachable, ICMP {:.0f}/{:.0f})", probe.number("icmpType"),
                        probe.number("icmpCode"));
  }
  return text;
}

/// The better of two answers to probes of one TTL: one that came, the later one.
bool is_better(const Value& probe, const Value* known) {
  return known == nullptr || probe.find("from") != nullptr || known->find("from") == nullptr;
}

/// "12:00:31" of a time.
std::string clock_of(const std::string& time) {
  return time.size() < 19 ? time : time.substr(11, 8);
}

std::string lines_of(const Value& report, std::string_view key, std::string_view title) {
  std::string text;
  for (const Value& trace : report.list(key)) {
    text += fmt::format("{} {} ({}): {}\n", title, clock_of(trace.text("started")),
                        to_lower(trace.text("trigger", "schedule")), trace_line(trace));
  }
  return text;
}

}  // namespace

std::string trace_line(const Value& trace) {
  std::map<int, const Value*> hops;
  for (const Value& probe : trace.list("probes")) {
    const Value*& hop = hops[static_cast<int>(probe.number("ttl"))];
    if (is_better(probe, hop)) hop = &probe;
  }
  std::vector<std::string> words;
  words.reserve(hops.size());
  for (const auto& [ttl, probe] : hops)
    words.push_back(fmt::format("{} {}", ttl, words_for(*probe)));
  const std::string problem = trace.text("problem");
  if (!problem.empty()) words.push_back(problem);
  return words.empty() ? "nothing" : join(words, ", ");
}

std::string trace_lines(const Value& report) {
  return lines_of(report, "tracesBefore", "before,") + lines_of(report, "tracesAfter", "then,  ");
}

}  // namespace lw::cli
