// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/time.h"
#include "io/loop.h"
#include "io/name_answer.h"

namespace lw::io {

struct ResolverOptions {
  std::vector<std::string> servers;  ///< "address" or "address:port"; empty: the system's.
  std::string resolv_conf = "/etc/resolv.conf";
  std::string hosts = "/etc/hosts";
  Milliseconds server_timeout{2'000};  ///< One server gets so long at most, two tries included;
                                       ///< less if resolv.conf's timeout and attempts say so.
  Milliseconds patience{500};  ///< A server that says nothing for so long has the next one asked
                               ///< beside it.
  /// How often all servers are asked for a name, beside the one that a lookup needs; 0: never. What
  /// the others do not know becomes evidence of the lookups that follow.
  Seconds ask_all_every{60};
};

/// Names to addresses without blocking: numeric addresses, the hosts file, then the name servers
/// (NameLookup) with c-ares. Nothing is kept, since a kept answer hides a failure: each call asks.
/// Only what is asked while the same question is under way shares its answer. Changes of the
/// system's files are noticed within a second. Belongs to the loop's thread.
class Resolver {
 public:
  using Done = std::function<void(const NameAnswer&)>;

  /// Loop and clock must outlive it.
  Resolver(Loop& loop, const Clock& clock, ResolverOptions options);
  /// Gives up what is under way; nobody is called for it.
  ~Resolver();

  /// Calls `done` once: from inside if the answer is known, else later from the loop.
  void resolve(const std::string& name, AddressFamily family, Done done);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lw::io
