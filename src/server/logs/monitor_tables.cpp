// SPDX-License-Identifier: Apache-2.0
// The tables of Azure's Connection Monitor, with their published columns, over the store.
#include "server/logs/columns.h"

namespace lw::server::logs {
namespace {

const LogSource kRounds = {.rows = "SELECT @* FROM rounds WHERE @", .time = "ts"};

std::vector<LogColumn> round_numbers() {
  return {
      {"ChecksTotal", Type::Int, "toInt32(r.total)", false, {}, "Checks that count."},
      {"ChecksFailed", Type::Int, "toInt32(r.failed)", false, {}, "Those that failed."},
      {"MinRoundTripTimeMs",
       Type::Real,
       ms_of("r.rbase + r.dmin", "bitTest(r.measured, 0)"),
       true,
       {},
       "Of the checks that succeeded; null if none did."},
      {"MaxRoundTripTimeMs", Type::Real, ms_of("r.rbase + r.dmax", "bitTest(r.measured, 0)"), true},
      {"AvgRoundTripTimeMs", Type::Real, ms_of("r.rbase + r.davg", "bitTest(r.measured, 0)"), true},
      {"JitterMs",
       Type::Real,
       ms_of("r.jitter", "bitTest(r.measured, 1)"),
       true,
       {},
       "Mean difference of neighbouring round-trip times."},
  };
}

/// What Azure has no column for, as JSON.
const char* const kRoundData =
    R"(concat('{"reason":', toJSONString(r.reason), ',"checksVoid":', toString(r.voided), )"
    R"(if(r.detail = '', '', concat(',"detail":', toJSONString(r.detail))), )"
    R"(if(r.http_status = 0, '', concat(',"httpStatus":', toString(r.http_status))), )"
    R"(if(r.has_tls = 0, '', concat(',"certificateExpires":"', )"
    R"(formatDateTime(r.tls_not_after, '%Y-%m-%dT%H:%i:%SZ', 'UTC'), '"')), '}'))";

LogTable test_results() {
  LogTable table{.name = "NWConnectionMonitorTestResult",
                 .description = "One row per round of a test.",
                 .source = kRounds,
                 .columns = {time_generated()}};
  append(table.columns, test_columns());
  append(table.columns, round_numbers());
  append(table.columns, threshold_columns());
  append(table.columns,
         {state_column("TestResult", "Pass, Warning, Fail or Indeterminate."),
          reason_column("TestResultCriterion", "The rule that decided."),
          {"AdditionalData", Type::String, kRoundData, false, {}, "JSON: what has no column."}});
  return table;
}

const char* const kNameRecords =
    R"(concat('[', arrayStringConcat(arrayMap(x -> toJSONString(toString(x)), r.name_addresses), ','), ']'))";

LogTable name_results() {
  LogTable table{
      .name = "NWConnectionMonitorDNSResult",
      .description = "One row per round whose destination is a name: how it resolved.",
      .source = {.rows = "SELECT @* FROM rounds WHERE bitTest(name_flags, 0) AND @", .time = "ts"},
      .columns = {time_generated()}};
  append(table.columns, test_columns());
  append(table.columns,
         {{"ChecksTotal", Type::Int, "toInt32(1)", false, {}, "Look-ups."},
          {"ChecksFailed", Type::Int, "toInt32(r.name_outcome != 0)"},
          fact("DomainName", "destination_address", "The name."),
          {"ResponseRecords", Type::String, kNameRecords, false, {}, "JSON list of addresses."},
          {"ResponseRecordCount", Type::Int, "toInt32(length(r.name_addresses))"},
          {"ResponseRecordType", Type::String,
           "multiIf(empty(r.name_addresses), '', arrayAll(x -> position(toString(x), ':') > 0, "
           "r.name_addresses), 'AAAA', arrayAll(x -> position(toString(x), ':') = 0, "
           "r.name_addresses), 'A', 'A, AAAA')"},
          {"TestResult", Type::String, "if(r.name_outcome = 0, 'Pass', 'Fail')"},
          {"TestResultCriterion", Type::String,
           "if(r.name_outcome = 0, 'None', " + outcome_name_of("r.name_outcome") + ")"},
          unknown("ValidationChecks", Type::String),
          unknown("ValidationIssues", Type::String)});
  return table;
}

LogTable listener_results() {
  LogTable table{.name = "NWConnectionMonitorDestinationListenerResult",
                 .description =
                     "One row per minute and port that a destination's agent is to listen on for "
                     "tests (destinationPortBehavior: ListenIfAvailable).",
                 .source = {.rows = "SELECT * FROM listener_results FINAL WHERE @", .time = "ts"},
                 .columns = {time_generated()}};
  append(
      table.columns,
      {fact("ConnectionMonitorResourceId", "monitor_id", "The connection monitor's resource id."),
       fact("TestGroupName", "test_group", "The test group."),
       fact("TestConfigurationName", "configuration", "The test configuration.")});
  append(table.columns, destination_columns());
  replace(table.columns, {"DestinationIP",
                          Type::String,
                          "if(isNull(toIPv6OrNull(f.destination_address)), '', "
                          "toString(f.destination_address))",
                          false,
                          {},
                          "The destination's address, if it is given as one."});
  replace(table.columns, {"DestinationPort", Type::Int, "toInt32(r.port)", false, {}, "The port."});
  append(table.columns,
         {fact("Protocol", "protocol", "Tcp."),
          {"ListeningOutcome",
           Type::String,
           listening_name_of("r.outcome"),
           false,
           {},
           "Listening; PortInUse: something else on the host has it; Failed."},
          {"Issues",
           Type::String,
           "if(r.problem = '', '[]', concat('[{\"message\":', toJSONString(toString(r.problem)), "
           "'}]'))",
           false,
           {},
           "JSON list: why the agent does not listen."},
          {"RecordId",
           Type::String,
           "concat(" + hex_of_id("r.test_id") + ", '-', toString(toUnixTimestamp64Micro(r.ts)))",
           false,
           {},
           "Names the row for ever."},
          {"_ResourceId", Type::String, "lower(ifNull(f.monitor_id, ''))"},
          {"_SubscriptionId", Type::String, "@subscription"}});
  return table;
}

// Hops as JSON in the shape of Azure's ConnectivityHop, as far as it is known.
const char* const kHops =
    R"(concat('[', arrayStringConcat(arrayMap((ttl, address, name, sent, answered, median, loss, i) -> )"
    R"(concat('{"id":"', toString(ttl), '","type":"', if(i = length(r.hop_ttl) AND r.reached, 'Destination', 'Hop'), )"
    R"('","address":', toJSONString(toString(address)), ',"name":', toJSONString(toString(name)), )"
    R"(',"sent":', toString(sent), ',"answered":', toString(answered), )"
    R"(',"roundTripTimeMs":', if(median = 4294967295, 'null', toString(median / 1000.)), )"
    R"(',"lossPercent":', if(isFinite(loss), toString(round(loss, 3)), 'null'), )"
    R"(',"nextHopIds":[', if(i < length(r.hop_ttl), concat('"', toString(r.hop_ttl[i + 1]), '"'), ''), )"
    R"('],"issues":[]}'), r.hop_ttl, r.hop_address, r.hop_name, r.hop_sent, r.hop_answered, )"
    R"(r.hop_rtt_median, r.hop_loss, arrayEnumerate(r.hop_ttl)), ','), ']'))";

const char* const kIssues =
    R"(concat('[', arrayStringConcat(arrayMap((kind, text) -> concat('{"type":', )"
    R"(toJSONString(toString(kind)), ',"message":', toJSONString(text), '}'), r.issue_kinds, )"
    R"(r.issue_texts), ','), ']'))";

LogTable path_results() {
  const std::string reached = "(r.reached AND notEmpty(r.hop_sent))";
  LogTable table{
      .name = "NWConnectionMonitorPathResult",
      .description = "One row per path of a test, whenever it changes and once an hour.",
      .source = {.rows = "SELECT *, destination AS address FROM paths FINAL WHERE @", .time = "ts"},
      .columns = {time_generated()}};
  append(table.columns, test_columns());
  append(table.columns, threshold_columns());
  append(
      table.columns,
      {{"ChecksTotal",
        Type::Int,
        "if(" + reached + ", toInt32(r.hop_sent[-1]), NULL)",
        true,
        {},
        "Probes to the destination; null if no path leads there."},
       {"ChecksFailed", Type::Int,
        "if(" + reached + ", toInt32(r.hop_sent[-1]) - toInt32(r.hop_answered[-1]), NULL)", true},
       unknown("MinRoundTripTimeMs", Type::Real),
       {"MaxRoundTripTimeMs", Type::Real,
        ms_of("r.hop_rtt_max[-1]", reached + " AND r.hop_rtt_max[-1] != 4294967295"), true},
       unknown("AvgRoundTripTimeMs", Type::Real),
       unknown("JitterMs", Type::Real),
       {"TopologyId", Type::String, hex_of_id("r.path_id"), false, {}, "Names the row of hops."},
       {"HopAddresses",
        Type::String,
        "arrayStringConcat(arrayMap(x -> if(x = '', '*', toString(x)), r.hop_address), ';')",
        false,
        {},
        "Addresses in order; * is a silent hop."},
       unknown("HopTypes", Type::String),
       unknown("HopLinkTypes", Type::String),
       unknown("HopResourceIds", Type::String),
       {"Hops", Type::String, kHops, false, {}, "JSON: a list of hops."},
       {"Issues", Type::String, kIssues, false, {}, "JSON: what is wrong, with the first path."},
       {"PathTestResult", Type::String, "if(r.reached, 'Pass', 'Fail')"},
       {"PathTestResultCriterion", Type::String, "if(r.reached, 'None', 'DestinationNotReached')"},
       {"AdditionalData", Type::String,
        R"(concat('{"traces":', toString(r.traces), if(r.path_mtu = 0, '', concat(',"pathMtu":', )"
        R"(toString(r.path_mtu))), if(notEmpty(r.hop_rtt_median) AND r.reached AND )"
        R"(r.hop_rtt_median[-1] != 4294967295, concat(',"medianRoundTripTimeMs":', )"
        R"(toString(r.hop_rtt_median[-1] / 1000.)), ''), '}'))"}});
  return table;
}

}  // namespace

std::vector<LogTable> monitor_tables() {
  return {test_results(), path_results(), name_results(), listener_results()};
}

}  // namespace lw::server::logs
