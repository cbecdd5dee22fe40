// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "base/time.h"
#include "io/loop.h"

namespace lw::io {

enum class NameStatus {
  Found,
  NotFound,      ///< NXDOMAIN.
  NoAddress,     ///< The name exists, without an address of the wanted family.
  ServerFailed,  ///< SERVFAIL, REFUSED and the like: temporary.
  TimedOut,      ///< No name server answered.
  Invalid,       ///< Not a host name.
};

enum class AddressFamily { V4, V6, V4ThenV6 };

struct NameAnswer {
  NameStatus status = NameStatus::TimedOut;
  std::vector<IpAddress> addresses;
  std::string evidence;  ///< "SERVFAIL from 10.0.0.53:53"; empty if found.
};

struct ResolverOptions {
  std::vector<std::string> servers;  ///< "address" or "address:port"; empty: the system's.
  std::string resolv_conf = "/etc/resolv.conf";
  std::string hosts = "/etc/hosts";
  Milliseconds server_timeout{2'000};  ///< One server gets so long at most, two tries included;
                                       ///< less if resolv.conf's timeout and attempts say so.
};

/// Names to addresses without blocking: numeric addresses, the hosts file, then the name servers
/// one after the other with c-ares. Answers are kept for their TTL, but for a minute at most, so
/// that a failing name is noticed within an interval of that; failures are kept for a second.
/// Queries for one name are shared. Belongs to the loop's thread.
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
