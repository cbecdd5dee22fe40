// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/ip_address.h"
#include "base/time.h"
#include "io/error_queue.h"
#include "io/loop.h"
#include "io/tls_inspector.h"

namespace lw::io {

struct HttpExchangeRequest {
  IpAddress address;  ///< Where to connect to, whatever the host name says.
  std::uint16_t port = 80;
  bool use_tls = false;
  std::string host;  ///< For the Host header, SNI and the certificate's name.
  std::string method = "GET";
  std::string path = "/";
  std::vector<std::pair<std::string, std::string>> headers;
  std::chrono::nanoseconds timeout{Seconds(10)};
};

enum class HttpExchangeStatus {
  Answered,  ///< HttpReport::http_status says what.
  TimedOut,
  ConnectFailed,  ///< HttpReport::error_number is the errno of the connect.
  Reset,          ///< The peer reset the connection after it was made.
  Closed,         ///< The peer closed it before the answer was complete.
  TlsFailed,      ///< HttpReport::tls says why.
  Malformed,      ///< The answer is no HTTP.
  Failed,         ///< Otherwise.
};

struct HttpReport {
  HttpExchangeStatus status = HttpExchangeStatus::Failed;
  int http_status = 0;
  int error_number = 0;
  std::optional<IcmpReport> icmp;  ///< Why the connect failed, if a router or host said so.
  std::string evidence;            ///< What went wrong, for people; empty if answered.
  std::optional<TlsReport> tls;
  std::optional<Microseconds> connect, handshake, first_byte,
      transfer;                       ///< Phases, each by itself.
  std::optional<Microseconds> total;  ///< From the start of the connection to the last byte.
};

/// HTTP/1.1 exchanges for checks, each on a new connection: no redirects, no proxy, at most a
/// megabyte of body. With TLS, the handshake is finished before the certificate is judged, so that
/// a bad one is described and not just refused. libcurl on the loop. Belongs to the loop's thread.
class HttpEngine {
 public:
  using Done = std::function<void(const HttpReport&)>;

  /// `extra_ca_pem`: trusted roots besides the system's. Loop and clock must outlive it.
  HttpEngine(Loop& loop, const Clock& clock, const std::string& extra_ca_pem);
  /// Gives up what is under way; nobody is called for it.
  ~HttpEngine();

  /// Calls `done` once, later, from the loop.
  void start(const HttpExchangeRequest& request, Done done);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lw::io
