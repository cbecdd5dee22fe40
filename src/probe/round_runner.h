// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "io/loop.h"
#include "io/resolver.h"
#include "io/tcp_connector.h"
#include "model/test.h"
#include "probe/check_result.h"
#include "probe/http_checks.h"
#include "probe/icmp_checks.h"
#include "probe/round_assembler.h"

namespace lw {

/// Runs rounds: finds the address, starts each check when told, and hands the round out when its
/// last check has ended. Knows nothing of schedules. The name is looked up once per round, before
/// its first check, so that no RTT has DNS in it; if that fails, so do all checks of the round,
/// with the resolver's evidence. On the loop's thread.
class RoundRunner {
 public:
  struct Handlers {
    std::function<void(std::uint64_t round, const Check& check, const std::string& detail)> checked;
    std::function<void(std::uint64_t round, Round&& result)> finished;
  };
  struct Options {
    std::string extra_ca_pem;
    io::ResolverOptions resolver;
  };

  /// Loop and clock must outlive it. Handlers may be called from inside begin() and check().
  RoundRunner(io::Loop& loop, const Clock& clock, Options options, Handlers handlers);

  /// Begins a round; its checks wait to be started. Never calls a handler.
  std::uint64_t begin(std::shared_ptr<const Test> test);
  /// Looks the name up, and starts what check() asked for meanwhile.
  void resolve(std::uint64_t round);
  /// Starts one check now, or as soon as the address is known. Unknown rounds are ignored: a round
  /// whose name did not resolve is over before its later checks are due.
  void check(std::uint64_t round, int index);
  /// Forgets a round; its checks end unseen.
  void abandon(std::uint64_t round) { rounds_.erase(round); }

  [[nodiscard]] std::size_t running() const { return rounds_.size(); }
  [[nodiscard]] const IcmpChecks& icmp() const { return icmp_; }
  [[nodiscard]] std::uint64_t checks_started() const { return checks_started_; }

 private:
  struct Running {
    std::shared_ptr<const Test> test;
    RoundAssembler assembler;
    Instant started{};
    std::optional<IpAddress> address;
    std::vector<int> waiting;  ///< Checks that are due but have no address yet.
  };

  void on_name(std::uint64_t round, const io::NameAnswer& answer);
  void fail_all(std::uint64_t round, CheckOutcome outcome, const std::string& detail);
  void start(const CheckTicket& ticket, Running& running);
  void start_tcp(const CheckTicket& ticket, const IpAddress& to, std::uint16_t port,
                 std::chrono::nanoseconds timeout);
  void on_result(const CheckTicket& ticket, CheckResult&& result);

  io::Loop& loop_;
  const Clock& clock_;
  Handlers handlers_;
  io::Resolver resolver_;
  IcmpChecks icmp_;
  io::TcpConnector tcp_;
  HttpChecks http_;
  std::unordered_map<std::uint64_t, Running> rounds_;
  std::uint64_t next_round_ = 1;
  std::uint64_t checks_started_ = 0;
};

}  // namespace lw
