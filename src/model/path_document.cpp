// SPDX-License-Identifier: Apache-2.0
#include "model/path_document.h"

#include <utility>

namespace lw {
namespace {

Value ms_of(Microseconds duration) { return static_cast<double>(duration.count()) / 1000.0; }

void set_ms(Value& value, const char* key, const std::optional<Microseconds>& duration) {
  if (duration) value.set(key, ms_of(*duration));
}

void set_address(Value& value, const char* key, const std::optional<IpAddress>& address) {
  if (address) value.set(key, to_string(*address));
}

void set_text(Value& value, const char* key, const std::string& text) {
  if (!text.empty()) value.set(key, text);
}

template <class Number>
void set_number(Value& value, const char* key, Number number) {
  if (number != 0) value.set(key, static_cast<std::int64_t>(number));
}

template <class Number>
void set_number(Value& value, const char* key, const std::optional<Number>& number) {
  if (number) value.set(key, static_cast<std::int64_t>(*number));
}

Value to_document(const Share& share) {
  return Value::object({{"low", share.low}, {"value", share.value}, {"high", share.high}});
}

Value to_document(const MplsLabel& label) {
  return Value::object({{"label", std::int64_t{label.label}},
                        {"trafficClass", std::int64_t{label.traffic_class}},
                        {"bottom", label.is_bottom},
                        {"ttl", std::int64_t{label.ttl}}});
}

Value to_document(const InterfaceFacts& facts) {
  Value value = Value::object();
  value.set("role", static_cast<std::int64_t>(facts.role));
  set_number(value, "index", facts.index);
  set_address(value, "address", facts.address);
  set_text(value, "name", facts.name);
  set_number(value, "mtu", facts.mtu);
  return value;
}

Value to_document(const QuoteFacts& quote) {
  Value value = Value::object();
  set_number(value, "ttl", quote.ttl);
  set_address(value, "destination", quote.destination);
  set_address(value, "source", quote.source);
  if (quote.ports_or_checksum_changed) value.set("portsOrChecksumChanged", true);
  set_number(value, "dscp", quote.dscp);
  set_number(value, "ecn", quote.ecn);
  return value;
}

Value to_document(const TraceProbe& probe);

template <class Item>
void set_list(Value& value, const char* key, const std::vector<Item>& items) {
  if (items.empty()) return;
  Value list = Value::array();
  for (const Item& item : items) list.push(to_document(item));
  value.set(key, std::move(list));
}

void set_addresses(Value& value, const char* key, const std::vector<IpAddress>& addresses) {
  if (addresses.empty()) return;
  Value list = Value::array();
  for (const IpAddress& address : addresses) list.push(to_string(address));
  value.set(key, std::move(list));
}

Value to_document(const PathHop& hop) {
  Value value = Value::object();
  value.set("ttl", std::int64_t{hop.ttl});
  set_address(value, "address", hop.address);
  set_addresses(value, "others", hop.others);
  set_text(value, "name", hop.name);
  set_text(value, "network", hop.network);
  value.set("sent", std::int64_t{hop.sent});
  value.set("answered", std::int64_t{hop.answered});
  set_ms(value, "rttMinMs", hop.rtt_min);
  set_ms(value, "rttLowMs", hop.rtt_low);
  set_ms(value, "rttMedianMs", hop.rtt_median);
  set_ms(value, "rttMaxMs", hop.rtt_max);
  value.set("forwardingLossPercent", to_document(hop.forwarding_loss));
  value.set("addedMs", ms_of(hop.added));
  Value labels = Value::array();
  for (const HopLabel label : labels_in(hop.labels)) labels.push(to_string(label));
  value.set("labels", std::move(labels));
  set_number(value, "replyTtl", hop.reply_ttl);
  if (hop.icmp_type != 0 || hop.icmp_code != 0) {
    value.set("icmpType", std::int64_t{hop.icmp_type});
    value.set("icmpCode", std::int64_t{hop.icmp_code});
  }
  set_number(value, "mtu", hop.mtu);
  set_list(value, "mpls", hop.mpls);
  set_list(value, "interfaces", hop.interfaces);
  if (hop.quote) value.set("quote", to_document(*hop.quote));
  return value;
}

Value to_document(const Path& path) {
  Value value = Value::object();
  value.set("id", to_string(path.id));
  Value flows = Value::array();
  for (const std::uint16_t flow : path.flows) flows.push(std::int64_t{flow});
  value.set("flows", std::move(flows));
  value.set("reached", path.is_reached);
  Value hops = Value::array();
  for (const PathHop& hop : path.hops) hops.push(to_document(hop));
  value.set("hops", std::move(hops));
  return value;
}

const char* answer_name(HopAnswer answer) {
  switch (answer) {
    case HopAnswer::Silent:
      return "Silent";
    case HopAnswer::TimeExceeded:
      return "TimeExceeded";
    case HopAnswer::Destination:
      return "Destination";
    case HopAnswer::Unreachable:
      return "Unreachable";
    case HopAnswer::NotAsked:
      return "NotAsked";
    case HopAnswer::LocalError:
      return "LocalError";
  }
  return "Silent";
}

Value to_document(const TraceProbe& probe) {
  Value value = Value::object();
  value.set("flow", std::int64_t{probe.flow});
  value.set("ttl", std::int64_t{probe.ttl});
  value.set("offsetMs", ms_of(probe.offset));
  const HopReply& reply = probe.reply;
  value.set("answer", answer_name(reply.answer));
  if (reply.rtt) value.set("from", to_string(reply.from));
  if (reply.answer == HopAnswer::NotAsked && reply.from != IpAddress{}) {
    value.set("expected", to_string(reply.from));
  }
  set_ms(value, "rttMs", reply.rtt);
  if (reply.icmp_type != 0 || reply.icmp_code != 0) {
    value.set("icmpType", std::int64_t{reply.icmp_type});
    value.set("icmpCode", std::int64_t{reply.icmp_code});
  }
  set_number(value, "replyTtl", reply.reply_ttl);
  set_number(value, "mtu", reply.mtu);
  if (reply.is_refusal) value.set("refused", true);
  set_list(value, "mpls", reply.labels);
  set_list(value, "interfaces", reply.interfaces);
  if (reply.quote != QuoteFacts{}) value.set("quote", to_document(reply.quote));
  set_text(value, "detail", reply.detail);
  return value;
}

const char* cause_name(PathReportCause cause) {
  switch (cause) {
    case PathReportCause::First:
      return "First";
    case PathReportCause::Change:
      return "Change";
    case PathReportCause::Hourly:
      return "Hourly";
    case PathReportCause::Request:
      return "Request";
    case PathReportCause::StateChange:
      return "StateChange";
  }
  return "First";
}

Value to_document(const PathMtuResult& result) {
  Value value = Value::object();
  value.set("verdict", to_string(result.verdict));
  value.set("at", to_iso8601(result.at));
  value.set("protocol", to_string(result.protocol));
  set_number(value, "triedBytes", result.bytes_max);
  set_address(value, "toldBy", result.told_by);
  set_number(value, "toldMtu", result.told_mtu);
  set_number(value, "fromTtl", result.from_ttl);
  set_number(value, "toTtl", result.to_ttl);
  set_address(value, "from", result.from);
  set_text(value, "text", result.text);
  return value;
}

/// The search, and what it found as a plain number beside.
void set_mtu(Value& report, const std::optional<PathMtuResult>& mtu) {
  if (!mtu) return;
  set_number(report, "pathMtu", mtu->path_mtu);
  report.set("pathMtuSearch", to_document(*mtu));
}

}  // namespace

Value to_document(const PathIssue& issue) {
  Value value = Value::object();
  value.set("kind", to_string(issue.kind));
  value.set("path", to_string(issue.path));
  value.set("fromTtl", std::int64_t{issue.from_ttl});
  value.set("toTtl", std::int64_t{issue.to_ttl});
  set_address(value, "from", issue.from);
  set_address(value, "to", issue.to);
  if (issue.loss) value.set("lossPercent", to_document(*issue.loss));
  set_ms(value, "addedMs", issue.added);
  set_ms(value, "totalMs", issue.total);
  value.set("confidence", issue.confidence);
  value.set("text", issue.text);
  return value;
}

Value to_document(const PathReport& report) {
  Value value = Value::object();
  value.set("testId", to_string(report.test));
  value.set("from", to_iso8601(report.from));
  value.set("to", to_iso8601(report.to));
  value.set("cause", cause_name(report.cause));
  value.set("protocol", to_string(report.protocol));
  value.set("source", to_string(report.source));
  value.set("destination", to_string(report.destination));
  set_number(value, "port", report.port);
  value.set("traces", std::int64_t{report.traces});
  Value paths = Value::array();
  for (const Path& path : report.paths) paths.push(to_document(path));
  value.set("paths", std::move(paths));
  Value issues = Value::array();
  for (const PathIssue& issue : report.issues) issues.push(to_document(issue));
  value.set("issues", std::move(issues));
  Value changes = Value::array();
  for (const std::string& change : report.changes) changes.push(change);
  value.set("changes", std::move(changes));
  if (report.is_refused) value.set("refused", true);
  set_mtu(value, report.mtu);
  set_list(value, "tracesBefore", report.traces_before);
  set_list(value, "tracesAfter", report.traces_after);
  set_text(value, "problem", report.problem);
  return value;
}

Value to_document(const Trace& trace) {
  Value value = Value::object();
  if (trace.test.value != 0) value.set("testId", to_string(trace.test));
  value.set("started", to_iso8601(trace.started));
  value.set("trigger", to_string(trace.trigger));
  value.set("protocol", to_string(trace.protocol));
  value.set("source", to_string(trace.source));
  value.set("destination", to_string(trace.destination));
  set_number(value, "port", trace.port);
  set_list(value, "probes", trace.probes);
  set_text(value, "problem", trace.problem);
  return value;
}

std::string encode_path_report(const PathReport& report) { return to_json(to_document(report)); }

}  // namespace lw
