// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "base/text.h"
#include "model/path_document.h"

namespace lw {
namespace {

// What a router or a faulty agent says must neither swell the store nor hold reports up.
constexpr std::size_t kPathsMax = 128;
constexpr std::size_t kHopsMax = 255;
constexpr std::size_t kIssuesMax = 100;
constexpr std::size_t kChangesMax = 100;
constexpr std::size_t kFlowsMax = 1'024;
constexpr std::size_t kListMax = 32;
constexpr std::size_t kTextMax = 1'024;
constexpr std::size_t kTracesMax = 8;
constexpr std::size_t kProbesMax = 512;
constexpr double kMsMax = 1e9;

std::unexpected<Error> refuse(const std::string& what) {
  return fail(ErrorCode::InvalidInput, "this is no path report: " + what);
}

std::string text_of(const Value& value, std::string_view key) {
  return std::string(cut_utf8(value.text(key), kTextMax));
}

/// The member as a whole number from 0 to `max`; what is larger, negative or no number counts as 0.
template <class Number>
Number number_of(const Value& value, std::string_view key,
                 double max = static_cast<double>(std::numeric_limits<Number>::max())) {
  const double number = value.number(key);
  return number >= 0 && number <= max ? static_cast<Number>(number) : Number{0};
}

template <class Number>
std::optional<Number> optional_number(const Value& value, std::string_view key) {
  const Value* const member = value.find(key);
  if (member == nullptr || !member->is_number()) return std::nullopt;
  return number_of<Number>(value, key);
}

std::optional<Microseconds> duration_of(const Value& value, std::string_view key) {
  const Value* const member = value.find(key);
  if (member == nullptr || !member->is_number()) return std::nullopt;
  const double ms = std::clamp(member->as_number(), 0.0, kMsMax);
  return Microseconds(std::llround(ms * 1000.0));
}

std::optional<IpAddress> address_of(const Value& value, std::string_view key) {
  return parse_ip_address(value.text(key));
}

/// Each of at most `max` elements through `read`, which gives a Result.
template <class Item, class Read>
Result<std::vector<Item>> read_list(const Value& value, std::string_view key, std::size_t max,
                                    const Read& read) {
  std::vector<Item> items;
  for (const Value& element : value.list(key)) {
    if (items.size() == max) break;
    items.push_back(TRY(read(element)));
  }
  return items;
}

Share read_share(const Value* value) {
  if (value == nullptr) return {};
  const auto percent = [&](std::string_view key, double otherwise) {
    const double number = value->number(key, otherwise);
    return std::isfinite(number) ? std::clamp(number, 0.0, 100.0) : otherwise;
  };
  return {.low = percent("low", 0), .value = percent("value", 0), .high = percent("high", 100)};
}

Result<MplsLabel> read_label(const Value& value) {
  return MplsLabel{.label = number_of<std::uint32_t>(value, "label", 0xFFFFF),
                   .traffic_class = number_of<std::uint8_t>(value, "trafficClass", 7),
                   .is_bottom = value.flag("bottom"),
                   .ttl = number_of<std::uint8_t>(value, "ttl")};
}

Result<InterfaceFacts> read_interface(const Value& value) {
  InterfaceFacts facts;
  facts.role = static_cast<InterfaceRole>(number_of<std::uint8_t>(value, "role", 3));
  facts.index = optional_number<std::uint32_t>(value, "index");
  facts.address = address_of(value, "address");
  facts.name = text_of(value, "name");
  facts.mtu = optional_number<std::uint32_t>(value, "mtu");
  return facts;
}

QuoteFacts read_quote(const Value& value) {
  QuoteFacts quote;
  quote.ttl = optional_number<std::uint8_t>(value, "ttl");
  quote.destination = address_of(value, "destination");
  quote.source = address_of(value, "source");
  quote.ports_or_checksum_changed = value.flag("portsOrChecksumChanged");
  quote.dscp = optional_number<std::uint8_t>(value, "dscp");
  quote.ecn = optional_number<std::uint8_t>(value, "ecn");
  return quote;
}

HopLabels read_labels(const Value& hop) {
  HopLabels labels = 0;
  for (const Value& name : hop.list("labels")) {
    for (const HopLabel label : labels_in(~HopLabels{0})) {
      if (name.is_string() && to_string(label) == name.as_string()) labels = with(labels, label);
    }
  }
  return labels;
}

Result<IpAddress> read_address(const Value& value) {
  const auto address = value.is_string() ? parse_ip_address(value.as_string()) : std::nullopt;
  if (!address) return refuse("a list of addresses holds something else");
  return *address;
}

void read_times(const Value& value, PathHop& hop) {
  hop.rtt_min = duration_of(value, "rttMinMs");
  hop.rtt_low = duration_of(value, "rttLowMs");
  hop.rtt_median = duration_of(value, "rttMedianMs");
  hop.rtt_max = duration_of(value, "rttMaxMs");
  hop.added = duration_of(value, "addedMs").value_or(Microseconds(0));
}

Result<PathHop> read_hop(const Value& value) {
  PathHop hop;
  hop.ttl = number_of<std::uint8_t>(value, "ttl");
  if (hop.ttl == 0) return refuse("a hop has no `ttl`");
  hop.address = address_of(value, "address");
  hop.others = TRY(read_list<IpAddress>(value, "others", kListMax, read_address));
  hop.name = text_of(value, "name");
  hop.network = text_of(value, "network");
  hop.sent = number_of<std::uint32_t>(value, "sent");
  hop.answered = std::min(number_of<std::uint32_t>(value, "answered"), hop.sent);
  read_times(value, hop);
  hop.forwarding_loss = read_share(value.find("forwardingLossPercent"));
  hop.labels = read_labels(value);
  hop.reply_ttl = optional_number<std::uint8_t>(value, "replyTtl");
  hop.icmp_type = number_of<std::uint8_t>(value, "icmpType");
  hop.icmp_code = number_of<std::uint8_t>(value, "icmpCode");
  hop.mtu = number_of<std::uint32_t>(value, "mtu");
  hop.mpls = TRY(read_list<MplsLabel>(value, "mpls", kListMax, read_label));
  hop.interfaces = TRY(read_list<InterfaceFacts>(value, "interfaces", kListMax, read_interface));
  if (const Value* const quote = value.find("quote")) hop.quote = read_quote(*quote);
  return hop;
}

Result<PathId> read_path_id(const Value& value, std::string_view key) {
  const auto id = parse_hex(value.text(key));
  if (!id) return refuse("`" + std::string(key) + "` is no path id");
  return PathId{*id};
}

Result<Path> read_path(const Value& value) {
  Path path;
  path.id = TRY(read_path_id(value, "id"));
  for (const Value& flow : value.list("flows")) {
    if (path.flows.size() == kFlowsMax || !flow.is_int()) break;
    path.flows.push_back(static_cast<std::uint16_t>(flow.as_int() & 0xFFFF));
  }
  path.is_reached = value.flag("reached");
  path.hops = TRY(read_list<PathHop>(value, "hops", kHopsMax, read_hop));
  return path;
}

std::optional<PathIssueKind> read_kind(const std::string& name) {
  for (int number = 0; number <= static_cast<int>(PathIssueKind::LocalError); ++number) {
    const auto kind = static_cast<PathIssueKind>(number);
    if (to_string(kind) == name) return kind;
  }
  return std::nullopt;
}

Result<PathIssue> read_issue(const Value& value, PathIssueKind kind) {
  PathIssue issue;
  issue.kind = kind;
  issue.path = TRY(read_path_id(value, "path"));
  issue.from_ttl = number_of<std::uint8_t>(value, "fromTtl");
  issue.to_ttl = number_of<std::uint8_t>(value, "toTtl");
  issue.from = address_of(value, "from");
  issue.to = address_of(value, "to");
  if (const Value* const loss = value.find("lossPercent")) issue.loss = read_share(loss);
  issue.added = duration_of(value, "addedMs");
  issue.total = duration_of(value, "totalMs");
  const double confidence = value.number("confidence");
  issue.confidence = std::isfinite(confidence) ? std::clamp(confidence, 0.0, 1.0) : 0;
  issue.text = text_of(value, "text");
  return issue;
}

/// Kinds that only a later release knows are passed over.
Result<std::vector<PathIssue>> read_issues(const Value& report) {
  std::vector<PathIssue> issues;
  for (const Value& value : report.list("issues")) {
    if (issues.size() == kIssuesMax) break;
    if (const auto kind = read_kind(value.text("kind"))) {
      issues.push_back(TRY(read_issue(value, *kind)));
    }
  }
  return issues;
}

Result<PathReportCause> read_cause(const std::string& name) {
  constexpr std::array<std::pair<std::string_view, PathReportCause>, 5> kCauses = {{
      {"First", PathReportCause::First},
      {"Change", PathReportCause::Change},
      {"Hourly", PathReportCause::Hourly},
      {"Request", PathReportCause::Request},
      {"StateChange", PathReportCause::StateChange},
  }};
  for (const auto& [text, cause] : kCauses) {
    if (text == name) return cause;
  }
  return refuse("`cause` is none that this release knows");
}

Result<Timestamp> read_time(const Value& value, std::string_view key) {
  const auto time = parse_iso8601(value.text(key));
  if (!time) return refuse("`" + std::string(key) + "` is no time");
  return *time;
}

Result<IpAddress> read_end(const Value& value, std::string_view key) {
  const auto address = address_of(value, key);
  if (!address) return refuse("`" + std::string(key) + "` is no address");
  return *address;
}

/// Verdicts that only a later release knows count as Unknown.
Result<PathMtuResult> read_mtu(const Value& report, const Value& search) {
  PathMtuResult result;
  for (int number = 0; number <= static_cast<int>(PathMtuVerdict::Unclear); ++number) {
    const auto verdict = static_cast<PathMtuVerdict>(number);
    if (to_string(verdict) == search.text("verdict")) result.verdict = verdict;
  }
  result.path_mtu = optional_number<std::uint32_t>(report, "pathMtu");
  result.at = TRY(read_time(search, "at"));
  result.protocol = parse_trace_protocol(search.text("protocol")).value_or(TraceProtocol::Icmp);
  result.bytes_max = number_of<std::uint32_t>(search, "triedBytes");
  result.told_by = address_of(search, "toldBy");
  result.told_mtu = number_of<std::uint32_t>(search, "toldMtu");
  result.from_ttl = optional_number<std::uint8_t>(search, "fromTtl");
  result.to_ttl = optional_number<std::uint8_t>(search, "toTtl");
  result.from = address_of(search, "from");
  result.text = text_of(search, "text");
  return result;
}

HopAnswer read_answer(const std::string& name) {
  constexpr std::array<std::pair<std::string_view, HopAnswer>, 6> kAnswers = {{
      {"Silent", HopAnswer::Silent},
      {"TimeExceeded", HopAnswer::TimeExceeded},
      {"Destination", HopAnswer::Destination},
      {"Unreachable", HopAnswer::Unreachable},
      {"NotAsked", HopAnswer::NotAsked},
      {"LocalError", HopAnswer::LocalError},
  }};
  for (const auto& [text, answer] : kAnswers) {
    if (text == name) return answer;
  }
  return HopAnswer::Silent;
}

Result<TraceProbe> read_probe(const Value& value) {
  TraceProbe probe;
  probe.flow = number_of<std::uint16_t>(value, "flow");
  probe.ttl = number_of<std::uint8_t>(value, "ttl");
  probe.offset = duration_of(value, "offsetMs").value_or(Microseconds(0));
  HopReply& reply = probe.reply;
  reply.answer = read_answer(value.text("answer"));
  const bool was_asked = reply.answer != HopAnswer::NotAsked;
  reply.from = address_of(value, was_asked ? "from" : "expected").value_or(IpAddress{});
  reply.rtt = duration_of(value, "rttMs");
  reply.icmp_type = number_of<std::uint8_t>(value, "icmpType");
  reply.icmp_code = number_of<std::uint8_t>(value, "icmpCode");
  reply.reply_ttl = number_of<std::uint8_t>(value, "replyTtl");
  reply.mtu = number_of<std::uint32_t>(value, "mtu");
  reply.is_refusal = value.flag("refused");
  reply.labels = TRY(read_list<MplsLabel>(value, "mpls", kListMax, read_label));
  reply.interfaces = TRY(read_list<InterfaceFacts>(value, "interfaces", kListMax, read_interface));
  if (const Value* const quote = value.find("quote")) reply.quote = read_quote(*quote);
  reply.detail = text_of(value, "detail");
  return probe;
}

Result<Trace> read_trace(const Value& value) {
  Trace trace;
  if (const auto test = parse_hex(value.text("testId"))) trace.test = TestId{*test};
  trace.started = TRY(read_time(value, "started"));
  trace.trigger = parse_trace_trigger(value.text("trigger")).value_or(TraceTrigger::Schedule);
  trace.protocol = parse_trace_protocol(value.text("protocol")).value_or(TraceProtocol::Icmp);
  trace.source = TRY(read_end(value, "source"));
  trace.destination = TRY(read_end(value, "destination"));
  trace.port = number_of<std::uint16_t>(value, "port");
  trace.probes = TRY(read_list<TraceProbe>(value, "probes", kProbesMax, read_probe));
  trace.problem = text_of(value, "problem");
  return trace;
}

Result<std::string> read_change(const Value& value) {
  if (!value.is_string()) return refuse("`changes` holds something else than texts");
  return std::string(cut_utf8(value.as_string(), kTextMax));
}

}  // namespace

Result<PathReport> read_path_report(const Value& document) {
  PathReport report;
  const auto test = parse_hex(document.text("testId"));
  if (!test) return refuse("`testId` is no test id");
  report.test = TestId{*test};
  report.from = TRY(read_time(document, "from"));
  report.to = TRY(read_time(document, "to"));
  report.cause = TRY(read_cause(document.text("cause")));
  const auto protocol = parse_trace_protocol(document.text("protocol"));
  if (!protocol) return refuse("`protocol` is none that this release knows");
  report.protocol = *protocol;
  report.source = TRY(read_end(document, "source"));
  report.destination = TRY(read_end(document, "destination"));
  report.port = number_of<std::uint16_t>(document, "port");
  report.traces = number_of<std::uint32_t>(document, "traces");
  report.paths = TRY(read_list<Path>(document, "paths", kPathsMax, read_path));
  report.issues = TRY(read_issues(document));
  report.changes = TRY(read_list<std::string>(document, "changes", kChangesMax, read_change));
  report.is_refused = document.flag("refused");
  if (const Value* const search = document.find("pathMtuSearch")) {
    report.mtu = TRY(read_mtu(document, *search));
  }
  report.traces_before = TRY(read_list<Trace>(document, "tracesBefore", kTracesMax, read_trace));
  report.traces_after = TRY(read_list<Trace>(document, "tracesAfter", kTracesMax, read_trace));
  report.problem = text_of(document, "problem");
  return report;
}

Result<PathReport> decode_path_report(std::string_view json) {
  return read_path_report(TRY(parse_json(json)));
}

}  // namespace lw
