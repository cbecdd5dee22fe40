// SPDX-License-Identifier: Apache-2.0
#include "probe/connect_race.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "probe/outcome_text.h"

namespace lw {
namespace {

/// RFC 8305 §5: the Connection Attempt Delay that it recommends.
constexpr Milliseconds kAttemptDelay{250};

std::string shown(const IpAddress& address) {
  return fmt::format("{} address {}", address.is_v6 ? "IPv6" : "IPv4", to_string(address));
}

std::string shown(std::chrono::nanoseconds time) {
  return to_human(std::chrono::duration_cast<Microseconds>(time));
}

}  // namespace

CheckResult result_of_connect(const io::ConnectReport& report, const IpAddress& to,
                              std::uint16_t port, std::chrono::nanoseconds timeout) {
  using Status = io::ConnectStatus;
  if (!report.fault.empty()) return result_of_fault(report.error_number, report.fault);
  switch (report.status) {
    case Status::Connected: {
      CheckResult result;
      result.outcome = CheckOutcome::Success;
      result.rtt = report.rtt;
      result.stamps = report.is_kernel_rtt ? StampSource::Kernel : StampSource::User;
      return result;
    }
    case Status::SynLost:
      return failed_check(CheckOutcome::TimedOut,
                          fmt::format("a SYN got no answer; the connection came only after {} "
                                      "retransmission(s)",
                                      report.retransmits));
    case Status::TimedOut:
      return result_of_timeout(timeout);
    case Status::Refused:
    case Status::Reset: {
      const bool is_refused = report.status == Status::Refused;
      CheckResult result = failed_check(is_refused ? CheckOutcome::Refused : CheckOutcome::Reset,
                                        fmt::format("RST from {} port {}", to_string(to), port));
      result.reset = io::TcpEnds{to, port, report.local_port};
      return result;
    }
    case Status::IcmpError:
      return result_of_icmp_error(report.icmp->is_v6, report.icmp->type, report.icmp->code,
                                  report.icmp->from);
    case Status::NoRoute:
    case Status::LocalPermission:
    case Status::LocalResources:
    case Status::Failed:
      return result_of_errno(report.error_number);
  }
  return result_of_errno(report.error_number);
}

std::vector<IpAddress> happy_eyeballs_order(const std::vector<IpAddress>& addresses) {
  std::vector<IpAddress> v6, v4, order;
  for (const IpAddress& address : addresses) (address.is_v6 ? v6 : v4).push_back(address);
  for (std::size_t i = 0; i < std::max(v6.size(), v4.size()); ++i) {
    if (i < v6.size()) order.push_back(v6[i]);
    if (i < v4.size()) order.push_back(v4[i]);
  }
  return order;
}

void ConnectRaces::start(std::vector<IpAddress> addresses, std::uint16_t port,
                         std::chrono::nanoseconds timeout, const io::SocketOptions& socket,
                         Done done) {
  const std::uint64_t id = next_race_++;
  races_.emplace(
      id, Race{std::move(addresses), port, timeout, socket, clock_.now(), {}, {}, std::move(done)});
  try_next(id);
}

void ConnectRaces::try_next(std::uint64_t id) {
  const auto found = races_.find(id);
  if (found == races_.end()) return;
  Race& race = found->second;
  const std::size_t index = race.attempts.size();
  if (index >= race.addresses.size()) return;
  // All attempts end when the race does.
  const auto left = race.timeout - (clock_.now() - race.started);
  if (index > 0 && left <= std::chrono::nanoseconds(0)) return;
  const std::uint64_t attempt = connector_.start(
      race.addresses[index], race.port, std::max<std::chrono::nanoseconds>(left, Milliseconds(1)),
      race.socket,
      [this, id, index](const io::ConnectReport& report) { on_report(id, index, report); });
  race.attempts.push_back({attempt, clock_.now(), std::nullopt});
  race.next = loop_.after(kAttemptDelay, [this, id] { try_next(id); });
}

void ConnectRaces::on_report(std::uint64_t id, std::size_t index, const io::ConnectReport& report) {
  Race& race = races_.at(id);
  const auto waited = clock_.now() - race.attempts[index].started;
  CheckResult check = result_of_connect(report, race.addresses[index], race.port,
                                        index == 0 ? race.timeout : waited);
  if (check.outcome == CheckOutcome::Success) {
    return finish(id, won_by(race, index, std::move(check)));
  }
  race.attempts[index].failure = std::move(check);
  if (index + 1 == race.attempts.size()) try_next(id);
  const auto has_failed = [](const Attempt& attempt) { return attempt.failure.has_value(); };
  if (std::ranges::all_of(race.attempts, has_failed)) finish(id, lost(race));
}

ConnectRaces::Result ConnectRaces::won_by(const Race& race, std::size_t winner,
                                          CheckResult&& check) const {
  const Instant now = clock_.now();
  std::string note;
  for (std::size_t i = 0; i < winner; ++i) {
    const Attempt& attempt = race.attempts[i];
    const std::string address = shown(race.addresses[i]);
    note += attempt.failure
                ? fmt::format("{} failed: {}; ", address, attempt.failure->detail)
                : fmt::format("{} did not answer in {}; ", address, shown(now - attempt.started));
  }
  if (winner > 0) {
    note += shown(race.addresses[winner]) + " was used";
  } else if (race.attempts.size() > 1) {
    note = fmt::format("{} answered only after {}, when another had been tried too",
                       shown(race.addresses[winner]), shown(now - race.started));
  }
  check.detail = std::move(note);
  return {std::move(check), race.addresses[winner], {}};
}

ConnectRaces::Result ConnectRaces::lost(const Race& race) {
  // That this host has no IPv6 says less than what came of the address that it can reach.
  const auto telling = std::ranges::find_if(race.attempts, [](const Attempt& attempt) {
    return attempt.failure->outcome != CheckOutcome::NoRoute;
  });
  const Attempt& chosen = telling == race.attempts.end() ? race.attempts.front() : *telling;
  CheckResult check = *chosen.failure;
  check.detail.clear();
  for (std::size_t i = 0; i < race.attempts.size(); ++i) {
    check.detail += fmt::format("{}{}: {}", i == 0 ? "" : "; ", to_string(race.addresses[i]),
                                race.attempts[i].failure->detail);
  }
  return {std::move(check), race.addresses.front(), {}};
}

void ConnectRaces::finish(std::uint64_t id, Result&& result) {
  const auto node = races_.extract(id);
  const Race& race = node.mapped();
  result.took = clock_.now() - race.started;
  for (const Attempt& attempt : race.attempts) connector_.cancel(attempt.id);
  race.done(std::move(result));
}

}  // namespace lw
