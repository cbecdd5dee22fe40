// SPDX-License-Identifier: Apache-2.0
// Tables of Azure that other tables' rows are shown in: the older monitor's, metrics, heartbeats.
#include "server/logs/columns.h"

namespace lw::server::logs {
namespace {

/// The columns of NetworkMonitoring that its three kinds of rows share, in one order.
std::string branch(const std::string& kind, const std::string& columns, const std::string& from) {
  return "SELECT '" + kind + "' AS sub_type, " + columns + " FROM " + from + " WHERE @";
}

/// Rounds as NPM's service endpoint monitor tells of them, and paths as its paths.
std::string npm_rows() {
  return branch(
             "EndpointHealth",
             "test_id, ts, agent_id, toString(address) AS address, total, failed, state, "
             "reason_code, bitTest(measured, 0) AS has_rtt, rbase + dmin AS low, rbase + davg AS "
             "mean, rbase + dmax AS high, http_status AS code, [] :: Array(String) AS hops, "
             "[] :: Array(UInt32) AS medians",
             "rounds") +
         " UNION ALL " +
         branch("EndpointPath",
                "test_id, ts, agent_id, toString(destination) AS address, toUInt8(0) AS total, "
                "toUInt8(0) AS failed, toUInt8(if(reached, 1, 3)) AS state, toUInt8(0) AS "
                "reason_code, (reached AND notEmpty(hop_rtt_median) AND hop_rtt_median[-1] != "
                "4294967295) AS has_rtt, hop_rtt_low[-1] AS low, hop_rtt_median[-1] AS mean, "
                "hop_rtt_max[-1] AS high, toUInt16(0) AS code, arrayMap(x -> toString(x), "
                "hop_address) AS hops, hop_rtt_median AS medians",
                "paths FINAL");
}

/// Azure's health states: what the rule of that kind says of a row.
std::string health(const std::string& codes) {
  return "multiIf(r.state = 0, '', r.state IN (2, 3) AND r.reason_code IN (" + codes +
         "), 'Unhealthy', 'Healthy')";
}

LogTable network_monitoring() {
  const std::string is_health = "r.sub_type = 'EndpointHealth'";
  const std::string loss = "if(r.total > 0, 100. * r.failed / r.total, NULL)";
  const std::string median = ms_of("r.mean", "r.has_rtt AND r.sub_type = 'EndpointPath'");
  return {.name = "NetworkMonitoring",
          .description =
              "Rounds (SubType EndpointHealth) and paths (EndpointPath) in the columns of "
              "Network Performance Monitor.",
          .source = {.rows = npm_rows(), .time = "ts"},
          .columns = {
              time_generated(),
              {"SubType", Type::String, "r.sub_type"},
              fact("TestName", "test_group", "The test group."),
              fact("ConnectionMonitorResourceId", "monitor_id",
                   "The connection monitor's resource id."),
              fact("Target", "destination_address", "The name or address that is tested."),
              {"Port", Type::Int, "if(ifNull(f.port, 0) = 0, NULL, toInt32(f.port))", true},
              fact("Protocol", "protocol", "Icmp, Tcp, Http …"),
              fact("Computer", "agent", "The agent that measured."),
              {"AgentId", Type::String, hex_of_id("r.agent_id")},
              {"DestinationNetworkNodeInterface", Type::String, "r.address"},
              fact("SourceNetworkNodeInterface", "source_ip", "The agent's first address."),
              {"ServiceResponseTime",
               Type::Real,
               ms_of("r.mean", "r.has_rtt AND " + is_health),
               true,
               {},
               "Milliseconds."},
              {"ServiceLossPercent", Type::Real, loss, true},
              {"Loss", Type::Real, loss, true},
              {"ServiceResponseCode", Type::Long, "if(r.code = 0, NULL, toInt64(r.code))", true},
              {"LowLatency", Type::Real, ms_of("r.low", "r.has_rtt"), true},
              {"MedianLatency", Type::Real, median, true},
              {"HighLatency", Type::Real, ms_of("r.high", "r.has_rtt"), true},
              {"ServiceLossHealthState", Type::String, health("1, 3, 4, 6")},
              {"LossHealthState", Type::String, health("1, 3, 4, 6")},
              {"ServiceResponseHealthState", Type::String, health("2, 5")},
              {"LatencyHealthState", Type::String, health("2, 5")},
              {"LossThreshold", Type::Real, "toFloat64(f.failed_threshold)", true},
              {"ServiceResponseThreshold", Type::Real, "f.rtt_threshold", true},
              {"LatencyThreshold", Type::Real, "f.rtt_threshold", true},
              {"Path", Type::String,
               "arrayStringConcat(arrayMap(x -> if(x = '', '*', x), r.hops), ';')"},
              {"_ResourceId", Type::String, "lower(ifNull(f.monitor_id, ''))"},
              {"SubscriptionId", Type::String, "@subscription"},
          }};
}

/// One row per monitor, minute and metric: all of a monitor's tests together, each round a sample.
LogTable azure_metrics() {
  const std::string rows =
      "SELECT t AS ts, any(test) AS test_id, metric.1 AS name, metric.3 AS unit, count(metric.2) "
      "AS "
      "samples, avg(metric.2) AS mean, min(metric.2) AS least, max(metric.2) AS most, "
      "sum(metric.2) "
      "AS total FROM (SELECT toDateTime64(toStartOfMinute(ts), 6, 'UTC') AS t, test_id AS test, "
      "[('ChecksFailedPercent', if(total > 0, 100. * failed / total, NULL), 'Percent'), "
      "('RoundTripTimeMs', if(bitTest(measured, 0), (rbase + davg) / 1000., NULL), "
      "'MilliSeconds'), ('TestResult', toFloat64(state), 'Count')] AS metrics FROM rounds WHERE @) "
      "AS o LEFT ANY JOIN (SELECT test_id AS id, monitor FROM test_facts LIMIT 1 BY test_id) AS n "
      "ON n.id = o.test ARRAY JOIN metrics AS metric WHERE metric.2 IS NOT NULL GROUP BY t, "
      "metric.1, metric.3, n.monitor";
  return {.name = "AzureMetrics",
          .description = "The metrics of connection monitors, per minute.",
          .source = {.rows = rows, .time = "ts", .grain = std::chrono::minutes(1)},
          .columns = {
              time_generated(),
              {"MetricName",
               Type::String,
               "r.name",
               false,
               {},
               "ChecksFailedPercent, RoundTripTimeMs or TestResult."},
              {"TimeGrain", Type::String, "'PT1M'"},
              {"UnitName", Type::String, "r.unit"},
              {"Average", Type::Real, "r.mean", true},
              {"Minimum", Type::Real, "r.least", true},
              {"Maximum", Type::Real, "r.most", true},
              {"Total", Type::Real, "r.total", true},
              {"Count", Type::Real, "toFloat64(r.samples)"},
              fact("Resource", "monitor", "The connection monitor."),
              fact("ResourceId", "monitor_id", "The connection monitor's resource id."),
              {"_ResourceId", Type::String, "lower(ifNull(f.monitor_id, ''))"},
              {"ResourceGroup", Type::String,
               "ifNull(extract(f.monitor_id, '/resourceGroups/([^/]+)/'), '')"},
              {"ResourceProvider", Type::String, "'MICROSOFT.NETWORK'"},
              {"SubscriptionId", Type::String, "@subscription"},
              {"_SubscriptionId", Type::String, "@subscription"},
          }};
}

LogTable heartbeat() {
  return {.name = "Heartbeat",
          .description = "One row per connected agent and minute.",
          .source = {.rows = "SELECT * FROM agent_beats FINAL WHERE @",
                     .time = "ts",
                     .by_test = false,
                     .agent = "name"},
          .columns = {
              time_generated(),
              {"Computer", Type::String, "toString(r.name)", false, {}, "The agent's name."},
              {"Category", Type::String, "'linewatch agent'"},
              {"Version", Type::String, "toString(r.version)", false, {}, "The agent's version."},
              {"ComputerIP", Type::String, "toString(r.addresses[1])"},
              {"ComputerPrivateIPs", Type::Dynamic,
               "concat('[', arrayStringConcat(arrayMap(x -> toJSONString(toString(x)), "
               "r.addresses), ','), ']')"},
              {"ResourceId", Type::String, "toString(r.resource_id)"},
              {"_ResourceId", Type::String, "lower(toString(r.resource_id))"},
          }};
}

}  // namespace

std::vector<LogTable> azure_tables() {
  return {network_monitoring(), azure_metrics(), heartbeat()};
}

}  // namespace lw::server::logs
