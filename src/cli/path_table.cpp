// SPDX-License-Identifier: Apache-2.0
#include "cli/path_table.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "base/time.h"
#include "cli/table.h"
#include "cli/trace_lines.h"

namespace lw::cli {
namespace {

constexpr std::string_view kRed = "\x1b[31m";
constexpr std::string_view kPlain = "\x1b[0m";

constexpr std::array<std::pair<std::string_view, std::string_view>, 13> kLabelWords = {{
    {"RateLimited", "limits its answers"},
    {"Silent", "never answers"},
    {"SlowAnswers", "answers slowly"},
    {"PerPacketBalanced", "balanced per packet"},
    {"Translated", "address translation"},
    {"DscpRewritten", "DSCP rewritten"},
    {"EcnRewritten", "ECN rewritten"},
    {"InTunnel", "MPLS"},
    {"TunnelSuspected", "hidden tunnel?"},
    {"Loop", "loop"},
    {"Prohibited", "prohibits"},
    {"Assumed", "not asked"},
    {"AsymmetricReturn", "another way back"},
}};

/// To the microsecond where that is much of it.
std::string ms_text(double ms) { return fmt::format("{:.{}f}", ms, ms < 1 ? 3 : 1); }

std::string time_text(const Value& hop, std::string_view key) {
  const Value* const member = hop.find(key);
  if (member == nullptr || !member->is_number()) return "-";
  return ms_text(member->as_number());
}

std::string address_text(const Value& hop) {
  std::string text = hop.text("address", "*");
  for (const Value& other : hop.list("others")) text += ", " + other.as_string();
  const std::string name = hop.text("name");
  return name.empty() ? text : name + " (" + text + ")";
}

std::string loss_text(const Value& hop) {
  const Value* const loss = hop.find("forwardingLossPercent");
  const double value = loss == nullptr ? 0 : loss->number("value");
  // A share whose lower bound is 0 may be chance: not shown as loss.
  if (loss == nullptr || loss->number("low") <= 0) return value > 0.05 ? "~0" : "0";
  return fmt::format("{:.1f}", value);
}

std::string notes_of(const Value& hop) {
  std::vector<std::string> notes;
  for (const Value& label : hop.list("labels")) {
    const auto* const found = std::ranges::find(kLabelWords, label.as_string(),
                                                [](const auto& entry) { return entry.first; });
    notes.emplace_back(found != kLabelWords.end() ? found->second : label.as_string());
  }
  for (const Value& label : hop.list("mpls")) {
    notes.push_back(fmt::format("label {:.0f}", label.number("label")));
  }
  if (hop.number("mtu") > 0) notes.push_back(fmt::format("MTU {:.0f}", hop.number("mtu")));
  const std::string network = hop.text("network");
  if (!network.empty()) notes.push_back(network);
  return join(notes, ", ");
}

using Row = std::vector<std::string>;

Row row_of(const Value& hop) {
  const double added = hop.number("addedMs");
  return {fmt::format("{:.0f}", hop.number("ttl")),
          address_text(hop),
          loss_text(hop),
          fmt::format("{:.0f}/{:.0f}", hop.number("answered"), hop.number("sent")),
          time_text(hop, "rttLowMs"),
          time_text(hop, "rttMedianMs"),
          time_text(hop, "rttMaxMs"),
          added >= 0.001 ? "+" + ms_text(added) : "",
          notes_of(hop)};
}

std::string padded(const std::string& text, std::size_t width, bool to_the_left) {
  const std::string gap(width - std::min(width, display_width(text)), ' ');
  return to_the_left ? text + gap : gap + text;
}

/// Columns side by side; numbers stand to the right.
std::string aligned(const std::vector<Row>& rows, const std::vector<bool>& is_marked,
                    const PathTableOptions& options) {
  std::vector<std::size_t> widths(rows.front().size(), 0);
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], display_width(row[i]));
    }
  }
  std::string text;
  for (std::size_t number = 0; number < rows.size(); ++number) {
    std::string line;
    for (std::size_t i = 0; i < rows[number].size(); ++i) {
      const bool is_text = i == 1 || i + 1 == rows[number].size();
      line += (i == 0 ? " " : "  ") + padded(rows[number][i], widths[i], is_text);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    if (options.width > 0) line = std::string(cut_utf8(line, options.width));
    text += is_marked[number] && options.in_colour
                ? std::string(kRed) + line + std::string(kPlain) + "\n"
                : line + "\n";
  }
  return text;
}

/// Whether an issue of this path ends at the hop: it is the troublesome one.
bool is_blamed(const Value& report, const Value& path, const Value& hop) {
  return std::ranges::any_of(report.list("issues"), [&](const Value& issue) {
    return issue.text("path") == path.text("id") && issue.number("toTtl") == hop.number("ttl");
  });
}

std::string path_text(const Value& report, const Value& path, const PathTableOptions& options) {
  std::vector<Row> rows = {
      {"hop", "address", "lost %", "answers", "low ms", "median", "max", "adds", ""}};
  std::vector<bool> is_marked = {false};
  for (const Value& hop : path.list("hops")) {
    rows.push_back(row_of(hop));
    is_marked.push_back(is_blamed(report, path, hop));
    if (is_marked.back() && !options.in_colour) rows.back().front() = "> " + rows.back().front();
  }
  std::string text = aligned(rows, is_marked, options);
  if (!path.flag("reached")) text += "   the destination does not answer\n";
  return text;
}

std::string heading(const Value& report) {
  const std::size_t paths = report.list("paths").size();
  const double port = report.number("port");
  std::string text = fmt::format("{} → {}, {}", report.text("source"), report.text("destination"),
                                 report.text("protocol"));
  if (port > 0) text += fmt::format(" port {:.0f}", port);
  text += ", " + counted(static_cast<std::size_t>(report.number("traces")), "trace");
  if (paths > 1) text += fmt::format(", {} paths", paths);
  if (report.number("pathMtu") > 0) {
    text += fmt::format(", path MTU {:.0f}", report.number("pathMtu"));
  }
  return text + "\n";
}

std::string refusal_text(const Value& report) {
  if (!report.flag("refused")) return {};
  return fmt::format(
      "refused by the destination: nothing listens on port {:.0f}, or a firewall "
      "says so\n",
      report.number("port"));
}

/// What an issue says already is not said again.
std::string mtu_text(const Value& report) {
  const Value* const search = report.find("pathMtuSearch");
  if (search == nullptr || search->text("verdict") == "BlackHole") return {};
  return "path MTU: " + search->text("text") + "\n";
}

}  // namespace

std::string path_table(const Value& report, const PathTableOptions& options) {
  std::string text = heading(report);
  const std::string problem = report.text("problem");
  if (!problem.empty()) text += "problem: " + problem + "\n";
  for (const Value& issue : report.list("issues")) text += "! " + issue.text("text") + "\n";
  text += refusal_text(report) + mtu_text(report);
  const Value::Array& paths = report.list("paths");
  for (std::size_t i = 0; i < paths.size() && (i == 0 || options.all_paths); ++i) {
    if (paths.size() > 1 && options.all_paths) {
      text += fmt::format("path {} of {}, {}\n", i + 1, paths.size(),
                          counted(paths[i].list("flows").size(), "flow"));
    }
    text += path_text(report, paths[i], options);
  }
  if (paths.size() > 1 && !options.all_paths) {
    text += fmt::format("   and {} more; --paths shows all\n", counted(paths.size() - 1, "path"));
  }
  for (const Value& change : report.list("changes")) {
    text += "changed: " + change.as_string() + "\n";
  }
  return text + trace_lines(report);
}

}  // namespace lw::cli
