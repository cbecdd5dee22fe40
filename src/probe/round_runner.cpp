// SPDX-License-Identifier: Apache-2.0
#include "probe/round_runner.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "probe/first_check.h"
#include "probe/outcome_text.h"
#include "probe/packet_options.h"

namespace lw {
namespace {

/// How long checks wait for a name that has addresses of an earlier round: so long that one silent
/// name server does not matter yet.
constexpr Milliseconds kNamePatience{700};
// Fast enough to be the same trouble, slow enough not to be the same lost burst.
constexpr Milliseconds kConfirmEvery{100};
constexpr int kConfirmations = 5;
// How late the loop was counts for the checks of so long.
constexpr Seconds kLatenessKept{60};
// Of a time-out. An exchange with TLS takes some five turns.
constexpr double kLateShare = 0.1;
// The round of echoes that are no checks: they ask what TTL a host's packets come with.
constexpr std::uint64_t kNoRound = ~std::uint64_t{0};

std::optional<std::uint16_t> race_port(const ProbeTask& test) {
  const TestConfiguration& configuration = *test.configuration;
  if (configuration.address_use != AddressUse::HappyEyeballs) return std::nullopt;
  if (const auto* http = std::get_if<HttpConfiguration>(&configuration.protocol)) {
    return http->effective_port();
  }
  return configuration.port();
}

}  // namespace

RoundRunner::RoundRunner(io::Loop& loop, const Clock& clock, Options options, Handlers handlers)
    : loop_(loop),
      clock_(clock),
      handlers_(std::move(handlers)),
      limits_(options.limits),
      resolver_(loop, clock, std::move(options.resolver)),
      icmp_(loop, clock, options.stamps,
            [this](const CheckTicket& ticket, CheckResult&& result) {
              on_result(ticket, std::move(result));
            }),
      tcp_(loop, clock),
      races_(loop, clock, tcp_),
      http_(loop, clock, resolver_, options.extra_ca_pem,
            [this](const CheckTicket& ticket, CheckResult&& result) {
              on_result(ticket, std::move(result));
            }),
      resets_(loop, clock) {}

std::uint64_t RoundRunner::begin(std::shared_ptr<const ProbeTask> test, bool may_confirm) {
  const TestConfiguration& configuration = *test->configuration;
  Running running{.task = nullptr,
                  .assembler = RoundAssembler(configuration.effective_checks_per_round()),
                  .started = clock_.now(),
                  .started_wall = clock_.wall_now(),
                  .may_confirm = may_confirm};
  if (const auto address = parse_ip_address(test->destination_address)) {
    running.address = *address;
    running.has_address = is_of_family(*address, family_of(configuration));
  } else {
    running.named = std::make_unique<Named>();
  }
  running.task = std::move(test);
  return rounds_.insert(std::move(running));
}

void RoundRunner::resolve(std::uint64_t round) {
  Running* const found = rounds_.find(round);
  if (found == nullptr || found->has_address) return;
  if (found->named) return resolve_name(round, *found);
  const IpAddress address = found->address;
  fail_all(round, CheckOutcome::NameNoAddress,
           fmt::format("{} is no {} address", to_string(address), address.is_v6 ? "IPv4" : "IPv6"));
}

void RoundRunner::resolve_name(std::uint64_t round, Running& running) {
  const std::shared_ptr<const ProbeTask> test = running.task;
  if (last_good_.find(*test, clock_.now()) != nullptr) {
    running.named->patience = loop_.after(kNamePatience, [this, round] { use_last_good(round); });
  }
  // May answer, and so end the round, from inside.
  resolver_.resolve(test->destination_address, family_of(*test->configuration),
                    [this, round](const io::NameAnswer& answer) { on_name(round, answer); });
}

void RoundRunner::on_name(std::uint64_t round, const io::NameAnswer& answer) {
  Running* const found = rounds_.find(round);
  if (found == nullptr) return;
  const ProbeTask& test = *found->task;
  Named& named = *found->named;
  named.patience.cancel();
  const auto addresses = in_order_of_use(answer.addresses, test.configuration->address_use);
  named.facts = facts_of(answer, addresses);
  const bool is_waiting = named.addresses.empty();
  const auto* const last = last_good_.find(test, clock_.now());
  if (answer.status == io::NameStatus::Found) {
    last_good_.remember(test, addresses, clock_.now());
    if (is_waiting) return use_addresses(round, addresses);
  } else if (last == nullptr) {
    return fail_all(round, named.facts->outcome, answer.evidence);
  } else {
    const auto age = std::chrono::duration_cast<Microseconds>(clock_.now() - last->at);
    named.facts->detail += fmt::format("; last resolved {} ago", to_human(age));
    if (is_waiting) return use_last_good(round);
  }
  finish_if_complete(round);
}

void RoundRunner::use_last_good(std::uint64_t round) {
  Running* const found = rounds_.find(round);
  if (found == nullptr) return;
  const auto* const last = last_good_.find(*found->task, clock_.now());
  if (last == nullptr) return;
  found->named->is_last_good = true;
  use_addresses(round, last->addresses);
}

void RoundRunner::use_addresses(std::uint64_t round, std::vector<IpAddress> addresses) {
  const Running& running = rounds_.at(round);
  const TestConfiguration& configuration = *running.task->configuration;
  const auto checks = static_cast<std::size_t>(configuration.effective_checks_per_round());
  Named& named = *running.named;
  named.addresses = std::move(addresses);
  auto* const last = last_good_.find(*running.task, clock_.now());
  // Where a round has too few checks for all addresses, the next one goes on with the others.
  if (last != nullptr && configuration.address_use == AddressUse::All &&
      named.addresses.size() > checks) {
    named.turn = last->turn % named.addresses.size();
    last->turn = named.turn + checks;
  }
  use_address(round, named.address_of(0));
}

void RoundRunner::use_address(std::uint64_t round, const IpAddress& address) {
  Running& running = rounds_.at(round);
  running.address = address;
  running.has_address = true;
  start_waiting(round);
}

void RoundRunner::start_waiting(std::uint64_t round) {
  Running* const found = rounds_.find(round);
  if (found == nullptr) return;
  // A check may end at once and take the round with it, so each one looks the round up anew.
  for (const int index : std::exchange(found->named->waiting, {})) check(round, index);
}

void RoundRunner::fail_all(std::uint64_t round, CheckOutcome outcome, const std::string& detail) {
  const ProbeTask& test = *rounds_.at(round).task;
  const int checks = test.configuration->effective_checks_per_round();
  const Microseconds spacing = test.configuration->check_spacing();
  for (int index = 0; index < checks; ++index) {
    rounds_.at(round).assembler.set_offset(index, spacing * index);
    on_result({round, index}, failed_check(outcome, detail));
  }
}

void RoundRunner::check(std::uint64_t round, int index) {
  Running* const found = rounds_.find(round);
  if (found == nullptr) return;
  if (found->has_address) return start({round, index}, *found);
  // An address of the wrong family never gets that far.
  if (found->named) found->named->waiting.push_back(index);
}

/// Where a check goes, unless addresses race for it.
const IpAddress& RoundRunner::address_for(const Running& running, int index) {
  const bool takes_turns =
      running.named && running.task->configuration->address_use == AddressUse::All;
  return takes_turns ? running.named->address_of(index) : running.address;
}

void RoundRunner::start(const CheckTicket& ticket, Running& running) {
  ++checks_started_;
  const Instant now = clock_.now();
  running.assembler.set_offset(ticket.index,
                               std::chrono::duration_cast<Microseconds>(now - running.started));
  const IpAddress to = address_for(running, ticket.index);
  if (const auto why = limits_.refuse(to, now)) {
    return on_result(ticket, failed_check(CheckOutcome::LocalOverload, *why));
  }
  const std::shared_ptr<const ProbeTask> task = running.task;
  const auto port = running.named ? race_port(*task) : std::nullopt;
  if (port && running.named->addresses.size() > 1) return start_race(ticket, running, *port);
  start_one(ticket, task, to, task->configuration->effective_check_timeout());
}

void RoundRunner::start_one(const CheckTicket& ticket, const std::shared_ptr<const ProbeTask>& test,
                            const IpAddress& to, std::chrono::nanoseconds timeout) {
  if (const auto* tcp = std::get_if<TcpConfiguration>(&test->configuration->protocol)) {
    tcp_.start(to, tcp->port, timeout, socket_options_of(test->configuration->packets),
               [this, ticket, to, port = tcp->port, timeout](const io::ConnectReport& report) {
                 on_result(ticket, result_of_connect(report, to, port, timeout));
               });
  } else if (test->configuration->is_http()) {
    http_.start(ticket, *test, to, timeout, resets_.wants_ends(to.is_v6));
  } else {
    icmp_.start(ticket, to, timeout, test->configuration->packets);
  }
}

void RoundRunner::start_race(const CheckTicket& ticket, const Running& running,
                             std::uint16_t port) {
  races_.start(
      running.named->addresses, port, running.task->configuration->effective_check_timeout(),
      socket_options_of(running.task->configuration->packets),
      [this, ticket](ConnectRaces::Result&& result) { on_race(ticket, std::move(result)); });
}

void RoundRunner::on_race(const CheckTicket& ticket, ConnectRaces::Result&& result) {
  Running* const found = rounds_.find(ticket.round);
  if (found == nullptr) return;
  Running& running = *found;
  // The first check's winner is the round's address.
  if (ticket.index == 0) running.named->winner = result.address;
  const bool goes_on =
      running.task->configuration->is_http() && result.check.outcome == CheckOutcome::Success;
  if (!goes_on) return on_result(ticket, std::move(result.check));
  running.named->notes[ticket.index] = std::move(result.check.detail);
  const auto left = running.task->configuration->effective_check_timeout() - result.took;
  const std::shared_ptr<const ProbeTask> test = running.task;
  start_one(ticket, test, result.address,
            std::max<std::chrono::nanoseconds>(left, Milliseconds(1)));
}

/// Adds which of the name's addresses a failure is of, and what a race showed.
void RoundRunner::annotate(const CheckTicket& ticket, const Running& running, CheckResult& result) {
  const Named& named = *running.named;
  const bool takes_turns = running.task->configuration->address_use == AddressUse::All;
  if (takes_turns && named.addresses.size() > 1 && result.outcome != CheckOutcome::Success) {
    result.detail = fmt::format("{}: {}", to_string(named.address_of(ticket.index)), result.detail);
  }
  const auto note = named.notes.find(ticket.index);
  if (note == named.notes.end() || note->second.empty()) return;
  result.detail = result.detail.empty() ? note->second : result.detail + "; " + note->second;
}

void RoundRunner::note_lateness(Instant now, std::chrono::nanoseconds late) {
  if (late < late_ && now - late_at_ < kLatenessKept) return;
  late_at_ = now;
  late_ = late;
}

/// Echoes are judged by their stamps and connects by what waits in their sockets, but an HTTP
/// exchange takes several turns of the loop, and each of them may be late.
void RoundRunner::void_if_late(const Running& running, CheckResult& result) const {
  // Most results end here, before anything of the test is looked at.
  if (result.outcome != CheckOutcome::TimedOut) return;
  const TestConfiguration& configuration = *running.task->configuration;
  if (!configuration.is_http()) return;
  const Milliseconds timeout = configuration.effective_check_timeout();
  if (late_at_ < clock_.now() - timeout || late_ < timeout * kLateShare) return;
  result.outcome = CheckOutcome::LocalOverload;
  result.detail =
      fmt::format("this agent was overloaded: its checks began up to {} late ({})",
                  to_human(std::chrono::duration_cast<Microseconds>(late_)), result.detail);
}

/// Adds who sent the reset that a check met, as far as that is known and not the host.
void RoundRunner::note_reset(Running& running, CheckResult& result) {
  const std::string note = resets_.judge(*result.reset);
  if (!note.empty()) {
    result.detail += "; " + note;
    // The check that failed first may have come too soon to know.
    running.assembler.add_note(note);
  }
  ask_host(result.reset->remote, running.task->configuration->effective_check_timeout());
}

void RoundRunner::ask_host(const IpAddress& address, std::chrono::nanoseconds timeout) {
  if (!resets_.wants_echo(address) || limits_.refuse(address, clock_.now())) return;
  const int index = asked_hosts_.empty() ? 0 : asked_hosts_.rbegin()->first + 1;
  asked_hosts_[index] = address;
  icmp_.start({kNoRound, index}, address, timeout, {});
}

void RoundRunner::on_result(const CheckTicket& ticket, CheckResult&& result) {
  if (ticket.round == kNoRound) {
    return resets_.note_echo(asked_hosts_.extract(ticket.index).mapped(), result.reply_ttl);
  }
  Running* const found = rounds_.find(ticket.round);
  if (found == nullptr) return;
  Running& running = *found;
  void_if_late(running, result);
  if (result.reset) note_reset(running, result);
  if (ticket.index < 0) return on_confirmation(ticket.round, running, result.outcome);
  if (running.named) annotate(ticket, running, result);
  const bool has_failed = kind_of(result.outcome) == OutcomeKind::Failed;
  const std::string detail = handlers_.checked ? result.detail : std::string();
  RoundAssembler& assembler = running.assembler;
  if (!assembler.record(ticket.index, std::move(result))) return;
  if (has_failed) confirm(ticket, running);
  if (handlers_.checked) handlers_.checked(ticket.round, assembler.check(ticket.index), detail);
  finish_if_complete(ticket.round);
}

/// Checks again at once whether a first failure was more than a hiccup, if there is still time for
/// it in this interval.
void RoundRunner::confirm(const CheckTicket& ticket, Running& running) {
  if (!running.may_confirm || running.burst || !running.has_address) return;
  const TestConfiguration& configuration = *running.task->configuration;
  const Instant now = clock_.now();
  const auto takes = kConfirmEvery * (kConfirmations - 1) + configuration.effective_check_timeout();
  if (now + takes > running.started + configuration.frequency) return;
  if (!limits_.may_confirm(kConfirmations, now)) return;
  running.burst = std::make_unique<Burst>();
  running.burst->under_way = kConfirmations;
  for (int i = 0; i < kConfirmations; ++i) {
    running.burst->timers.push_back(loop_.after(kConfirmEvery * i, [this, ticket, i] {
      Running* const found = rounds_.find(ticket.round);
      if (found == nullptr) return;
      ++checks_started_;
      start_one({ticket.round, -1 - i}, found->task, address_for(*found, ticket.index),
                found->task->configuration->effective_check_timeout());
    }));
  }
}

void RoundRunner::on_confirmation(std::uint64_t round, Running& running, CheckOutcome outcome) {
  Burst& burst = *running.burst;
  --burst.under_way;
  if (kind_of(outcome) != OutcomeKind::Void) ++burst.sum.made;
  if (kind_of(outcome) == OutcomeKind::Failed) ++burst.sum.failed;
  finish_if_complete(round);
}

std::string RoundRunner::address_text(const Running& running) {
  if (!running.has_address) return {};
  const bool has_winner = running.named && running.named->winner;
  return to_string(has_winner ? *running.named->winner : running.address);
}

void RoundRunner::finish_if_complete(std::uint64_t round) {
  Running* const found = rounds_.find(round);
  if (found == nullptr || !found->assembler.is_complete()) return;
  const std::unique_ptr<Named>& named = found->named;
  // The name is a result too.
  if (named && !named->facts) return;
  const std::unique_ptr<Burst>& burst = found->burst;
  if (burst && burst->under_way > 0) return;
  Round result = found->assembler.take();
  result.test = found->task->id;
  result.started = found->started_wall;
  result.address = address_text(*found);
  if (named) {
    result.name = std::move(named->facts);
    result.name->is_last_good = named->is_last_good;
    // Besides the lookups of redirects, which are there already.
    if (result.http) {
      result.http->dns = result.name->took + result.http->dns.value_or(Microseconds(0));
    }
  }
  if (burst && burst->sum.made > 0) result.confirmation = burst->sum;
  // Each HTTP check is a connection of its own, whose phases tell more.
  if (result.detail.empty() && !found->task->configuration->is_http()) {
    result.detail = note_of_slow_first_check(result);
  }
  rounds_.erase(round);
  handlers_.finished(round, std::move(result));
}

}  // namespace lw
