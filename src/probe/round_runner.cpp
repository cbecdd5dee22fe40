// SPDX-License-Identifier: Apache-2.0
#include "probe/round_runner.h"

#include <fmt/core.h>

#include <cerrno>
#include <utility>

#include "probe/outcome_text.h"

namespace lw {
namespace {

io::AddressFamily family_of(const TestConfiguration& configuration) {
  if (!configuration.preferred_ip_version) return io::AddressFamily::V4ThenV6;
  return *configuration.preferred_ip_version == IpVersion::V4 ? io::AddressFamily::V4
                                                              : io::AddressFamily::V6;
}

CheckOutcome outcome_of(io::NameStatus status) {
  switch (status) {
    case io::NameStatus::Found:
      return CheckOutcome::Success;
    case io::NameStatus::NotFound:
      return CheckOutcome::NameNotFound;
    case io::NameStatus::NoAddress:
      return CheckOutcome::NameNoAddress;
    case io::NameStatus::ServerFailed:
      return CheckOutcome::NameServerFailed;
    case io::NameStatus::TimedOut:
      return CheckOutcome::NameTimedOut;
    case io::NameStatus::Invalid:
      return CheckOutcome::NameInvalid;
  }
  return CheckOutcome::NameServerFailed;
}

CheckResult result_of_connect(const io::ConnectReport& report, const IpAddress& to,
                              std::uint16_t port, std::chrono::nanoseconds timeout) {
  using Status = io::ConnectStatus;
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
      return failed_check(CheckOutcome::Refused,
                          fmt::format("RST from {} port {}", to_string(to), port));
    case Status::Reset:
      return failed_check(CheckOutcome::Reset,
                          fmt::format("RST from {} port {}", to_string(to), port));
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

}  // namespace

RoundRunner::RoundRunner(io::Loop& loop, const Clock& clock, Options options, Handlers handlers)
    : loop_(loop),
      clock_(clock),
      handlers_(std::move(handlers)),
      resolver_(loop, clock, std::move(options.resolver)),
      icmp_(loop, clock,
            [this](const CheckTicket& ticket, CheckResult&& result) {
              on_result(ticket, std::move(result));
            }),
      tcp_(loop, clock),
      http_(loop, clock, options.extra_ca_pem,
            [this](const CheckTicket& ticket, CheckResult&& result) {
              on_result(ticket, std::move(result));
            }) {}

std::uint64_t RoundRunner::begin(std::shared_ptr<const Test> test) {
  const std::uint64_t round = next_round_++;
  const int checks = test->configuration->effective_checks_per_round();
  RoundAssembler assembler(test->id, clock_.wall_now(), checks);
  rounds_.emplace(round,
                  Running{std::move(test), std::move(assembler), clock_.now(), std::nullopt, {}});
  return round;
}

void RoundRunner::resolve(std::uint64_t round) {
  const auto found = rounds_.find(round);
  if (found == rounds_.end()) return;
  const Test& test = *found->second.test;
  resolver_.resolve(test.destination_address, family_of(*test.configuration),
                    [this, round](const io::NameAnswer& answer) { on_name(round, answer); });
}

void RoundRunner::on_name(std::uint64_t round, const io::NameAnswer& answer) {
  const auto found = rounds_.find(round);
  if (found == rounds_.end()) return;
  if (answer.status != io::NameStatus::Found) {
    return fail_all(round, outcome_of(answer.status), answer.evidence);
  }
  Running& running = found->second;
  running.address = answer.addresses.front();
  running.assembler.set_address(to_string(*running.address));
  // A check may end at once and take the round with it, so each one looks the round up anew.
  for (const int index : std::exchange(running.waiting, {})) check(round, index);
}

void RoundRunner::fail_all(std::uint64_t round, CheckOutcome outcome, const std::string& detail) {
  const Test& test = *rounds_.at(round).test;
  const int checks = test.configuration->effective_checks_per_round();
  const Microseconds spacing = test.configuration->check_spacing();
  for (int index = 0; index < checks; ++index) {
    rounds_.at(round).assembler.set_offset(index, spacing * index);
    on_result({round, index}, failed_check(outcome, detail));
  }
}

void RoundRunner::check(std::uint64_t round, int index) {
  const auto found = rounds_.find(round);
  if (found == rounds_.end()) return;
  if (!found->second.address) {
    found->second.waiting.push_back(index);
    return;
  }
  start({round, index}, found->second);
}

void RoundRunner::start(const CheckTicket& ticket, Running& running) {
  ++checks_started_;
  const auto offset = clock_.now() - running.started;
  running.assembler.set_offset(ticket.index, std::chrono::duration_cast<Microseconds>(offset));
  const std::shared_ptr<const Test> test = running.test;
  const IpAddress to = *running.address;
  const auto timeout = test->configuration->effective_check_timeout();
  if (const auto* tcp = std::get_if<TcpConfiguration>(&test->configuration->protocol)) {
    start_tcp(ticket, to, tcp->port, timeout);
  } else if (test->configuration->is_http()) {
    http_.start(ticket, *test, to, timeout);
  } else {
    icmp_.start(ticket, to, timeout);
  }
}

void RoundRunner::start_tcp(const CheckTicket& ticket, const IpAddress& to, std::uint16_t port,
                            std::chrono::nanoseconds timeout) {
  tcp_.start(to, port, timeout, [this, ticket, to, port, timeout](const io::ConnectReport& report) {
    on_result(ticket, result_of_connect(report, to, port, timeout));
  });
}

void RoundRunner::on_result(const CheckTicket& ticket, CheckResult&& result) {
  const auto found = rounds_.find(ticket.round);
  if (found == rounds_.end()) return;
  RoundAssembler& assembler = found->second.assembler;
  const std::string detail = handlers_.checked ? result.detail : std::string();
  if (!assembler.record(ticket.index, std::move(result))) return;
  if (handlers_.checked) handlers_.checked(ticket.round, assembler.check(ticket.index), detail);
  if (!assembler.is_complete()) return;
  Round round = assembler.take();
  rounds_.erase(found);
  handlers_.finished(ticket.round, std::move(round));
}

}  // namespace lw
