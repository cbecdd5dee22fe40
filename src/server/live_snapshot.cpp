// SPDX-License-Identifier: Apache-2.0
#include "server/live_snapshot.h"

#include <unordered_map>
#include <utility>

#include "server/names_encoder.h"

namespace lw::server {

TestMoment moment_of(const LiveTest& live, const LivePath* path) {
  const Reason& reason = live.verdict.reason;
  const RoundSummary& summary = live.summary;
  TestMoment moment;
  moment.state = live.verdict.state;
  moment.reason = {
      .code = reason.code, .observed = reason.observed, .limit = reason.limit, .text = {}};
  moment.since = live.since;
  moment.last_round = live.last_round;
  if (summary.total > 0) moment.checks_failed_percent = summary.checks_failed_percent();
  moment.rtt_avg = summary.rtt_avg;
  moment.rtt_min = summary.rtt_min;
  moment.rtt_max = summary.rtt_max;
  moment.jitter = summary.jitter;
  moment.http_status = live.http_status;
  moment.certificate_expires = live.certificate_expires;
  moment.checked_address = live.address;
  moment.alert = live.alert;
  if (path != nullptr) {
    moment.source_address = path->source;
    if (!path->issues.empty()) moment.path_issue = path->issues.front().kind;
  }
  return moment;
}

namespace {

/// For each test: as long as taking it keeps the control loop, a few times over.
constexpr Microseconds kGoodForEachTest{10};
/// Fewer are taken anew each time.
constexpr std::size_t kKeptRowsMin = 10'000;

/// A clock that was set back makes nothing good again.
bool is_good(const Snapshot& snapshot, const LiveState& live, Timestamp now) {
  if (snapshot.revision == live.revision()) return true;
  if (snapshot.state.size() < kKeptRowsMin) return false;
  const auto age = now - snapshot.at;
  return age >= age.zero() && age < kGoodForEachTest * snapshot.state.size();
}

}  // namespace

void LiveSnapshot::encode_names(const Control& control) {
  const LiveState& live = control.live();
  std::unordered_map<AgentId, Agent> agents;
  for (AgentView& view : control.agents()) agents.emplace(view.agent.id, std::move(view.agent));
  NamesEncoder names(std::move(names_));
  tests_.clear();
  tests_.reserve(live.order().size());
  for (const TestId id : live.order()) {
    const Test& test = tests_.emplace_back(live.find(id))->test;
    const auto agent = agents.find(test.agent);
    const bool is_known = agent != agents.end();
    const bool has_address = is_known && !agent->second.addresses.empty();
    const std::string protocol = test.configuration->protocol_name();
    names.add({.id = id,
               .monitor = test.connection_monitor,
               .group = test.test_group,
               .source = test.source,
               .destination = test.destination,
               .configuration = test.configuration->name,
               .address = test.destination_address,
               .agent = is_known ? std::string_view(agent->second.name) : std::string_view(),
               .agent_address = has_address ? std::string_view(agent->second.addresses.front())
                                            : std::string_view(),
               .protocol = protocol,
               .port = test.configuration->port().value_or(0),
               .frequency_s = static_cast<std::uint32_t>(test.configuration->frequency.count())});
  }
  names_ = names.take();
  plan_revision_ = live.plan_revision();
}

std::shared_ptr<const SnapshotNames> LiveSnapshot::names(const Control& control) {
  if (!names_ || plan_revision_ != control.live().plan_revision()) encode_names(control);
  return names_;
}

std::shared_ptr<const Snapshot> LiveSnapshot::take(const Control& control, Timestamp now) {
  const LiveState& live = control.live();
  auto names = this->names(control);
  if (last_ && last_->names == names && is_good(*last_, live, now)) return last_;
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->at = now;
  snapshot->revision = live.revision();
  snapshot->names = std::move(names);
  snapshot->reserve(tests_.size());
  const LivePaths& paths = control.paths();
  for (const LiveTest* const test : tests_) {
    snapshot->add(moment_of(*test, paths.size() > 0 ? paths.find(test->test.id) : nullptr));
  }
  last_ = std::move(snapshot);
  return last_;
}

}  // namespace lw::server
