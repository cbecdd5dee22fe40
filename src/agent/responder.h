// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/guarded.h"
#include "base/thread.h"
#include "io/port_listener.h"
#include "model/listening.h"
#include "probe/stamp_reflector.h"

namespace lw::agent {

inline constexpr std::uint16_t kResponderPort = 8084;
/// STAMP's own port is 862, for which one needs a right.
inline constexpr std::uint16_t kStampResponderPort = 8085;

/// Where to listen: one address, or all of this host's.
struct ListenOn {
  std::optional<IpAddress> address;
  std::uint16_t port = 0;
  bool operator==(const ListenOn&) const = default;
};
/// "ADDRESS:PORT", "[v6]:PORT", "ADDRESS", "PORT", ":PORT"; empty: all addresses, `default_port`.
Result<ListenOn> parse_listen_on(std::string_view text, std::uint16_t default_port);

struct ResponderConfig {
  std::optional<ListenOn> tcp;    ///< Accept and close connections.
  std::optional<ListenOn> stamp;  ///< Reflect STAMP packets (UDP).
};

/// What other agents measure against: TCP ports that accept and close, and a STAMP reflector. Has a
/// loop and a thread of its own, so that whatever strangers do to it, probing goes on. What it
/// cannot do is a problem in words, never an end.
class Responder {
 public:
  struct Report {
    std::uint64_t connections = 0;
    std::uint64_t stamp_replies = 0;
    std::string problem;                        ///< Empty when all is well.
    std::vector<ListeningPort> listening = {};  ///< each port of listen(), in order
  };

  /// Opens what the configuration asks for, at once, since low ports need rights that the agent
  /// gives up soon. The clock must outlive it.
  Responder(const ResponderConfig& config, const Clock& clock);
  ~Responder();

  /// Starts the thread.
  void start();
  /// Any thread: the TCP ports to accept connections on besides, on all addresses. One that
  /// something else has is left to it and is no problem; it is tried again every half minute.
  /// Replaces the ports of the call before.
  void listen(std::vector<std::uint16_t> ports);
  /// Any thread.
  [[nodiscard]] Report report() const;

  /// Of the configured ones, 0 if not open: for tests, before start().
  [[nodiscard]] std::uint16_t tcp_port() const;
  [[nodiscard]] std::uint16_t stamp_port() const;

 private:
  using Listeners = std::vector<std::unique_ptr<io::PortListener>>;

  void open_configured();
  void retry();
  void adopt(const std::vector<std::uint16_t>& ports);
  void open_assigned(std::uint16_t port);
  void retry_assigned();
  void plan_retry();
  void close(Listeners& listeners);
  void refresh_report();
  void add_ports(Report& report) const;

  const ResponderConfig config_;
  const Clock& clock_;
  io::Loop loop_;
  // On the loop's thread, once that runs.
  Listeners configured_;
  std::vector<std::unique_ptr<StampReflector>> reflectors_;
  std::string tcp_problem_, stamp_problem_;
  std::map<std::uint16_t, Listeners> assigned_;
  /// Those of the assigned ones that could not be opened; of these, the responder's own listens.
  std::map<std::uint16_t, ListeningPort> not_open_;
  std::uint64_t connections_before_ = 0;  ///< of listeners that are closed
  io::Loop::Timer retry_, retry_assigned_, refresh_;
  Guarded<Report> report_;
  Thread thread_;
};

}  // namespace lw::agent
