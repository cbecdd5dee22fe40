// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "base/time.h"
#include "io/loop.h"

namespace lw::io {

struct ReverseNamesOptions {
  std::vector<std::string> servers;  ///< "address" or "address:port"; empty: the system's.
  std::string resolv_conf = "/etc/resolv.conf";
  Milliseconds server_timeout{2'000};  ///< as ResolverOptions has it
  std::size_t names_max = 10'000;      ///< Kept ones; beyond it the least recently used goes.
  std::size_t asking_max = 20;         ///< Lookups under way at a time.
  /// Lookups begun in a second, for hosts that meet more addresses than are kept; those of two
  /// seconds are saved up, so that a trace has its names at once. 0: no limit.
  double asks_per_second = 50;
};

/// What name servers call addresses (PTR records), for people who read traces. Never an identity:
/// whoever holds an address names it as he likes, and differently tomorrow. What is found is a host
/// name by form, nothing else. Only name servers are asked, not /etc/hosts.
///
/// Nobody waits: find() answers from what is known and lets the rest be looked up. A name is good
/// for its TTL, within one minute to ten, that there is none for five minutes; then it is asked
/// again while the old one goes on being told. A failure of the servers takes no name away and is
/// tried again in a minute. Belongs to the loop's thread, as all callbacks do.
class ReverseNames {
 public:
  /// Loop and clock must outlive it.
  ReverseNames(Loop& loop, const Clock& clock, ReverseNamesOptions options);
  /// Gives up what is under way; nobody is called for it.
  ~ReverseNames();

  /// The name, if it is known. If not, or not any more, it is looked up, as far as the limits let:
  /// ask again later. Never calls anybody from inside.
  std::optional<std::string> find(const IpAddress& address);

  /// Lookups under way.
  [[nodiscard]] std::size_t asking() const;
  /// Calls `done` once, when no lookup is under way any more: from inside if none is, else later.
  /// Servers that say nothing make that server_timeout for each of them.
  void when_idle(std::function<void()> done);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lw::io
