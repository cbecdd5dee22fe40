// SPDX-License-Identifier: Apache-2.0
// linewatch get: lists of what the server knows.
#include <fmt/core.h>

#include <CLI/CLI.hpp>

#include "base/number.h"
#include "base/text.h"
#include "cli/api_client.h"
#include "cli/context.h"
#include "cli/find_test.h"
#include "cli/known_names.h"
#include "cli/name_line.h"
#include "cli/table.h"

namespace lw::cli {
namespace {

struct GetOptions {
  std::string state, monitor, group, source, destination, search, test, from, to;
  int limit = 0;
};

std::string reason_text(const Value& item) {
  const Value* const reason = item.find("reason");
  return reason != nullptr && reason->is_object() ? field(*reason, "text") : "-";
}

std::string failed_text(const Value& item) {
  const double total = item.number("checksTotal");
  if (total == 0) return "-";
  return fmt::format("{:.0f}/{:.0f}", item.number("checksFailed"), total);
}

/// "2026-01-31T12:00:00.123456Z" to the second: what a table has room for.
std::string short_time(const Value& item, std::string_view key) {
  const std::string time = item.text(key);
  return time.size() < 19 ? "-" : time.substr(0, 10) + " " + time.substr(11, 8);
}

std::vector<Column> test_columns() {
  return {column("STATE", "state"),
          column("MONITOR", "connectionMonitor", 3),
          column("GROUP", "testGroup", 4),
          {"TEST",
           [](const Value& item) {
             return field(item, "source") + " → " + field(item, "destination");
           }},
          column("CONFIGURATION", "testConfiguration", 1),
          {"RTT", [](const Value& item) { return milliseconds_field(item, "roundTripTimeMs"); }},
          {"FAILED", failed_text},
          {"SINCE", [](const Value& item) { return short_time(item, "since"); }, false, 2},
          {"REASON", reason_text, true}};
}

std::vector<Column> group_columns() {
  return {column("STATE", "state"),     column("MONITOR", "connectionMonitor"),
          column("GROUP", "testGroup"), column("TESTS", "tests"),
          column("FAIL", "testsFail"),  column("WARNING", "testsWarning"),
          column("PASS", "testsPass"),  column("INDETERMINATE", "testsIndeterminate"),
          {"REASON", reason_text, true}};
}

std::vector<Column> monitor_columns() {
  return {column("STATE", "state"),
          column("NAME", "name"),
          column("TESTS", "tests"),
          column("FAIL", "testsFail"),
          column("WARNING", "testsWarning"),
          column("PASS", "testsPass"),
          {"UPDATED", [](const Value& item) { return short_time(item, "updated"); }, false, 1},
          {"REASON", reason_text, true}};
}

/// "+3 s" or "-20 ms": an agent's clock beside the server's.
std::string clock_text(const Value& item) {
  const Value* const offset = item.find("clockOffsetMs");
  if (offset == nullptr || !offset->is_number()) return "-";
  const auto us = Microseconds(static_cast<std::int64_t>(offset->as_number() * 1000));
  return (us.count() < 0 ? "-" : "+") + to_human(std::chrono::abs(us));
}

std::string labels_text(const Value& item) {
  const Value* const labels = item.find("labels");
  if (labels == nullptr || !labels->is_object() || labels->as_object().empty()) return "-";
  std::string text;
  for (const auto& label : labels->as_object()) {
    const std::string value = label.value.is_string() ? label.value.as_string() : "";
    text += (text.empty() ? "" : ",") + label.key + "=" + value;
  }
  return text;
}

std::vector<Column> agent_columns() {
  return {column("NAME", "name"),
          column("ID", "id", 2),
          column("CONNECTED", "connected"),
          {"LAST SEEN", [](const Value& item) { return short_time(item, "lastSeen"); }},
          column("VERSION", "version", 3),
          column("WAITING", "roundsWaiting"),
          column("DROPPED", "roundsDropped"),
          {"CLOCK", clock_text, false, 1},
          {"LABELS", labels_text, false, 4},
          {"PROBLEM", [](const Value& item) { return field(item, "problem"); }, true}};
}

/// "57" or "57-58": the TTLs that replies came with.
std::string ttl_text(const Value& item) {
  const Value* const ttls = item.find("replyTtl");
  if (ttls == nullptr || !ttls->is_object()) return "-";
  const int lowest = static_cast<int>(ttls->number("lowest"));
  const int highest = static_cast<int>(ttls->number("highest"));
  return lowest == highest ? std::to_string(lowest) : fmt::format("{}-{}", lowest, highest);
}

std::vector<Column> round_columns() {
  return {
      {"STARTED", [](const Value& item) { return short_time(item, "started"); }},
      column("STATE", "state"),
      {"RTT", [](const Value& item) { return milliseconds_field(item, "roundTripTimeMs"); }},
      {"MIN", [](const Value& item) { return milliseconds_field(item, "roundTripTimeMinMs"); },
       false, 2},
      {"MAX", [](const Value& item) { return milliseconds_field(item, "roundTripTimeMaxMs"); },
       false, 1},
      {"JITTER", [](const Value& item) { return milliseconds_field(item, "jitterMs"); }, false, 3},
      {"FAILED", failed_text},
      {"TTL", ttl_text, false, 5},
      column("ADDRESS", "address", 4),
      {"REASON", reason_text, true}};
}

std::vector<Column> change_columns() {
  return {{"TIME", [](const Value& item) { return short_time(item, "time"); }},
          column("FROM", "from"),
          column("TO", "to"),
          {"REASON", reason_text, true}};
}

std::vector<Column> fault_columns() {
  return {
      {"CONFIDENCE",
       [](const Value& item) { return fmt::format("{:.0f} %", 100 * item.number("confidence")); }},
      {"TESTS",
       [](const Value& item) { return std::to_string(item.find("tests")->as_array().size()); }},
      {"FAULT", [](const Value& item) { return field(item, "text"); }, true}};
}

std::string severity_text(const Value& item) {
  return fmt::format("Sev{:.0f}", item.number("severity"));
}

std::vector<Column> alert_columns() {
  return {{"SEVERITY", severity_text},
          column("STATE", "state"),
          {"RULE",
           [](const Value& item) {
             const Value* const rule = item.find("rule");
             return rule != nullptr ? field(*rule, "name") : std::string("-");
           }},
          {"FIRED", [](const Value& item) { return short_time(item, "fired"); }},
          {"RESOLVED", [](const Value& item) { return short_time(item, "resolved"); }, false, 2},
          column("TESTS", "testCount", 3),
          column("ID", "id", 1),
          {"ALERT", [](const Value& item) { return field(item, "sentence"); }, true}};
}

std::vector<Column> alert_rule_columns() {
  return {column("NAME", "name"),
          {"SEVERITY", severity_text},
          column("ENABLED", "enabled"),
          column("FIRING", "firing"),
          column("TESTS", "testCount", 2),
          {"EVALUATED", [](const Value& item) { return short_time(item, "lastEvaluated"); }},
          {"PROBLEM", [](const Value& item) { return field(item, "problem"); }, false, 1},
          {"RULE", [](const Value& item) { return field(item, "sentence"); }, true}};
}

int print_path(const Context& context, const std::string& path, const ApiClient::Query& query,
               const std::vector<Column>& columns) {
  auto client = ApiClient::open(context);
  if (!client) return report(client.error());
  const auto body = client->get(path, query);
  if (!body) return report(body.error());
  const Value* const found = body->find("value");
  const Value list = found != nullptr && found->is_array() ? *found : Value::array();
  if (list.as_array().empty()) {
    if (const auto known = check_filter_names(*client, query); !known) return report(known.error());
  }
  print_list(context.output, columns, list);
  return kExitSuccess;
}

int print_of_test(const Context& context, const GetOptions& options, const std::string& what,
                  const std::vector<Column>& columns) {
  auto client = ApiClient::open(context);
  if (!client) return report(client.error());
  const auto id = find_test(*client, options.test);
  if (!id) return report(id.error());
  return print_path(context, "/api/v1/tests/" + *id + "/" + what,
                    {{"from", options.from},
                     {"to", options.to},
                     {"limit", options.limit > 0 ? std::to_string(options.limit) : ""}},
                    columns);
}

/// The latest round of a test, if it has one that is recent.
Result<std::optional<Value>> latest_round(ApiClient& client, const std::string& id) {
  const Value found = TRY(client.get("/api/v1/tests/" + id + "/rounds", {{"limit", "1"}}));
  const Value* const list = found.find("value");
  if (list == nullptr || !list->is_array() || list->as_array().empty()) return std::nullopt;
  return std::optional(list->as_array().back());
}

/// The test with what a person reads of its latest round: one line per member.
Value readable_test(const Value& test, const std::optional<Value>& round) {
  Value readable;
  for (const auto& member : test.as_object()) {
    if (member.key == "reason") {
      readable.set("reason", reason_text(test));
    } else {
      readable.set(member.key, member.value);
    }
  }
  const Value* const name = round ? round->find("name") : nullptr;
  if (name != nullptr) readable.set("name", name_line(test.text("destinationAddress"), *name));
  return readable;
}

int print_test(const Context& context, const std::string& text) {
  auto client = ApiClient::open(context);
  if (!client) return report(client.error());
  const auto id = find_test(*client, text);
  if (!id) return report(id.error());
  auto test = client->get("/api/v1/tests/" + *id, {});
  if (!test) return report(test.error());
  const auto round = latest_round(*client, *id);
  if (!round) return report(round.error());
  const std::optional<Value>& latest = *round;
  if (context.output == "json" || context.output == "yaml") {
    if (latest) test->set("round", *latest);
    print_object(context.output, *test);
  } else {
    print_object(context.output, readable_test(*test, latest));
  }
  return kExitSuccess;
}

void add_filters(CLI::App& verb, GetOptions& options) {
  verb.add_option("--state", options.state, "Only these states, separated by commas");
  verb.add_option("--monitor", options.monitor, "Only of this connection monitor");
  verb.add_option("--group", options.group, "Only of this test group");
  verb.add_option("--source", options.source, "Only from this source");
  verb.add_option("--destination", options.destination, "Only to this destination");
  verb.add_option("--search", options.search, "Only with this text in a name, address or reason");
}

ApiClient::Query filter_query(const GetOptions& options) {
  return {{"state", options.state},
          {"connectionMonitor", options.monitor},
          {"testGroup", options.group},
          {"source", options.source},
          {"destination", options.destination},
          {"search", options.search},
          {"limit", "100000"}};
}

/// Why it is no limit; empty if it is one.
std::string check_limit(const std::string& text) {
  constexpr int kLimitMax = 20'000;  // The server's own (server/api/past.cpp).
  const auto limit = parse_number<int>(text);
  if (limit && *limit >= 1 && *limit <= kLimitMax) return {};
  return fmt::format("must be a whole number from 1 to {}, not `{}`", kLimitMax, text);
}

void add_alerts(CLI::App& get, const std::shared_ptr<GetOptions>& options, Context& context) {
  auto* const alerts = get.add_subcommand("alerts", "What fires, or fired");
  alerts->add_option("--state", options->state, "firing (default), resolved or all");
  alerts->add_option("--monitor", options->monitor, "Only of this connection monitor");
  alerts->add_option("--from", options->from, "UTC; of the past, default: a day ago");
  alerts->add_option("--to", options->to, "UTC; default: now");
  alerts->callback([options, &context] {
    context.action = [options, &context] {
      return print_path(context, "/api/v1/alerts",
                        {{"state", options->state},
                         {"connectionMonitor", options->monitor},
                         {"from", options->from},
                         {"to", options->to},
                         {"limit", "10000"}},
                        alert_columns());
    };
  });
  auto* const rules = get.add_subcommand("alert-rules", "Alert rules and how each is doing");
  rules->callback([&context] {
    context.action = [&context] {
      return print_path(context, "/api/v1/alert-rules", {}, alert_rule_columns());
    };
  });
}

void add_span(CLI::App& verb, GetOptions& options) {
  verb.add_option("test", options.test, "The test's id, or a part of its name")->required();
  verb.add_option("--from", options.from, "UTC, like 2026-01-31T12:00:00Z; default: an hour ago");
  verb.add_option("--to", options.to, "UTC; default: now");
  verb.add_option("--limit", options.limit, "At most so many, the latest")->check(check_limit);
}

}  // namespace

void add_get(CLI::App& app, Context& context) {
  auto* const get =
      app.add_subcommand("get", "List tests, groups, monitors, agents, alerts, or a test's past");
  get->require_subcommand(1);
  auto options = std::make_shared<GetOptions>();
  const auto listing = [&](const char* name, const char* help, const char* path, auto columns) {
    auto* const verb = get->add_subcommand(name, help);
    verb->callback([=, &context] {
      context.action = [=, &context] {
        return print_path(context, path, filter_query(*options), columns());
      };
    });
    return verb;
  };
  add_filters(*listing("tests", "Tests with their state and reason", "/api/v1/tests", test_columns),
              *options);
  add_filters(*listing("test-groups", "Test groups", "/api/v1/test-groups", group_columns),
              *options);
  listing("monitors", "Connection monitors", "/api/v1/connection-monitors", monitor_columns);
  listing("agents", "Agents", "/api/v1/agents", agent_columns);
  listing("faults", "Links that explain what many tests meet", "/api/v1/faults", fault_columns);
  auto* const one = get->add_subcommand("test", "One test with its latest round");
  one->add_option("test", options->test, "The test's id, or a part of its name")->required();
  one->callback([=, &context] {
    context.action = [=, &context] { return print_test(context, options->test); };
  });
  const auto of_test = [&](const char* name, const char* help, auto columns) {
    auto* const verb = get->add_subcommand(name, help);
    add_span(*verb, *options);
    verb->callback([=, &context] {
      context.action = [=, &context] { return print_of_test(context, *options, name, columns()); };
    });
  };
  of_test("rounds", "One test's rounds", round_columns);
  of_test("changes", "One test's state changes", change_columns);
  add_alerts(*get, options, context);
  add_get_paths(*get, context);
}

}  // namespace lw::cli
