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

enum class DnsStatus {
  Found,
  NotFound,
  NoAddress,  ///< The name exists, without a record of the wanted type.
  Failed,
  TimedOut,
  NobodyThere,  ///< An ICMP error, or this host's own, told earlier than the time.
};

struct DnsAnswer {
  DnsStatus status = DnsStatus::TimedOut;
  std::vector<IpAddress> addresses;
  std::string name;  ///< of an address, if that was asked for
  Seconds ttl{0};    ///< The shortest of the addresses', or the name's.
  std::string says;  ///< "NXDOMAIN from", "no answer from": fits before the server. Empty if found.
};

/// One name server to ask: c-ares on the loop. A channel of its own per server, so that each answer
/// says whose it is.
class DnsServer {
 public:
  struct Options {
    std::string address;          ///< "10.0.0.53", "10.0.0.53:5353", "[::1]:53"
    Milliseconds timeout{2'000};  ///< two tries included
  };

  DnsServer(Loop& loop, Options options);
  /// Gives up what is under way; nobody is called for it.
  ~DnsServer();

  /// Asks for exactly this name: no search list. Calls `done` once, later, from the loop; never
  /// from inside c-ares, so it may do anything.
  void ask(const std::string& name, bool want_v6, std::function<void(const DnsAnswer&)> done);

  /// Asks for the name of an address (a PTR record) in the same way. Found is a host name by form;
  /// whoever holds the address wrote it, so it proves nothing.
  void ask_pointer(const IpAddress& address, std::function<void(const DnsAnswer&)> done);

  /// "10.0.0.53:53": always with the port.
  [[nodiscard]] const std::string& name() const;
  [[nodiscard]] Milliseconds timeout() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lw::io
