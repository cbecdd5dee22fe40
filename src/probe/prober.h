// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "io/loop.h"
#include "model/round.h"
#include "model/test.h"
#include "probe/icmp_engine.h"
#include "probe/rate_limits.h"

namespace lw {

struct ProberConfig {
  /// PEM text of roots to trust besides the system's: linewatch's own CA.
  std::string extra_ca_pem;
  /// "address" or "address:port" of the name servers to ask; empty: those of /etc/resolv.conf.
  std::vector<std::string> name_servers;
  std::string resolv_conf = "/etc/resolv.conf";
  std::string hosts_file = "/etc/hosts";
  RateLimitsConfig limits;
  /// Which ends of echoes the kernel stamps. Without send stamps rounds say KernelReceive.
  EchoStamps stamps = EchoStamps::Both;
};

/// How the prober itself is doing. Counters only grow.
struct ProberStats {
  std::size_t tests = 0;
  std::size_t rounds_running = 0;
  std::uint64_t rounds_finished = 0;
  std::uint64_t checks_started = 0;
  std::uint64_t missed_intervals = 0;  ///< Rounds that never began since the loop was too late.
  std::uint64_t late_checks = 0;       ///< Checks that began more than 50 ms after their time.
  std::uint64_t late_replies = 0;      ///< Echo replies after their time-out.
  std::uint64_t duplicate_replies = 0;
  std::uint64_t foreign_replies = 0;  ///< With a wrong cookie, or about nothing that we sent.
  std::uint64_t socket_drops = 0;     ///< Packets that the kernel dropped at our ICMP sockets.
};

/// Runs tests for ever, each in its own rhythm, and hands out each round as it becomes complete. No
/// threads: everything happens on the loop's thread, and so must every call.
class Prober {
 public:
  /// Loop and clock must outlive it. `on_round` may call the prober.
  Prober(io::Loop& loop, const Clock& clock, ProberConfig config,
         std::function<void(Round&&)> on_round);
  ~Prober();

  /// Roots to trust besides those of the configuration. On the loop's thread, or before it runs.
  void trust(const std::string& ca_pem);

  /// Replaces the set of tests. A test with the same id, destination and configuration goes on
  /// undisturbed; others stop, their running rounds unseen; new ones begin at their phase. Disabled
  /// tests do not run.
  void assign(std::vector<Test> tests);

  using EachCheck = std::function<void(const Check& check, const std::string& detail)>;
  /// One round of a test, now, besides the assigned ones. `each` is called per check as it ends,
  /// and may be empty. `spacing` replaces the configuration's.
  void check(const Test& test, EachCheck each, std::function<void(Round&&)> done,
             std::optional<Microseconds> spacing = std::nullopt);

  [[nodiscard]] ProberStats stats() const;
  /// What this host keeps the prober from doing well, and the fix, in words; empty when nothing.
  [[nodiscard]] std::string problem() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lw
