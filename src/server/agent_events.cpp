// SPDX-License-Identifier: Apache-2.0
#include "server/agent_events.h"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>
#include <utility>

#include "base/text.h"

namespace lw::server {
namespace {

constexpr Seconds kLossesEvery{60};
constexpr auto kRefusalsEvery = std::chrono::hours(1);
/// Two reports of a clock that differ by more were not made by the same clock: neither networks nor
/// a busy server delay them so much.
constexpr Seconds kClockStep{1};

/// Without its numbers, which change while the problem is the same.
std::string kind_of(std::string_view problem) {
  std::string kind;
  for (const char c : problem) {
    if (std::isdigit(static_cast<unsigned char>(c)) == 0) kind += c;
  }
  return kind;
}

std::string quoted_list(const std::vector<std::string>& texts) {
  return texts.empty() ? "none" : join(texts, ", ");
}

std::string labels_of(const Agent& agent) {
  std::vector<std::string> texts;
  texts.reserve(agent.labels.size());
  for (const auto& [key, value] : agent.labels) texts.push_back(key + "=" + value);
  return quoted_list(texts);
}

std::string off_by(Microseconds offset) {
  return fmt::format("{} {}", to_human(std::chrono::abs(offset)),
                     offset.count() > 0 ? "ahead" : "behind");
}

}  // namespace

void AgentEvents::restore(AgentId agent, const std::string& version, AgentStatusFacts facts) {
  Standing& standing = standings_[agent];
  standing.version = version;
  standing.problem = std::move(facts.problem);
  standing.path_problem = std::move(facts.path_problem);
  standing.rounds.seen = facts.rounds_dropped;
  standing.path_reports.seen.reset();
  standing.intervals.seen = facts.intervals_missed;
  standing.clock_offset = facts.clock_offset;
  standing.is_clock_off =
      facts.clock_offset && std::chrono::abs(*facts.clock_offset) > kClockOffsetMax;
}

void AgentEvents::joined(const Agent& agent, bool is_back, Timestamp at) {
  add(agent, at, AgentEventKind::Joined,
      is_back ? "Again, under the name that it had; earlier certificates are good for nothing now."
              : "");
}

void AgentEvents::removed(const Agent& agent, Timestamp at) {
  add(agent, at, AgentEventKind::Removed);
  standings_.erase(agent.id);
}

void AgentEvents::connected(const Agent& agent, const std::string& version, const std::string& peer,
                            Timestamp at) {
  Standing& standing = standings_[agent.id];
  standing.refusal.clear();
  add(agent, at, AgentEventKind::Connected, fmt::format("From {}, release {}.", peer, version));
  if (!standing.version.empty() && standing.version != version) {
    add(agent, at, AgentEventKind::VersionChanged,
        fmt::format("From {} to {}.", standing.version, version));
  }
  standing.version = version;
}

void AgentEvents::disconnected(const Agent& agent, Timestamp connected_since, Timestamp at) {
  const auto lasted = std::chrono::duration_cast<Microseconds>(at - connected_since);
  add(agent, at, AgentEventKind::Disconnected,
      fmt::format("It was connected for {}.", to_human(std::max(lasted, Microseconds(0)))));
}

void AgentEvents::refused(AgentId agent, const std::string& name, const std::string& reason,
                          Timestamp at) {
  Standing& standing = standings_[agent];
  const bool is_told = standing.refusal == reason && at - standing.refused < kRefusalsEvery;
  if (is_told && at >= standing.refused) return;
  standing.refusal = reason;
  standing.refused = at;
  events_.push_back(
      {.agent = agent, .name = name, .at = at, .kind = AgentEventKind::Refused, .detail = reason});
}

void AgentEvents::changed(const Agent& before, const Agent& now, Timestamp at) {
  std::vector<std::string> changes;
  const auto compare = [&](const char* what, const std::string& old, const std::string& fresh) {
    if (old != fresh) changes.push_back(fmt::format("{}: {} → {}", what, old, fresh));
  };
  compare("name", before.name, now.name);
  compare("labels", labels_of(before), labels_of(now));
  compare("addresses", quoted_list(before.addresses), quoted_list(now.addresses));
  compare("resource id", before.resource_id.empty() ? "none" : before.resource_id,
          now.resource_id.empty() ? "none" : now.resource_id);
  if (!changes.empty()) add(now, at, AgentEventKind::Changed, join(changes, "; "));
}

void AgentEvents::certificate_renewed(const Agent& agent, Timestamp at) {
  add(agent, at, AgentEventKind::CertificateRenewed);
}

void AgentEvents::on_status(const Agent& agent, const AgentStatusFacts& facts, Timestamp at) {
  Standing& standing = standings_[agent.id];
  look_at_problem(agent, at, facts.problem, standing.problem, AgentEventKind::Problem,
                  AgentEventKind::ProblemOver);
  look_at_problem(agent, at, facts.path_problem, standing.path_problem, AgentEventKind::PathProblem,
                  AgentEventKind::PathProblemOver);
  look_at_loss(agent, at, facts.rounds_dropped, standing.rounds, AgentEventKind::RoundsDropped,
               "round");
  look_at_loss(agent, at, facts.path_reports_dropped, standing.path_reports,
               AgentEventKind::PathReportsDropped, "path report");
  look_at_loss(agent, at, facts.intervals_missed, standing.intervals,
               AgentEventKind::IntervalsMissed, "interval");
  look_at_clock(agent, at, facts.clock_offset, standing);
}

void AgentEvents::add(const Agent& agent, Timestamp at, AgentEventKind kind, std::string detail,
                      std::optional<std::int64_t> count) {
  events_.push_back({.agent = agent.id,
                     .name = agent.name,
                     .at = at,
                     .kind = kind,
                     .detail = std::move(detail),
                     .count = count});
}

void AgentEvents::look_at_problem(const Agent& agent, Timestamp at, const std::string& now,
                                  std::string& before, AgentEventKind begins, AgentEventKind ends) {
  if (kind_of(now) != kind_of(before)) {
    add(agent, at, now.empty() ? ends : begins, now.empty() ? before : now);
  }
  before = now;
}

void AgentEvents::look_at_loss(const Agent& agent, Timestamp at, std::uint64_t now, Loss& loss,
                               AgentEventKind kind, const char* what) {
  const std::uint64_t before = loss.seen.value_or(now);
  // Less than before: the agent began anew.
  loss.untold += now >= before ? now - before : now;
  loss.seen = now;
  const bool is_early = loss.told && at >= *loss.told && at - *loss.told < kLossesEvery;
  if (loss.untold == 0 || is_early) return;
  add(agent, at, kind, counted(loss.untold, what) + ".", static_cast<std::int64_t>(loss.untold));
  loss.untold = 0;
  loss.told = at;
}

void AgentEvents::look_at_clock(const Agent& agent, Timestamp at, std::optional<Microseconds> now,
                                Standing& standing) {
  if (!now) return;
  const auto before = std::exchange(standing.clock_offset, now);
  if (before && std::chrono::abs(*now - *before) > kClockStep) {
    const Microseconds step = *now - *before;
    add(agent, at, AgentEventKind::ClockStepped,
        fmt::format("By {} against the server's; it is {} now.", to_human(std::chrono::abs(step)),
                    off_by(*now)),
        step.count());
  }
  const bool is_off = std::chrono::abs(*now) > kClockOffsetMax;
  if (is_off == standing.is_clock_off) return;
  standing.is_clock_off = is_off;
  add(agent, at, is_off ? AgentEventKind::ClockOff : AgentEventKind::ClockRight,
      is_off ? fmt::format("It is {}; set up time synchronisation.", off_by(*now)) : "",
      now->count());
}

}  // namespace lw::server
