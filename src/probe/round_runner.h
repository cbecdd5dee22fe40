// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/slot_map.h"
#include "io/loop.h"
#include "io/resolver.h"
#include "io/tcp_connector.h"
#include "model/test.h"
#include "probe/check_result.h"
#include "probe/connect_race.h"
#include "probe/destination.h"
#include "probe/http_checks.h"
#include "probe/icmp_checks.h"
#include "probe/rate_limits.h"
#include "probe/reset_origins.h"
#include "probe/round_assembler.h"

namespace lw {

/// Runs rounds: finds the address, starts each check when told, and hands the round out when its
/// last check has ended and its name is known. Knows nothing of schedules. A name is looked up once
/// per round, before its first check, so that no RTT has DNS in it. That is a result of its own
/// (Round::name): while names fail, or keep the checks waiting, those go to the addresses that the
/// name had last. Only a name that never had any fails all checks of the round, with the
/// resolver's evidence. On the loop's thread.
class RoundRunner {
 public:
  struct Handlers {
    std::function<void(std::uint64_t round, const Check& check, const std::string& detail)> checked;
    std::function<void(std::uint64_t round, Round&& result)> finished;
  };
  struct Options {
    std::string extra_ca_pem;
    io::ResolverOptions resolver;
    RateLimitsConfig limits;
    EchoStamps stamps = EchoStamps::Both;
  };

  /// Loop and clock must outlive it. Handlers may be called from inside begin() and check().
  RoundRunner(io::Loop& loop, const Clock& clock, Options options, Handlers handlers);

  /// Trusted roots besides those of the options.
  void trust(const std::string& ca_pem) { http_.trust(ca_pem); }

  /// Begins a round; its checks wait to be started. Never calls a handler. `may_confirm`: the first
  /// check that fails is followed at once by some more (Round::confirmation).
  std::uint64_t begin(std::shared_ptr<const ProbeTask> test, bool may_confirm = false);
  /// Looks the name up, and starts what check() asked for meanwhile.
  void resolve(std::uint64_t round);
  /// Starts one check now, or as soon as an address is known. Unknown rounds are ignored: a round
  /// whose name did not resolve is over before its later checks are due.
  void check(std::uint64_t round, int index);
  /// While one lives, echoes that checks start gather, to leave together when it goes.
  class Together {
   public:
    explicit Together(RoundRunner& runner) : icmp_(runner.icmp_) { icmp_.hold(); }
    ~Together() { icmp_.release(); }
    Together(const Together&) = delete;
    Together& operator=(const Together&) = delete;

   private:
    IcmpChecks& icmp_;
  };

  /// Says that the round will be needed soon.
  void prefetch(std::uint64_t round) {
    if (const Running* const running = rounds_.find(round)) {
      __builtin_prefetch(running->task.get());
      running->assembler.prefetch();
    }
  }

  /// Says that the loop is so late now. HTTP checks that time out meanwhile may have waited for us
  /// and not for the network: they are void.
  void note_lateness(Instant now, std::chrono::nanoseconds late);

  /// Forgets a round; its checks end unseen.
  void abandon(std::uint64_t round) { rounds_.erase(round); }

  [[nodiscard]] std::size_t running() const { return rounds_.size(); }
  [[nodiscard]] const IcmpChecks& icmp() const { return icmp_; }
  [[nodiscard]] std::uint64_t checks_started() const { return checks_started_; }

 private:
  /// A destination that is a name, in one round. With what only those need.
  struct Named {
    std::optional<NameFacts> facts;              ///< once the lookup has ended
    std::vector<IpAddress> addresses;            ///< to check; empty until known
    std::size_t turn = 0;                        ///< which of them the first check takes
    bool is_last_good = false;                   ///< They are of an earlier round.
    std::unordered_map<int, std::string> notes;  ///< by check: what its race showed
    std::optional<IpAddress> winner;             ///< of the first check's race
    std::vector<int> waiting;                    ///< Checks that are due but have no address yet.
    io::Loop::Timer patience;

    /// Which address a check takes, if they take turns.
    [[nodiscard]] const IpAddress& address_of(int index) const {
      return addresses[(turn + static_cast<std::size_t>(index)) % addresses.size()];
    }
  };
  /// The checks that confirm a failure. Their tickets have negative indices.
  struct Burst {
    Confirmation sum;
    int under_way = 0;
    std::vector<io::Loop::Timer> timers;
  };
  /// Small, since there are as many as tests.
  struct Running {
    std::shared_ptr<const ProbeTask> task;
    RoundAssembler assembler;
    Instant started{};
    Timestamp started_wall{};
    std::unique_ptr<Named> named = {};  ///< None for an address, which most destinations are.
    std::unique_ptr<Burst> burst = {};  ///< Mostly none.
    IpAddress address = {};             ///< of the first check
    bool has_address = false;           ///< It is known.
    bool may_confirm = false;
  };

  void resolve_name(std::uint64_t round, Running& running);
  void on_name(std::uint64_t round, const io::NameAnswer& answer);
  void use_last_good(std::uint64_t round);
  void use_addresses(std::uint64_t round, std::vector<IpAddress> addresses);
  void use_address(std::uint64_t round, const IpAddress& address);
  void start_waiting(std::uint64_t round);
  void fail_all(std::uint64_t round, CheckOutcome outcome, const std::string& detail);
  static std::string address_text(const Running& running);
  static const IpAddress& address_for(const Running& running, int index);
  void start(const CheckTicket& ticket, Running& running);
  void start_one(const CheckTicket& ticket, const std::shared_ptr<const ProbeTask>& test,
                 const IpAddress& to, std::chrono::nanoseconds timeout);
  void start_race(const CheckTicket& ticket, const Running& running, std::uint16_t port);
  void on_race(const CheckTicket& ticket, ConnectRaces::Result&& result);
  static void annotate(const CheckTicket& ticket, const Running& running, CheckResult& result);
  void on_result(const CheckTicket& ticket, CheckResult&& result);
  void void_if_late(const Running& running, CheckResult& result) const;
  void note_reset(Running& running, CheckResult& result);
  void ask_host(const IpAddress& address, std::chrono::nanoseconds timeout);
  void confirm(const CheckTicket& ticket, Running& running);
  void on_confirmation(std::uint64_t round, Running& running, CheckOutcome outcome);
  void finish_if_complete(std::uint64_t round);

  io::Loop& loop_;
  const Clock& clock_;
  Handlers handlers_;
  RateLimits limits_;
  io::Resolver resolver_;
  IcmpChecks icmp_;
  io::TcpConnector tcp_;
  ConnectRaces races_;
  HttpChecks http_;
  ResetOrigins resets_;
  std::map<int, IpAddress> asked_hosts_;  ///< by ticket index of the echo
  LastGoodAddresses last_good_;
  SlotMap<Running> rounds_;
  std::uint64_t checks_started_ = 0;
  Instant late_at_{};
  std::chrono::nanoseconds late_{0};  ///< The most of late.
};

}  // namespace lw
