// SPDX-License-Identifier: Apache-2.0
// Control's part that deals with paths: reports coming in, traces on request.
#include <fmt/core.h>

#include "base/log.h"
#include "base/text.h"
#include "model/path_document.h"
#include "server/control.h"
#include "wire/fleet.pb.h"

namespace lw::server {
namespace {
namespace pb = ::linewatch::wire;
}  // namespace

void Control::handle_paths(const std::shared_ptr<FleetSession>& session,
                           const pb::PathBatch& batch) {
  WaitingBatch waiting{.session = session, .rounds = {}, .paths = {}};
  const SpoolId spool{batch.spool_id()};
  std::uint64_t sequence = batch.first_sequence();
  for (const std::string& bytes : batch.reports()) {
    auto report = decode_path_report(bytes);
    if (report) {
      take_in(session->agent(), *report);
      waiting.paths.push_back({.report = std::move(*report),
                               .origin = {session->agent(), spool, sequence},
                               .keep_days = keep_days_});
    } else {
      // It is acknowledged with the next one that can be read.
      log::error("fleet", fmt::format("path report {} of agent {} cannot be read: {}", sequence,
                                      to_string(session->agent()),
                                      printable(report.error().message, kLoggedBytesMax)));
    }
    ++sequence;
  }
  if (offer(waiting)) {
    session->read_next();
  } else {
    waiting_.push_back(std::move(waiting));
  }
}

void Control::take_in(AgentId agent, const PathReport& report) {
  const LiveTest* const live = live_.find(report.test);
  // Another agent's word does not count: the test moved, or somebody lies.
  if (live == nullptr || live->test.agent != agent) return;
  paths_.on_report(report);
  live_.touch(report.test);
}

Result<void> Control::request_trace(TestId test, bool with_mtu) {
  const LiveTest* const live = live_.find(test);
  if (live == nullptr) {
    return fail(ErrorCode::NotFound, fmt::format("there is no test `{}`", to_string(test)));
  }
  const auto connection = connections_.find(live->test.agent);
  if (connection == connections_.end()) {
    const Agent* const agent = find_agent(live->test.agent);
    return fail(ErrorCode::Conflict,
                fmt::format("the test's agent{} is not connected, so nobody can trace",
                            agent != nullptr ? " " + agent->name : ""));
  }
  auto message = std::make_shared<pb::ServerMessage>();
  message->mutable_trace()->set_test_id(test.value);
  message->mutable_trace()->set_mtu(with_mtu);
  connection->second.session->send(std::move(message));
  return {};
}

}  // namespace lw::server
