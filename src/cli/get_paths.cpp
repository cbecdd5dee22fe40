// SPDX-License-Identifier: Apache-2.0
// linewatch get paths: the ways of one test, now, in the past, and what changed.
#include <fmt/core.h>

#include <map>

#include <CLI/CLI.hpp>

#include "base/channel.h"
#include "base/text.h"
#include "base/time.h"
#include "cli/api_client.h"
#include "cli/context.h"
#include "cli/find_test.h"
#include "cli/path_table.h"
#include "cli/table.h"
#include "cli/terminal.h"
#include "cli/trace_lines.h"

namespace lw::cli {
namespace {

constexpr Seconds kReportPatience{20};
/// Where packets vanish, each size takes some time-outs.
constexpr Seconds kMtuPatience{180};
constexpr Milliseconds kLookEvery{300};

struct PathOptions {
  std::string test, at, since;
  bool all_paths = false;
  bool history = false;
  bool now = false;
  bool mtu = false;
  std::string from, to;
};

PathTableOptions table_options(const PathOptions& options) {
  return {.all_paths = options.all_paths,
          .in_colour = is_coloured_terminal(),
          .width = terminal_width()};
}

/// "2026-01-31 12:00:00" of a report's end.
std::string time_of(const Value& report) {
  const std::string time = report.text("to");
  return time.size() < 19 ? time : time.substr(0, 10) + " " + time.substr(11, 8);
}

void print_report(const Context& context, const PathOptions& options, const Value& report) {
  if (!context.output.empty() && context.output != "table") {
    print_object(context.output, report);
    return;
  }
  fmt::print("{} UTC ({})\n{}", time_of(report), to_lower(report.text("cause")),
             path_table(report, table_options(options)));
}

int print_differences(const Context& context, const PathOptions& options, const Value& answer) {
  if (!context.output.empty() && context.output != "table") {
    print_object(context.output, answer);
    return kExitSuccess;
  }
  print_report(context, options, *answer.find("before"));
  fmt::print("\n");
  print_report(context, options, *answer.find("after"));
  const Value::Array& changes = answer.find("changes")->as_array();
  fmt::print("\n{}\n", changes.empty() ? "nothing has changed" : "what has changed:");
  for (const Value& change : changes) fmt::print("  {}\n", change.as_string());
  return kExitSuccess;
}

std::vector<Column> history_columns() {
  return {
      {"TIME", time_of},
      column("CAUSE", "cause", 2),
      {"PATHS",
       [](const Value& report) { return std::to_string(report.find("paths")->as_array().size()); }},
      {"WHAT",
       [](const Value& report) {
         std::vector<std::string> texts;
         for (const char* key : {"issues", "changes"}) {
           for (const Value& one : report.find(key)->as_array()) {
             texts.push_back(one.is_object() ? one.text("text") : one.as_string());
           }
         }
         return texts.empty() ? std::string("-") : join(texts, "; ");
       },
       true}};
}

/// Each report in a line; then the traces around those that tell of a change.
int print_history(const Context& context, const Value& reports) {
  print_list(context.output, history_columns(), reports);
  if (!context.output.empty() && context.output != "table") return kExitSuccess;
  for (const Value& report : reports.as_array()) {
    const std::string lines = trace_lines(report);
    if (!lines.empty()) {
      fmt::print("\n{} UTC ({})\n{}", time_of(report), to_lower(report.text("cause")), lines);
    }
  }
  return kExitSuccess;
}

/// The reports that were made on request around now, whatever the agent's clock says, by their
/// time.
Result<std::map<std::string, Value>> requested_reports(ApiClient& client, const std::string& base,
                                                       Timestamp now) {
  constexpr std::chrono::hours kClocksApart{1};
  const Value found =
      TRY(client.get(base + "/path-reports", {{"from", to_iso8601(now - kClocksApart)},
                                              {"to", to_iso8601(now + kClocksApart)}}));
  std::map<std::string, Value> reports;
  for (const Value& report : found.find("value")->as_array()) {
    if (report.text("cause") == "Request") reports.emplace(report.text("to"), report);
  }
  return reports;
}

/// Has the test's agent trace now, and waits for what it reports.
Result<Value> trace_now(ApiClient& client, const std::string& base, bool with_mtu) {
  const SystemClock clock;
  const Timestamp begin = clock.wall_now();
  const auto known = TRY(requested_reports(client, base, begin));
  const ApiClient::Query query = {{"mtu", with_mtu ? "true" : "false"}};
  TRY(client.send("POST", base + "/trace", query, "", "application/json"));
  const Seconds patience = with_mtu ? kMtuPatience : kReportPatience;
  const Instant give_up = clock.now() + patience;
  Channel<int> pause(1, WhenFull::Refuse);
  while (clock.now() < give_up) {
    pause.pop_for(kLookEvery);
    for (const auto& [time, report] : TRY(requested_reports(client, base, begin))) {
      if (!known.contains(time)) return report;
    }
  }
  return fail(ErrorCode::Unavailable,
              fmt::format("the agent has not reported within {} s; see `linewatch get agents`, or "
                          "look again with `linewatch get paths`",
                          patience.count()));
}

int run(const Context& context, const PathOptions& options) {
  auto client = ApiClient::open(context);
  if (!client) return report(client.error());
  const auto id = find_test(*client, options.test);
  if (!id) return report(id.error());
  const std::string base = "/api/v1/tests/" + *id;
  if (options.history) {
    const auto list =
        client->get(base + "/path-reports", {{"from", options.from}, {"to", options.to}});
    if (!list) return report(list.error());
    return print_history(context, *list->find("value"));
  }
  if (!options.since.empty()) {
    const auto found =
        client->get(base + "/path-changes", {{"from", options.since}, {"to", options.at}});
    if (!found) return report(found.error());
    return print_differences(context, options, *found);
  }
  const auto found = options.now ? trace_now(*client, base, options.mtu)
                                 : client->get(base + "/paths", {{"at", options.at}});
  if (!found) return report(found.error());
  print_report(context, options, *found);
  return kExitSuccess;
}

}  // namespace

void add_get_paths(CLI::App& get, Context& context) {
  auto* const verb = get.add_subcommand("paths", "The way of one test, hop by hop");
  auto options = std::make_shared<PathOptions>();
  // `--test` as well as a plain word, since both are natural to write.
  verb->add_option("test,--test", options->test, "The test's id, or a part of its name")
      ->required();
  verb->add_option("--at", options->at, "UTC, like 2026-01-31T12:00:00Z; default: now");
  verb->add_option("--since", options->since,
                   "Show also what it was at that time (UTC), and what has changed");
  auto* const now =
      verb->add_flag("--now", options->now, "Have the agent trace now, and show what it finds")
          ->excludes("--at")
          ->excludes("--since");
  verb->add_flag("--mtu", options->mtu,
                 "With --now: find the largest packet that passes as well, which may take minutes")
      ->needs(now);
  verb->add_flag("--paths", options->all_paths, "All paths that load balancers use");
  auto* const history =
      verb->add_flag("--history", options->history,
                     "All reports of a span of time, a line each, with the traces before and after "
                     "changes");
  verb->add_option("--from", options->from, "With --history: UTC; default: an hour ago")
      ->needs(history);
  verb->add_option("--to", options->to, "With --history: UTC; default: now")->needs(history);
  verb->callback(
      [=, &context] { context.action = [=, &context] { return run(context, *options); }; });
}

}  // namespace lw::cli
