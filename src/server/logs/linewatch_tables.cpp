// SPDX-License-Identifier: Apache-2.0
// Our own tables: all that the store has, in types rather than in text.
#include "server/logs/columns.h"

namespace lw::server::logs {
namespace {

/// The test's names, shorter than Azure's.
std::vector<LogColumn> names() {
  return {
      {"TestId", Type::String, hex_of_id("r.test_id"), false, {}, "The test, as in the API."},
      fact("ConnectionMonitor", "monitor", "The connection monitor."),
      fact("TestGroup", "test_group", "The test group."),
      fact("Source", "source", "The source endpoint."),
      fact("Destination", "destination", "The destination endpoint."),
      fact("TestConfiguration", "configuration", "The test configuration."),
      fact("Protocol", "protocol", "Icmp, Tcp, Http …"),
      fact("Agent", "agent", "The agent that runs the test."),
  };
}

/// RTTs of all checks in their order, null where none was measured.
const std::string kRtts =
    "arrayMap((i, gap) -> if(has(r.unmeasured, i - 1), NULL, (r.rbase + r.drtt[i - gap]) / 1000.), "
    "arrayEnumerate(r.outcomes), arrayMap(i -> arrayCount(u -> u < i, r.unmeasured), "
    "arrayEnumerate(r.outcomes)))";

std::string json_list(const std::string& list, const std::string& item) {
  return "concat('[', arrayStringConcat(arrayMap(x -> " + item + ", " + list + "), ','), ']')";
}

/// The phase of that number of an HTTP round, in ms.
std::string phase(int number) {
  const std::string bit = std::to_string(number);
  return "if(bitTest(r.http_mask, 7) AND bitTest(r.http_mask, " + bit +
         "), r.http_phases[bitCount(bitAnd(r.http_mask, bitShiftLeft(1, " + bit +
         ") - 1)) + 1] / 1000., NULL)";
}

std::vector<LogColumn> reason_columns() {
  return {
      state_column("State", "Pass, Warning, Fail, Indeterminate."),
      reason_column("ReasonCode", "The rule that decided."),
      {"Reason", Type::String, "r.reason", false, {}, "The reason in a sentence."},
      {"ReasonObserved", Type::Real, "if(isNaN(r.reason_observed), NULL, r.reason_observed)", true},
      {"ReasonLimit", Type::Real, "if(isNaN(r.reason_limit), NULL, r.reason_limit)", true},
  };
}

std::vector<LogColumn> http_columns() {
  return {
      {"HttpStatus", Type::Int, "if(r.http_status = 0, NULL, toInt32(r.http_status))", true},
      {"DnsMs", Type::Real, phase(0), true},
      {"ConnectMs", Type::Real, phase(1), true},
      {"TlsMs", Type::Real, phase(2), true},
      {"RequestMs", Type::Real, phase(5), true},
      {"FirstByteMs", Type::Real, phase(3), true},
      {"TransferMs", Type::Real, phase(4), true},
      {"HttpVersion", Type::String, "toString(r.http_version)"},
      {"Redirects", Type::Int, "if(bitTest(r.http_mask, 6), toInt32(r.http_redirects), NULL)",
       true},
      {"FinalUrl", Type::String, "r.http_url"},
      {"BodyBytes", Type::Long, "if(bitTest(r.http_mask, 6), toInt64(r.http_body_bytes), NULL)",
       true},
      {"TlsSubject", Type::String, "r.tls_subject"},
      {"TlsIssuer", Type::String, "r.tls_issuer"},
      {"TlsVersion", Type::String, "toString(r.tls_version)"},
      {"TlsCipher", Type::String, "toString(r.tls_cipher)"},
      {"CertificateExpires", Type::DateTime,
       "if(r.has_tls = 0, NULL, " + ticks_of("r.tls_not_after") + ")", true},
  };
}

LogTable rounds() {
  LogTable table{.name = "LinewatchRounds",
                 .description = "One row per round of a test, with each of its checks.",
                 .source = {.rows = "SELECT @* FROM rounds WHERE @", .time = "ts"},
                 .columns = {time_generated()}};
  append(table.columns, names());
  append(table.columns, reason_columns());
  append(
      table.columns,
      {{"ChecksTotal", Type::Int, "toInt32(r.total)"},
       {"ChecksFailed", Type::Int, "toInt32(r.failed)"},
       {"ChecksVoid", Type::Int, "toInt32(r.voided)", false, {}, "Not counted: our own fault."},
       {"RttMinMs", Type::Real, ms_of("r.rbase + r.dmin", "bitTest(r.measured, 0)"), true},
       {"RttAvgMs", Type::Real, ms_of("r.rbase + r.davg", "bitTest(r.measured, 0)"), true},
       {"RttMaxMs", Type::Real, ms_of("r.rbase + r.dmax", "bitTest(r.measured, 0)"), true},
       {"JitterMs", Type::Real, ms_of("r.jitter", "bitTest(r.measured, 1)"), true},
       {"RttsMs",
        Type::Dynamic,
        json_list(kRtts, "ifNull(toString(x), 'null')"),
        false,
        {},
        "Each check's round-trip time, null where there is none."},
       {"Outcomes",
        Type::Dynamic,
        json_list("r.outcomes", "concat('\"', " + outcome_name_of("x") + ", '\"')"),
        false,
        {},
        "How each check ended."},
       {"Address", Type::String, "toString(r.address)", false, {}, "The address that was checked."},
       {"Detail", Type::String, "r.detail"},
       {"ConfirmationChecks", Type::Int, "toInt32(r.confirmation_made)"},
       {"ConfirmationFailed", Type::Int, "toInt32(r.confirmation_failed)"},
       {"AgentId", Type::String, hex_of_id("r.agent_id")},
       {"SpoolId", Type::String, hex_of_id("r.spool_id")},
       {"Sequence", Type::Long, "toInt64(r.sequence)"}});
  append(table.columns, http_columns());
  return table;
}

LogTable checks() {
  // One row per check: its number, outcome and RTT are taken out of the round's lists.
  LogTable table{
      .name = "LinewatchChecks",
      .description = "One row per check.",
      .source = {.rows = "SELECT test_id, ts, agent_id, spool_id, sequence, address, rbase, drtt, "
                         "unmeasured, n, outcome, offset FROM rounds ARRAY JOIN "
                         "arrayEnumerate(outcomes) AS n, outcomes AS outcome, "
                         "arrayResize(offsets, length(outcomes)) AS offset WHERE @",
                 .time = "ts"},
      .columns = {time_generated()}};
  append(table.columns, names());
  append(table.columns,
         {{"Check", Type::Int, "toInt32(r.n)", false, {}, "Its number in the round, from 1."},
          {"StartedAt", Type::DateTime,
           "toInt64((toUnixTimestamp64Micro(r.ts) + toInt64(r.offset)) * 10 + 621355968000000000)"},
          {"Outcome", Type::String, outcome_name_of("r.outcome")},
          {"RttMs", Type::Real,
           "if(has(r.unmeasured, r.n - 1), NULL, (r.rbase + r.drtt[r.n - arrayCount(u -> u < r.n, "
           "r.unmeasured)]) / 1000.)",
           true},
          {"Address", Type::String, "toString(r.address)"},
          {"AgentId", Type::String, hex_of_id("r.agent_id")}});
  return table;
}

std::string measured(const std::string& micros) {
  return "if(" + micros + " = 4294967295, NULL, " + micros + " / 1000.)";
}

std::string percent(const std::string& share) {
  return "if(isFinite(" + share + "), toFloat64(" + share + "), NULL)";
}

LogTable hops() {
  LogTable table{
      .name = "LinewatchHops",
      .description = "One row per hop of each path that was reported.",
      .source = {.rows =
                     "SELECT test_id, ts, agent_id, path_id, path_index, reached, ttl, address, "
                     "name, sent, answered, low, median, most, added, loss, loss_low, loss_high "
                     "FROM paths FINAL ARRAY JOIN hop_ttl AS ttl, hop_address AS address, "
                     "hop_name AS name, hop_sent AS sent, hop_answered AS answered, hop_rtt_low "
                     "AS low, hop_rtt_median AS median, hop_rtt_max AS most, hop_added AS added, "
                     "hop_loss AS loss, hop_loss_low AS loss_low, hop_loss_high AS loss_high "
                     "WHERE @",
                 .time = "ts"},
      .columns = {time_generated()}};
  append(table.columns, names());
  append(table.columns,
         {{"PathId", Type::String, hex_of_id("r.path_id")},
          {"Ttl", Type::Int, "toInt32(r.ttl)"},
          {"Address", Type::String, "toString(r.address)", false, {}, "'' if the hop is silent."},
          {"Name", Type::String, "toString(r.name)"},
          {"Sent", Type::Long, "toInt64(r.sent)"},
          {"Answered", Type::Long, "toInt64(r.answered)"},
          {"RttLowMs", Type::Real, measured("r.low"), true},
          {"RttMedianMs", Type::Real, measured("r.median"), true},
          {"RttMaxMs", Type::Real, measured("r.most"), true},
          {"AddedMs", Type::Real, measured("r.added"), true, {}, "What the link to it adds."},
          {"LossPercent",
           Type::Real,
           percent("r.loss"),
           true,
           {},
           "Forwarding loss on the way to it."},
          {"LossPercentLow", Type::Real, percent("r.loss_low"), true},
          {"LossPercentHigh", Type::Real, percent("r.loss_high"), true}});
  return table;
}

LogTable paths() {
  LogTable table{.name = "LinewatchPaths",
                 .description = "One row per path of each path report.",
                 .source = {.rows = "SELECT * FROM paths FINAL WHERE @", .time = "ts"},
                 .columns = {time_generated()}};
  append(table.columns, names());
  const std::string text = "toJSONString(toString(x))";
  append(table.columns,
         {{"From", Type::DateTime, ticks_of("r.from_ts"), false, {}, "The window's start."},
          {"PathIndex", Type::Int, "toInt32(r.path_index)"},
          {"PathId", Type::String, hex_of_id("r.path_id")},
          {"SourceAddress", Type::String, "toString(r.source)"},
          {"DestinationAddress", Type::String, "toString(r.destination)"},
          {"Reached", Type::Bool, "toUInt8(r.reached != 0)"},
          {"Traces", Type::Long, "toInt64(r.traces)"},
          {"PathMtu", Type::Int, "if(r.path_mtu = 0, NULL, toInt32(r.path_mtu))", true},
          {"HopAddresses", Type::Dynamic, json_list("r.hop_address", text)},
          {"IssueKinds",
           Type::Dynamic,
           json_list("r.issue_kinds", text),
           false,
           {},
           "What is wrong, with the report's first path."},
          {"Issues", Type::Dynamic, json_list("r.issue_texts", text)},
          {"Changes", Type::Dynamic, json_list("r.changes", text)},
          {"Report",
           Type::Dynamic,
           "nullIf(r.report, '')",
           true,
           {},
           "All of it, with the first path."}});
  return table;
}

LogTable state_changes() {
  LogTable table{.name = "LinewatchStateChanges",
                 .description = "One row whenever a test goes from one state into another.",
                 .source = {.rows = "SELECT *, to_state AS state, reason AS reason_text FROM "
                                    "state_changes FINAL WHERE @",
                            .time = "ts",
                            .has_hour_key = false},
                 .columns = {time_generated()}};
  append(table.columns, names());
  append(table.columns, {{"FromState", Type::String, state_name("r.from_state")}});
  append(table.columns, reason_columns());
  return table;
}

LogTable alerts() {
  const std::string dimensions =
      "concat('{', arrayStringConcat(arrayMap((n, v) -> concat(toJSONString(n), ':', "
      "toJSONString(v)), r.dimension_names, r.dimension_values), ','), '}')";
  return {.name = "LinewatchAlerts",
          .description = "One row when an alert fires, and one when it is resolved.",
          .source = {.rows = "SELECT * FROM alert_changes FINAL WHERE @",
                     .time = "ts",
                     .has_hour_key = false},
          .columns = {
              time_generated(),
              {"AlertId", Type::String, "r.alert_id", false, {}, "The alert, as in the API."},
              {"Rule", Type::String, "toString(r.rule)", false, {}, "The alert rule."},
              {"Severity", Type::Int, "toInt32(r.severity)", false, {}, "0 critical to 4 verbose."},
              {"State", Type::String, "if(r.is_firing = 1, 'Fired', 'Resolved')"},
              {"FiredAt", Type::DateTime, ticks_of("r.fired")},
              {"ResolvedBy",
               Type::String,
               "toString(r.ended_by)",
               false,
               {},
               "NoBreach, RuleChanged, RuleDisabled, RuleGone, TestsGone or Hand."},
              {"ConnectionMonitor", Type::String, "toString(r.monitor)"},
              {"Dimensions", Type::Dynamic, dimensions, false, {}, "What the alert is of."},
              {"Tests",
               Type::Dynamic,
               json_list("r.tests", "concat('\"', " + hex_of_id("x") + ", '\"')"),
               false,
               {},
               "Ids of its tests."},
              {"MetricName", Type::String, "r.metrics[1]", false, {}, "Of the first condition."},
              {"TimeAggregation", Type::String, "r.aggregations[1]"},
              {"Operator", Type::String, "r.operators[1]"},
              {"Threshold", Type::Real, "r.thresholds[1]"},
              {"Value",
               Type::Real,
               "r.last_values[1]",
               false,
               {},
               "When it fired, or at the last evaluation before it was resolved."},
              {"WindowSize", Type::TimeSpan, "toInt64(r.window_s) * 10000000"},
              {"Sentence", Type::String, "r.sentence"}}};
}

LogTable tests() {
  LogTable table{.name = "LinewatchTests",
                 .description = "One row per test and setting that it had, from when on.",
                 .source = {.rows = "SELECT *, now64(6, 'UTC') AS ts FROM test_facts FINAL WHERE @",
                            .time = {}},
                 .columns = {}};
  append(table.columns, names());
  // Of the row, not of what is true now.
  for (LogColumn& column : table.columns) {
    if (!column.fact.empty()) column.sql = "toString(r." + column.fact + ")";
  }
  append(table.columns, {{"ValidFrom",
                          Type::DateTime,
                          "if(r.valid_from = fromUnixTimestamp64Micro(0, 'UTC'), NULL, " +
                              ticks_of("r.valid_from") + ")",
                          true,
                          {},
                          "Null: as long as the test is known."},
                         {"Port", Type::Int, "if(r.port = 0, NULL, toInt32(r.port))", true},
                         {"Frequency", Type::TimeSpan, "toInt64(r.frequency_s) * 10000000"},
                         {"SourceType", Type::String, "toString(r.source_type)"},
                         {"DestinationType", Type::String, "toString(r.destination_type)"},
                         {"DestinationAddress", Type::String, "r.destination_address"},
                         {"ChecksFailedPercentThreshold", Type::Int, "r.failed_threshold", true},
                         {"RoundTripTimeMsThreshold", Type::Real, "r.rtt_threshold", true},
                         {"Disabled", Type::Bool, "toUInt8(r.disabled)"}});
  return table;
}

LogTable agents() {
  return {.name = "LinewatchAgents",
          .description = "One row per connected agent and minute: what it says of itself.",
          .source = {.rows = "SELECT * FROM agent_beats FINAL WHERE @",
                     .time = "ts",
                     .by_test = false,
                     .agent = "name"},
          .columns = {
              time_generated(),
              {"Agent", Type::String, "toString(r.name)"},
              {"AgentId", Type::String, hex_of_id("r.agent_id")},
              {"Version", Type::String, "toString(r.version)"},
              {"Addresses", Type::Dynamic, json_list("r.addresses", "toJSONString(toString(x))")},
              {"ConnectedSince", Type::DateTime, ticks_of("r.connected_since")},
              {"RoundsWaiting", Type::Long, "toInt64(r.rounds_waiting)"},
              {"RoundsDropped", Type::Long, "toInt64(r.rounds_dropped)"},
              {"IntervalsMissed", Type::Long, "toInt64(r.intervals_missed)"},
              {"ClockOffsetMs", Type::Real, "r.clock_offset_us / 1000.", true},
              {"Problem", Type::String, "r.problem"},
              {"PathProblem", Type::String, "r.path_problem"}}};
}

LogTable agent_events() {
  return {.name = "LinewatchAgentEvents",
          .description =
              "One row whenever something happened to an agent: it joined, connected, "
              "was lost, dropped rounds, its clock was set …",
          .source = {.rows = "SELECT * FROM agent_events FINAL WHERE @",
                     .time = "ts",
                     .by_test = false,
                     .agent = "name"},
          .columns = {time_generated(),
                      {"Agent", Type::String, "toString(r.name)"},
                      {"AgentId", Type::String, hex_of_id("r.agent_id")},
                      {"Event",
                       Type::String,
                       agent_event_name_of("r.kind"),
                       false,
                       {},
                       "What happened, in a word."},
                      {"Detail", Type::String, "r.detail", false, {}, "What more there is to say."},
                      {"Count",
                       Type::Long,
                       "r.count",
                       true,
                       {},
                       "Rounds, path reports or intervals; of clocks microseconds."}}};
}

LogTable audit() {
  return {
      .name = "LinewatchAudit",
      .description =
          "One row per request that changed something, or was refused since its "
          "caller may not. For administrators.",
      .source = {.rows = "SELECT * FROM audit_log FINAL WHERE @",
                 .time = "ts",
                 .by_test = false,
                 .is_audit = true},
      .columns = {time_generated(),
                  {"Caller", Type::String, "toString(r.caller)", false, {}, "The token's name."},
                  {"CallerAddress", Type::String, "toString(r.address)"},
                  {"Method", Type::String, "toString(r.method)"},
                  {"Target", Type::String, "r.target", false, {}, "Path and query, as sent."},
                  {"Status", Type::Int, "toInt32(r.status)", false, {}, "Of the answer."},
                  {"Detail", Type::String, "r.detail", false, {}, "What the target does not say."},
                  {"Number", Type::Long, "r.number"}}};
}

}  // namespace

std::vector<LogTable> linewatch_tables() {
  return {rounds(), checks(), hops(),   paths(),        state_changes(),
          alerts(), tests(),  agents(), agent_events(), audit()};
}

}  // namespace lw::server::logs
