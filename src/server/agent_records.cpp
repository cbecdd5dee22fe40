// SPDX-License-Identifier: Apache-2.0
#include "server/agent_records.h"

#include <algorithm>

#include "base/log.h"

namespace lw::server {
namespace {

/// A server that is killed forgets so much of it at most.
constexpr Seconds kWriteEvery{60};

}  // namespace

Result<void> AgentRecords::load(Timestamp now) {
  for (const auto& [agent, time] : TRY(registry_.last_seen())) {
    last_seen_[agent] = std::min(time, now);
  }
  for (registry::AgentCertificate& certificate : TRY(registry_.agent_certificates())) {
    certificates_[certificate.agent].insert(std::move(certificate.sha256_hex));
  }
  return {};
}

void AgentRecords::saw(AgentId agent, Timestamp now) {
  last_seen_[agent] = now;
  unwritten_.insert(agent);
}

void AgentRecords::left(AgentId agent, Timestamp now) {
  saw(agent, now);
  is_urgent_ = true;
}

std::optional<Timestamp> AgentRecords::last_seen(AgentId agent) const {
  const auto found = last_seen_.find(agent);
  return found == last_seen_.end() ? std::nullopt : std::optional(found->second);
}

Result<void> AgentRecords::check_certificate(AgentId agent, const std::string& sha256_hex) const {
  const auto known = certificates_.find(agent);
  if (known == certificates_.end() || known->second.contains(sha256_hex)) return {};
  return fail(ErrorCode::PermissionDenied,
              "this agent's certificate is no longer good: another host has joined under its name "
              "since; join again with a new token and another --name");
}

void AgentRecords::joined(AgentId agent, const std::string& sha256_hex) {
  certificates_[agent] = {sha256_hex};
}

Result<void> AgentRecords::renewed(AgentId agent, const std::string& present,
                                   const std::string& fresh) {
  TRY(registry_.set_agent_certificates(agent, {present, fresh}));
  certificates_[agent] = {present, fresh};
  return {};
}

void AgentRecords::removed(AgentId agent) {
  certificates_.erase(agent);
  last_seen_.erase(agent);
  unwritten_.erase(agent);
}

void AgentRecords::write_if_due(Instant now) {
  if (!is_urgent_ && now - written_ < kWriteEvery) return;
  written_ = now;
  write();
}

void AgentRecords::write() {
  is_urgent_ = false;
  if (unwritten_.empty()) return;
  registry::Registry::LastSeen times;
  for (const AgentId agent : unwritten_) times.emplace_back(agent, last_seen_.at(agent));
  const auto written = registry_.write_last_seen(times);
  if (written) {
    unwritten_.clear();
  } else if (!has_warned_) {
    log::warning("registry", written.error().message);
  }
  has_warned_ = !written;
}

}  // namespace lw::server
